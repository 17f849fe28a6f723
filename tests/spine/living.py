"""A library that lives: images come and change as the server lets them, seen by one process or several."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

from imagehist.actions.editing import Change, many
from imagehist.committing import Decision, Outcome, commit
from imagehist.files import DiskFiles
from imagehist.following import follow
from imagehist.founding import found
from imagehist.imaging.pool import WorkerPool
from imagehist.indexes.memory import MemoryIndex
from imagehist.indexes.sqlite import SqliteIndex
from imagehist.intake import Staged, adding, place
from imagehist.library import Library
from imagehist.manifests.jsonl import JsonlManifest
from imagehist.manifests.memory import Histories, MemoryManifest
from imagehist.model.entries import Entry
from imagehist.model.faults import Fault
from imagehist.model.names import new_id, original_key, sidecar_key, thumb_key
from imagehist.model.records import ImageRecord
from imagehist.model.times import to_text
from imagehist.ports import Index
from imagehist.projecting import project
from imagehist.stores.disk import DiskStore
from imagehist.stores.memory import KeptFiles, MemoryStore

OWNER = "mina"
Opener = Callable[[], Library]


class Heard:
    """A sink that remembers."""

    def __init__(self) -> None:
        self.seqs: list[int] = []

    def changed(self, owner: str, entries: Sequence[Entry]) -> None:
        self.seqs += [entry.seq for entry in entries]


@contextmanager
def on_disk(folder: Path) -> Iterator[Opener]:
    files, ticks, stores = DiskFiles(str(folder)), count(1_790_000_000_000_000, 1_000), list[DiskStore]()
    found(files, b"specification")

    def another() -> Library:
        stores.append(DiskStore(files))
        index = SqliteIndex(str(folder / ".imagehist" / "index.sqlite"))
        return Library(stores[-1], JsonlManifest(files), index, WorkerPool(0), (), lambda: next(ticks))

    yield another
    for store in stores:
        store.close()


@contextmanager
def in_memory(folder: Path) -> Iterator[Opener]:
    files, histories, ticks = KeptFiles(), Histories(), count(1_790_000_000_000_000, 1_000)
    index = MemoryIndex()
    yield lambda: Library(
        MemoryStore(files), MemoryManifest(histories), index, WorkerPool(0), (), lambda: next(ticks)
    )


PLACES = {"disk": on_disk, "memory": in_memory}


def add(library: Library, data: bytes = b"bytes", owner: str = OWNER, **values: Any) -> str:
    """Bring an image in, from staging to sidecar; its id."""
    image, at = new_id(), to_text(library.clock())
    name, handle = library.store.stage(image)
    library.store.write_staged(handle, data)
    library.store.sync_staged(handle)
    library.store.close_staged(handle)
    sha256, key = hashlib.sha256(data).hexdigest(), original_key(owner, "output", at, image, "png")
    facts = {"created_at": at, "bytes": len(data), "sha256": sha256, "thumb": thumb_key(key, "webp")}
    record = ImageRecord(**{"id": image, "owner": owner, "key": key} | facts | values)
    place(library, Staged(name, image, len(data), sha256, "0" * 8), record, b"thumb")
    decide(library, adding(record), owner=owner)
    library.store.unstage(name)
    return image


def decide(library: Library, decision: Decision, by: str = "guest", owner: str = OWNER) -> Outcome:
    """Commit one decision and write its sidecars."""
    outcome = commit(library, owner, [decision], by)[0]
    if isinstance(outcome, Fault):
        raise outcome
    project(library, owner, outcome.ids)
    return outcome


def change(library: Library, images: Sequence[str], asked: Change, owner: str = OWNER) -> Outcome:
    """Change some images."""
    return decide(library, many(list(images), asked, []), owner=owner)


def record(library: Library, image: str, owner: str = OWNER) -> ImageRecord:
    """One record as the index has it."""
    return library.index.records(owner, [image])[image]


def sidecar(library: Library, image: str, owner: str = OWNER) -> bytes | None:
    """The bytes of an image's sidecar."""
    return library.store.get(sidecar_key(record(library, image, owner).key))


def rebuilt(library: Library, owner: str = OWNER) -> Index:
    """A fresh index made of the manifest alone."""
    index = MemoryIndex()
    fresh = Library(library.store, library.manifest, index, library.renderer, (), library.clock)
    with library.manifest.hold(owner):
        follow(fresh, owner)
    return index


def assert_rebuilds(library: Library, owner: str = OWNER) -> None:
    """The manifest alone tells what the index in use tells."""
    other = rebuilt(library, owner)
    assert list(library.index.every_record(owner)) == list(other.every_record(owner))
    assert library.index.heads(owner, None, 500) == other.heads(owner, None, 500)
    assert library.index.usage(owner) == other.usage(owner)
    assert library.index.cursor(owner) == other.cursor(owner)
    assert [image for image, _ in library.index.tombstones(owner)] == [i for i, _ in other.tombstones(owner)]
