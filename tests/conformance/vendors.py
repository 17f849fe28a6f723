"""The vendors of each port: how to open one more of it on the same library, as another process would."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from imagehist.files import DiskFiles
from imagehist.founding import found
from imagehist.indexes.memory import MemoryIndex
from imagehist.indexes.sqlite import SqliteIndex
from imagehist.manifests.jsonl import JsonlManifest
from imagehist.manifests.memory import Histories, MemoryManifest
from imagehist.ports import Index, Manifest, Store
from imagehist.stores.disk import DiskStore
from imagehist.stores.memory import KeptFiles, MemoryStore


def _files(place: Path) -> DiskFiles:
    files = DiskFiles(str(place))
    found(files, b"specification")
    return files


@contextmanager
def disk_stores(place: Path) -> Iterator[Callable[[], Store]]:
    files, opened = _files(place), list[DiskStore]()

    def another() -> Store:
        opened.append(DiskStore(files))
        return opened[-1]

    yield another
    for store in opened:
        store.close()


@contextmanager
def memory_stores(place: Path) -> Iterator[Callable[[], Store]]:
    files = KeptFiles()
    yield lambda: MemoryStore(files)


@contextmanager
def jsonl_manifests(place: Path) -> Iterator[Callable[[], Manifest]]:
    files = _files(place)
    yield lambda: JsonlManifest(files)


@contextmanager
def memory_manifests(place: Path) -> Iterator[Callable[[], Manifest]]:
    histories = Histories()
    yield lambda: MemoryManifest(histories)


@contextmanager
def sqlite_indexes(place: Path) -> Iterator[Callable[[], Index]]:
    opened = list[SqliteIndex]()

    def another() -> Index:
        opened.append(SqliteIndex(str(place / "index.sqlite")))
        return opened[-1]

    yield another
    for index in opened:
        index.close()


@contextmanager
def memory_indexes(place: Path) -> Iterator[Callable[[], Index]]:
    index = MemoryIndex()
    yield lambda: index


STORES = {"disk": disk_stores, "memory": memory_stores}
MANIFESTS = {"jsonl": jsonl_manifests, "memory": memory_manifests}
INDEXES = {"sqlite": sqlite_indexes, "memory": memory_indexes}
