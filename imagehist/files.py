"""Every call that touches a library file, as small operations below one root that tests can break."""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple, Protocol

from .model.faults import Busy, NotFound, StorageFull, StorageReadOnly

_libc = ctypes.CDLL(None, use_errno=True)
_RENAME_NOREPLACE, _RENAME_EXCHANGE = 1, 2
_AT_FDCWD = -100
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
APPEND = os.O_RDWR | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC


class _How(ctypes.Structure):
    """The kernel's `open_how`: flags, mode and what may not be met on the way."""

    _fields_ = (("flags", ctypes.c_uint64), ("mode", ctypes.c_uint64), ("resolve", ctypes.c_uint64))


_OPENAT2, _RESOLVE_NO_SYMLINKS = 437, 4
_HOW = _How(_DIRECTORY, 0, _RESOLVE_NO_SYMLINKS)
_libc.syscall.argtypes = (ctypes.c_long, ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p, ctypes.c_size_t)
_libc.syscall.restype = ctypes.c_long


class Facts(NamedTuple):
    """What the file system says of one name."""

    size: int
    inode: int
    is_directory: bool
    is_file: bool
    modified_ns: int
    links: int


class Files(Protocol):
    """One library root. Names are keys (`users/a/manifest.jsonl`), handles are numbers.

    Each method is one operation and one possible point of failure; all raise OSError as the kernel
    does. No symbolic link is ever followed below the root.
    """

    def create(self, key: str) -> int: ...
    def append(self, key: str) -> int: ...
    def open(self, key: str) -> int: ...
    def close(self, handle: int) -> None: ...
    def read(self, handle: int, count: int, offset: int) -> bytes: ...
    def write(self, handle: int, data: bytes | memoryview) -> int: ...
    def truncate(self, handle: int, size: int) -> None: ...
    def fsync(self, handle: int) -> None: ...
    def fdatasync(self, handle: int) -> None: ...
    def facts_of(self, handle: int) -> Facts: ...
    def facts(self, key: str) -> Facts | None: ...
    def mkdir(self, key: str) -> None: ...
    def sync_directory(self, key: str) -> None: ...
    def rename(self, source: str, target: str) -> None: ...
    def rename_new(self, source: str, target: str) -> None: ...
    def exchange(self, source: str, target: str) -> None: ...
    def link(self, source: str, target: str) -> None: ...
    def unlink(self, key: str) -> None: ...
    def list(self, key: str) -> list[tuple[str, bool]]: ...
    def sync_all(self) -> None: ...
    def lock(self, key: str, wait: float) -> int: ...
    def path(self, key: str) -> str: ...
    def boot(self) -> str: ...


