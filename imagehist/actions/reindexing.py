"""Originals, sidecars and manifests made to agree, owner by owner, and a fresh index from them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator

import msgspec

from ..adopting import adopt
from ..committing import Decision, Draft, View, commit
from ..following import follow_in_turns
from ..library import Library, began_entry
from ..merging import reconcile_sidecar
from ..model.faults import Fault
from ..model.findings import Finding
from ..model.names import EXTENSIONS, manifest_key, parse_key, sidecar_key, thumb_key
from ..model.records import ImageRecord
from ..model.sidecars import judge
from ..ports import Index, StoredFile
from ..projecting import checkpoint
from ..rebuilding import rebuild_manifest
from ..sealing import snapshot

Progress = Callable[[int], None]


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What a look at some owners found, and whether it was repaired."""

    records: int
    findings: list[Finding]
    executed: bool

    @property
    def totals(self) -> dict[str, int]:
        """How many findings of each kind."""
        kinds = sorted({finding.kind for finding in self.findings})
        return {kind: sum(1 for finding in self.findings if finding.kind == kind) for kind in kinds}

    @property
    def remaining(self) -> int:
        """Findings that a repair leaves: ghosts keep their records, what is aside was set aside."""
        return sum(1 for f in self.findings if not self.executed or f.kind in ("ghost", "quarantined"))


def second_index(library: Library, owners: Iterable[str], aside: Index, progress: Progress) -> Library:
    """The same library over a fresh index, filled from the manifests alone."""
    fresh = dataclasses.replace(library, index=aside, sinks=())
    for owner in owners:
        follow_in_turns(fresh, owner, progress)
    aside.finish_building()
    return fresh


def plan(library: Library, owners: Iterable[str], progress: Progress) -> Report:
    """What reindex would do, looking only; `library` stands over a fresh index."""
    findings, records = list[Finding](), 0
    for owner in owners:
        if library.manifest.stamp(owner) is None:
            findings.append(Finding("manifest-missing", owner, None, manifest_key(owner)))
            continue
        findings += disagreements(library, owner, progress)
        records += library.index.usage(owner).images
    return Report(records=records, findings=findings, executed=False)


def restore(library: Library, owner: str, progress: Progress) -> list[Finding]:
    """Make one owner's manifest readable to its end, rebuilt from the sidecars where it is lost."""
    rebuilt = rebuild_manifest(library, owner, progress)
    with library.manifest.hold(owner):
        library.manifest.mend(owner)
    return [Finding("manifest-missing", owner, None, manifest_key(owner))] if rebuilt else []


def repair(library: Library, owner: str, progress: Progress) -> list[Finding]:
    """Make one owner's originals, sidecars and manifest agree; what was found and mended.

    The index must be made from the manifests as they are: what an older one remembers would hide a loss.
    """
    findings = list[Finding]()
    place = follow_in_turns(library, owner, progress)
    rotten = _rotten_lines(library, owner)
    for finding in list(disagreements(library, owner, progress)):
        findings.append(_mended(library, finding))
    if rotten:
        findings.append(Finding("rotten-lines", owner, None, manifest_key(owner)))
        _restate(library, owner)
    checkpoint(library, owner, looked=place.seq if place else 0)
    return findings


def _rotten_lines(library: Library, owner: str) -> int:
    """Damaged lines in the open generation, which a snapshot leaves behind in the sealed file."""
    rotten, place = 0, library.manifest.beginning(owner)
    while place is not None:
        with library.manifest.hold(owner):
            tail = library.manifest.read(owner, place)
        if tail is None or tail.end == place:
            return rotten
        rotten, place = rotten + tail.rotten, tail.end
    return rotten


def _restate(library: Library, owner: str) -> None:
    began = began_entry(library, owner)
    with library.manifest.lease(owner, began) as lease, library.store.settle_lock(owner):
        snapshot(library, owner, lease)


