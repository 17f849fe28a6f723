"""GET /images: pages of a library, ready bytes for whoever asks again."""

from __future__ import annotations

import orjson
from aiohttp import web

from ..library import Library
from ..model.faults import BadParameter
from ..model.queries import Query
from .callers import owner_of
from .cursors import Cursors, Page
from .keys import FOLLOWER, LIBRARY, PAGES, THREADS
from .parameters import DEFAULT_SIZE, FILTERS, MAX_SIZE, flag, list_query, whole
from .replies import bytes_reply, with_urls

CURSORS = web.AppKey("cursors", Cursors)
PARAMETERS = FILTERS | {"page", "size", "cursor", "total"}


async def list_images(request: web.Request) -> web.Response:
    """A page of images, newest first unless asked otherwise."""
    owner = owner_of(request)
    mark: object = request.app[FOLLOWER].glance(owner)
    key = (owner, request.rel_url.raw_query_string)
    if mark is not None and (ready := request.app[PAGES].get(key, mark)) is not None:
        return bytes_reply(ready)
    mark, body = await request.app[THREADS].read(_page, request, owner)
    request.app[PAGES].put(key, mark, body)
    return bytes_reply(body)


def _page(request: web.Request, owner: str) -> tuple[object, bytes]:
    mark = request.app[FOLLOWER].refresh(owner)
    values = request.query
    unknown = values.keys() - PARAMETERS
    if unknown:
        raise BadParameter(f"There is no parameter {min(unknown)[:40]}.", field=min(unknown)[:40])
    query = list_query(owner, values)
    size = whole(values, "size", DEFAULT_SIZE, 1, MAX_SIZE)
    number = whole(values, "page", 1, 1, 10_000_000)
    wants_total = flag(values, "total") is not False
    cursor = values.get("cursor")
    at = None if cursor is None else request.app[CURSORS].read(query, cursor)
    return mark, answer(request.app[LIBRARY], request.app[CURSORS], query, (size, number, wants_total), at)


def answer(
    library: Library, cursors: Cursors, query: Query, wish: tuple[int, int, bool], at: Page | None
) -> bytes:
    """The JSON of one page: by cursor behind `at`, else page `number` of `size`."""
    size, number, wants_total = wish
    number = number if at is None else at.number
    rows = library.index.page(
        query, None if at is None else at.place, size + 1, 0 if at else (number - 1) * size
    )
    total = None
    if wants_total:
        total = at.total if at is not None and at.total is not None else library.index.count(query)
    following = Page(rows[size - 1].place, number + 1, total) if len(rows) > size else None
    cursor = library.index.cursor(query.owner)
    head = {
        "items": [with_urls(orjson.loads(row.body)) for row in rows[:size]],
        "page": number,
        "size": size,
        "total": total,
        "next_cursor": None if following is None else cursors.write(query, following),
        "as_of": cursor.seq if cursor else 0,
    }
    return orjson.dumps(head)
