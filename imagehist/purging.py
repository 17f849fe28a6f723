"""The end of an image: only what is durably in the trash, line first, sidecar last."""

from __future__ import annotations

from collections.abc import Sequence

from .committing import Decision, Draft, Outcome, View, commit
from .library import Library
from .model.faults import Fault
from .projecting import checkpoint, finish_purge


def purge(library: Library, owner: str, ids: Sequence[str], by: str) -> Outcome:
    """Remove trashed images for ever; what was restored meanwhile is spared.

    The trashed sidecars are made durable before the line, the line before any unlink.
    """
    settled = checkpoint(library, owner)
    drafted: list[Draft] = []
    outcome = commit(library, owner, [_purging(ids, settled.seq if settled else 0, drafted)], by)[0]
    if isinstance(outcome, Fault):
        raise outcome
    if drafted and isinstance(drafted[0].was, list):
        try:
            finish_purge(library, owner, drafted[0].ids, drafted[0].was)
        except Fault:
            return outcome  # the line holds; the next check-point finishes the unlinks
    return outcome


def _purging(ids: Sequence[str], settled: int, drafted: list[Draft]) -> Decision:
    def decide(view: View) -> Draft | None:
        found = [r for r in view.records(ids).values() if r.status == "trash" and r.rev <= settled]
        if not found:
            return None
        was = [{"key": record.key, "thumb": record.thumb} for record in found]
        drafted.append(Draft("purge", [r.id for r in found], was=was, revs=[r.rev for r in found]))
        return drafted[0]

    return decide
