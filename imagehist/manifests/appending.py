"""Writing a manifest file: its birth, group appends with one sync, sealing, mending after a failure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..atomic import make_folders, read_span, remove, write_new, write_whole
from ..files import Files, storage_faults
from ..model.entries import Entry, decode_line, encode_line
from ..model.faults import Fault, OutcomeUnknown
from ..model.names import LOCKS, QUARANTINE, manifest_key, owner_folder, sealed_key
from ..ports import Cursor
from .lines import LineReader

_CHUNK = 4 << 20
_FIRST_LINE = 1 << 10


def begin(files: Files, owner: str, began: Entry, restated: Iterable[Entry] = ()) -> None:
    """Make a new manifest whole: all its lines by temporary file and rename; see `make_birth_durable`."""
    key = manifest_key(owner)
    with storage_faults():
        make_folders(files, owner_folder(owner))
        _write_aside(files, f"{key}.new", began, restated)
        files.rename(f"{key}.new", key)


def make_birth_durable(files: Files, owner: str) -> None:
    """Sync the names that lead to a manifest: whoever made it may have died before that."""
    folder = owner_folder(owner)
    with storage_faults():
        files.sync_directory(folder.rpartition("/")[0])
        files.sync_directory(folder)


def _write_aside(files: Files, key: str, began: Entry, restated: Iterable[Entry]) -> None:
    remove(files, key)
    handle = files.create(key)
    try:
        _write_lines(files, handle, began, restated)
        files.fsync(handle)
    finally:
        files.close(handle)


class FileLease:
    """An open manifest under its lock; the tail ends in LF before anything is read or numbered."""

    def __init__(self, files: Files, owner: str) -> None:
        self._files, self._owner = files, owner
        with storage_faults():
            self._handle = files.append(manifest_key(owner))
        self.size = files.facts_of(self._handle).size
        try:
            self._end_line()
        except Fault:
            self.close()
            raise

    def _end_line(self) -> None:
        if self.size and self._files.read(self._handle, 1, self.size - 1) != b"\n":
            with storage_faults():
                write_whole(self._files, self._handle, b"\n")
            self.size += 1

    def close(self) -> None:
        self._files.close(self._handle)

    def ends_at(self, cursor: Cursor) -> bool:
        if self.size != cursor.offset:
            return False
        began = decode_line(self._files.read(self._handle, _FIRST_LINE, 0).partition(b"\n")[0])
        return began is not None and began.gen == cursor.generation

    def append(self, entries: Sequence[Entry]) -> list[int]:
        lines = [encode_line(entry) for entry in entries]
        offsets = [self.size]
        for line in lines:
            offsets.append(offsets[-1] + len(line))
        try:
            with storage_faults():
                write_whole(self._files, self._handle, b"".join(lines))
        except Fault:
            self._take_back()
            raise
        self._sync()
        self.size = offsets[-1]
        return offsets

    def _take_back(self) -> None:
        """Cut off what was written, durably: a refused line must not come back after a power cut."""
        try:
            self._files.truncate(self._handle, self.size)
            self._files.fdatasync(self._handle)
        except OSError as error:
            self._give_up(error)

    def _sync(self) -> None:
        try:
            self._files.fdatasync(self._handle)
        except OSError as error:
            self._give_up(error)

    def _give_up(self, error: OSError) -> None:
        mark_broken(self._files, self._owner)
        raise OutcomeUnknown(
            "The disk failed while the change was written; whether it holds shows after recovery.",
            retry_after=30,
        ) from error

    def seal(self, began: Entry, restated: Iterable[Entry]) -> None:
        files, key = self._files, manifest_key(self._owner)
        with storage_faults():
            _write_aside(files, f"{key}.new", began, restated)
            self._keep_sealed(sealed_key(self._owner, str(began.after)))
            files.rename(f"{key}.new", key)
            files.sync_directory(owner_folder(self._owner))
            handle = files.append(key)
            self.close()
            self._handle = handle
        self.size = files.facts_of(self._handle).size

    def _keep_sealed(self, name: str) -> None:
        """Give this file its sealed name; an older copy under that name (from a backup) gives way."""
        files, there = self._files, self._files.facts(name)
        if there is not None and there.inode == files.facts_of(self._handle).inode:
            return
        remove(files, name)
        files.link(manifest_key(self._owner), name)
        files.sync_directory(owner_folder(self._owner))  # else the rename may reach the disk alone


def _write_lines(files: Files, handle: int, began: Entry, restated: Iterable[Entry]) -> None:
    buffer = [encode_line(began)]
    for entry in restated:
        buffer.append(encode_line(entry))
        if len(buffer) >= 1_000:
            write_whole(files, handle, b"".join(buffer))
            buffer.clear()
    write_whole(files, handle, b"".join(buffer))


def _mark(owner: str) -> str:
    return f"{LOCKS}/{owner}.broken"


def is_broken(files: Files, owner: str) -> bool:
    """Whether a failed sync left the owner's tail in doubt."""
    return files.facts(_mark(owner)) is not None


