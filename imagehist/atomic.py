"""Whole files out of single operations: read, written once, replaced, removed, locked."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from .files import Files


def write_whole(files: Files, handle: int, data: bytes) -> None:
    """Write all of `data`; a short write goes on where it stopped."""
    rest = memoryview(data)
    while rest:
        written = files.write(handle, rest)
        if written == 0:
            raise OSError(errno.EIO, "the disk takes no more bytes")
        rest = rest[written:]


def read_whole(files: Files, key: str, limit: int = 1 << 30) -> bytes | None:
    """A file's bytes (at most `limit`), None when there is none."""
    try:
        handle = files.open(key)
    except (FileNotFoundError, NotADirectoryError):
        return None
    try:
        return read_span(files, handle, 0, min(files.facts_of(handle).size, limit))
    finally:
        files.close(handle)


def read_span(files: Files, handle: int, offset: int, count: int) -> bytes:
    """`count` bytes from `offset`, fewer only at the end of the file."""
    pieces = []
    while count > 0 and (piece := files.read(handle, count, offset)):
        pieces.append(piece)
        offset += len(piece)
        count -= len(piece)
    return b"".join(pieces)


def write_new(files: Files, key: str, data: bytes, durable: bool) -> None:
    """Make a file that must not exist; nothing stays of it when that fails."""
    handle = files.create(key)
    try:
        try:
            write_whole(files, handle, data)
            if durable:
                files.fsync(handle)
        finally:
            files.close(handle)
    except OSError:
        remove(files, key)
        raise


def replace(files: Files, key: str, temporary: str, data: bytes, durable: bool = False) -> None:
    """Put `data` at `key`, by way of `temporary`: a reader sees the old or the new bytes, never a part."""
    remove(files, temporary)
    write_new(files, temporary, data, durable)
    try:
        if durable:
            files.rename(temporary, key)
            files.sync_directory(key.rpartition("/")[0])
        else:
            _trade(files, temporary, key)
    except OSError:
        remove(files, temporary)
        raise


def _trade(files: Files, temporary: str, key: str) -> None:
    """Put a file that need not be durable in the place of another one.

    A plain rename over a file makes ext4 write the new one out at once, and every later sync waits for it.
    """
    try:
        files.exchange(temporary, key)
    except OSError as error:
        if error.errno not in (errno.ENOENT, errno.EINVAL, errno.ENOSYS):
            raise
        files.rename(temporary, key)
    else:
        remove(files, temporary)


def remove(files: Files, key: str) -> bool:
    """Unlink a file; False when it was not there."""
    try:
        files.unlink(key)
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def make_folders(files: Files, key: str, durable: bool = True) -> None:
    """Make a directory and its missing parents top down, each name durable before the next."""
    if not key or files.facts(key) is not None:
        return
    parent = key.rpartition("/")[0]
    make_folders(files, parent, durable)
    try:
        files.mkdir(key)
    except FileExistsError:
        pass
    if durable:
        files.sync_directory(parent)


@contextmanager
def locked(files: Files, key: str, wait: float) -> Iterator[None]:
    """Hold the lock file `key`; raises Busy after `wait` seconds."""
    handle = files.lock(key, wait)
    try:
        yield
    finally:
        files.close(handle)
