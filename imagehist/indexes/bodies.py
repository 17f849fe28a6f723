"""A record as the JSON that lists carry and the heavy rest, and back from the rows of the SQLite index."""

from __future__ import annotations

from typing import Any

import msgspec
import orjson

from ..model.records import HEAVY, ImageRecord, State, decode_record, record_to_dict
from ..model.times import to_micros, to_text
from .schema import is_trash_list

LIGHT = "i.ahead, i.rev, i.list, i.trashed, i.favorite, b.light"
"""The columns `light_body` takes, of `image i` and `body b`."""
WHOLE = f"{LIGHT}, b.heavy"
"""The columns `record_of` takes."""
STATE = "i.id, i.rev, i.list, i.trashed, i.favorite"
"""The columns `state_of` takes."""

_encode = msgspec.json.Encoder().encode
_NO_HEAVY_END = ',"texts":[],"workflow":null,"…":{}}'.encode()

Light = tuple[int, int, int, int | None, int, bytes]


def light_json(record: ImageRecord) -> bytes:
    """A record's JSON as lists carry it, without the heavy fields."""
    if record.extra:
        return orjson.dumps({n: value for n, value in record_to_dict(record).items() if n not in HEAVY})
    if record.texts or record.workflow is not None:
        record = msgspec.structs.replace(record, texts=[], workflow=None)
    return _encode(record).removesuffix(_NO_HEAVY_END) + b"}"


def heavy_json(record: ImageRecord) -> bytes | None:
    """The heavy fields as JSON, None when there are none."""
    if not record.texts and record.workflow is None:
        return None
    return orjson.dumps({"texts": record.texts, "workflow": record.workflow})


def light_body(row: Light) -> bytes:
    """The JSON of a record as lists carry it; a body older than its row is brought up to date."""
    if not row[0]:
        return row[5]
    data: dict[str, Any] = orjson.loads(row[5])
    return orjson.dumps(data | _newer(row, data["trashed_at"]))


def record_of(row: tuple[int, int, int, int | None, int, bytes, bytes | None]) -> ImageRecord:
    """The whole record."""
    record = decode_record(row[5])
    values: dict[str, Any] = {} if row[6] is None else orjson.loads(row[6])
    if row[0]:
        values |= _newer(row[:6], record.trashed_at)
    return msgspec.structs.replace(record, **values) if values else record


def state_of(row: tuple[bytes, int, int, int | None, int]) -> State:
    """The state of an image."""
    image, rev, number, trashed, favorite = row
    status = "trash" if is_trash_list(number) else "active"
    return State(image.hex(), rev, status, None if trashed is None else to_text(trashed), bool(favorite))


def _newer(row: Light, written: str | None) -> dict[str, Any]:
    """What the narrow row knows better; a time that is still the same keeps the form it was written in."""
    _, rev, number, micros, favorite, _ = row
    trashed = None if micros is None else to_text(micros)
    if written is not None and micros == to_micros(written):
        trashed = written
    return {
        "rev": rev,
        "status": "trash" if is_trash_list(number) else "active",
        "trashed_at": trashed,
        "favorite": bool(favorite),
    }
