"""The page of everything that happened: entries by day with a few of their thumbs, and their undo."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from aiohttp import web

from ..histories import lines_of
from ..library import Library
from ..model.times import to_micros
from ..ports import Head
from ..projecting import ids_of
from .keys import LIBRARY
from .page_days import alt_of, local, named
from .page_past import Act, by_whom, head_act, sentence
from .pages import Viewer, shown
from .parameters import whole
from .replies import record_reply

PAGE = 60
_THUMBS = 3
_TOGETHER = 600_000_000
"""Microseconds between uploads that count as one go."""


class Deed(NamedTuple):
    """One row: what happened and a few of the images it happened to."""

    act: Act
    thumbs: list[dict[str, Any]]


class Stretch(NamedTuple):
    """The rows of one day, under its name."""

    near: str
    far: str
    deeds: list[Deed]


async def history_page(request: web.Request) -> web.Response:
    """GET /history; `before` is the seq to go on from."""
    return await shown(request, "history.html", _gathered)


def _gathered(request: web.Request, viewer: Viewer) -> Mapping[str, Any]:
    library = request.app[LIBRARY]
    before = whole(request.query, "before", 0, 0, 10**12) or None
    heads = library.index.heads(viewer.owner, before, PAGE + 1)
    stretches = list[Stretch]()
    for group in together([head for head in heads[:PAGE] if head.op != "began"]):
        near, far = named(local(group[0].at, viewer.zone).date(), viewer.now.date(), viewer.language)
        if not stretches or stretches[-1].far != far:
            stretches.append(Stretch(near, far, []))
        act = _act(group, viewer)
        stretches[-1].deeds.append(Deed(act, _thumbs(library, viewer.owner, group)))
    older = f"/history?before={heads[PAGE - 1].seq}" if len(heads) > PAGE else None
    return {"stretches": stretches, "older": older, "first": before is None}


def together(heads: list[Head]) -> list[list[Head]]:
    """Uploads that came in one go as one; everything else by itself."""
    groups = list[list[Head]]()
    for head in heads:
        last = groups[-1][-1] if groups else None
        if last is not None and _one_go(last, head):
            groups[-1].append(head)
        else:
            groups.append([head])
    return groups


def _one_go(later: Head, earlier: Head) -> bool:
    alike = later.op == earlier.op == "add" and later.by == earlier.by
    still = later.undone_by is None and earlier.undone_by is None
    return alike and still and to_micros(later.at) - to_micros(earlier.at) < _TOGETHER


def _act(group: list[Head], viewer: Viewer) -> Act:
    act = head_act(group[0], viewer)
    if len(group) == 1:
        return act
    return act._replace(
        text=sentence("added", len(group), viewer.language),
        by=by_whom(group[0].by, viewer.language),
        seqs=tuple(head.seq for head in group),
        images=len(group),
    )


def _thumbs(library: Library, owner: str, group: list[Head]) -> list[dict[str, Any]]:
    """The first images of a group of entries."""
    ids = list[str]()
    for head in group[:_THUMBS]:
        for line in lines_of(library, owner, head.seq)[:1]:
            ids += ids_of(line)[:_THUMBS]
    records = library.index.records(owner, ids[:_THUMBS])
    found = [record_reply(records[image]) for image in ids[:_THUMBS] if image in records]
    return [data | {"alt": alt_of(data)} for data in found]
