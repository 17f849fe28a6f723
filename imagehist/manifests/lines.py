"""From bytes of a manifest to whole changes: torn tails, rotten middles, parts and restated lines."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..model.entries import Entry, decode_line
from ..ports import Cursor, Placed


@dataclass(slots=True)
class LineReader:
    """Turns consecutive bytes of one generation into entries, remembering where the good part ends.

    `end` moves only over whole changes; unfinished parts and a bad tail stay behind it.
    """

    end: Cursor
    restated_seq: int | None = None
    entries: list[Placed] = field(default_factory=list)
    seen: int = 0
    rotten: int = 0
    good_end: int = 0
    _bad: int = 0
    _parts: list[Placed] = field(default_factory=list)

    def enter(self, generation: str) -> None:
        """Go on with the next generation."""
        self.end = Cursor(generation, 0, self.end.seq)

    def feed(self, data: bytes, offset: int) -> int:
        """Take whole lines of `data`, which begins at `offset`; how many bytes were taken."""
        taken = data.rfind(b"\n") + 1
        start = 0
        while start < taken:
            stop = data.index(b"\n", start)
            self._line(data[start:stop], offset + start, offset + stop + 1)
            start = stop + 1
        return taken

    def _line(self, line: bytes, offset: int, end: int) -> None:
        entry = decode_line(line)
        if entry is None:
            self._bad += 1 if line else 0
            return
        self.rotten += self._bad
        self._bad = 0
        self.good_end = end
        if entry.op == "began":
            self._began(entry, end)
        else:
            self._take(entry, offset, end)

    def _began(self, entry: Entry, end: int) -> None:
        self.restated_seq = entry.seq
        self.seen = max(self.seen, entry.seq)
        self.end = Cursor(entry.gen or "", end, entry.seq)

    def _take(self, entry: Entry, offset: int, end: int) -> None:
        self.seen = max(self.seen, entry.seq)
        restated = entry.seq == self.restated_seq
        if self._parts and self._parts[0].entry.seq != entry.seq:
            self._parts.clear()  # the writer died between its parts: they never counted
        self._parts.append(Placed(entry, self.end.generation, offset, restated))
        if not entry.is_last_part:
            return
        self.entries.extend(self._parts)
        self._parts.clear()
        self.end = Cursor(self.end.generation, end, entry.seq)
