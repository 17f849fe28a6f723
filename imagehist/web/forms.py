"""Forms, for pages without a script: upload, change, trash, restore and undo, answered by a way back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

import orjson
from aiohttp import web
from multidict import MultiDict

from ..actions.editing import (
    Change,
    Patch,
    Selection,
    favor,
    many,
    patched,
    restore,
    selected,
    tag,
    trash,
    untag,
)
from ..actions.undoing import Failure, undo
from ..committing import Decision
from ..model.faults import BadEncoding, BadParameter, CannotUndo, Fault, NotFound, UnsupportedMediaType
from ..model.names import is_id
from ..model.tags import clean_tag
from ..model.times import to_text
from .bodies import whole_body
from .callers import actor_of, owner_of, record_of
from .images import MAX_NOTE
from .keys import FOLLOWER, LANES, LIBRARY, SETTINGS, THREADS
from .page_filters import SHELVES, given_filters, query_of
from .page_notices import Told, back_to
from .pages import zone_of_browser
from .parameters import image_id, whole
from .uploads import post_images

MAX_FORM = 1 << 16
MAX_FIELDS = 1_500
MAX_UNDONE = 60


async def form_of(request: web.Request) -> MultiDict[str]:
    """The fields of a form. Raises UnsupportedMediaType, BadEncoding, BadParameter or RequestTooLarge."""
    if request.content_type != "application/x-www-form-urlencoded":
        raise UnsupportedMediaType("This address takes a form.")
    body = await whole_body(request, request.app[SETTINGS].body_seconds, MAX_FORM)
    try:
        fields = parse_qsl(body.decode(), keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS)
    except UnicodeDecodeError:
        raise BadEncoding("The form is not UTF-8.") from None
    except ValueError:
        raise BadParameter("The form has too many fields.") from None
    return MultiDict(fields)


def led(address: str) -> web.Response:
    """The way back: 303 See Other."""
    return web.Response(status=303, headers={"Location": address})


async def upload_form(request: web.Request) -> web.Response:
    """POST /: the files of a form, then the list they stand in."""
    answer = await post_images(request)
    body: Any = answer.body
    data = orjson.loads(body)
    items, rejected = data.get("items", []), data["rejected"]
    why = rejected[0]["code"] if rejected else ""
    told = Told("added", len(items), [item["rev"] for item in items], len(rejected), why)
    path = {"input": "/inputs", "control": "/controls"}.get(items[0]["kind"] if items else "", "/")
    return led(back_to(request.query.get("back"), told, path))


async def list_form(request: web.Request) -> web.Response:
    """POST /trash: do something to the chosen images, or to all of a list."""
    form = await form_of(request)
    word, change = _change(request, form)
    missing: list[str] = []
    if form.get("all") == "true":
        decision, alone = selected(_everything(request, form), change), True
    else:
        decision, alone = many(_ids(form), change, missing), False
    return await _changed(request, form, (word, decision, alone), "/")


async def image_form(request: web.Request) -> web.Response:
    """POST /image/{id}: do something to this image."""
    form, image = await form_of(request), image_id(request.match_info["id"])
    word, change = _change(request, form)
    if await record_of(request, owner_of(request), image) is None:
        raise NotFound("There is no such image.")
    return await _changed(request, form, (word, many([image], change, []), False), f"/image/{image}")


async def _changed(
    request: web.Request, form: MultiDict[str], wish: tuple[str, Decision, bool], otherwise: str
) -> web.Response:
    word, decision, alone = wish
    outcome = await request.app[LANES].commit(owner_of(request), decision, actor_of(request), alone=alone)
    told = Told(word, len(outcome.ids), () if outcome.seq is None else (outcome.seq,))
    return led(back_to(form.get("back"), told, otherwise))


def _ids(form: MultiDict[str]) -> list[str]:
    return [image for image in dict.fromkeys(form.getall("id", [])) if is_id(image)]


def _everything(request: web.Request, form: MultiDict[str]) -> Selection:
    shelf = SHELVES.get(form.get("shelf", ""))
    if shelf is None:
        raise BadParameter("There is no such list.", field="shelf")
    zone = str(zone_of_browser(request))
    query = query_of(owner_of(request), given_filters(form, shelf), shelf, zone)
    return Selection(query, frozenset(), whole(form, "as_of", 0, 0, 10**12) or None, None)


def _change(request: web.Request, form: MultiDict[str]) -> tuple[str, Change]:
    """The word of a form's notice and what it changes. Raises BadParameter."""
    known: dict[str, Callable[[], tuple[str, Change]]] = {
        "trash": lambda: ("trashed", trash(_now(request))),
        "restore": lambda: ("restored", restore()),
        "favorite": lambda: ("favored", favor(True)),
        "unfavorite": lambda: ("unfavored", favor(False)),
        "tag": lambda: ("tagged", tag(_tags(form))),
        "untag": lambda: ("tagged", untag(_tags(form))),
        "rate": lambda: ("rated", patched(Patch(rating=whole(form, "rating", 0, 0, 5)))),
        "note": lambda: ("noted", patched(Patch(note=_note(form)))),
    }
    wish = known.get(form.get("do", ""))
    if wish is None:
        raise BadParameter(f"do is one of {', '.join(known)}.", field="do")
    return wish()


def _now(request: web.Request) -> str:
    return to_text(request.app[LIBRARY].clock())


def _tags(form: MultiDict[str]) -> list[str]:
    return [clean_tag(text) for text in form.get("tag", "").split(",") if text.strip()]


def _note(form: MultiDict[str]) -> str:
    note = form.get("note", "").replace("\r\n", "\n")
    if len(note) > MAX_NOTE:
        raise BadParameter("The note is too long.", field="note", limit=MAX_NOTE)
    return note


async def history_form(request: web.Request) -> web.Response:
    """POST /history: undo one entry, or several that a notice names."""
    form = await form_of(request)
    seqs = [int(text) for text in form.getall("seq", []) if _is_seq(text)]
    if form.get("do") != "undo" or not seqs:
        raise BadParameter("do=undo and seq are wanted.", field="do")
    changed, fault = 0, None
    for seq in seqs[:MAX_UNDONE]:
        try:
            changed += await _undone(request, seq)
        except (CannotUndo, NotFound) as refused:
            fault = refused
    return led(back_to(form.get("back"), _told(changed, fault), "/history"))


def _is_seq(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 13


def _told(changed: int, fault: Fault | None) -> Told:
    if not changed and fault is not None:
        return Told("failed", 0, (), 1, fault.code)
    return Told("undone", changed)


async def _undone(request: web.Request, seq: int) -> int:
    owner, library, threads = owner_of(request), request.app[LIBRARY], request.app[THREADS]
    failed: list[Failure] = []
    await threads.read(request.app[FOLLOWER].refresh, owner)
    decision = await threads.read(undo, library, owner, seq, to_text(library.clock()), failed)
    outcome = await request.app[LANES].commit(owner, decision, actor_of(request))
    return len(outcome.ids)
