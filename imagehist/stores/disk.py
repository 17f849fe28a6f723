"""The store as plain files below one root: staging, originals, thumbs, sidecars, quarantine."""

from __future__ import annotations

import errno
import itertools
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from ..atomic import locked, make_folders, read_whole, remove, replace, write_new, write_whole
from ..files import Files, missing_is_not_found, storage_faults
from ..model.faults import Busy
from ..model.names import (
    CURSORS,
    KIND_FOLDERS,
    LOCKS,
    QUARANTINE,
    STAGING,
    USERS,
    folder_of,
    is_owner,
    new_id,
    owner_folder,
)
from ..ports import StoredFile

_BOOT = 8
_RECENT = 120 * 1_000_000_000
"""Nanoseconds an upload may lie at its place before its line: a check-point may be noted in between."""


class DiskStore:
    """One writer's view of a root; its writer lock tells other processes that its staging is alive.

    A writer's name begins with the boot it lives in.
    """

    def __init__(self, files: Files) -> None:
        self.files = files
        self._writer = files.boot()[:_BOOT] + new_id()[:8]
        self._numbers = itertools.count(1)
        self._durable: set[str] = set()
        self.in_doubt = False
        self._alive: int | None = files.lock(f"{LOCKS}/writer-{self._writer}.lock", 0)
        with storage_faults():
            files.sync_directory(LOCKS)  # a power cut must not hide that this writer never closed

    def close(self) -> None:
        """Give the writer's name back; a second time nothing happens."""
        if self._alive is not None:
            remove(self.files, f"{LOCKS}/writer-{self._writer}.lock")
            self.files.close(self._alive)
            self._alive = None

    def _temporary(self) -> str:
        """A name for bytes on their way; in staging, so that a dead writer's leftovers are found."""
        return f"{STAGING}/{self._writer}-{next(self._numbers):x}.tmp"

    def stage(self, image: str) -> tuple[str, int]:
        name = f"{self._writer}-{image}"
        with storage_faults():
            return name, self.files.create(f"{STAGING}/{name}.part")

    def write_staged(self, handle: int, data: bytes) -> None:
        with storage_faults():
            write_whole(self.files, handle, data)

    def sync_staged(self, handle: int) -> None:
        with storage_faults():
            self.files.fsync(handle)

    def close_staged(self, handle: int) -> None:
        with storage_faults():
            self.files.close(handle)

    def explain(self, name: str, data: bytes) -> None:
        write_new(self.files, f"{STAGING}/{name}.json", data, durable=False)

    def explanation(self, name: str) -> bytes | None:
        return read_whole(self.files, f"{STAGING}/{name}.json")

    def unstage(self, name: str) -> None:
        with storage_faults():
            for extension in ("part", "json", "tmp"):
                remove(self.files, f"{STAGING}/{name}.{extension}")

    def abandoned(self) -> list[str]:
        names = sorted({name.rpartition(".")[0] for name, _ in self.files.list(STAGING)})
        dead = {writer: self._is_dead(writer) for writer in {name.partition("-")[0] for name in names}}
        return [name for name in names if dead[name.partition("-")[0]]]

    def being_staged(self) -> set[str]:
        abandoned = set(self.abandoned())
        names = {name.rpartition(".")[0] for name, _ in self.files.list(STAGING)}
        return {name.partition("-")[2] for name in names - abandoned}

    def _is_dead(self, writer: str) -> bool:
        if writer == self._writer:
            return False
        key = f"{LOCKS}/writer-{writer}.lock"
        if self.files.facts(key) is None:
            return True
        try:
            handle = self.files.lock(key, 0)
        except Busy:
            return False
        self.files.close(handle)
        return True

    def crashed(self) -> bool:
        names = [name for name, _ in self.files.list(LOCKS) if name.startswith("writer-")]
        writers = [name.removeprefix("writer-").removesuffix(".lock") for name in names]
        return any(
            writer[:_BOOT] != self._writer[:_BOOT] and self._is_dead(writer)
            for writer in writers  # all that a writer of this boot wrote is there, its staging explains it
        )

    def forget_writers(self) -> None:
        """Remove the lock files of dead writers; call it when their staging is gone."""
        for name, _ in self.files.list(LOCKS):
            writer = name.removeprefix("writer-").removesuffix(".lock")
            if name.startswith("writer-") and self._is_dead(writer):
                remove(self.files, f"{LOCKS}/{name}")

    def staged_path(self, name: str) -> str:
        return self.files.path(f"{STAGING}/{name}.part")

    def place(self, name: str, key: str) -> None:
        self._make_durable(folder_of(key))
        self.files.rename_new(f"{STAGING}/{name}.part", key)
        self.files.sync_directory(folder_of(key))

    def _make_durable(self, folder: str) -> None:
        """Make a folder and its parents, and sync names this process has not: another may have died
        between making one and syncing it."""
        if folder == USERS or (folder in self._durable and self.files.facts(folder) is not None):
            return
        parent = folder_of(folder)
        self._make_durable(parent)
        make_folders(self.files, folder, durable=False)
        self.files.sync_directory(parent)
        self._durable.add(folder)

    def put(self, key: str, data: bytes) -> None:
        make_folders(self.files, folder_of(key), durable=False)
        replace(self.files, key, self._temporary(), data)

    def get(self, key: str) -> bytes | None:
        try:
            return read_whole(self.files, key)
        except OSError as error:
            if error.errno == errno.ELOOP:  # a link or a pipe is no file of ours; `put` replaces it
                return None
            raise

    def exists(self, key: str) -> bool:
        facts = self.files.facts(key)
        return facts is not None and facts.is_file

    def drop(self, keys: Iterable[str]) -> None:
        for key in keys:
            remove(self.files, key)

    def sync_folders(self, keys: Iterable[str]) -> None:
        for folder in sorted({folder_of(key) for key in keys}):
            if self.files.facts(folder) is not None:
                self.files.sync_directory(folder)

    def owners(self) -> list[str]:
        return sorted(name for name, is_folder in self.files.list(USERS) if is_folder and is_owner(name))

    def walk(self, owner: str) -> Iterator[list[StoredFile]]:
        return map(self.folder, self._day_folders(owner))

    def _day_folders(self, owner: str) -> Iterator[str]:
        for kind in KIND_FOLDERS.values():
            yield from self._below(f"{owner_folder(owner)}/{kind}".rstrip("/"), 3)

    def _below(self, folder: str, depth: int) -> Iterator[str]:
        """Folders named by digits, `depth` levels down."""
        if depth == 0:
            yield folder
        elif self.files.facts(folder) is not None:
            for name, is_folder in sorted(self.files.list(folder)):
                if is_folder and name.isdigit():
                    yield from self._below(f"{folder}/{name}", depth - 1)

    def _stored(self, key: str) -> StoredFile:
        facts = self.files.facts(key)
        return StoredFile(key, facts.size, facts.modified_ns) if facts else StoredFile(key, 0, 0)

    def recent_folders(self, owner: str) -> list[str]:
        noted = self.files.facts(f"{CURSORS}/{owner}.json")
        since = noted.modified_ns - _RECENT if noted else 0
        return [folder for folder in self._day_folders(owner) if self._changed(folder) >= since]

    def _changed(self, folder: str) -> int:
        facts = self.files.facts(folder)
        return facts.modified_ns if facts else 0

    def folder(self, key: str) -> list[StoredFile]:
        if self.files.facts(key) is None:
            return []
        return [
            self._stored(f"{key}/{name}") for name, is_folder in sorted(self.files.list(key)) if not is_folder
        ]

    def quarantine(self, key: str) -> str:
        name = f"{QUARANTINE}/{key.replace('/', '__')}"
        make_folders(self.files, QUARANTINE)
        remove(self.files, name)
        self.files.rename(key, name)
        return name

    def keep_aside(self, name: str, data: bytes) -> None:
        make_folders(self.files, QUARANTINE)
        replace(self.files, f"{QUARANTINE}/{name}", self._temporary(), data)

    @contextmanager
    def settle_lock(self, owner: str) -> Iterator[None]:
        with locked(self.files, f"{LOCKS}/{owner}.settle.lock", 30.0):
            yield

    def sync(self) -> None:
        try:
            self.files.sync_all()
        except OSError:
            self.in_doubt = True
            raise

    def open(self, key: str) -> int:
        with missing_is_not_found("There is no such file."):
            handle = self.files.open(key)
            if self.files.facts_of(handle).links != 1:
                self.files.close(handle)
                raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
            return handle

    def size(self, handle: int) -> int:
        return self.files.facts_of(handle).size

    def read(self, handle: int, count: int, offset: int) -> bytes:
        return self.files.read(handle, count, offset)

    def release(self, handle: int) -> None:
        self.files.close(handle)

    def path(self, key: str) -> str:
        return self.files.path(key)