def mark_broken(files: Files, owner: str) -> None:
    """Note, for every process, that the manifest's last bytes may not be on the disk."""
    try:
        write_new(files, _mark(owner), b"", durable=False)
    except OSError:
        return  # then this process alone knows


def finish_mending(files: Files, owner: str, start: int, doubtful: bool) -> int:
    """Make the tail whole again under the lock; the bytes cut from it (kept in quarantine).

    Lines before `start` are known to be good; a `doubtful` file is written anew as a whole.
    """
    key = manifest_key(owner)
    remove(files, f"{key}.new")
    try:
        handle = files.append(key)
    except FileNotFoundError:
        return 0
    try:
        good, size = _good_end(files, handle, start), files.facts_of(handle).size
        if size > good:
            _keep_and_cut(files, owner, handle, good, size)
        if doubtful:
            _write_anew(files, owner, handle, good)
        return size - good
    finally:
        files.close(handle)


def set_headless_aside(files: Files, owner: str) -> int:
    """Move a manifest whose first line is damaged to quarantine, where nothing can say which history it
    goes on; its bytes, 0 when the manifest is well or missing. The sidecars hold its records."""
    key = manifest_key(owner)
    try:
        handle = files.open(key)
    except FileNotFoundError:
        return 0
    try:
        size = files.facts_of(handle).size
        began = decode_line(files.read(handle, _FIRST_LINE, 0).partition(b"\n")[0])
    finally:
        files.close(handle)
    if began is not None and began.op == "began" and began.gen is not None:
        return 0
    make_folders(files, QUARANTINE)
    files.rename(key, f"{QUARANTINE}/{owner}-manifest-without-beginning-{size}")
    files.sync_directory(owner_folder(owner))
    return size


def _good_end(files: Files, handle: int, start: int) -> int:
    """The end of the last good line; unfinished parts before it are left to the readers."""
    reader = LineReader(Cursor("", start, 0), good_end=start)
    offset, rest = start, b""
    while data := files.read(handle, _CHUNK, offset + len(rest)):
        taken = reader.feed(rest + data, offset)
        rest, offset = (rest + data)[taken:], offset + taken
        reader.entries.clear()
    return reader.good_end


def _keep_and_cut(files: Files, owner: str, handle: int, good: int, size: int) -> None:
    tail = read_span(files, handle, good, size - good)
    name = f"{QUARANTINE}/{owner}-manifest-{good}"
    make_folders(files, QUARANTINE)
    remove(files, name)
    write_new(files, name, tail, durable=True)
    files.truncate(handle, good)
    files.fsync(handle)


def _write_anew(files: Files, owner: str, handle: int, good: int) -> None:
    """After a failed sync pages count as clean though the disk may not have them: only a new file helps."""
    key = manifest_key(owner)
    fresh = files.create(f"{key}.new")
    try:
        for offset in range(0, good, _CHUNK):
            write_whole(files, fresh, read_span(files, handle, offset, min(_CHUNK, good - offset)))
        files.fsync(fresh)
    finally:
        files.close(fresh)
    files.rename(f"{key}.new", key)
    files.sync_directory(owner_folder(owner))
    remove(files, _mark(owner))
