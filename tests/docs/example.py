"""The library behind the worked examples: real actions on real files, with fixed ids, times and bytes."""

import base64
import hashlib
import random
import uuid
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

from imagehist.actions.editing import Patch, many, one, patched, trash
from imagehist.actions.noting import note_run
from imagehist.actions.undoing import undo
from imagehist.actions.uploading import prepare
from imagehist.committing import Decision, commit
from imagehist.files import DiskFiles
from imagehist.founding import found
from imagehist.indexes.memory import MemoryIndex
from imagehist.intake import Meta, Staged
from imagehist.library import Library, began_entry
from imagehist.manifests.jsonl import JsonlManifest
from imagehist.model.names import new_id
from imagehist.model.records import Generation, Inspection
from imagehist.model.times import to_micros, to_text
from imagehist.projecting import checkpoint, project
from imagehist.purging import purge
from imagehist.sealing import snapshot
from imagehist.stores.disk import DiskStore

OWNER = "mina"
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
)
"""One transparent pixel: the same bytes wherever the examples are made."""
THUMB = base64.b64decode("UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA==")


class Pixel:
    """A renderer that knows one picture, so that no decoder's version shows in the examples."""

    def inspect(self, path: str) -> Inspection:
        return Inspection(
            format="png",
            mime="image/png",
            extension="png",
            width=1,
            height=1,
            frames=1,
            thumb=THUMB,
            thumb_extension="webp",
            thumbhash="AAAAAA==",
            generation=Generation(),
        )

    def resize(self, path: str, width: int) -> bytes:
        return THUMB

    def thumb(self, path: str) -> tuple[bytes, str]:
        return THUMB, "webp"

    def close(self) -> None: ...


@contextmanager
def fixed_ids(seed: int) -> Iterator[None]:
    """Random ids that are always the same."""
    chance = random.Random(seed)
    with patch.object(uuid, "uuid4", lambda: uuid.UUID(int=chance.getrandbits(128), version=4)):
        yield


class Minutes:
    """A clock that stands until it is moved by a minute."""

    def __init__(self) -> None:
        self.now = to_micros("2026-03-14T09:26:53.589793Z")

    def __call__(self) -> int:
        return self.now

    def pass_one(self) -> None:
        self.now += 60_000_000


@contextmanager
def library_at(root: Path, specification: bytes) -> Iterator[Library]:
    """An empty library."""
    files = DiskFiles(str(root))
    found(files, specification)
    store, manifest = DiskStore(files), JsonlManifest(files)
    yield Library(store, manifest, MemoryIndex(), Pixel(), (), Minutes())
    store.close()


def later(library: Library) -> str:
    """A minute passes; the time it is then."""
    if isinstance(library.clock, Minutes):
        library.clock.pass_one()
    return to_text(library.clock())


def add(library: Library, prompt: str) -> str:
    """Upload the pixel as the server does, the answer left out."""
    later(library)
    image = new_id()
    name, handle = library.store.stage(image)
    library.store.write_staged(handle, PNG)
    library.store.sync_staged(handle)
    library.store.close_staged(handle)
    sums = hashlib.sha256(PNG).hexdigest(), f"{zlib.crc32(PNG):08x}"
    meta = Meta(prompt=prompt, seed="42", tags=["sea"], original_filename="lighthouse.png")
    prepared = prepare(library, OWNER, Staged(name, image, len(PNG), *sums), meta, "upload", None)
    change(library, prepared.decision, [image])
    library.store.unstage(name)
    return image


def change(library: Library, decision: Decision, ids: list[str]) -> None:
    """Commit and project one decision."""
    commit(library, OWNER, [decision], "guest")
    project(library, OWNER, ids)


def live(library: Library) -> None:
    """A day in the life: an upload, a favourite, a bulk trash, its undo, a purge, a run of a tool."""
    first = add(library, "a lighthouse at dusk")
    second, third = add(library, "등대, 새벽"), add(library, "a lighthouse in fog")
    change(library, one(first, patched(Patch(favorite=True))), [first])
    change(library, many([second, third], trash(later(library)), []), [second, third])
    change(library, undo(library, OWNER, 5, later(library), []), [second, third])
    change(library, one(third, trash(later(library))), [third])
    later(library)
    purge(library, OWNER, [third], "admin")
    note_run(library, "reindex", {"owners": 1})
    checkpoint(library, OWNER)


def restate(library: Library) -> None:
    """Seal the history and begin the next generation with a snapshot."""
    later(library)
    began = began_entry(library, OWNER)
    with library.manifest.lease(OWNER, began) as lease, library.store.settle_lock(OWNER):
        snapshot(library, OWNER, lease)
    checkpoint(library, OWNER)
