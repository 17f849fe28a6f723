"""What the file protocol asks for, left out one by one: each must be seen to lose something."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import pytest

from imagehist import adopting, atomic, committing, founding, projecting, purging, recovering
from imagehist.committing import Outcome
from imagehist.files import Files
from imagehist.library import Library
from imagehist.manifests import appending, jsonl
from imagehist.manifests.appending import FileLease
from imagehist.manifests.jsonl import Checkpoint, JsonlManifest
from imagehist.model.entries import Entry, encode_sidecar
from imagehist.model.folding import effects
from imagehist.model.names import CURSORS, STAGING, folder_of, owner_folder, sidecar_key
from imagehist.ports import Cursor, Lease
from imagehist.stores.disk import DiskStore

from . import scenario

Patch = pytest.MonkeyPatch


class Mutation(NamedTuple):
    """What is left out, how, in which disk models that shows, and whether in the `short` story."""

    name: str
    plant: Callable[[Patch], None]
    models: Sequence[str] = ("any", "split")
    short: bool = False


def _nothing(*_: object, **__: object) -> None:
    """Leaves out what it stands for."""


# --- fsyncs and the order of names -----------------------------------------------------------------------


def original_not_synced(patch: Patch) -> None:
    patch.setattr(DiskStore, "sync_staged", _nothing)


def manifest_not_synced(patch: Patch) -> None:
    patch.setattr(FileLease, "_sync", _nothing)


def birth_not_synced(patch: Patch) -> None:
    patch.setattr(jsonl, "make_birth_durable", _nothing)


def parents_not_synced(patch: Patch) -> None:
    def make(store: DiskStore, folder: str) -> None:
        atomic.make_folders(store.files, folder, durable=False)

    patch.setattr(DiskStore, "_make_durable", make)


def found_parents_not_synced(patch: Patch) -> None:
    """Only what this process made is synced, not what another made and died."""

    def make(store: DiskStore, folder: str) -> None:
        atomic.make_folders(store.files, folder, durable=True)

    patch.setattr(DiskStore, "_make_durable", make)


def day_folder_not_synced(patch: Patch) -> None:
    def place(store: DiskStore, name: str, key: str) -> None:
        store._make_durable(folder_of(key))
        store.files.rename_new(f"{STAGING}/{name}.part", key)

    patch.setattr(DiskStore, "place", place)


def staging_synced_instead(patch: Patch) -> None:
    def place(store: DiskStore, name: str, key: str) -> None:
        store._make_durable(folder_of(key))
        store.files.sync_directory(STAGING)
        store.files.rename_new(f"{STAGING}/{name}.part", key)

    patch.setattr(DiskStore, "place", place)


def late_rename(patch: Patch) -> None:
    """The line is answered before the original has its name."""
    late: list[tuple[DiskStore, str, str]] = []

    def place(store: DiskStore, name: str, key: str) -> None:
        store._make_durable(folder_of(key))
        store.files.sync_directory(STAGING)
        late.append((store, name, key))

    def rename(library: Library, owner: str, ids: Sequence[str]) -> None:
        while late:
            store, name, key = late.pop()
            store.files.rename_new(f"{STAGING}/{name}.part", key)
        projecting.project(library, owner, ids)

    patch.setattr(DiskStore, "place", place)
    patch.setattr(scenario, "project", rename)


def late_rename_and_blind_sweep(patch: Patch) -> None:
    late_rename(patch)
    checkpoint_not_synced(patch)
    patch.setattr(recovering, "finish_upload", lambda library, name: library.store.unstage(name))


def founding_not_synced_again(patch: Patch) -> None:
    def found(files: Files, specification: bytes) -> founding.Sentinel:
        there = files.facts(founding.ROOT_FILE) is not None
        return founding.check(files) if there else real(files, specification)

    real = founding.found
    patch.setattr(founding, "found", found)


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


# --- check-points ----------------------------------------------------------------------------------------


def checkpoint_not_synced(patch: Patch) -> None:
    def checkpoint(library: Library, owner: str) -> Cursor | None:
        cursor = library.index.cursor(owner)
        projecting.settle(library, owner, library.manifest.checkpoint(owner))
        if cursor is not None:
            library.manifest.set_checkpoint(owner, cursor)
        return cursor

    patch.setattr(scenario, "checkpoint", checkpoint)
    patch.setattr(purging, "checkpoint", checkpoint)


def checkpoint_not_bound(patch: Patch) -> None:
    def checkpoint(manifest: JsonlManifest, owner: str) -> Cursor | None:
        import msgspec

        data = atomic.read_whole(manifest.files, f"{CURSORS}/{owner}.json")
        beginning = manifest.beginning(owner)
        if not data or beginning is None:
            return None
        try:
            noted = msgspec.json.decode(data, type=Checkpoint)
        except msgspec.MsgspecError:
            return None
        return Cursor(beginning.generation, noted.off, noted.seq)

    patch.setattr(JsonlManifest, "checkpoint", checkpoint)


def recovery_not_synced(patch: Patch) -> None:
    def seal(library: Library, owner: str, since: Cursor | None) -> None:
        cursor = library.index.cursor(owner)
        projecting.settle(library, owner, since)
        if cursor is not None:
            library.manifest.set_checkpoint(owner, cursor)

    patch.setattr(recovering, "_seal_recovery", seal)


# --- generations -----------------------------------------------------------------------------------------


def new_generation_not_synced(patch: Patch) -> None:
    real = FileLease.seal

    def seal(lease: FileLease, began: Entry, restated: Iterable[Entry]) -> None:
        with pytest.MonkeyPatch.context() as inner:
            inner.setattr(type(lease._files), "fsync", _nothing)
            real(lease, began, restated)

    patch.setattr(FileLease, "seal", seal)


def generations_folder_not_synced(patch: Patch) -> None:
    """Neither the seal nor whoever opens the new file next makes its name durable."""
    real = FileLease.seal

    def seal(lease: FileLease, began: Entry, restated: Iterable[Entry]) -> None:
        with pytest.MonkeyPatch.context() as inner:
            inner.setattr(type(lease._files), "sync_directory", _nothing)
            real(lease, began, restated)

    def born(files: Files, owner: str) -> None:
        sealed = any(name.startswith("manifest-") for name, _ in files.list(owner_folder(owner)))
        if not sealed:
            birth(files, owner)

    birth = appending.make_birth_durable
    patch.setattr(jsonl, "make_birth_durable", born)
    patch.setattr(FileLease, "seal", seal)


def sealed_name_not_synced(patch: Patch) -> None:
    """The new generation's name may reach the disk before the sealed one's."""
    real = FileLease._keep_sealed

    def keep(lease: FileLease, name: str) -> None:
        with pytest.MonkeyPatch.context() as inner:
            inner.setattr(type(lease._files), "sync_directory", _nothing)
            real(lease, name)

    patch.setattr(FileLease, "_keep_sealed", keep)


def writer_keeps_its_file(patch: Patch) -> None:
    """Appends go to the file that was opened first, whatever bears its name by now."""
    opened: dict[tuple[int, str], int] = {}
    real = FileLease.__init__

    def init(lease: FileLease, files: Files, owner: str) -> None:
        real(lease, files, owner)
        kept = opened.setdefault((id(files), owner), lease._handle)
        if kept != lease._handle and kept in getattr(files, "_handles", {}):
            files.close(lease._handle)
            lease._handle = kept
            lease.size = files.facts_of(kept).size

    patch.setattr(FileLease, "__init__", init)
    patch.setattr(FileLease, "close", _nothing)


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


RED = [
    Mutation("fsync of the original", original_not_synced, ("ext4", "any", "split")),
    Mutation("fsync of the manifest", manifest_not_synced, ("ext4", "any", "split")),
    Mutation("directory fsync of a new manifest", birth_not_synced),
    Mutation("fsync of new parents", parents_not_synced),
    Mutation("fsync of parents a dead process made", found_parents_not_synced, short=True),
    Mutation("fsync of the day folder", day_folder_not_synced),
    Mutation("staging fsync instead of the day folder's", staging_synced_instead),
    Mutation("rename after the answer", late_rename),
    Mutation("late rename, unsynced check-point, blind sweep", late_rename_and_blind_sweep),
    Mutation("fsync of the sentinel's name", founding_not_synced_again, short=True),
    Mutation("projections before the manifest's fsync", projections_before_sync, ("ext4", "any", "split")),
    Mutation("sidecar before the line", sidecar_before_line, ("ext4", "any", "split")),
    Mutation("purge unlinks before its line", purge_unlinks_first, ("ext4", "any", "split")),
    Mutation("check-point without sync", checkpoint_not_synced, ("ext4", "any", "split")),
    Mutation("check-point not bound to its bytes", checkpoint_not_bound, ("ext4", "any", "split")),
    Mutation("recovery without its last sync", recovery_not_synced, ("ext4", "any", "split")),
    Mutation("fsync of the next generation", new_generation_not_synced),
    Mutation("directory fsync of the next generation", generations_folder_not_synced),
    Mutation("directory fsync of the sealed name", sealed_name_not_synced),
    Mutation("opening the manifest anew", writer_keeps_its_file, ("ext4", "any", "split")),
    Mutation("asking the tombstones before an adoption", adoption_ignores_tombstones),
    Mutation("cutting a torn tail", nothing_cut, ("ext4", "any", "split")),
    Mutation("cutting and ending a torn tail", nothing_cut_and_no_line_end, ("ext4", "any", "split")),
    Mutation("ending a torn line before going on", no_line_end, ("ext4", "any", "split")),
    Mutation("fsync of lines that others wrote", foreign_tail_not_synced, ("ext4", "any", "split")),
    Mutation("searching recent folders after a crash", recent_folders_not_searched),
    Mutation("dropping torn thumbs", torn_thumbs_kept, ("ext4", "any", "split")),
    Mutation("fsync before a recovered upload's line", recovered_upload_not_synced, short=True),
]
"""Everything here loses something in each of its models."""


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


GREEN = [
    Mutation("temp and rename of sidecars", sidecar_in_place),
    Mutation("fsyncs inside a recovery that ends in one", cut_not_synced),
    Mutation("leaving sidecars and thumbs unsynced", projections_synced),
]
"""What the protocol says is not needed."""
