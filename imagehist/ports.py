"""The ports: what the spine asks of a store, a manifest, an index, a sink and a renderer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from .model.entries import Entry
from .model.places import Cursor, Head, Placed, Row, Stamp, StoredFile, Tail, Usage
from .model.queries import Place, Query
from .model.records import ImageRecord, Inspection, State

__all__ = [
    "Cursor",
    "Head",
    "Index",
    "Lease",
    "Manifest",
    "Placed",
    "Renderer",
    "Row",
    "Sink",
    "Stamp",
    "Store",
    "StoredFile",
    "Tail",
    "Usage",
]


class Lease(Protocol):
    """The right to append to one owner's manifest, held until its context ends."""

    def append(self, entries: Sequence[Entry]) -> list[int]:
        """Write the lines at once and make them durable: the offset of each, then the end. Raises
        StorageFull or StorageReadOnly when nothing was written, OutcomeUnknown when the sync failed
        (the owner is then read-only until it is mended)."""

    def seal(self, began: Entry, restated: Iterable[Entry]) -> None:
        """Close this generation and begin the next with `began` and the restated entries."""

    @property
    def size(self) -> int:
        """Bytes in the open generation."""

    def ends_at(self, cursor: Cursor) -> bool:
        """Whether nothing stands behind this cursor."""


class Manifest(Protocol):
    """Append-only histories, one per owner."""

    def owners(self) -> list[str]:
        """Every owner that has a manifest, sorted."""

    def stamp(self, owner: str) -> Stamp | None:
        """A cheap look; None when the owner has no manifest."""

    def lease(self, owner: str, began: Entry, wait: float = 30.0) -> AbstractContextManager[Lease]:
        """Lock the owner; a missing manifest is born with `began`. Raises Busy after `wait` seconds."""

    def restore(self, owner: str, began: Entry, restated: Iterable[Entry]) -> None:
        """Make a manifest that is not there, whole, out of restated entries. Call it under `hold`."""

    def hold(self, owner: str, wait: float = 30.0) -> AbstractContextManager[None]:
        """Lock the owner without making anything."""

    def read(self, owner: str, after: Cursor | None, limit: int = 5_000) -> Tail | None:
        """Durable entries behind `after` (None: from the beginning), at most about `limit`; None when
        there is no manifest. Call it under `hold` or a lease."""

    def beginning(self, owner: str) -> Cursor | None:
        """The place before the first line of the open generation."""

    def mend(self, owner: str) -> int:
        """Cut what stands behind the last good line, keeping the bytes in quarantine; the number of
        bytes cut. Call it under `hold`."""

    def checkpoint(self, owner: str) -> Cursor | None:
        """The last checkpoint, if it still speaks of these bytes; they may lie in a sealed generation."""

    def set_checkpoint(self, owner: str, cursor: Cursor) -> None:
        """Note that all projections of all lines before `cursor` are on the disk."""


class Store(Protocol):
    """Originals, thumbs and sidecars by key, and the staging area they come from."""

    def stage(self, image: str) -> tuple[str, int]:
        """Begin a staged file: its name in staging and the handle to write to."""

    def write_staged(self, handle: int, data: bytes) -> None:
        """Append to a staged file."""

    def sync_staged(self, handle: int) -> None:
        """Make what was written durable; raises StorageReadOnly when the disk fails."""

    def close_staged(self, handle: int) -> None:
        """Close a staged file."""

    def explain(self, name: str, data: bytes) -> None:
        """Put a staging entry (the record to be) beside the staged file."""

    def explanation(self, name: str) -> bytes | None:
        """A staging entry's bytes."""

    def unstage(self, name: str) -> None:
        """Drop a staged file and its entry; nothing happens when they are not there."""

    def abandoned(self) -> list[str]:
        """Staged names whose writer is dead."""

    def being_staged(self) -> set[str]:
        """Ids that living writers have in staging: their originals may lie at their place without a line."""

    def staged_path(self, name: str) -> str:
        """The path of a staged file, for a child process to read."""

    def place(self, name: str, key: str) -> None:
        """Move a staged original to its key, durably, never over an existing one (FileExistsError)."""

    def put(self, key: str, data: bytes) -> None:
        """Write a thumb or sidecar whole or not at all, without waiting for the disk."""

    def get(self, key: str) -> bytes | None:
        """The bytes at a key, None when missing."""

    def exists(self, key: str) -> bool:
        """Whether there is a regular file at the key."""

    def drop(self, keys: Iterable[str]) -> None:
        """Unlink what is there of these keys."""

    def sync_folders(self, keys: Iterable[str]) -> None:
        """Make the folders of these keys durable."""

    def owners(self) -> list[str]:
        """Every owner that has a folder, sorted."""

    def walk(self, owner: str) -> Iterator[list[StoredFile]]:
        """All files below an owner's day folders, folder by folder, thumbs apart."""

    def folder(self, key: str) -> list[StoredFile]:
        """The files right in one folder, none when it is not there."""

    def quarantine(self, key: str) -> str:
        """Move a file that nothing explains aside; where it is now."""

    def keep_aside(self, name: str, data: bytes) -> None:
        """Keep a copy of bytes that are about to be overwritten."""

    def crashed(self) -> bool:
        """Whether the machine went down under some writer, so that files without a line may lie about:
        names and bytes it did not wait for may be lost, those of its staging too."""

    def recent_folders(self, owner: str) -> list[str]:
        """Folders of originals that changed since shortly before the owner's last check-point."""

    def forget_writers(self) -> None:
        """Remove what dead writers left besides staging."""

    def settle_lock(self, owner: str) -> AbstractContextManager[None]:
        """The owner's projection lock."""

    def sync(self) -> None:
        """Everything written so far is on the disk when this returns."""

    @property
    def in_doubt(self) -> bool:
        """Whether a sync of this process failed: what it wrote counts as clean and may not be on the disk,
        so that only writing it anew helps."""

    def open(self, key: str) -> int:
        """A handle for reading; raises NotFound."""

    def size(self, handle: int) -> int:
        """Bytes behind a handle."""

    def read(self, handle: int, count: int, offset: int) -> bytes:
        """Bytes behind a handle."""

    def release(self, handle: int) -> None:
        """Give a handle back."""

    def path(self, key: str) -> str:
        """A path a child process may read."""

    def close(self) -> None:
        """Give the writer's name back; staging of this process counts as abandoned then."""


