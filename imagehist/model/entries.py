"""Entries: what one manifest line says, and the bytes of a line with its check sum."""

from __future__ import annotations

import zlib
from typing import Any

import msgspec
import orjson

from .records import ImageRecord, record_to_dict

MAX_IDS = 10_000
"""Ids in one line; a larger change is written as parts of one seq."""

_CRC_LENGTH = 18  # ,"crc":"xxxxxxxx"}


class Entry(msgspec.Struct, kw_only=True, omit_defaults=True, gc=False):
    """One line of history.

    `to` and `was` are one object for all `ids` or a list beside them; `revs` are the revs the ids
    had before, so that an image's history is a chain of lines. `part` is (k, n): the change
    counts once part n of the same seq is there. `began` carries the generation, the one it follows
    (`after`) and the last seq used before it; entries with that same seq right behind it restate
    records: history has them already, an index that lost some takes them from here.
    """

    seq: int
    at: str
    by: str
    op: str
    gen: str | None = None
    after: str | None = None
    owner: str | None = None
    format: int | None = None
    record: msgspec.Raw = msgspec.Raw()
    ids: list[str] = []
    to: dict[str, Any] | list[dict[str, Any]] = {}
    was: dict[str, Any] | list[dict[str, Any]] = {}
    revs: list[int] = []
    part: tuple[int, int] | None = None
    undoes: int | None = None
    key: str | None = None
    old_key: str | None = None
    detail: dict[str, Any] = {}

    @property
    def is_last_part(self) -> bool:
        """Whether the change is whole with this line."""
        return self.part is None or self.part[0] == self.part[1]


_decoder = msgspec.json.Decoder(Entry)
_encoder = msgspec.json.Encoder()


def raw_record(record: ImageRecord) -> msgspec.Raw:
    """A record as it is embedded in an entry."""
    return msgspec.Raw(orjson.dumps(record_to_dict(record)))


def seal_json(body: bytes) -> bytes:
    """A JSON object's bytes, given a check sum as last key and a line end."""
    open_object = body[:-1]
    comma = b"," if len(open_object) > 1 else b""
    return b'%s%s"crc":"%08x"}\n' % (open_object, comma, zlib.crc32(open_object))


def has_good_seal(line: bytes) -> bool:
    """Whether a line (without its LF) ends in the check sum of the bytes before it."""
    if len(line) <= _CRC_LENGTH or line[-_CRC_LENGTH:-10] != b',"crc":"' or not line.endswith(b'"}'):
        return False
    return b"%08x" % zlib.crc32(line[:-_CRC_LENGTH]) == line[-10:-2]


def encode_line(entry: Entry) -> bytes:
    """The line of an entry, ending in its check sum and LF."""
    return seal_json(_encoder.encode(entry))


def decode_line(line: bytes) -> Entry | None:
    """The entry of a line without its LF; None when torn or rotten."""
    if not has_good_seal(line):
        return None
    try:
        return _decoder.decode(line)
    except msgspec.MsgspecError:
        return None


def encode_sidecar(record: ImageRecord) -> bytes:
    """The sidecar's bytes: the record in the same sealed form as a line."""
    return seal_json(orjson.dumps(record_to_dict(record)))


def values_for(values: dict[str, Any] | list[dict[str, Any]], position: int) -> dict[str, Any]:
    """The `to` or `was` of the id at that position."""
    return values[position] if isinstance(values, list) else values
