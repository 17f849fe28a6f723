"""The commit point: decisions of one owner become durable manifest lines, then rows of the index."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from .files import storage_faults
from .following import apply_own, follow
from .library import Library, began_entry
from .model.entries import MAX_IDS, Entry, raw_record
from .model.faults import Fault, OutcomeUnknown
from .model.folding import effects
from .model.records import ImageRecord
from .model.times import to_text
from .ports import Cursor, Index, Lease, Placed
from .rebuilding import rebuild_manifest
from .sealing import roll_when_large

Values = dict[str, Any] | list[dict[str, Any]]


NOTHING: Values = {}


class Draft(NamedTuple):
    """A change before it has its number: one image to add, or new values for ids."""

    op: str
    ids: Sequence[str] = ()
    to: Values = NOTHING
    was: Values = NOTHING
    revs: Sequence[int] = ()
    record: ImageRecord | None = None
    undoes: int | None = None
    detail: dict[str, Any] | None = None


class Outcome(NamedTuple):
    """What a decision led to: `seq` is None when there was nothing to change.

    `record` is the image as it is now, where one was changed and whoever committed knows it.
    """

    seq: int | None
    ids: Sequence[str]
    record: ImageRecord | None = None


class View:
    """The library as the next line of a group will find it: the index under what the group did."""

    def __init__(self, index: Index, owner: str) -> None:
        self.index = index
        self.owner = owner
        self._changed: dict[str, ImageRecord | None] = {}

    def records(self, ids: Sequence[str]) -> Mapping[str, ImageRecord]:
        """Records by id; missing and purged ids are left out."""
        stored = self.index.records(self.owner, [image for image in ids if image not in self._changed])
        ours = {image: self._changed.get(image) for image in ids if image in self._changed}
        return {**stored, **{image: record for image, record in ours.items() if record is not None}}

    def same_bytes(self, sha256: str) -> str | None:
        """The oldest image with these bytes."""
        found = self.index.by_sha256(self.owner, sha256)
        ours = (r.id for r in self._changed.values() if r is not None and r.sha256 == sha256)
        return found or next(ours, None)

    def remember(self, entry: Entry) -> None:
        """Let the next decision of the group see this line."""
        self._changed.update(effects(entry, self.records))


Decision = Callable[[View], Draft | None]


def commit(
    library: Library, owner: str, decisions: Sequence[Decision], by: str, above: int = 0
) -> list[Outcome | Fault]:
    """Write what the decisions ask for as one durable group, each its own line.

    A decision may refuse by raising a Fault, which becomes its outcome. When this returns, every
    line is durable and every query shows it; sidecars are the caller's next step. Every seq is above
    `above`. Raises StorageFull, StorageReadOnly, Busy (nothing was written) or OutcomeUnknown.
    """
    with storage_faults():
        if library.manifest.stamp(owner) is None:
            rebuild_manifest(library, owner)
        with library.manifest.lease(owner, began_entry(library, owner)) as lease:
            cursor, seen = _caught_up(library, owner, lease)
            entries, outcomes = _decide(library, owner, decisions, (by, max(seen, above) + 1))
            if entries:
                _append(library, owner, lease, cursor, entries)
                roll_when_large(library, owner, lease)
    return outcomes


def _caught_up(library: Library, owner: str, lease: Lease) -> tuple[Cursor, int]:
    """Where the index stands when it has everything, and the highest seq used so far."""
    cursor = library.index.cursor(owner)
    if cursor is not None and lease.ends_at(cursor):
        return cursor, cursor.seq
    cursor, seen = follow(library, owner)
    if cursor is None:
        raise RuntimeError("a leased manifest has a first line")
    return cursor, seen


def _decide(
    library: Library, owner: str, decisions: Sequence[Decision], start: tuple[str, int]
) -> tuple[list[Entry], list[Outcome | Fault]]:
    by, seq = start
    view, entries, outcomes = View(library.index, owner), list[Entry](), list[Outcome | Fault]()
    for decide in decisions:
        try:
            draft = decide(view)
        except Fault as fault:
            outcomes.append(fault)
            continue
        if draft is None:
            outcomes.append(Outcome(None, ()))
            continue
        lines = numbered(draft, seq, to_text(library.clock()), by)
        if len(decisions) > 1:
            for line in lines:
                view.remember(line)
        entries += lines
        outcomes.append(Outcome(seq, draft.ids or [draft.record.id if draft.record else ""]))
        seq += 1
    return entries, outcomes


def _append(library: Library, owner: str, lease: Lease, cursor: Cursor, entries: list[Entry]) -> None:
    offsets = lease.append(entries)
    placed = [
        Placed(entry, cursor.generation, offset) for entry, offset in zip(entries, offsets, strict=False)
    ]
    try:
        apply_own(library, owner, cursor, placed, Cursor(cursor.generation, offsets[-1], entries[-1].seq))
    except (Fault, OSError) as error:
        raise OutcomeUnknown(
            "The change was kept, but the index could not be told; it shows after recovery.", retry_after=5
        ) from error


def numbered(draft: Draft, seq: int, at: str, by: str) -> list[Entry]:
    """The lines of a draft: one, or parts when it names more ids than a line holds."""
    if draft.record is not None:
        record = msgspec.structs.replace(draft.record, rev=seq)
        return [Entry(seq=seq, at=at, by=by, op=draft.op, record=raw_record(record))]
    starts = range(0, len(draft.ids) or 1, MAX_IDS)
    return [
        Entry(
            seq=seq,
            at=at,
            by=by,
            op=draft.op,
            undoes=draft.undoes,
            ids=list(draft.ids[start : start + MAX_IDS]),
            to=_slice(draft.to, start),
            was=_slice(draft.was, start),
            revs=list(draft.revs[start : start + MAX_IDS]),
            part=(number, len(starts)) if len(starts) > 1 else None,
            detail=draft.detail or {},
        )
        for number, start in enumerate(starts, 1)
    ]


def _slice(values: Values, start: int) -> Values:
    return values[start : start + MAX_IDS] if isinstance(values, list) else values
