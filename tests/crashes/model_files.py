"""The seam `Files` on a modelled disk: counts and logs what is written, dies at a chosen operation."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable

from imagehist.files import Facts
from imagehist.model.faults import Busy
from imagehist.model.names import new_id

from .disk_model import Disk

Step = tuple[str, tuple[object, ...]]


class Cut(BaseException):
    """The machine lost its power; no handler may go on."""


def _error(number: int, key: object = "") -> OSError:
    return OSError(number, os.strerror(number), key)


class ModelFiles:
    """One process on a disk. Every call that changes or syncs something is a step of `log`.

    With `stop` the process dies before that step, and every later call dies too.
    """

    def __init__(self, disk: Disk, stop: int | None = None) -> None:
        self.disk = disk
        self.log: list[Step] = []
        self.stop = stop
        self._handles: dict[int, int] = {}
        self._locks: dict[int, int] = {}
        self._next = 3
        self._boot = new_id()

    def boot(self) -> str:
        return self._boot

    def _step(self, name: str, *values: object) -> None:
        self._look()
        self.log.append((name, values))
        self.disk.now += 1

    def _look(self) -> None:
        if self.stop is not None and len(self.log) >= self.stop:
            raise Cut

    def _node(self, key: str) -> int:
        number = self.disk.find(key)
        if number is None:
            self.disk.folder(key)
            raise _error(errno.ENOENT, key)
        return number

    def _handle(self, number: int) -> int:
        handle, self._next = self._next, self._next + 1
        self._handles[handle] = number
        return handle

    def create(self, key: str) -> int:
        if self.disk.find(key) is not None:
            raise _error(errno.EEXIST, key)
        self.disk.folder(key)
        self._step("make", key, False)
        return self._handle(self.disk.make(key, False))

    def append(self, key: str) -> int:
        self._look()
        return self._handle(self._node(key))

    def open(self, key: str) -> int:
        self._look()
        number = self._node(key)
        if self.disk.nodes[number].is_folder:
            raise _error(errno.ELOOP, key)
        return self._handle(number)

    def close(self, handle: int) -> None:
        self._locks = {node: holder for node, holder in self._locks.items() if holder != handle}
        if self._handles.pop(handle, None) is None:
            raise _error(errno.EBADF)

    def _of(self, handle: int) -> int:
        if handle not in self._handles:
            raise _error(errno.EBADF)
        return self._handles[handle]

    def read(self, handle: int, count: int, offset: int) -> bytes:
        self._look()
        return self.disk.nodes[self._of(handle)].data[offset : offset + count]

    def write(self, handle: int, data: bytes | memoryview) -> int:
        number = self._of(handle)
        self._step("set_data", number, self.disk.nodes[number].data + bytes(data))
        self.disk.set_data(number, self.disk.nodes[number].data + bytes(data))
        return len(data)

    def truncate(self, handle: int, size: int) -> None:
        number = self._of(handle)
        self._step("set_data", number, self.disk.nodes[number].data[:size])
        self.disk.set_data(number, self.disk.nodes[number].data[:size])

    def fsync(self, handle: int) -> None:
        self._step("sync", self._of(handle))
        self.disk.sync(self._of(handle))

    def fdatasync(self, handle: int) -> None:
        number = self._of(handle)
        if number not in self.disk.dirty:  # a clean file: nothing to make durable, nothing to cut
            self._look()
            return
        self.fsync(handle)

    def facts_of(self, handle: int) -> Facts:
        return self._facts(self._of(handle))

    def facts(self, key: str) -> Facts | None:
        self._look()
        number = self.disk.find(key)
        return None if number is None else self._facts(number)

    def _facts(self, number: int) -> Facts:
        node = self.disk.nodes[number]
        return Facts(len(node.data), number, node.is_folder, not node.is_folder, node.changed, node.links)

    def mkdir(self, key: str) -> None:
        if self.disk.find(key) is not None:
            raise _error(errno.EEXIST, key)
        self.disk.folder(key)
        self._step("make", key, True)
        self.disk.make(key, True)

    def sync_directory(self, key: str) -> None:
        number = self._node(key)
        self._step("sync", number)
        self.disk.sync(number)

    def rename(self, source: str, target: str) -> None:
        self._node(source)
        self.disk.folder(target)
        if self.disk.find(source) == self.disk.find(target):
            return
        self._step("rename", source, target)
        self.disk.rename(source, target)

    def exchange(self, source: str, target: str) -> None:
        self._node(source)
        self._node(target)
        self._step("exchange", source, target)
        self.disk.exchange(source, target)

    def rename_new(self, source: str, target: str) -> None:
        self._node(source)
        if self.disk.find(target) is not None:
            raise _error(errno.EEXIST, target)
        self.rename(source, target)

    def link(self, source: str, target: str) -> None:
        self._node(source)
        if self.disk.find(target) is not None:
            raise _error(errno.EEXIST, target)
        self._step("link", source, target)
        self.disk.link(source, target)

    def unlink(self, key: str) -> None:
        self._node(key)
        self._step("unlink", key)
        self.disk.unlink(key)

    def list(self, key: str) -> list[tuple[str, bool]]:
        self._look()
        names = self.disk.nodes[self._node(key)].names
        if names is None:
            raise _error(errno.ENOTDIR, key)
        return [(name, self.disk.nodes[number].is_folder) for name, number in names.items()]

    def sync_all(self) -> None:
        self._step("sync_all")
        self.disk.sync_all()

    def lock(self, key: str, wait: float) -> int:
        number = self.disk.find(key)
        if number is None:
            self.disk.folder(key)
            self._step("make", key, False)
            number = self.disk.make(key, False)
        if number in self._locks:
            raise Busy("This library is held by another process.", retry_after=5)
        handle = self._handle(number)
        self._locks[number] = handle
        return handle

    def path(self, key: str) -> str:
        return key

    def give_up_locks(self) -> None:
        """The process died, the machine lives on: its handles and locks are gone, its writes are not."""
        self._handles.clear()
        self._locks.clear()


def replay(disk: Disk, log: list[Step]) -> Callable[[], None]:
    """A function that brings the next step of `log` onto `disk`."""
    steps = iter(log)

    def advance() -> None:
        name, values = next(steps)
        disk.now += 1
        getattr(disk, name)(*values)

    return advance
