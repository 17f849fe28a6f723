"""The end of an image: only what is durably in the trash, line first, sidecar last."""

from __future__ import annotations

from collections.abc import Sequence

from .committing import Decision, Draft, Outcome, View, commit
from .files import storage_faults
from .library import Library
from .model.entries import Entry
from .model.faults import Fault
from .model.names import sidecar_key
from .projecting import checkpoint


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
        finish(library, owner, drafted[0].ids, drafted[0].was)
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


def finish(library: Library, owner: str, ids: Sequence[str], was: Sequence[dict[str, str | None]]) -> bool:
    """Unlink what purge lines name and no later line brought back; whether anything was there."""
    with library.store.settle_lock(owner), storage_faults():
        gone = library.index.purged(owner, ids)
        named = [value for image, value in zip(ids, was, strict=False) if image in gone]
        keys = [str(value["key"]) for value in named]
        there = [key for key in (*keys, *map(sidecar_key, keys)) if library.store.exists(key)]
        library.store.drop(str(value["thumb"]) for value in named if value.get("thumb"))
        library.store.drop(keys)
        library.store.sync_folders(keys)
        library.store.drop(map(sidecar_key, keys))
    return bool(there)


def finish_line(library: Library, owner: str, line: Entry) -> bool:
    """Finish the unlinks of one purge line."""
    return finish(library, owner, line.ids, line.was if isinstance(line.was, list) else [])
