"""One image or many: its record, its changes, trash and restore, bulk."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aiohttp import web

from ..actions.editing import Change, Patch, favor, many, one, patched, restore, selected, tag, trash, untag
from ..committing import Outcome
from ..histories import history_item, past_of
from ..model.faults import BadParameter, FieldTooLong, NotFound
from ..model.records import ImageRecord
from ..model.tags import clean_tags
from ..model.times import to_text
from .bodies import json_body
from .callers import actor_of, owner_of, record_of
from .keys import FOLLOWER, LANES, LIBRARY, SETTINGS, THREADS
from .parameters import flag, ids_of, image_id, selection_of
from .replies import json_reply, record_reply

MAX_NOTE = 10_000
MAX_BULK_IDS = 200_000
BULK_FIELDS = frozenset({"action", "ids", "select", "tags", "expect"})


async def get_image(request: web.Request) -> web.Response:
    """The whole record of one image; `history=true` adds its past, newest first."""
    record = await _own_record(request)
    return json_reply(await request.app[THREADS].read(_told, request, record, flag(request.query, "history")))


def _told(request: web.Request, record: ImageRecord, history: bool | None) -> dict[str, Any]:
    library = request.app[LIBRARY]
    data = record_reply(record, missing=not library.store.exists(record.key))
    if history:
        data["history"] = [history_item(line, place) for line, place in past_of(library, record)]
    return data


async def _own_record(request: web.Request) -> ImageRecord:
    record = await record_of(request, owner_of(request), image_id(request.match_info["id"]))
    if record is None:
        raise NotFound("There is no such image.")
    return record


async def patch_image(request: web.Request) -> web.Response:
    """Change tags, favourite, rating or note of one image."""
    patch = _patch(await json_body(request, request.app[SETTINGS].body_seconds))
    outcome = await _change_one(request, patched(patch), _if_rev(request))
    return json_reply(record_reply(outcome.record or await _own_record(request)))


def _if_rev(request: web.Request) -> int | None:
    text = request.headers.get("If-Match")
    if text is None or text.strip() == "*":
        return None
    digits = text.strip().strip('"')
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 16 else -1


def _patch(data: Any) -> Patch:
    if not isinstance(data, dict):
        raise BadParameter("The body is an object of fields to change.")
    unknown = data.keys() - set(Patch._fields)
    if unknown:
        raise BadParameter("This field cannot be changed.", field=min(unknown)[:40])
    favorite, rating, note = data.get("favorite"), data.get("rating"), data.get("note")
    if favorite is not None and not isinstance(favorite, bool):
        raise BadParameter("favorite is true or false.", field="favorite")
    if rating is not None and (type(rating) is not int or rating not in range(6)):
        raise BadParameter("rating is a whole number from 0 to 5.", field="rating")
    if note is not None and not isinstance(note, str):
        raise BadParameter("note is text.", field="note")
    if note is not None and len(note) > MAX_NOTE:
        raise FieldTooLong("The note is too long.", field="note", limit=MAX_NOTE)
    tags, added, removed = (_tags(data, name) for name in ("tags", "add_tags", "remove_tags"))
    return Patch(tags, added, removed, favorite, rating, note)


def _tags(data: dict[str, Any], name: str) -> list[str] | None:
    value = data.get(name)
    if value is None:
        return None
    if not isinstance(value, list):
        raise BadParameter(f"{name} is a list of tags.", field=name)
    return clean_tags(value)


async def delete_image(request: web.Request) -> web.Response:
    """Move one image to the trash."""
    return await _moved(request, trash(_now(request)))


async def restore_image(request: web.Request) -> web.Response:
    """Take one image out of the trash."""
    return await _moved(request, restore())


def _now(request: web.Request) -> str:
    return to_text(request.app[LIBRARY].clock())


async def _moved(request: web.Request, change: Change) -> web.Response:
    outcome = await _change_one(request, change, None)
    record = outcome.record or await _own_record(request)
    return json_reply({"changed": len(outcome.ids), "seq": outcome.seq, "image": record_reply(record)})


async def _change_one(request: web.Request, change: Change, if_rev: int | None) -> Outcome:
    owner, image = owner_of(request), image_id(request.match_info["id"])
    if not request.app[FOLLOWER].has_met(owner):
        await _own_record(request)  # a commit would begin a history for whoever has none
    return await request.app[LANES].commit(owner, one(image, change, if_rev), actor_of(request))


async def bulk(request: web.Request) -> web.Response:
    """Change many images by ids or by query as one line of history."""
    data = await json_body(request, request.app[SETTINGS].body_seconds)
    if not isinstance(data, dict) or data.keys() - BULK_FIELDS:
        raise BadParameter("The body has action, ids or select, and tags or expect.")
    change, missing = _change(request, data), list[str]()
    owner = owner_of(request)
    if ("ids" in data) == ("select" in data):
        raise BadParameter("Give either ids or select.", field="ids")
    if "ids" in data:
        ids = _bulk_ids(data["ids"])
        outcome = await request.app[LANES].commit(owner, many(ids, change, missing), actor_of(request))
    else:
        selection = selection_of(owner, _object(data["select"]), _expected(data))
        outcome = await request.app[LANES].commit(
            owner, selected(selection, change), actor_of(request), alone=True
        )
    return json_reply({"changed": len(outcome.ids), "seq": outcome.seq, "failed": _failed(missing)})


def _bulk_ids(value: object) -> list[str]:
    ids = ids_of(value, "ids")
    if len(ids) > MAX_BULK_IDS:
        raise FieldTooLong("Too many ids; use select.", field="ids", limit=MAX_BULK_IDS)
    return ids


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise BadParameter("select is an object of filters.", field="select")
    return value


def _expected(data: dict[str, Any]) -> int | None:
    expected = data.get("expect")
    if expected is not None and (isinstance(expected, bool) or not isinstance(expected, int)):
        raise BadParameter("expect is a whole number.", field="expect")
    return expected


def _failed(missing: Sequence[str]) -> list[dict[str, str]]:
    return [{"id": image, "code": "NOT_FOUND", "detail": "There is no such image."} for image in missing]


def _change(request: web.Request, data: dict[str, Any]) -> Change:
    action = data.get("action")
    if action in ("tag", "untag"):
        tags = _tags(data, "tags")
        if not tags:
            raise BadParameter("tags are missing.", field="tags")
        return tag(tags) if action == "tag" else untag(tags)
    simple: dict[Any, Change] = {
        "delete": trash(_now(request)),
        "restore": restore(),
        "favorite": favor(True),
        "unfavorite": favor(False),
    }
    if not isinstance(action, str) or action not in simple:
        raise BadParameter("action is delete, restore, favorite, unfavorite, tag or untag.", field="action")
    return simple[action]
