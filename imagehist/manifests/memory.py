"""Manifests in memory: generations of the same lines, leases and check-points, without a file."""

from __future__ import annotations

import threading
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from ..model.entries import Entry, encode_line
from ..model.faults import Busy
from ..ports import Cursor, Stamp, Tail
from .lines import LineReader

_SOME = 1 << 14


@dataclass(slots=True)
class Generation:
    """One generation: its first line as an entry, and all its lines as bytes."""

    began: Entry
    lines: bytearray

    @property
    def name(self) -> str:
        return self.began.gen or ""


@dataclass(slots=True)
class History:
    """All generations of one owner, oldest first, and its check-point with the bytes it speaks of."""

    generations: list[Generation] = field(default_factory=list)
    checkpoint: tuple[Cursor, int] | None = None


@dataclass(slots=True)
class Histories:
    """What all manifests of one library see."""

    by_owner: dict[str, History] = field(default_factory=dict)
    locks: dict[str, threading.Lock] = field(default_factory=dict)


class MemoryLease:
    """The right to append to the newest generation."""

    def __init__(self, history: History) -> None:
        self._history = history

    @property
    def size(self) -> int:
        return len(self._history.generations[-1].lines)

    def ends_at(self, cursor: Cursor) -> bool:
        return (self._history.generations[-1].name, self.size) == cursor[:2]

    def append(self, entries: Sequence[Entry]) -> list[int]:
        offsets = [self.size]
        for line in map(encode_line, entries):
            self._history.generations[-1].lines += line
            offsets.append(self.size)
        return offsets

    def seal(self, began: Entry, restated: Iterable[Entry]) -> None:
        self._history.generations.append(_generation(began, restated))


class MemoryManifest:
    """Histories by owner; two manifests with the same histories are two processes on one library."""

    def __init__(self, histories: Histories | None = None) -> None:
        self.histories = histories or Histories()

    def owners(self) -> list[str]:
        return sorted(self.histories.by_owner)

    def stamp(self, owner: str) -> Stamp | None:
        history = self.histories.by_owner.get(owner)
        if history is None:
            return None
        return Stamp(len(history.generations), len(history.generations[-1].lines))

    @contextmanager
    def hold(self, owner: str, wait: float = 30.0) -> Iterator[None]:
        lock = self.histories.locks.setdefault(owner, threading.Lock())
        if not lock.acquire(timeout=wait):
            raise Busy("This library is held by somebody else.", retry_after=5)
        try:
            yield
        finally:
            lock.release()

    @contextmanager
    def lease(self, owner: str, began: Entry, wait: float = 30.0) -> Iterator[MemoryLease]:
        with self.hold(owner, wait):
            first = History([_generation(began, ())])
            yield MemoryLease(self.histories.by_owner.setdefault(owner, first))

    def restore(self, owner: str, began: Entry, restated: Iterable[Entry]) -> None:
        self.histories.by_owner[owner] = History([_generation(began, restated)])

    def read(self, owner: str, after: Cursor | None, limit: int = 5_000) -> Tail | None:
        history = self.histories.by_owner.get(owner)
        if history is None:
            return None
        names = [generation.name for generation in history.generations]
        if after is None or after.generation not in names or not _fits(history, names, after):
            reader, chain = LineReader(Cursor("", 0, 0)), history.generations
        else:
            chain = history.generations[names.index(after.generation) :]
            reader = LineReader(after, restated_seq=chain[0].began.seq, seen=after.seq)
        restart = not reader.end.generation
        for place, generation in enumerate(chain):
            if place or restart:
                reader.enter(generation.name)
            _feed(reader, generation, limit)
            if len(reader.entries) >= limit:
                break
        return Tail(reader.entries, reader.end, restart, reader.seen, reader.rotten)

    def beginning(self, owner: str) -> Cursor | None:
        history = self.histories.by_owner.get(owner)
        if history is None:
            return None
        return Cursor(history.generations[-1].name, 0, history.generations[-1].began.seq)

    def mend(self, owner: str) -> int:
        """Nothing is ever torn here."""
        return 0

    def checkpoint(self, owner: str) -> Cursor | None:
        history = self.histories.by_owner.get(owner)
        if history is None or history.checkpoint is None:
            return None
        cursor, bound = history.checkpoint
        return cursor if bound == _binding(history, cursor) else None

    def set_checkpoint(self, owner: str, cursor: Cursor) -> None:
        history = self.histories.by_owner.get(owner)
        bound = None if history is None else _binding(history, cursor)
        if history is not None and bound is not None:
            history.checkpoint = (cursor, bound)


def _generation(began: Entry, restated: Iterable[Entry]) -> Generation:
    return Generation(began, bytearray(b"".join(map(encode_line, [began, *restated]))))


def _feed(reader: LineReader, generation: Generation, limit: int) -> None:
    """Read on, some lines at a time, until there are enough entries."""
    start = reader.end.offset
    while len(reader.entries) < limit and start < len(generation.lines):
        stop = generation.lines.find(b"\n", start + _SOME) + 1 or len(generation.lines)
        start += reader.feed(bytes(generation.lines[start:stop]), start)


def _fits(history: History, names: list[str], after: Cursor) -> bool:
    """Whether a cursor stands before the first line of its generation or behind any of its lines."""
    if after.offset == 0:
        return True
    lines = history.generations[names.index(after.generation)].lines
    return lines[: after.offset].endswith(b"\n") and len(lines) >= after.offset


def _binding(history: History, cursor: Cursor) -> int | None:
    """The bytes before a place as a check-point names them, None where this history has no such place."""
    wanted: str | None = None
    for one in reversed(history.generations):
        if wanted not in (None, one.name):
            break
        if one.name == cursor.generation and len(one.lines) >= cursor.offset:
            return zlib.crc32(one.lines[max(0, cursor.offset - 64) : cursor.offset])
        wanted = one.began.after or ""
    return None
