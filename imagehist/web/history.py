"""What happened to a library, and taking it back."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from ..actions.remembering import Then, as_it_was
from ..actions.undoing import UNDOABLE, Failure, undo
from ..model.faults import NotFound
from ..model.times import to_text
from ..ports import Head
from .callers import actor_of, owner_of
from .keys import FOLLOWER, LANES, LIBRARY, THREADS
from .parameters import DEFAULT_SIZE, MAX_SIZE, moment, whole
from .replies import json_reply, record_reply

_SETS: dict[tuple[str, ...], str] = {
    ("favorite",): "favorite",
    ("tags",): "tagged",
    ("rating",): "rated",
    ("note",): "noted",
}


async def list_history(request: web.Request) -> web.Response:
    """Entries, newest first."""
    owner = owner_of(request)
    size = whole(request.query, "size", DEFAULT_SIZE, 1, MAX_SIZE)
    number = whole(request.query, "page", 1, 1, 10_000_000)
    heads, total = await request.app[THREADS].read(read_heads, request, owner, size, number)
    return json_reply({"items": [told(head) for head in heads], "page": number, "size": size, "total": total})


def read_heads(request: web.Request, owner: str, size: int, number: int) -> tuple[list[Head], int]:
    """One page of an owner's entries and how many there are."""
    request.app[FOLLOWER].refresh(owner)
    index = request.app[LIBRARY].index
    return index.heads(owner, None, size, (number - 1) * size), index.head_count(owner)


async def library_then(request: web.Request) -> web.Response:
    """The active images as they were at a time, newest first."""
    owner, time = owner_of(request), moment(request.query, "time")
    size = whole(request.query, "size", DEFAULT_SIZE, 1, MAX_SIZE)
    number = whole(request.query, "page", 1, 1, 10_000_000)
    then = await request.app[THREADS].read(_then, request, owner, time, (number - 1) * size, size)
    items = [record_reply(record) for record in then.items]
    return json_reply({"items": items, "page": number, "size": size, "total": then.total, "as_of": then.seq})


def _then(request: web.Request, owner: str, time: str, skip: int, size: int) -> Then:
    request.app[FOLLOWER].refresh(owner)
    return as_it_was(request.app[LIBRARY], owner, time, skip, size)


def told(head: Head) -> dict[str, Any]:
    """An entry as answered."""
    return {
        "seq": head.seq,
        "at": head.at,
        "by": head.by,
        "op": head.op,
        "count": head.images,
        "summary": summary(head),
        "undoable": undoable(head),
        "undoes": head.undoes,
        "undone_by": head.undone_by,
    }


def undoable(head: Head) -> bool:
    """Whether undoing the entry can still make sense; each image is asked when it is done."""
    return head.op in UNDOABLE and head.undone_by is None


def summary(head: Head) -> str:
    """What the entry did, as a word for programs: added, trashed, restored, tagged …"""
    if head.op == "set":
        if head.status is not None:
            return "trashed" if head.status == "trash" else "restored"
        return _SETS.get(head.fields, "edited")
    return {"add": "added", "adopt": "adopted", "purge": "purged", "undo": "undone"}.get(head.op, head.op)


async def undo_entry(request: web.Request) -> web.Response:
    """Undo what still can be undone of one entry, as a new entry."""
    owner, text = owner_of(request), request.match_info["seq"]
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise NotFound("History has no such entry.")
    failed: list[Failure] = []
    library = request.app[LIBRARY]
    await request.app[THREADS].read(request.app[FOLLOWER].refresh, owner)
    decision = await request.app[THREADS].read(
        undo, library, owner, int(text), to_text(library.clock()), failed
    )
    outcome = await request.app[LANES].commit(owner, decision, actor_of(request))
    return json_reply(
        {"changed": len(outcome.ids), "seq": outcome.seq, "failed": [f._asdict() for f in failed]}
    )
