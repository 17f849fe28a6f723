"""Changing images: favourite, rating, note, tags, trash and restore, one or many, as one line."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

from ..committing import Decision, Draft, View
from ..model.faults import NotFound, PreconditionFailed, SelectionChanged
from ..model.names import is_id
from ..model.queries import Query
from ..model.records import ImageRecord, State, value_of
from ..model.tags import with_tags, without_tags

Change = Callable[[ImageRecord], dict[str, Any]]


Some = TypeVar("Some", ImageRecord, State)


@dataclass(frozen=True, slots=True)
class Mark:
    """A change that needs no more of an image than its state."""

    change: Callable[[ImageRecord | State], dict[str, Any]]

    def __call__(self, record: ImageRecord | State) -> dict[str, Any]:
        return self.change(record)


class Patch(NamedTuple):
    """What a PATCH asks for; None leaves a field alone."""

    tags: list[str] | None = None
    add_tags: list[str] | None = None
    remove_tags: list[str] | None = None
    favorite: bool | None = None
    rating: int | None = None
    note: str | None = None


class Selection(NamedTuple):
    """Images by query: all that match but `excluded`, none added after line `as_of`; `expected` many."""

    query: Query
    excluded: frozenset[str]
    as_of: int | None
    expected: int | None


def trash(at: str) -> Mark:
    """Move active images to the trash."""
    return Mark(lambda record: {} if record.status == "trash" else {"status": "trash", "trashed_at": at})


def restore() -> Mark:
    """Take trashed images out of the trash."""
    return Mark(lambda record: {} if record.status == "active" else {"status": "active", "trashed_at": None})


def favor(on: bool) -> Mark:
    """Set or clear the favourite mark."""
    return Mark(lambda record: {"favorite": on})


def tag(tags: Sequence[str]) -> Change:
    """Add tags."""
    return lambda record: {"tags": with_tags(record.tags, tags)}


def untag(tags: Sequence[str]) -> Change:
    """Remove tags."""
    return lambda record: {"tags": without_tags(record.tags, tags)}


def patched(patch: Patch) -> Change:
    """Apply a PATCH to a record."""

    def change(record: ImageRecord) -> dict[str, Any]:
        to: dict[str, Any] = {n: getattr(patch, n) for n in ("favorite", "rating", "note")}
        tags = record.tags if patch.tags is None else patch.tags
        tags = without_tags(tags, patch.remove_tags or [])
        to["tags"] = with_tags(tags, patch.add_tags or [])
        return {name: value for name, value in to.items() if value is not None}

    return change


def one(image: str, change: Change, if_rev: int | None = None) -> Decision:
    """Change one image; NotFound when the owner has none such, PreconditionFailed at another rev."""

    def decide(view: View) -> Draft | None:
        record = view.records([image]).get(image)
        if record is None:
            raise NotFound("There is no such image.")
        if if_rev is not None and record.rev != if_rev:
            raise PreconditionFailed("The image was changed meanwhile.", rev=record.rev)
        return draft_of([record], change)

    return decide


def many(images: Sequence[str], change: Change, missing: list[str]) -> Decision:
    """Change these images; ids the owner does not have are gathered in `missing`."""

    def decide(view: View) -> Draft | None:
        found = view.records([image for image in images if is_id(image)])
        missing[:] = [image for image in images if image not in found]
        return draft_of([found[image] for image in dict.fromkeys(images) if image in found], change)

    return decide


def selected(selection: Selection, change: Change) -> Decision:
    """Change everything a selection matches; it must be the only decision of its group."""

    def decide(view: View) -> Draft | None:
        found = view.index.states(selection.query, selection.as_of)
        states = [state for state in found if state.id not in selection.excluded]
        if selection.expected is not None and len(states) != selection.expected:
            raise SelectionChanged("The selection has another size now.", count=len(states))
        if isinstance(change, Mark):
            return draft_of(states, change)
        return draft_of(view.records([state.id for state in states]).values(), change)

    return decide


def draft_of(
    records: Iterable[Some], change: Callable[[Some], dict[str, Any]], undoes: int | None = None
) -> Draft | None:
    """The draft that changes these records; None when every one already is as asked."""
    ids, to, was, revs = list[str](), list[dict[str, Any]](), list[dict[str, Any]](), list[int]()
    for record in records:
        asked = change(record)
        new = {name: value for name, value in asked.items() if value != value_of(record, name)}
        if new:
            ids.append(record.id)
            to.append(new)
            was.append({name: value_of(record, name) for name in new})
            revs.append(record.rev)
    if not ids:
        return None
    return Draft("set" if undoes is None else "undo", ids, _folded(to), _folded(was), revs, undoes=undoes)


def _folded(values: list[dict[str, Any]]) -> dict[str, Any] | list[dict[str, Any]]:
    """One object where all are alike."""
    return values[0] if all(value == values[0] for value in values) else values
