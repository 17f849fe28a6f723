"""Whether a record that came from a file has values every part of the library can live with."""

from __future__ import annotations

import re

from .names import KINDS, is_id, is_owner, parse_key
from .queries import STATUSES
from .records import ImageRecord
from .times import to_micros

_SHA256 = re.compile(r"(?:[0-9a-f]{64})?")
_NUMBERS = ("bytes", "rev", "width", "height", "frames", "steps")
_LARGEST = 1 << 53
_BEST = 5


def is_sound(record: ImageRecord) -> bool:
    """False for a time that is none, a status or kind nobody knows, a number beyond all sense and the like:
    JSON of the right types that a person or a foreign tool may write."""
    numbers = (getattr(record, name) or 0 for name in _NUMBERS)
    return (
        is_id(record.id)
        and is_owner(record.owner)
        and parse_key(record.key) is not None
        and record.kind in KINDS
        and record.status in STATUSES
        and _SHA256.fullmatch(record.sha256) is not None
        and _is_time(record.created_at)
        and (record.trashed_at is None or _is_time(record.trashed_at))
        and 0 <= record.rating <= _BEST
        and all(0 <= number <= _LARGEST for number in numbers)
    )


def _is_time(text: str) -> bool:
    try:
        to_micros(text)
    except (ValueError, OverflowError):
        return False
    return text[:10].replace("-", "").isdecimal() and text.isascii()
