"""The store in memory: the same promises as a disk, kept as long as the process lives."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count, groupby

from ..files import nameless
from ..model.faults import Busy, NotFound, StorageReadOnly
from ..model.names import KIND_FOLDERS, folder_of, new_id, parse_key
from ..ports import StoredFile


@dataclass(slots=True)
class KeptFiles:
    """What all stores of one library see."""

    by_key: dict[str, tuple[bytes, int]] = field(default_factory=dict)
    staged: dict[str, bytearray] = field(default_factory=dict)
    explained: dict[str, bytes] = field(default_factory=dict)
    aside: dict[str, bytes] = field(default_factory=dict)
    locks: dict[str, threading.Lock] = field(default_factory=dict)
    alive: set[str] = field(default_factory=set)
    handles: Iterator[int] = field(default_factory=lambda: count(1))


class MemoryStore:
    """One writer's view of a library; two stores with the same files are two writers of one library."""

    def __init__(self, files: KeptFiles | None = None) -> None:
        self.files = files or KeptFiles()
        self._writer = new_id()[:16]
        self.files.alive.add(self._writer)
        self._writing: dict[int, str] = {}
        self._shown: dict[str, tuple[bytes, int]] = {}

    def close(self) -> None:
        """Give the writer's name back."""
        self.files.alive.discard(self._writer)
        for _, handle in self._shown.values():
            os.close(handle)
        self._shown.clear()

    def stage(self, image: str) -> tuple[str, int]:
        name, handle = f"{self._writer}-{image}", next(self.files.handles)
        if name in self.files.staged:
            raise StorageReadOnly("This image is being staged already.")
        self.files.staged[name] = bytearray()
        self._writing[handle] = name
        return name, handle

    def write_staged(self, handle: int, data: bytes) -> None:
        self.files.staged[self._writing[handle]] += data

    def sync_staged(self, handle: int) -> None:
        """Memory is as durable as it gets."""

    def close_staged(self, handle: int) -> None:
        del self._writing[handle]

    def explain(self, name: str, data: bytes) -> None:
        self.files.explained[name] = data

    def explanation(self, name: str) -> bytes | None:
        return self.files.explained.get(name)

    def unstage(self, name: str) -> None:
        self.files.staged.pop(name, None)
        self.files.explained.pop(name, None)

    def abandoned(self) -> list[str]:
        names = self.files.staged.keys() | self.files.explained.keys()
        return sorted(name for name in names if name.partition("-")[0] not in self.files.alive)

    def being_staged(self) -> set[str]:
        names = (self.files.staged.keys() | self.files.explained.keys()) - set(self.abandoned())
        return {name.partition("-")[2] for name in names}

    def staged_path(self, name: str) -> str:
        return self._show(f"staging/{name}", bytes(self.files.staged[name]))

    def place(self, name: str, key: str) -> None:
        placed = (bytes(self.files.staged[name]), time.time_ns())
        if self.files.by_key.setdefault(key, placed) is not placed:
            raise FileExistsError(key)
        del self.files.staged[name]

    def put(self, key: str, data: bytes) -> None:
        self.files.by_key[key] = (data, time.time_ns())

    def get(self, key: str) -> bytes | None:
        found = self.files.by_key.get(key)
        return None if found is None else found[0]

    def exists(self, key: str) -> bool:
        return key in self.files.by_key

    def drop(self, keys: Iterable[str]) -> None:
        for key in keys:
            self.files.by_key.pop(key, None)

    def sync_folders(self, keys: Iterable[str]) -> None:
        """Names are as durable as bytes."""

    def owners(self) -> list[str]:
        return sorted({parts[0] for key in self.files.by_key if (parts := parse_key(key))})

    def walk(self, owner: str) -> Iterator[list[StoredFile]]:
        found = sorted(key for key in self.files.by_key if _is_of(owner, key))
        by_folder = {folder: list(keys) for folder, keys in groupby(found, key=folder_of)}
        for wanted in KIND_FOLDERS:
            yield from (self.folder(name) for name, keys in by_folder.items() if _kind_of(keys[0]) == wanted)

    def folder(self, key: str) -> list[StoredFile]:
        found = sorted(item for item in self.files.by_key.items() if folder_of(item[0]) == key)
        return [StoredFile(name, len(data), written) for name, (data, written) in found]

    def quarantine(self, key: str) -> str:
        name = f"quarantine/{key.replace('/', '__')}"
        self.files.aside[name] = self.files.by_key.pop(key)[0]
        return name

    def keep_aside(self, name: str, data: bytes) -> None:
        self.files.aside[f"quarantine/{name}"] = data

    def crashed(self) -> bool:
        return any(name.partition("-")[0] not in self.files.alive for name in self.abandoned())

    def recent_folders(self, owner: str) -> list[str]:
        return sorted({folder_of(key) for key in self.files.by_key if _is_of(owner, key)})

    def forget_writers(self) -> None:
        """A writer of this process leaves nothing but its staging."""

    @contextmanager
    def settle_lock(self, owner: str) -> Iterator[None]:
        lock = self.files.locks.setdefault(owner, threading.Lock())
        if not lock.acquire(timeout=30):
            raise Busy("This library is being written by somebody else.", retry_after=5)
        try:
            yield
        finally:
            lock.release()

    in_doubt = False

    def sync(self) -> None:
        """Everything is where it will stay."""

    def open(self, key: str) -> int:
        data = self.get(key)
        if data is None:
            raise NotFound("There is no such file.")
        return nameless(data)

    def size(self, handle: int) -> int:
        return os.fstat(handle).st_size

    def read(self, handle: int, count: int, offset: int) -> bytes:
        return os.pread(handle, count, offset)

    def release(self, handle: int) -> None:
        os.close(handle)

    def path(self, key: str) -> str:
        return self._show(key, self.get(key) or b"")

    def _show(self, name: str, data: bytes) -> str:
        """A path under which other processes see these bytes, until this store is closed."""
        shown = self._shown.get(name)
        if shown is None or shown[0] != data:
            if shown is not None:
                os.close(shown[1])
            shown = self._shown[name] = (data, nameless(data))
        return f"/proc/{os.getpid()}/fd/{shown[1]}"


def _is_of(owner: str, key: str) -> bool:
    parts = parse_key(key)
    return parts is not None and parts[0] == owner and not parts[3]


def _kind_of(key: str) -> str:
    parts = parse_key(key)
    return parts[1] if parts else ""
