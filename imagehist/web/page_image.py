"""The page of one image: the picture, what is known of its making, its past, its neighbours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import quote

import msgspec
import orjson
from aiohttp import hdrs, web

from ..histories import history_item, past_of
from ..model.faults import NotFound
from ..model.queries import Place, Query, sort_value
from ..model.records import ImageRecord
from ..ports import Index, Row
from .callers import owner_of, record_of
from .keys import LIBRARY
from .outputs import PREVIEW_WIDTHS
from .page_days import alt_of, local
from .page_filters import SHELVES, Shelf, address, given_filters, image_address, query_of
from .page_past import Act, image_act
from .pages import Viewer, shown
from .parameters import image_id
from .replies import record_reply

PAST = 30
_LOOKED_THROUGH = 500
_SOURCES = ("sent", "embedded", "traced", "edited")
_OPPOSITE = {"newest": "oldest", "oldest": "newest"}


class Value(NamedTuple):
    """One parameter of how an image was made: its name, its value, and where it comes from."""

    name: str
    value: str
    source: str


async def image_page(request: web.Request) -> web.Response:
    """GET /image/{id}."""
    return await shown(request, "image.html", _gathered)


def _gathered(request: web.Request, viewer: Viewer) -> Mapping[str, Any]:
    library = request.app[LIBRARY]
    image = image_id(request.match_info["id"])
    record = library.index.records(viewer.owner, [image]).get(image)
    if record is None:
        raise NotFound("There is no such image.")
    shelf = shelf_of(request, record)
    given = given_filters(request.query, shelf)
    newer, older = neighbours(library.index, query_of(viewer.owner, given, shelf, str(viewer.zone)), record)
    data = record_reply(record) | {"missing": not library.store.exists(record.key)}
    return {
        "shelf": shelf,
        "image": data,
        "record": record,
        "alt": alt_of(data),
        "previews": previews_of(record),
        "sources": sorted({value.source for value in values_of(record)} & set(_SOURCES), key=_SOURCES.index),
        "moving": record.frames > 1,
        "made": local(record.created_at, viewer.zone),
        "values": values_of(record),
        "past": _past(request, viewer, record),
        "list": address(shelf, given),
        "newer": newer and image_address(shelf, given, newer),
        "older": older and image_address(shelf, given, older),
    }


def shelf_of(request: web.Request, record: ImageRecord) -> Shelf:
    """The list the image is seen as part of: the one it was opened from, if it can stand there."""
    if record.status == "trash":
        return SHELVES["trash"]
    asked = request.query.get("in")
    if asked == "favorites" and record.favorite:
        return SHELVES[asked]
    return SHELVES[{"input": "inputs", "control": "controls"}.get(record.kind, "gallery")]


def neighbours(index: Index, query: Query, record: ImageRecord) -> tuple[str | None, str | None]:
    """The images before and behind one in its list."""
    place = Place(sort_value(record, query.order), record.id)
    behind = index.page(query, place, 1)
    if query.order in _OPPOSITE:
        before = index.page(msgspec.structs.replace(query, order=_OPPOSITE[query.order]), place, 1)
    else:
        before = _before(index, query, record)
    return (before[0].place.id if before else None), (behind[0].place.id if behind else None)


def _before(index: Index, query: Query, record: ImageRecord) -> list[Row]:
    """The row before an image, found among the first of an order that cannot be walked backwards."""
    rows = index.page(query, None, _LOOKED_THROUGH)
    position = next((number for number, row in enumerate(rows) if row.place.id == record.id), 0)
    return rows[position - 1 : position] if position else []


def previews_of(record: ImageRecord) -> list[tuple[int, int]]:
    """The previews worth asking for and how wide each is: up to the first that shows every pixel."""
    smaller = [(width, width) for width in PREVIEW_WIDTHS if width < record.width]
    whole = next((width for width in PREVIEW_WIDTHS if width >= record.width), None)
    return smaller if whole is None else [*smaller, (whole, record.width)]


def values_of(record: ImageRecord) -> list[Value]:
    """The parameters an image has, in the order people look for them."""
    told = {
        "model": record.model,
        "loras": ", ".join(record.loras),
        "seed": record.seed,
        "steps": record.steps,
        "cfg": None if record.cfg is None else f"{record.cfg:g}",
        "sampler": " · ".join(part for part in (record.sampler, record.scheduler) if part),
        "workflow_id": record.workflow_id,
    }
    return [
        Value(name, str(value), record.provenance.get(name, "sent" if name == "workflow_id" else ""))
        for name, value in told.items()
        if value not in (None, "")
    ]


def _past(request: web.Request, viewer: Viewer, record: ImageRecord) -> list[Act]:
    found = []
    for line, position in past_of(request.app[LIBRARY], record):
        found.append(image_act(history_item(line, position), viewer))
        if len(found) == PAST:
            break
    return found


async def workflow_file(request: web.Request) -> web.Response:
    """GET /image/{id}/workflow.json: the graph an image was made with, to load it again."""
    record = await record_of(request, owner_of(request), image_id(request.match_info["id"]))
    if record is None or record.workflow is None:
        raise NotFound("There is no workflow to this image.")
    stem = (record.original_filename or record.id).rpartition(".")[0] or record.id
    headers = {hdrs.CONTENT_DISPOSITION: f"attachment; filename*=UTF-8''{quote(stem, safe='')}.json"}
    return web.Response(body=orjson.dumps(record.workflow), content_type="application/json", headers=headers)
