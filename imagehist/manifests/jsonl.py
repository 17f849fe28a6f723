"""Manifests as files of JSON lines: locks, leases, reading along generations, check-points."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import msgspec

from ..atomic import locked, make_folders, read_whole, remove, replace
from ..files import Files
from ..model.entries import Entry, decode_line, has_good_seal, seal_json
from ..model.faults import OutcomeUnknown, StorageReadOnly
from ..model.names import CURSORS, LOCKS, USERS, is_owner, manifest_key, sealed_key
from ..ports import Cursor, Stamp, Tail
from .appending import (
    FileLease,
    begin,
    finish_mending,
    is_broken,
    make_birth_durable,
    mark_broken,
    set_headless_aside,
)
from .lines import LineReader

_CHUNK = 4 << 20
_FEW, _CHUNK_OF_FEW = 100, 1 << 16
_BINDING = 64


class Checkpoint(msgspec.Struct, frozen=True):
    """How far all projections are on the disk, bound to the bytes before that place."""

    gen: str
    off: int
    seq: int
    last: str


class JsonlManifest:
    """One `manifest.jsonl` per owner, older generations sealed beside it."""

    def __init__(self, files: Files) -> None:
        self.files = files
        self._broken: set[str] = set()
        self._born: dict[str, int] = {}

    def owners(self) -> list[str]:
        found = (name for name, is_folder in self.files.list(USERS) if is_folder and is_owner(name))
        return sorted(name for name in found if self.stamp(name) is not None)

    def stamp(self, owner: str) -> Stamp | None:
        facts = self.files.facts(manifest_key(owner))
        return None if facts is None else Stamp(facts.inode, facts.size)

    @contextmanager
    def hold(self, owner: str, wait: float = 30.0) -> Iterator[None]:
        with locked(self.files, f"{LOCKS}/{owner}.lock", wait):
            yield

    @contextmanager
    def lease(self, owner: str, began: Entry, wait: float = 30.0) -> Iterator[FileLease]:
        with self.hold(owner, wait):
            if self._is_broken(owner):
                raise StorageReadOnly("This library is read-only until it was recovered.", retry_after=30)
            if self.stamp(owner) is None:
                begin(self.files, owner, began)
            self._look_at_birth(owner)
            lease = FileLease(self.files, owner)
            try:
                yield lease
            except OutcomeUnknown:
                self._broken.add(owner)
                raise
            finally:
                lease.close()

    def _is_broken(self, owner: str) -> bool:
        return owner in self._broken or is_broken(self.files, owner)

    def _look_at_birth(self, owner: str) -> None:
        """Once per manifest file: make its name durable before anything in it is promised."""
        stamp = self.stamp(owner)
        if stamp is not None and self._born.get(owner) != stamp.inode:
            make_birth_durable(self.files, owner)
            self._born[owner] = stamp.inode

    def restore(self, owner: str, began: Entry, restated: Iterable[Entry]) -> None:
        begin(self.files, owner, began, restated)

    def read(self, owner: str, after: Cursor | None, limit: int = 5_000) -> Tail | None:
        names = self._chain(owner)
        if not names:
            return None
        position = _position(names, after)
        if after is None or position is None or not _ends_line(self.files, names[position][1], after.offset):
            return self._read_from(owner, names, LineReader(Cursor("", 0, 0)), limit)
        began = _first_line(self.files, names[position][1])
        reader = LineReader(after, restated_seq=began.seq if began else None, seen=after.seq)
        return self._read_from(owner, names[position:], reader, limit)

    def _read_from(self, owner: str, names: list[tuple[str, str]], reader: LineReader, limit: int) -> Tail:
        start = reader.end
        for place, (generation, key) in enumerate(names):
            if place or not start.generation:
                reader.enter(generation)
            self._read_file(owner, key, reader, limit)
            if len(reader.entries) >= limit or reader.end.generation != generation:
                break
        return Tail(reader.entries, reader.end, not start.generation, reader.seen, reader.rotten)

    def _make_durable(self, owner: str, handle: int) -> None:
        """Who reads lines it did not write makes them durable before use."""
        try:
            self.files.fdatasync(handle)
        except OSError:
            self._broken.add(owner)
            mark_broken(self.files, owner)
            raise

    def _read_file(self, owner: str, key: str, reader: LineReader, limit: int) -> None:
        handle = self.files.open(key)
        try:
            start = offset = reader.end.offset
            rest, size = b"", _CHUNK if limit > _FEW else _CHUNK_OF_FEW
            while len(reader.entries) < limit:
                data = self.files.read(handle, size, offset + len(rest))
                if not data:
                    break
                taken = reader.feed(rest + data, offset)
                rest, offset = (rest + data)[taken:], offset + taken
            if offset + len(rest) > start:
                self._make_durable(owner, handle)
        finally:
            self.files.close(handle)

    def _chain(self, owner: str) -> list[tuple[str, str]]:
        """(generation, key) of every file of this history that is there, oldest first."""
        key: str | None = manifest_key(owner)
        names: list[tuple[str, str]] = []
        while key is not None and self.files.facts(key) is not None:
            began = _first_line(self.files, key)
            if began is None or began.gen is None or began.gen in dict(names):
                break
            names.insert(0, (began.gen, key))
            key = sealed_key(owner, began.after) if began.after else None
        return names

    def beginning(self, owner: str) -> Cursor | None:
        began = _first_line(self.files, manifest_key(owner))
        return None if began is None or began.gen is None else Cursor(began.gen, 0, began.seq)

    def mend(self, owner: str) -> int:
        remove(self.files, f"{CURSORS}/{owner}.json.tmp")
        size = set_headless_aside(self.files, owner)
        if size:
            return size
        checkpoint, began = self.checkpoint(owner), _first_line(self.files, manifest_key(owner))
        is_here = checkpoint is not None and began is not None and checkpoint.generation == began.gen
        start = checkpoint.offset if checkpoint is not None and is_here else 0
        cut = finish_mending(self.files, owner, start, self._is_broken(owner))
        self._broken.discard(owner)
        return cut

    def checkpoint(self, owner: str) -> Cursor | None:
        data = read_whole(self.files, f"{CURSORS}/{owner}.json")
        if data is None or not has_good_seal(data[:-1]):
            return None
        try:
            noted = msgspec.json.decode(data[:-1], type=Checkpoint)
        except msgspec.MsgspecError:
            return None
        if self._binding(owner, noted.gen, noted.off) != noted.last:
            return None
        return Cursor(noted.gen, noted.off, noted.seq)

    def _binding(self, owner: str, generation: str, offset: int) -> str | None:
        """The bytes before a place as a check-point names them, None where this history has no such place.

        A roll since then changes nothing about them: they are looked for in sealed generations, too.
        """
        key = dict(self._chain(owner)).get(generation)
        if key is None:
            return None
        handle = self.files.open(key)
        try:
            start = max(0, offset - _BINDING)
            data = self.files.read(handle, offset - start, start)
            return f"{zlib.crc32(data):08x}" if len(data) == offset - start else None
        finally:
            self.files.close(handle)

    def set_checkpoint(self, owner: str, cursor: Cursor) -> None:
        last = self._binding(owner, cursor.generation, cursor.offset)
        if last is None:
            return
        noted = Checkpoint(cursor.generation, cursor.offset, cursor.seq, last)
        key = f"{CURSORS}/{owner}.json"
        with self.hold(owner):
            make_folders(self.files, CURSORS)
            replace(self.files, key, f"{key}.tmp", seal_json(msgspec.json.encode(noted)), durable=True)


def _position(names: list[tuple[str, str]], after: Cursor | None) -> int | None:
    if after is None:
        return None
    return next((place for place, (gen, _) in enumerate(names) if gen == after.generation), None)


def _ends_line(files: Files, key: str, offset: int) -> bool:
    """Whether a line ends right before `offset`; not so in an older copy put in the place of the file."""
    if offset == 0:
        return True
    handle = files.open(key)
    try:
        return files.read(handle, 1, offset - 1) == b"\n"
    finally:
        files.close(handle)


def _first_line(files: Files, key: str) -> Entry | None:
    """The `began` of a manifest file, None when the file is not there or does not begin with one."""
    try:
        handle = files.open(key)
    except (FileNotFoundError, NotADirectoryError):
        return None
    try:
        line = files.read(handle, 4096, 0).partition(b"\n")[0]
    finally:
        files.close(handle)
    entry = decode_line(line)
    return entry if entry is not None and entry.op == "began" else None
