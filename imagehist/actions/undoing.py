"""Taking back what a line did, as a new line: whatever of it nobody touched since."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from ..committing import Decision, Draft, View
from ..histories import lines_of
from ..library import Library
from ..model.entries import Entry, values_for
from ..model.faults import CannotUndo, NotFound
from ..model.records import ImageRecord, value_of
from ..projecting import ids_of


class Failure(NamedTuple):
    """An image that a call left as it was, and why."""

    id: str
    code: str
    detail: str


UNDOABLE = frozenset({"add", "adopt", "set", "undo"})


def undo(library: Library, owner: str, seq: int, at: str, failed: list[Failure]) -> Decision:
    """The decision that undoes line `seq`. Raises NotFound; CannotUndo when nothing of it can be."""
    lines = lines_of(library, owner, seq)
    if not lines:
        raise NotFound("History has no such entry.")
    if lines[0].op not in UNDOABLE:
        raise CannotUndo("This cannot be undone.", op=lines[0].op)

    def decide(view: View) -> Draft | None:
        drafted = _drafted(view, lines, at, failed)
        if drafted is None:
            raise CannotUndo(
                "Everything in it was changed since.", failed=[f._asdict() for f in failed[:100]]
            )
        return drafted

    return decide


def _drafted(view: View, lines: list[Entry], at: str, failed: list[Failure]) -> Draft | None:
    ids, to, was, revs = list[str](), list[dict[str, Any]](), list[dict[str, Any]](), list[int]()
    for line in lines:
        present = view.records(ids_of(line))
        for position, image in enumerate(ids_of(line)):
            problem = _problem(present, image, line.seq)
            if problem is not None:
                failed.append(problem)
                continue
            record, back = present[image], _inverse(line, position, at)
            ids.append(image)
            to.append(back)
            was.append({name: value_of(record, name) for name in back})
            revs.append(record.rev)
    same = all(value == to[0] for value in to) and all(value == was[0] for value in was)
    if not ids:
        return None
    return Draft("undo", ids, to[0] if same else to, was[0] if same else was, revs, undoes=lines[0].seq)


def _problem(present: Mapping[str, ImageRecord], image: str, seq: int) -> Failure | None:
    if image not in present:
        return Failure(image, "NOT_FOUND", "The image is gone for ever.")
    if present[image].rev != seq:
        return Failure(image, "CHANGED_SINCE", "The image was changed since.")
    return None


def _inverse(line: Entry, position: int, at: str) -> dict[str, Any]:
    if line.op in ("add", "adopt"):
        return {"status": "trash", "trashed_at": at}
    return values_for(line.was, position)
