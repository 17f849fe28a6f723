"""The orders and checks of the file protocol, each left out of the real code."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from imagehist import adopting, atomic, committing, projecting, purging, recovering
from imagehist.committing import Outcome
from imagehist.files import Files
from imagehist.library import Library
from imagehist.manifests import appending
from imagehist.manifests.appending import FileLease
from imagehist.manifests.jsonl import JsonlManifest
from imagehist.model.entries import Entry, encode_sidecar
from imagehist.model.folding import effects
from imagehist.model.names import folder_of, sidecar_key
from imagehist.ports import Cursor, Lease
from imagehist.stores.disk import DiskStore

from . import scenario
from .leaving_syncs_out import checkpoint_not_synced

Patch = pytest.MonkeyPatch


def _nothing(*_: object, **__: object) -> None:
    """Leaves out what it stands for."""


# --- the line and its projections ------------------------------------------------------------------------


def projections_before_sync(patch: Patch) -> None:
    real = committing._append

    def append(library: Library, owner: str, lease: Any, cursor: Cursor, entries: list[Entry]) -> None:
        lease._sync = _nothing
        real(library, owner, lease, cursor, entries)
        _project_all(library, owner, entries)
        del lease._sync
        lease._sync()

    patch.setattr(committing, "_append", append)


def _project_all(library: Library, owner: str, entries: list[Entry]) -> None:
    for entry in entries:
        if entry.op == "purge":
            projecting.finish_line(library, owner, entry)
        else:
            projecting.project(library, owner, projecting.ids_of(entry))


def sidecar_before_line(patch: Patch) -> None:
    real = committing._append

    def append(library: Library, owner: str, lease: Lease, cursor: Cursor, entries: list[Entry]) -> None:
        for entry in entries:
            for _, record in effects(entry, lambda ids: library.index.records(owner, ids)):
                if record is not None:
                    library.store.put(sidecar_key(record.key), encode_sidecar(record))
        real(library, owner, lease, cursor, entries)

    patch.setattr(committing, "_append", append)


def purge_unlinks_first(patch: Patch) -> None:
    real = purging.purge

    def purge(library: Library, owner: str, ids: Sequence[str], by: str) -> Outcome:
        for record in library.index.records(owner, ids).values():
            library.store.drop([record.key])
        return real(library, owner, ids, by)

    patch.setattr(scenario, "purge", purge)


# --- recovery --------------------------------------------------------------------------------------------


def adoption_ignores_tombstones(patch: Patch) -> None:
    checkpoint_not_synced(patch)
    real = adopting.adopt_unexplained

    def adopt_unexplained(library: Library, owner: str, folder: str) -> int:
        with pytest.MonkeyPatch.context() as inner:
            inner.setattr(type(library.index), "purged", lambda *_: {})
            return real(library, owner, folder)

    patch.setattr(recovering, "adopt_unexplained", adopt_unexplained)
    patch.setattr(recovering, "finish_line", lambda *_: False)


def nothing_cut(patch: Patch) -> None:
    patch.setattr(appending, "_keep_and_cut", _nothing)


def nothing_cut_and_no_line_end(patch: Patch) -> None:
    nothing_cut(patch)
    patch.setattr(FileLease, "_end_line", _nothing)


def recent_folders_not_searched(patch: Patch) -> None:
    patch.setattr(DiskStore, "recent_folders", lambda *_: [])


def foreign_tail_not_synced(patch: Patch) -> None:
    """Lines of a process that died are used without making them durable."""
    patch.setattr(JsonlManifest, "_make_durable", _nothing)


def no_line_end(patch: Patch) -> None:
    patch.setattr(FileLease, "_end_line", _nothing)


def torn_thumbs_kept(patch: Patch) -> None:
    patch.setattr(recovering, "_drop_torn_thumbs", lambda *_: 0)


def recovered_upload_not_synced(patch: Patch) -> None:
    """A line is written for an original whose name its dead writer had not synced."""
    patch.setattr(DiskStore, "sync_folders", _nothing)


# --- what is not needed ----------------------------------------------------------------------------------


def sidecar_in_place(patch: Patch) -> None:
    """Readers need the rename, crashes do not: what is torn is written again."""

    def put(store: DiskStore, key: str, data: bytes) -> None:
        atomic.make_folders(store.files, folder_of(key), durable=False)
        atomic.remove(store.files, key)
        atomic.write_new(store.files, key, data, durable=False)

    patch.setattr(DiskStore, "put", put)


def cut_not_synced(patch: Patch) -> None:
    def keep_and_cut(files: Files, owner: str, handle: int, good: int, size: int) -> None:
        files.truncate(handle, good)

    patch.setattr(appending, "_keep_and_cut", keep_and_cut)


def projections_synced(patch: Patch) -> None:
    """More than is asked for does no harm."""
    real = atomic.replace

    def replace(files: Files, key: str, temporary: str, data: bytes, durable: bool = False) -> None:
        real(files, key, temporary, data, durable=True)

    from imagehist.stores import disk

    patch.setattr(disk, "replace", replace)
