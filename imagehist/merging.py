"""What people and crashes did to sidecars, brought back into history as the lines it deserves."""

from __future__ import annotations

import msgspec

from .committing import Decision, Draft, View, commit
from .histories import record_at
from .library import Library
from .model.entries import encode_sidecar
from .model.names import sidecar_key
from .model.records import ImageRecord, value_of
from .model.sidecars import Verdict, edits, judge


def reconcile_sidecar(library: Library, record: ImageRecord) -> str:
    """Make the sidecar of one image and its record agree; what was done (`same` when nothing).

    Call it without the owner's locks: an edit found in the file becomes a line of its own.
    """
    key = sidecar_key(record.key)
    data = library.store.get(key)
    verdict = judge(data, record)
    if verdict.action == "keep" and data is not None:
        library.store.keep_aside(f"{record.owner}-{record.id}.json", data)
    if verdict.action in ("merge", "adopt") and verdict.record is not None:
        above = verdict.record.rev if verdict.action == "adopt" else 0
        commit(library, record.owner, [_decision(library, record, verdict)], "file", above)
    if verdict.action != "same":
        _rewrite(library, record)
    return verdict.action


def _rewrite(library: Library, record: ImageRecord) -> None:
    with library.store.settle_lock(record.owner):
        found = library.index.records(record.owner, [record.id])
        for present in found.values():
            library.store.put(sidecar_key(present.key), encode_sidecar(present))


def _decision(library: Library, record: ImageRecord, verdict: Verdict) -> Decision:
    found = verdict.record or record
    base = record_at(library, record, verdict.base or 0) if verdict.action == "merge" else None

    def decide(view: View) -> Draft | None:
        present = view.records([record.id]).get(record.id)
        if present is None:
            return None
        if verdict.action == "adopt":
            return Draft("adopt", record=msgspec.structs.replace(found, key=present.key, owner=present.owner))
        to = edits(found, base, present)
        was = {name: value_of(present, name) for name in to}
        return Draft("set", [record.id], to, was, [present.rev]) if to else None

    return decide
