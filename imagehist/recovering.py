"""After a crash: the manifest mended, the projections behind the check-point made true, uploads finished."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from .adopting import adopt_unexplained, finish_upload
from .following import follow
from .library import Library, histories
from .merging import reconcile_sidecar
from .model.names import folder_of, owner_folder
from .model.records import ImageRecord
from .model.times import day_of, to_text
from .ports import Cursor
from .projecting import entries_since, ids_of
from .purging import finish_line
from .rebuilding import rebuild_manifest

_SLICE = 500


class Recovered(NamedTuple):
    """What recovery of one owner did; all zero when there was nothing to do."""

    cut: int = 0
    rewritten: int = 0
    placed: int = 0
    adopted: int = 0
    purged: int = 0

    @property
    def changed(self) -> bool:
        return any(self)


def recover(library: Library) -> dict[str, Recovered]:
    """Recover every owner, before anything is served; repeatable, a second run writes nothing."""
    uploads = finish_uploads(library)
    for owner in set(library.store.owners()) - set(library.manifest.owners()):
        rebuild_manifest(library, owner)
    done = {owner: recover_owner(library, owner, uploads.get(owner, 0)) for owner in histories(library)}
    library.store.forget_writers()
    return {owner: found for owner, found in done.items() if found.changed}


def finish_uploads(library: Library) -> dict[str, int]:
    """Finish or drop what dead writers left in staging; how many uploads were finished, by owner."""
    finished: dict[str, int] = {}
    for name in library.store.abandoned():
        owner = finish_upload(library, name)
        if owner is not None:
            finished[owner] = finished.get(owner, 0) + 1
    return finished


def recover_owner(library: Library, owner: str, placed: int = 0) -> Recovered:
    """Recover one owner; costs the lines behind its check-point, or everything where there is none."""
    with library.manifest.hold(owner):
        cut = library.manifest.mend(owner)
        cursor, _ = follow(library, owner)
        noted = library.manifest.checkpoint(owner)
    if noted is not None and noted == cursor and not cut and not placed:
        return Recovered()
    purged, ids = _finish_purges(library, owner, noted)
    rewritten, folders = 0, set[str]()
    for record in _records_to_check(library, owner, None if noted is None else ids):
        rewritten += reconcile_sidecar(library, record) != "same"
        folders.add(folder_of(record.key))
    adopted = sum(
        adopt_unexplained(library, owner, folder)
        for folder in _folders_to_check(library, owner, folders, full=noted is None)
    )
    _seal_recovery(library, owner)
    return Recovered(cut, rewritten, placed, adopted, purged)


def _finish_purges(library: Library, owner: str, noted: Cursor | None) -> tuple[int, list[str]]:
    """Finish the unlinks of every purge behind the check-point; how many, and the ids lines touched there."""
    finished, ids = 0, dict[str, None]()
    for line in entries_since(library, owner, noted):
        finished += line.op == "purge" and finish_line(library, owner, line)
        if noted is not None:
            ids.update(dict.fromkeys(ids_of(line)))
    return finished, list(ids)


def _records_to_check(library: Library, owner: str, ids: list[str] | None) -> Iterator[ImageRecord]:
    if ids is None:
        yield from library.index.every_record(owner)
        return
    for start in range(0, len(ids), _SLICE):
        yield from library.index.records(owner, ids[start : start + _SLICE]).values()


def _folders_to_check(library: Library, owner: str, touched: set[str], full: bool) -> list[str]:
    """Where files without a line can be: everywhere without a check-point, else where work was going on."""
    if full:
        return [folder_of(files[0].key) for files in library.store.walk(owner) if files]
    today = f"{owner_folder(owner)}/{day_of(to_text(library.clock()))}"
    return sorted({today, *touched})


def _seal_recovery(library: Library, owner: str) -> None:
    """One sync of everything recovery wrote, then the check-point that speaks of it."""
    cursor = library.index.cursor(owner)
    library.store.sync()
    if cursor is not None:
        library.manifest.set_checkpoint(owner, cursor)