class Index(Protocol):
    """What answers queries; made from entries alone, lost without loss.

    One index may be shared by several processes: `apply` is a compare-and-set on the owner's cursor.
    """

    def cursor(self, owner: str) -> Cursor | None:
        """How far the owner's history is applied."""

    def apply(self, owner: str, base: Cursor | None, entries: Sequence[Placed], end: Cursor) -> bool:
        """Apply entries between two cursors at once; False (nothing done) when the owner's cursor is
        not `base`. A None base forgets the owner first."""

    def owners(self) -> list[str]:
        """Every owner it knows, sorted."""

    def records(self, owner: str, ids: Sequence[str]) -> dict[str, ImageRecord]:
        """Whole records by id; ids that are not there are left out."""

    def every_record(self, owner: str) -> Iterator[ImageRecord]:
        """All records of an owner, in order of id."""

    def purged(self, owner: str, ids: Sequence[str]) -> dict[str, int]:
        """Which of these ids are tombstones, and the seq of their purge."""

    def tombstones(self, owner: str) -> list[tuple[str, int]]:
        """All purged ids of an owner with the seq of their purge."""

    def page(self, query: Query, after: Place | None, size: int, skip: int = 0) -> list[Row]:
        """The next `size` images behind `after` (or from the first, passing over `skip`)."""

    def count(self, query: Query) -> int:
        """Exactly how many images match."""

    def ids(self, query: Query, until_rev: int | None = None) -> list[str]:
        """All ids that match; with `until_rev` only of images added by lines up to that seq."""

    def states(self, query: Query, until_rev: int | None = None) -> list[State]:
        """The states of the images that `ids` would name."""

    def by_sha256(self, owner: str, sha256: str) -> str | None:
        """The oldest image of the owner with these bytes, not purged."""

    def by_idempotency_key(self, owner: str, key: str) -> list[ImageRecord]:
        """Images that came with this Idempotency-Key, in order."""

    def heads(self, owner: str, before: int | None, size: int, skip: int = 0) -> list[Head]:
        """Entries, newest first."""

    def head_count(self, owner: str) -> int:
        """How many entries history has."""

    def head(self, owner: str, seq: int) -> Head | None:
        """One entry by its seq."""

    def last_seq(self, owner: str, at: str) -> int:
        """The highest seq of an entry made no later than `at`, 0 when there is none."""

    def place_of(self, owner: str, seq: int) -> Cursor | None:
        """Where in the manifest the (first) line of a seq begins: read behind it to get the line."""

    def usage(self, owner: str) -> Usage:
        """Counts and bytes of an owner."""

    def finish_building(self) -> None:
        """End a bulk build: make what was left out for speed. Nothing happens on an index in use."""

    def close(self) -> None:
        """Release what it holds."""


class Sink(Protocol):
    """Whoever wants to hear of changes once they are durable; may hear one twice."""

    def changed(self, owner: str, entries: Sequence[Entry]) -> None:
        """Entries that were applied, in order."""


class Renderer(Protocol):
    """Decodes images away from the server's own process; blocking, safe to call from threads."""

    def inspect(self, path: str) -> Inspection:
        """One full decode. Raises FormatNotAllowed, ImageCorrupt, TooManyPixels, TooManyFrames,
        ProcessingTimeout or ProcessingFailed."""

    def resize(self, path: str, width: int) -> bytes:
        """WebP of at most `width` pixels across, upright, never enlarged."""

    def thumb(self, path: str) -> tuple[bytes, str]:
        """A thumb's bytes and extension."""

    def close(self) -> None:
        """End all children."""