def disagreements(library: Library, owner: str, progress: Progress) -> Iterator[Finding]:
    """Everything in which one owner's files and records differ, folder by folder, then the ghosts."""
    seen: set[bytes] = set()
    for files in library.store.walk(owner):
        yield from _in_folder(library, owner, files, seen)
        progress(len(files))
    for record in library.index.every_record(owner):
        if bytes.fromhex(record.id) not in seen:
            yield Finding("ghost", owner, record.id, record.key)
            if judge(library.store.get(sidecar_key(record.key)), record).action != "same":
                yield Finding("sidecar", owner, record.id, record.key)


def _in_folder(library: Library, owner: str, files: list[StoredFile], seen: set[bytes]) -> Iterator[Finding]:
    originals = {p[4]: file.key for file in files if (p := parse_key(file.key)) and p[5] in EXTENSIONS}
    records = library.index.records(owner, list(originals))
    if records.keys() != originals.keys():
        records, originals = _without_arriving(library, owner, originals)
    purged = library.index.purged(owner, list(originals))
    for image, key in originals.items():
        record = records.get(image)
        if record is None:
            yield Finding("purged-left" if image in purged else "orphan", owner, image, key)
        elif record.key != key:
            yield from _elsewhere(library, record, key, seen)
        else:
            seen.add(bytes.fromhex(image))
            if judge(library.store.get(sidecar_key(key)), record).action != "same":
                yield Finding("sidecar", owner, image, key)


def _without_arriving(
    library: Library, owner: str, originals: dict[str, str]
) -> tuple[dict[str, ImageRecord], dict[str, str]]:
    """The records of a folder's originals, looked up again behind the uploads that are under way."""
    arriving = library.store.being_staged()
    follow_in_turns(library, owner, lambda _: None)
    settled = {image: key for image, key in originals.items() if image not in arriving}
    return library.index.records(owner, list(settled)), settled


def _elsewhere(library: Library, record: ImageRecord, key: str, seen: set[bytes]) -> Iterator[Finding]:
    """An original away from its key: moved when its own place is empty, else a second copy."""
    if library.store.exists(record.key):
        yield Finding("copy", record.owner, record.id, key)
    else:
        seen.add(bytes.fromhex(record.id))
        yield Finding("moved", record.owner, record.id, key)


def _mended(library: Library, finding: Finding) -> Finding:
    """Repair one finding, looking again at what is there now."""
    present = library.index.records(finding.owner, [finding.id] if finding.id else [])
    record = present.get(finding.id or "")
    if finding.kind == "sidecar" and record is not None:
        reconcile_sidecar(library, record)
    elif finding.kind == "moved" and record is not None:
        _relink(library, record, finding.key)
    elif finding.kind == "orphan" and record is None:
        if not adopt(library, finding.owner, finding.key):
            return finding._replace(kind="quarantined")
    elif finding.kind == "purged-left" and record is None:
        library.store.drop([finding.key, sidecar_key(finding.key)])
    elif finding.kind == "copy":
        library.store.quarantine(finding.key)
        return finding._replace(kind="quarantined")
    return finding


def _relink(library: Library, record: ImageRecord, key: str) -> None:
    """Let a record follow its moved original; the thumb goes along, the old sidecar goes."""
    old, extension = record.key, (record.thumb or "").rpartition(".")[2]
    thumb = thumb_key(key, extension) if record.thumb else None

    def decide(view: View) -> Draft | None:
        current = view.records([record.id]).get(record.id)
        if current is None or current.key == key or library.store.exists(current.key):
            return None
        was = {"key": current.key, "thumb": current.thumb}
        return Draft("set", [record.id], {"key": key, "thumb": thumb}, was, [current.rev])

    _commit_one(library, record.owner, decide)
    data = library.store.get(record.thumb) if record.thumb else None
    if data is not None and thumb is not None:
        library.store.put(thumb, data)
    for moved in library.index.records(record.owner, [record.id]).values():
        reconcile_sidecar(library, moved)
    library.store.drop([sidecar_key(old), *([record.thumb] if record.thumb else [])])
    library.store.sync_folders([key])


def _commit_one(library: Library, owner: str, decide: Decision) -> None:
    outcome = commit(library, owner, [decide], "system")[0]
    if isinstance(outcome, Fault):
        raise outcome


def every_owner(library: Library) -> list[str]:
    """Owners with a folder or a manifest."""
    return sorted({*library.store.owners(), *library.manifest.owners()})
