"""The lists: gallery, favourites, inputs, controls and trash, by pages of days under filters."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import orjson
from aiohttp import web
from multidict import MultiDict

from ..model.queries import Query
from .cursors import Page
from .keys import LIBRARY
from .lists import CURSORS
from .page_days import alt_of, by_day, known_tags
from .page_filters import (
    RATIOS,
    SHELVES,
    Shelf,
    address,
    chips,
    given_filters,
    image_address,
    query_of,
    selecting,
)
from .pages import Gather, Viewer, shown
from .replies import with_urls

PAGE = 60


def list_page(name: str) -> Callable[[web.Request], Awaitable[web.Response]]:
    """The handler of one shelf."""

    async def handler(request: web.Request) -> web.Response:
        return await shown(request, "gallery.html", _gatherer(SHELVES[name]))

    return handler


def _gatherer(shelf: Shelf) -> Gather:
    return lambda request, viewer: _gathered(request, viewer, shelf)


def _gathered(request: web.Request, viewer: Viewer, shelf: Shelf) -> Mapping[str, Any]:
    given = given_filters(request.query, shelf)
    query = query_of(viewer.owner, given, shelf, str(viewer.zone))
    items, total, cursor = read_page(request, query, request.query.get("cursor"))
    for item in items:
        item["alt"], item["href"] = alt_of(item), image_address(shelf, given, item["id"])
    index_cursor = request.app[LIBRARY].index.cursor(viewer.owner)
    return {
        "shelf": shelf,
        "filters": given,
        "chips": chips(given, shelf, viewer.language),
        "ratios": RATIOS,
        "days": by_day(items, query.order, viewer.now, viewer.language),
        "total": total,
        "older": None if cursor is None else address(shelf, given, cursor=cursor),
        "first": "cursor" not in request.query,
        "back": address(shelf, given),
        "order": query.order,
        "tags": known_tags(items),
        "select": _told_to_scripts(given, shelf, viewer, index_cursor.seq if index_cursor else 0),
    }


def _told_to_scripts(given: MultiDict[str], shelf: Shelf, viewer: Viewer, seq: int) -> str:
    return orjson.dumps(selecting(given, shelf, str(viewer.zone)) | {"as_of": seq}).decode()


def read_page(
    request: web.Request, query: Query, cursor: str | None
) -> tuple[list[dict[str, Any]], int, str | None]:
    """The images behind a cursor, how many the list holds, and the cursor behind them."""
    index, cursors = request.app[LIBRARY].index, request.app[CURSORS]
    at = None if cursor is None else cursors.read(query, cursor)
    rows = index.page(query, None if at is None else at.place, PAGE + 1)
    total = at.total if at is not None and at.total is not None else index.count(query)
    items = [with_urls(orjson.loads(row.body)) for row in rows[:PAGE]]
    if len(rows) <= PAGE:
        return items, total, None
    number = 2 if at is None else at.number + 1
    return items, total, cursors.write(query, Page(rows[PAGE - 1].place, number, total))
