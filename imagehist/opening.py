"""From settings to an open library: the only module that names the vendors."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path

from .atomic import read_whole, write_whole
from .files import DiskFiles, storage_faults
from .founding import check, found
from .imaging.pool import WorkerPool
from .indexes.sqlite import SqliteIndex
from .library import Library
from .manifests.jsonl import JsonlManifest
from .model.names import INDEX_FILE, SYSTEM
from .settings import Settings
from .stores.disk import DiskStore

SPECIFICATION = Path(__file__).parent.parent / "outputs" / "README.md"
JOB_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Opened:
    """An open library with what only its process holds: files, keys and tokens."""

    library: Library
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
    library = Library(
        store=DiskStore(files),
        manifest=JsonlManifest(files),
        index=SqliteIndex(files.path(INDEX_FILE)),
        renderer=WorkerPool(
            settings.imaging_processes,
            JOB_SECONDS,
            max_pixels=settings.max_pixels,
            max_frames=settings.max_frames,
        ),
    )
    return Opened(
        library,
        files,
        settings.secret or (_kept(files, "secret"),),
        settings.admin_token or _kept(files, "admin-token"),
        settings.ingest_token or _kept(files, "ingest-token"),
    )


def build_index(path: str) -> SqliteIndex:
    """An index to be filled aside, without secondary indexes until it is finished."""
    return SqliteIndex(path, building=True)


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
