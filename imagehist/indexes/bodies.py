"""From the rows of the SQLite index back to a record or its JSON."""

from __future__ import annotations

from typing import Any

import orjson

from ..model.records import ImageRecord, record_from_dict
from ..model.times import to_text
from .schema import is_trash_list


def light_body(
    rev: int, number: int, trashed: int | None, favorite: int, body_rev: int, light: bytes
) -> bytes:
    """The JSON of a record as lists carry it; a body older than its row is brought up to date."""
    if rev == body_rev:
        return light
    return orjson.dumps(orjson.loads(light) | _columns(rev, number, trashed, favorite))


def record_of(row: tuple[int, int, int | None, int, int, bytes, bytes | None]) -> ImageRecord:
    """The whole record of `rev, list, trashed, favorite, body rev, light, heavy`."""
    data: dict[str, Any] = orjson.loads(row[5])
    if row[0] != row[4]:
        data.update(_columns(*row[:4]))
    if row[6] is not None:
        data.update(orjson.loads(row[6]))
    return record_from_dict(data)


def _columns(rev: int, number: int, trashed: int | None, favorite: int) -> dict[str, Any]:
    return {
        "rev": rev,
        "status": "trash" if is_trash_list(number) else "active",
        "trashed_at": None if trashed is None else to_text(trashed),
        "favorite": bool(favorite),
    }
