"""Makes libraries of any size through the project's own codec: real lines, sealed generations, an index."""

from __future__ import annotations

import time
import zlib
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import NamedTuple

from imagehist.files import DiskFiles
from imagehist.following import apply_own, follow
from imagehist.founding import found
from imagehist.imaging.pool import WorkerPool
from imagehist.indexes.sqlite import SqliteIndex
from imagehist.library import Library, began_entry
from imagehist.manifests.jsonl import JsonlManifest
from imagehist.model.entries import Entry, raw_record
from imagehist.model.names import INDEX_FILE, original_key, thumb_key
from imagehist.model.records import ImageRecord
from imagehist.model.times import to_text
from imagehist.opening import SPECIFICATION
from imagehist.ports import Cursor, Lease, Placed
from imagehist.projecting import project
from imagehist.sealing import roll_when_large
from imagehist.stores.disk import DiskStore

from . import words
from .pictures import encoded, photo

YEARS = 3
_MICROS = YEARS * 365 * 86_400_000_000
BATCH = 2_000
FAVORITES, TRASHED = 0.03, 0.02


class Wish(NamedTuple):
    """The library to make: owners, images of each, and which files they have.

    `sidecars` for all; `hollow` originals of a few bytes for all; of the newest, real thumbs and originals.
    """

    owners: int
    images: int
    sidecars: bool = False
    hollow: bool = False
    thumbs: int = 0
    originals: int = 0


class Bytes(NamedTuple):
    """An original with its thumb, shared by the images that have files."""

    original: bytes
    thumb: bytes


def owner_name(number: int) -> str:
    """The guest with that number."""
    return f"anon-{sha256(b'bench %d' % number).hexdigest()[:32]}"


def make(root: str, wish: Wish) -> float:
    """Make a whole library at `root`; the seconds it took."""
    start = time.perf_counter()
    Path(root).mkdir(parents=True)
    files = DiskFiles(root)
    found(files, SPECIFICATION.read_bytes())
    index = SqliteIndex(files.path(INDEX_FILE), building=True)
    library = Library(DiskStore(files), JsonlManifest(files), index, WorkerPool(0))
    pictures = _pictures(min(8, max(wish.thumbs, wish.originals)))
    for number in range(wish.owners):
        _fill(library, Maker(owner_name(number), wish, pictures))
    index.finish_building()
    for owner in library.manifest.owners():
        cursor = index.cursor(owner)
        assert cursor is not None
        library.manifest.set_checkpoint(owner, cursor)
    library.store.sync()
    for part in (library.store, index, library.renderer):
        part.close()
    return time.perf_counter() - start


def _pictures(count: int) -> list[Bytes]:
    made = [photo(number) for number in range(count)]
    return [Bytes(encoded(one, "PNG"), encoded(one.resize((384, 384)), "WEBP")) for one in made]


def _fill(library: Library, maker: Maker) -> None:
    owner = maker.owner
    with library.manifest.lease(owner, began_entry(library, owner)) as lease:
        follow(library, owner)
        for start in range(0, maker.wish.images, BATCH):
            records = [maker.record(n) for n in range(start, min(start + BATCH, maker.wish.images))]
            _append(library, owner, lease, list(maker.lines(records)))
            maker.put_files(library, start, records)


def _append(library: Library, owner: str, lease: Lease, entries: list[Entry]) -> None:
    cursor = library.index.cursor(owner)
    assert cursor is not None
    offsets = lease.append(entries)
    placed = [Placed(entry, cursor.generation, at) for entry, at in zip(entries, offsets, strict=False)]
    apply_own(library, owner, cursor, placed, Cursor(cursor.generation, offsets[-1], entries[-1].seq))
    roll_when_large(library, owner, lease)


