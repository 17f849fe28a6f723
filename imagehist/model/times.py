"""The one written form of an instant, and its number of microseconds."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NAIVE = datetime(1970, 1, 1)  # noqa: DTZ001 - without a zone it is written four times as fast


def to_text(micros: int) -> str:
    """Microseconds since 1970 as `YYYY-MM-DDTHH:MM:SS.ffffffZ`."""
    return (_NAIVE + timedelta(microseconds=micros)).isoformat(timespec="microseconds") + "Z"


def to_micros(text: str) -> int:
    """Microseconds since 1970 of an RFC 3339 time. Raises ValueError."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a time needs its zone")
    return (moment - EPOCH) // timedelta(microseconds=1)


def day_of(text: str) -> str:
    """`YYYY/MM/DD` of a time in its written form, as it stands in keys."""
    return f"{text[0:4]}/{text[5:7]}/{text[8:10]}"


def day_bounds(day: date, zone: ZoneInfo) -> tuple[int, int]:
    """First microsecond of a local day and of the day after, in UTC."""
    start = datetime(day.year, day.month, day.day, tzinfo=zone)
    following = day + timedelta(days=1)
    end = datetime(following.year, following.month, following.day, tzinfo=zone)
    return (start - EPOCH) // timedelta(microseconds=1), (end - EPOCH) // timedelta(microseconds=1)
