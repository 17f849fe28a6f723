"""Reads the few EXIF tags that matter here: the orientation and the texts that generators hide in it."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from .png import decode_text

ORIENTATION, USER_COMMENT = 0x0112, 0x9286
_EXIF_IFD, _ASCII, _BYTES, _UNDEFINED = 0x8769, 2, 1, 7
_MAX_ENTRIES, _MAX_TEXT = 512, 2 << 20
_ORDERS = {b"II*\0": "<", b"MM\0*": ">"}


class Tag(NamedTuple):
    """One entry of a directory: its number, its type, its raw value."""

    number: int
    kind: int
    value: bytes


def tags(block: bytes) -> dict[int, Tag]:
    """The tags of the first directory and of the EXIF one inside it; empty for a broken block."""
    order = _ORDERS.get(block[:4])
    if order is None or len(block) < 8:
        return {}
    found = {tag.number: tag for tag in _directory(block, order, struct.unpack(order + "I", block[4:8])[0])}
    inner = found.get(_EXIF_IFD)
    if inner is not None and len(inner.value) >= 4:
        at = struct.unpack(order + "I", inner.value[:4])[0]
        found = {tag.number: tag for tag in _directory(block, order, at)} | found
    return found


def orientation(block: bytes) -> int:
    """1 to 8; 1 when it is missing or nonsense."""
    tag = tags(block).get(ORIENTATION)
    if tag is None or len(tag.value) < 2:
        return 1
    value = int.from_bytes(tag.value[:2], "little" if block[:2] == b"II" else "big")
    return value if 1 <= value <= 8 else 1


def texts(block: bytes) -> list[tuple[str, str]]:
    """The user comment (as `comment`) and every text tag (as `exif`), decoded."""
    found = []
    for tag in tags(block).values():
        if tag.number == USER_COMMENT:
            found.append(("comment", user_comment(tag.value)))
        elif tag.kind == _ASCII:
            found.append(("exif", decode_text(tag.value.rstrip(b"\0"))))
    return found


def user_comment(value: bytes) -> str:
    """The text after the eight bytes that name its character set."""
    charset, raw = value[:8], value[8:]
    if charset == b"UNICODE\0":
        return _utf16(raw)
    if charset in (b"ASCII\0\0\0", b"\0" * 8):
        return decode_text(raw.rstrip(b"\0"))
    return decode_text(value.rstrip(b"\0"))


def _utf16(raw: bytes) -> str:
    """Writers disagree about the byte order, few write a mark: the reading with more plain letters wins."""
    raw = raw[: len(raw) // 2 * 2]
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return raw.decode("utf-16", "replace").rstrip("\0")
    readings = [raw.decode(order, "replace").rstrip("\0") for order in ("utf-16-be", "utf-16-le")]
    return max(readings, key=_plainness)


def _plainness(text: str) -> int:
    return sum(character < "\x80" for character in text) - 2 * text.count("\ufffd")


def _directory(block: bytes, order: str, at: int) -> Iterator[Tag]:
    if at + 2 > len(block):
        return
    count = min(struct.unpack(order + "H", block[at : at + 2])[0], _MAX_ENTRIES)
    for start in range(at + 2, at + 2 + 12 * count, 12):
        entry = block[start : start + 12]
        if len(entry) == 12:
            yield _tag(block, order, entry)


def _tag(block: bytes, order: str, entry: bytes) -> Tag:
    number, kind, count = struct.unpack(order + "HHI", entry[:8])
    size = count * {3: 2, 4: 4, 5: 8, 9: 4, 10: 8}.get(kind, 1)
    if size <= 4:
        return Tag(number, kind, entry[8 : 8 + size])
    at = struct.unpack(order + "I", entry[8:12])[0]
    return Tag(number, kind, block[at : at + size] if size <= _MAX_TEXT else b"")