class Maker:
    """Draws the records and lines of one owner, the same for the same name."""

    def __init__(self, owner: str, wish: Wish, pictures: list[Bytes]) -> None:
        self.owner, self.wish, self._pictures = owner, wish, pictures
        self._random = Random(owner)
        self._start = time.time_ns() // 1_000 - _MICROS
        self._step = _MICROS // wish.images
        self._seq = 0

    def _files_of(self, number: int) -> Bytes | None:
        """The bytes of an image that has files: only the newest do."""
        has_some = number >= self.wish.images - max(self.wish.thumbs, self.wish.originals)
        return self._pictures[number % len(self._pictures)] if has_some and self._pictures else None

    def record(self, number: int) -> ImageRecord:
        """The `number`-th oldest image."""
        self._seq += 1
        random, image = self._random, f"{self._random.getrandbits(128):032x}"
        created_at = to_text(self._start + number * self._step + random.randrange(self._step))
        key = original_key(self.owner, "output", created_at, image, "png")
        ratio, width, height = random.choice(words.RATIOS)
        real = self._files_of(number)
        return ImageRecord(
            id=image,
            owner=self.owner,
            key=key,
            workflow_id=random.choice(words.WORKFLOWS),
            aspect_ratio=ratio,
            seed=str(random.getrandbits(63)),
            prompt=words.prompt(random),
            negative_prompt=random.choice(words.NEGATIVES),
            model=random.choice(words.MODELS),
            sampler=random.choice(words.SAMPLERS),
            steps=random.randint(8, 50),
            cfg=random.randint(2, 24) / 2,
            tool="comfyui",
            original_filename=f"ComfyUI_{number:08}_.png",
            bytes=len(real.original) if real else random.randint(400_000, 3_000_000),
            sha256=sha256(real.original if real else image.encode()).hexdigest(),
            crc32=f"{zlib.crc32(real.original) if real else random.getrandbits(32):08x}",
            created_at=created_at,
            thumb=thumb_key(key, "webp"),
            thumb_crc32=f"{zlib.crc32(real.thumb) if real else random.getrandbits(32):08x}",
            tags=words.tags(random),
            width=width,
            height=height,
            thumbhash="1QcSHQRnh493V4dIh4eXh1h4kJUI",
            source="upload",
            rev=self._seq,
            provenance={"prompt": "traced", "seed": "traced", "model": "traced"},
        )

    def lines(self, records: list[ImageRecord]) -> Iterator[Entry]:
        """One line for each image, then one that marks favourites and one that trashes."""
        for record in records:
            yield Entry(seq=record.rev, at=record.created_at, by="guest", op="add", record=raw_record(record))
        at = records[-1].created_at
        liked, drawn = self._some(records, FAVORITES), self._some(records, TRASHED)
        yield self._set(liked, at, {"favorite": True}, {"favorite": False})
        gone = [record for record in drawn if record not in liked] or records[:1]
        yield self._set(
            gone, at, {"status": "trash", "trashed_at": at}, {"status": "active", "trashed_at": None}
        )

    def _some(self, records: list[ImageRecord], share: float) -> list[ImageRecord]:
        return self._random.sample(records, max(1, int(len(records) * share)))

    def _set(
        self, records: list[ImageRecord], at: str, to: dict[str, object], was: dict[str, object]
    ) -> Entry:
        self._seq += 1
        ids, revs = [record.id for record in records], [record.rev for record in records]
        return Entry(seq=self._seq, at=at, by="guest", op="set", ids=ids, to=to, was=was, revs=revs)

    def put_files(self, library: Library, first: int, records: list[ImageRecord]) -> None:
        """Sidecars where they are wished, thumbs and originals of the newest images."""
        if self.wish.sidecars:
            project(library, self.owner, [record.id for record in records])
        for number, record in enumerate(records, first):
            real, left = self._files_of(number), self.wish.images - number
            if real is not None and record.thumb is not None and left <= self.wish.thumbs:
                library.store.put(record.thumb, real.thumb)
            if real is not None and left <= self.wish.originals:
                library.store.put(record.key, real.original)
            elif self.wish.hollow:
                library.store.put(record.key, b"hollow")
