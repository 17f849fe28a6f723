"""A page of rows as the days they fall on, named from where the viewer stands."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any, NamedTuple

from .languages import catalogue_of
from .page_texts import long_day

MAX_ALT = 300


class Day(NamedTuple):
    """One group of a list: a near name (today), the date in words, the date, its images."""

    near: str
    far: str
    iso: str
    items: list[dict[str, Any]]


def local(text: str, zone: tzinfo) -> datetime:
    """A record's instant in a zone."""
    return datetime.fromisoformat(text).astimezone(zone)


def by_day(items: Sequence[dict[str, Any]], order: str, now: datetime, language: str) -> list[Day]:
    """The images in their order, a new group wherever the day changes; one nameless group by size."""
    if order == "largest":
        return [Day("", "", "", list(items))] if items else []
    field, days = "trashed_at" if order == "trashed" else "created_at", list[Day]()
    zone = now.tzinfo or UTC
    for item in items:
        day = local(item[field] or item["created_at"], zone).date()
        if not days or days[-1].iso != day.isoformat():
            near, far = named(day, now.date(), language)
            days.append(Day(near, far, day.isoformat(), []))
        days[-1].items.append(item)
    return days


def named(day: date, today: date, language: str) -> tuple[str, str]:
    """Today or yesterday where it is, and the date in words."""
    gettext = catalogue_of(language).gettext
    near = {today: gettext("Today"), today - timedelta(days=1): gettext("Yesterday")}.get(day, "")
    return near, long_day(language, day, day.year == today.year)


def alt_of(item: dict[str, Any]) -> str:
    """What stands for an image where it cannot be seen: its prompt, else its name."""
    text: str = item.get("prompt") or item.get("original_filename") or item["id"][:8]
    return text if len(text) <= MAX_ALT else text[: MAX_ALT - 1] + "…"


def known_tags(items: Iterable[dict[str, Any]]) -> list[str]:
    """The tags on a page of images, for the box that completes them."""
    return sorted({tag for item in items for tag in item["tags"]}, key=str.casefold)[:200]