class DiskFiles:
    """The real thing: a directory of the operating system, opened part by part."""

    def __init__(self, root: str) -> None:
        self.root = os.path.abspath(root)

    @contextmanager
    def _folder(self, key: str) -> Iterator[tuple[int, str]]:
        """The open directory that holds `key`, and the key's last part."""
        parent, _, name = key.rpartition("/")
        handle = os.open(self.root, _DIRECTORY)
        try:
            if parent:
                root, handle = handle, open_folder(handle, parent)
                os.close(root)
            yield handle, name
        finally:
            os.close(handle)

    def _open(self, key: str, flags: int) -> int:
        with self._folder(key) as (folder, name):
            return os.open(name, flags, 0o644, dir_fd=folder)

    def create(self, key: str) -> int:
        return self._open(key, CREATE)

    def append(self, key: str) -> int:
        return self._open(key, APPEND)

    def open(self, key: str) -> int:
        handle = self._open(key, READ)
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            os.close(handle)
            raise OSError(errno.ELOOP, "not a regular file")
        return handle

    def close(self, handle: int) -> None:
        os.close(handle)

    def read(self, handle: int, count: int, offset: int) -> bytes:
        return os.pread(handle, count, offset)

    def write(self, handle: int, data: bytes | memoryview) -> int:
        return os.write(handle, data)

    def truncate(self, handle: int, size: int) -> None:
        os.ftruncate(handle, size)

    def fsync(self, handle: int) -> None:
        os.fsync(handle)

    def fdatasync(self, handle: int) -> None:
        os.fdatasync(handle)

    def facts_of(self, handle: int) -> Facts:
        return _facts(os.fstat(handle))

    def facts(self, key: str) -> Facts | None:
        try:
            return _facts(os.lstat(f"{self.root}/{key}"))
        except (FileNotFoundError, NotADirectoryError):
            return None

    def mkdir(self, key: str) -> None:
        with self._folder(key) as (folder, name):
            os.mkdir(name, 0o755, dir_fd=folder)

    def sync_directory(self, key: str) -> None:
        with self._folder(f"{key}/." if key else ".") as (folder, _):
            try:
                os.fsync(folder)
            except OSError as error:
                if error.errno != errno.EINVAL:  # some network file systems cannot; `doctor` says so
                    raise

    def rename(self, source: str, target: str) -> None:
        with self._folder(source) as (old, old_name), self._folder(target) as (new, new_name):
            os.rename(old_name, new_name, src_dir_fd=old, dst_dir_fd=new)

    def rename_new(self, source: str, target: str) -> None:
        with self._folder(source) as (old, old_name), self._folder(target) as (new, new_name):
            done = _libc.renameat2(old, old_name.encode(), new, new_name.encode(), _RENAME_NOREPLACE)
            problem = ctypes.get_errno()
            if done == 0:
                return
            if problem not in (errno.EINVAL, errno.ENOSYS):
                raise OSError(problem, os.strerror(problem))
            os.link(old_name, new_name, src_dir_fd=old, dst_dir_fd=new, follow_symlinks=False)
            os.unlink(old_name, dir_fd=old)

    def exchange(self, source: str, target: str) -> None:
        with self._folder(source) as (old, old_name), self._folder(target) as (new, new_name):
            if _libc.renameat2(old, old_name.encode(), new, new_name.encode(), _RENAME_EXCHANGE) != 0:
                problem = ctypes.get_errno()
                raise OSError(problem, os.strerror(problem))

    def link(self, source: str, target: str) -> None:
        with self._folder(source) as (old, old_name), self._folder(target) as (new, new_name):
            os.link(old_name, new_name, src_dir_fd=old, dst_dir_fd=new, follow_symlinks=False)

    def unlink(self, key: str) -> None:
        with self._folder(key) as (folder, name):
            os.unlink(name, dir_fd=folder)

    def list(self, key: str) -> list[tuple[str, bool]]:
        with self._folder(f"{key}/." if key else ".") as (folder, _), os.scandir(folder) as found:
            return [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in found]

    def sync_all(self) -> None:
        handle = os.open(self.root, _DIRECTORY)
        try:
            if _libc.syncfs(handle) != 0:
                problem = ctypes.get_errno()
                raise OSError(problem, os.strerror(problem))
        finally:
            os.close(handle)

    def lock(self, key: str, wait: float) -> int:
        handle = self._open(key, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC)
        deadline = time.monotonic() + wait
        pause = 0.0005
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return handle
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    os.close(handle)
                    raise Busy("This library is held by another process.", retry_after=5) from None
                time.sleep(pause)
                pause = min(pause * 2, 0.02)

    def path(self, key: str) -> str:
        return f"{self.root}/{key}"

    def boot(self) -> str:
        """The name of this run of the machine; where it has none, one that nobody had before."""
        try:
            with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
                return file.read().strip()
        except OSError:
            return os.urandom(16).hex()


def open_folder(above: int, key: str) -> int:
    """A directory below an open one, no symbolic link on the way: in one step where the kernel can."""
    handle = int(
        _libc.syscall(_OPENAT2, above, os.fsencode(key), ctypes.addressof(_HOW), ctypes.sizeof(_HOW))
    )
    if handle >= 0:
        return handle
    problem = ctypes.get_errno()
    if problem in (errno.ENOSYS, errno.EPERM):
        return open_by_parts(above, key)
    problem = errno.ENOTDIR if problem == errno.ELOOP else problem
    raise OSError(problem, os.strerror(problem), key)


def open_by_parts(above: int, key: str) -> int:
    """As `open_folder`, for kernels before 5.6 and sandboxes that refuse the call."""
    handle = os.dup(above)
    for part in key.split("/"):
        try:
            inner = os.open(part, _DIRECTORY, dir_fd=handle)
        finally:
            os.close(handle)
        handle = inner
    return handle


def _facts(found: os.stat_result) -> Facts:
    return Facts(
        found.st_size,
        found.st_ino,
        stat.S_ISDIR(found.st_mode),
        stat.S_ISREG(found.st_mode),
        found.st_mtime_ns,
        found.st_nlink,
    )


def nameless(data: bytes) -> int:
    """A readable handle of bytes that lie in memory and have no name."""
    handle = os.memfd_create("imagehist", os.MFD_CLOEXEC)
    with os.fdopen(handle, "wb", closefd=False) as file:
        file.write(data)
    os.lseek(handle, 0, os.SEEK_SET)
    return handle


@contextmanager
def storage_faults() -> Iterator[None]:
    """Turn what a disk says while writing into the fault a client is told."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StorageFull("The disk is full; nothing was changed.") from error
        if error.errno in (errno.EMFILE, errno.ENFILE):
            raise Busy("Too many files are open; try again in a moment.", retry_after=2) from error
        raise StorageReadOnly(
            "The disk refuses to be written; nothing was changed.", retry_after=30
        ) from error


@contextmanager
def missing_is_not_found(detail: str) -> Iterator[None]:
    """Turn a name that is not there (or leads elsewhere) into NotFound."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENXIO, errno.EISDIR):
            raise NotFound(detail) from error
        raise
