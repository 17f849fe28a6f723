"""Query parameters and selections, checked and turned into queries."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from multidict import MultiDict, MultiMapping

from ..actions.editing import Selection
from ..model.faults import BadParameter, FieldTooLong, NotFound
from ..model.names import KINDS, is_id
from ..model.queries import ALL_KINDS, ORDERS, STATUSES, Query
from ..model.tags import clean_tag
from ..model.times import day_bounds, to_micros, to_text

MAX_SIZE = 500
DEFAULT_SIZE = 60
MAX_TEXT = 1_000
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
FILTERS = frozenset(
    {"status", "kind", "q", "tag", "workflow_id", "aspect_ratio", "favorite", "from", "to", "order", "tz"}
)


def image_id(text: str) -> str:
    """An id from an address. Raises NotFound for anything else, as for an unknown one."""
    if not is_id(text):
        raise NotFound("There is no such image.")
    return text


def whole(values: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    """A whole number between bounds. Raises BadParameter."""
    text = values.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= 12) or not low <= int(text) <= high:
        raise BadParameter(f"{name} is a whole number from {low} to {high}.", field=name)
    return int(text)


def flag(values: Mapping[str, str], name: str) -> bool | None:
    """`true`, `false` or not given. Raises BadParameter."""
    text = values.get(name)
    if text not in (None, "true", "false"):
        raise BadParameter(f"{name} is true or false.", field=name)
    return None if text is None else text == "true"


def choice(values: Mapping[str, str], name: str, allowed: tuple[str, ...], default: str) -> str:
    """One of a few words. Raises BadParameter."""
    text = values.get(name, default)
    if text not in allowed:
        raise BadParameter(f"{name} is one of {', '.join(allowed)}.", field=name)
    return text


def zone_of(values: Mapping[str, str]) -> ZoneInfo:
    """The time zone days are meant in. Raises BadParameter."""
    name = values.get("tz", "UTC")
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, LookupError):
        raise BadParameter("tz is an IANA time zone.", field="tz") from None


def moment(values: Mapping[str, str], name: str) -> str:
    """An instant in its written form. Raises BadParameter."""
    try:
        return to_text(to_micros(values.get(name, "")))
    except (ValueError, OverflowError):
        raise BadParameter(f"{name} is an RFC 3339 time with its zone.", field=name) from None


def _day(values: Mapping[str, str], name: str) -> date | None:
    text = values.get(name)
    if text is None:
        return None
    try:
        if _DAY.fullmatch(text) is None:
            raise ValueError(text)
        day = date.fromisoformat(text)
    except ValueError:
        raise BadParameter(f"{name} is a day: YYYY-MM-DD.", field=name) from None
    if not 1970 <= day.year <= 9998:
        raise BadParameter(f"{name} lies outside 1970 to 9998.", field=name)
    return day


def _short(values: Mapping[str, str], name: str) -> str | None:
    text = values.get(name)
    if text is not None and len(text) > MAX_TEXT:
        raise FieldTooLong(f"{name} is too long.", field=name, limit=MAX_TEXT)
    return text


def list_query(owner: str, values: MultiMapping[str]) -> Query:
    """The query of a list's parameters; those that are no filters are left to the caller."""
    for name in values.keys() - {"tag"}:
        if len(values.getall(name)) > 1:
            raise BadParameter(f"{name[:40]} is given twice.", field=name[:40])
    status = choice(values, "status", STATUSES, "active")
    kind = choice(values, "kind", (*KINDS, "all"), "output")
    order = choice(values, "order", ORDERS, "newest")
    zone, first, last = zone_of(values), _day(values, "from"), _day(values, "to")
    return Query(
        owner=owner,
        status=status,
        kinds=ALL_KINDS if kind == "all" else (kind,),
        tags=tuple(clean_tag(tag) for tag in values.getall("tag", [])),
        workflow_id=_short(values, "workflow_id"),
        aspect_ratio=_short(values, "aspect_ratio"),
        favorite=flag(values, "favorite"),
        since=None if first is None else day_bounds(first, zone)[0],
        until=None if last is None else day_bounds(last, zone)[1],
        text=_short(values, "q") or None,
        order="newest" if order == "trashed" and status == "active" else order,
    )


def selection_of(owner: str, data: Mapping[str, Any], expected: int | None) -> Selection:
    """A selection from the JSON of a bulk call. Raises BadParameter."""
    unknown = data.keys() - FILTERS - {"except", "as_of"}
    if unknown:
        raise BadParameter(f"select has no {min(unknown)}.", field="select")
    values: MultiDict[str] = MultiDict()
    for name in data.keys() & FILTERS:
        for value in data[name] if name == "tag" and isinstance(data[name], list) else [data[name]]:
            values.add(name, _as_text(name, value))
    excluded = ids_of(data.get("except", []), "except")
    as_of = data.get("as_of")
    if as_of is not None and not (type(as_of) is int and 0 <= as_of < 1 << 53):
        raise BadParameter("as_of is the number a list answered.", field="as_of")
    return Selection(list_query(owner, values), frozenset(excluded), as_of, expected)


def _as_text(name: str, value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str):
        raise BadParameter(f"{name} is text.", field=name)
    return value


def ids_of(value: object, field: str) -> list[str]:
    """A list of ids. Raises BadParameter."""
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise BadParameter(f"{field} is a list of ids.", field=field)
    return list(dict.fromkeys(value))
