"""After a crash: the manifest mended, the projections behind the check-point made true, uploads finished."""

from __future__ import annotations

import zlib
from collections import deque
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from .adopting import adopt_unexplained, finish_upload
from .files import storage_faults
from .following import follow
from .library import Library, histories
from .merging import reconcile_sidecar
from .model.names import folder_of
from .model.records import ImageRecord
from .model.times import to_micros
from .ports import Cursor
from .projecting import entries_since, finish_line, ids_of, record_in, settle
from .rebuilding import rebuild_manifest

_SLICE = 500
_UNSYNCED = 3_600_000_000
"""Microseconds of history in which a file may not have reached the disk by itself."""


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
    with storage_faults():
        crashed = library.store.crashed()
        uploads = finish_uploads(library)
        for owner in set(library.store.owners()) - set(library.manifest.owners()):
            _recover_bare(library, owner, crashed)
        done = {
            owner: recover_owner(library, owner, uploads.get(owner, 0), crashed)
            for owner in histories(library)
        }
        library.store.forget_writers()
        return {owner: found for owner, found in done.items() if found.changed}


def _recover_bare(library: Library, owner: str, crashed: bool) -> None:
    """An owner without a manifest has lost it, or a crash came before its first line."""
    rebuilt = rebuild_manifest(library, owner)
    if rebuilt or not crashed:
        return
    with library.manifest.hold(owner):
        library.manifest.mend(owner)
    for folder in library.store.recent_folders(owner):
        adopt_unexplained(library, owner, folder)


def finish_uploads(library: Library) -> dict[str, int]:
    """Finish or drop what dead writers left in staging; how many uploads were finished, by owner."""
    finished: dict[str, int] = {}
    for name in library.store.abandoned():
        owner = finish_upload(library, name)
        if owner is not None:
            finished[owner] = finished.get(owner, 0) + 1
    return finished


def recover_owner(library: Library, owner: str, placed: int = 0, crashed: bool = False) -> Recovered:
    """Recover one owner; costs the lines behind its check-point, or everything where there is none.

    After a crash the folders that changed lately are looked through as well.
    """
    with library.manifest.hold(owner):
        cut = library.manifest.mend(owner)
    if library.manifest.stamp(owner) is None:
        rebuild_manifest(library, owner)
    with library.manifest.hold(owner):
        cursor, _ = follow(library, owner)
        noted = library.manifest.checkpoint(owner)
    behind = noted is None or noted != cursor
    if not (behind or cut or placed or crashed):
        return Recovered()
    tail = _finish_purges(library, owner, noted)
    rewritten, folders = _drop_torn_thumbs(library, owner, tail.added), set[str]()
    for record in _records_to_check(library, owner, None if noted is None else list(tail.touched)):
        rewritten += reconcile_sidecar(library, record) != "same"
        folders.add(folder_of(record.key))
    adopted = sum(
        adopt_unexplained(library, owner, folder)
        for folder in _folders_to_check(library, owner, folders, noted is None, crashed)
    )
    done = Recovered(cut, rewritten, placed, adopted, tail.purged)
    if behind or done.changed:
        _seal_recovery(library, owner, cursor)
    return done


class _Tail(NamedTuple):
    """What lines behind a check-point say: purges finished now, ids touched, (time, id) of late arrivals."""

    purged: int
    touched: Iterable[str]
    added: Iterable[tuple[int, str]]


def _finish_purges(library: Library, owner: str, noted: Cursor | None) -> _Tail:
    finished, touched, added = 0, dict[str, None](), deque[tuple[int, str]]()
    for line in entries_since(library, owner, noted):
        finished += line.op == "purge" and finish_line(library, owner, line)
        if noted is not None:
            touched.update(dict.fromkeys(ids_of(line)))
        if line.op in ("add", "adopt") and (record := record_in(line)).rev == line.seq:
            before = added[-1][0] if added else None
            at = to_micros(line.at) if before is None or line.by != "recovery" else before
            added.append((at, record.id))
            while added[0][0] < added[-1][0] - _UNSYNCED:
                added.popleft()
    return _Tail(finished, touched, added)


def _drop_torn_thumbs(library: Library, owner: str, added: Iterable[tuple[int, str]]) -> int:
    """Thumbs are written without waiting for the disk: drop damaged ones, they are made again when asked
    for. Older ones were made durable by a check-point."""
    ids, dropped = [image for _, image in added], 0
    for record in _records_to_check(library, owner, ids):
        data = None if record.thumb is None else library.store.get(record.thumb)
        if record.thumb and data is not None and f"{zlib.crc32(data):08x}" != record.thumb_crc32:
            library.store.drop([record.thumb])
            dropped += 1
    return dropped


def _records_to_check(library: Library, owner: str, ids: list[str] | None) -> Iterator[ImageRecord]:
    if ids is None:
        yield from library.index.every_record(owner)
        return
    for start in range(0, len(ids), _SLICE):
        yield from library.index.records(owner, ids[start : start + _SLICE]).values()


def _folders_to_check(
    library: Library, owner: str, touched: set[str], full: bool, crashed: bool
) -> list[str]:
    """Where files without a line can be: everywhere without a check-point, else where work was going on."""
    if full:
        return [folder_of(files[0].key) for files in library.store.walk(owner) if files]
    return sorted(touched.union(library.store.recent_folders(owner) if crashed else ()))


def _seal_recovery(library: Library, owner: str, since: Cursor | None) -> None:
    """Settle what was written meanwhile, by whomever, sync everything, then note the place."""
    cursor = library.index.cursor(owner)
    settle(library, owner, since)
    library.store.sync()
    if cursor is not None:
        library.manifest.set_checkpoint(owner, cursor)
