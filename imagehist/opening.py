"""From settings to an open library: the only module that names the vendors."""

from __future__ import annotations

import dataclasses
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .atomic import locked, read_whole, remove, write_whole
from .files import DiskFiles, storage_faults
from .following import follow_in_turns
from .founding import check, found
from .imaging.pool import WorkerPool
from .indexes.schema import is_usable
from .indexes.sqlite import SqliteIndex
from .library import Library, histories
from .manifests.jsonl import JsonlManifest
from .model.names import INDEX_FILE, LOCKS, SYSTEM
from .ports import Manifest, Renderer, Store
from .rebuilding import rebuild_manifest
from .settings import Settings
from .stores.disk import DiskStore

SPECIFICATION = Path(__file__).parent.parent / "outputs" / "README.md"
JOB_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Opened:
    """An open library with what only its process holds: files, keys and tokens."""

    library: Library
    index: SqliteIndex
    files: DiskFiles
    secrets: tuple[str, ...]
    admin_token: str
    ingest_token: str

    def close(self) -> None:
        """End the children, give names and files back."""
        self.library.renderer.close()
        self.library.index.close()
        self.library.store.close()


def open_library(settings: Settings, create: bool) -> Opened:
    """Open the library at `settings.outputs`; with `create` make it where there is nothing yet.

    Raises RootMissing, FormatNewer, StorageFull or StorageReadOnly.
    """
    if create:
        with storage_faults():
            Path(settings.outputs).mkdir(parents=True, exist_ok=True)
    files = DiskFiles(settings.outputs)
    if create:
        found(files, SPECIFICATION.read_bytes())
    check(files)
    store, manifest = DiskStore(files), JsonlManifest(files)
    renderer = WorkerPool(
        settings.imaging_processes,
        JOB_SECONDS,
        max_pixels=settings.max_pixels,
        max_frames=settings.max_frames,
    )
    _build_missing_index(files, store, manifest, renderer)
    index = SqliteIndex(files.path(INDEX_FILE))
    return Opened(
        Library(store, manifest, index, renderer),
        index,
        files,
        settings.secret or (_kept(files, "secret"),),
        settings.admin_token or _kept(files, "admin-token"),
        settings.ingest_token or _kept(files, "ingest-token"),
    )


def build_index(path: str) -> SqliteIndex:
    """An index to be filled aside, without secondary indexes until it is finished."""
    return SqliteIndex(path, building=True)


def renew_index(opened: Opened, progress: Callable[[int], None]) -> None:
    """Make the index anew beside the one in use and put it in its place.

    Readers see the old rows until the new ones are there.
    """
    library, aside = opened.library, f"{INDEX_FILE}.new"
    with locked(opened.files, f"{LOCKS}/index.lock", wait=600.0):
        remove(opened.files, aside)
        built = build_index(opened.files.path(aside))
        fresh = dataclasses.replace(library, index=built, sinks=())
        for owner in histories(library):
            follow_in_turns(fresh, owner, progress)
        built.finish_building()
        opened.index.take_from(built)
        built.close()
        remove(opened.files, aside)
    for owner in histories(library):
        follow_in_turns(library, owner, progress)


def _build_missing_index(files: DiskFiles, store: Store, manifest: Manifest, renderer: Renderer) -> None:
    """Make the index that is not there from the manifests: aside, whole, then put in place.

    One that does not open, or that another version made, is as good as none.
    """
    aside = f"{INDEX_FILE}.new"
    with locked(files, f"{LOCKS}/index.lock", wait=600.0):
        if files.facts(INDEX_FILE) is not None and is_usable(files.path(INDEX_FILE)):
            return
        for name in (INDEX_FILE, f"{INDEX_FILE}-wal", f"{INDEX_FILE}-shm", aside):
            remove(files, name)
        library = Library(store, manifest, build_index(files.path(aside)), renderer)
        for owner in library.store.owners():
            rebuild_manifest(library, owner)
        for owner in histories(library):
            follow_in_turns(library, owner, lambda _: None)
        library.index.finish_building()
        library.index.close()
        files.rename(aside, INDEX_FILE)


def _kept(files: DiskFiles, name: str) -> str:
    """A secret of this library, made at the first start and readable by its owner alone."""
    key = f"{SYSTEM}/{name}"
    data = read_whole(files, key)
    if data is None:
        with storage_faults():
            handle = files.create(key)
            Path(files.path(key)).chmod(0o600)
            write_whole(files, handle, data := secrets.token_urlsafe(32).encode() + b"\n")
            files.fsync(handle)
            files.close(handle)
    return data.decode().strip()
