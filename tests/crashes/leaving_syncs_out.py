"""The syncs and durable names of the file protocol, each left out of the real code."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pytest

from imagehist import atomic, founding, projecting, purging, recovering
from imagehist.files import Files
from imagehist.library import Library
from imagehist.manifests import appending, jsonl
from imagehist.manifests.appending import FileLease
from imagehist.manifests.jsonl import Checkpoint, JsonlManifest
from imagehist.model.entries import Entry
from imagehist.model.names import CURSORS, STAGING, folder_of, owner_folder
from imagehist.ports import Cursor
from imagehist.stores.disk import DiskStore

from . import scenario

Patch = pytest.MonkeyPatch


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
