"""Folding entries into the SQLite tables inside one transaction, rows and kept totals together."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

from ..model.entries import Entry, values_for
from ..model.folding import changed_fields, effects, status_set, touched_count
from ..model.records import ImageRecord
from ..model.times import to_micros, to_text
from ..ports import Placed
from .rows import BY_IDS, Placing, Words, by_ids, delete, gone, insert, move_tags, records_by_id
from .totals import Stand, Totals

_IN_PLACE = frozenset({"status", "trashed_at", "favorite"})
_MOVING = ("list", "trashed", "gone", "favorite")
_STAND = ", ".join(f"i.{name}" for name in Stand._fields)


class Folder:
    """One owner's entries on their way into the tables.

    New records wait until there are many of them or something else happens; heads and totals wait
    for the end of the transaction.
    """

    def __init__(self, db: sqlite3.Connection, owner: int, keep_totals: bool = True) -> None:
        self._db = db
        self._owner = owner
        self._keep_totals = keep_totals
        self._words = Words(db)
        self._totals = Totals()
        self._waiting: dict[str, tuple[ImageRecord, int]] = {}
        self._heads: dict[int, list[Any]] = {}
        self._undone: list[tuple[int, int, int]] = []
        self._next = int(db.execute("SELECT coalesce(max(no), 0) FROM image").fetchone()[0]) + 1

    def fold(self, placed: Placed) -> None:
        """Write what one entry does."""
        entry = placed.entry
        if not placed.restated:
            self._note_head(placed)
        if _is_in_place(entry):
            self._flush()
            self._set_in_place(entry)
            return
        if entry.op not in ("add", "adopt"):
            self._flush()
        if entry.op == "purge":
            self._purge(list(dict.fromkeys(entry.ids)), entry.seq)
            return
        for _, record in effects(entry, self._lookup):
            if record is not None:
                self._put(record, entry.seq)

    def finish(self) -> None:
        """Write everything that waits."""
        self._flush()
        self._write_heads()
        if self._keep_totals:
            self._totals.write(self._db)

    def _lookup(self, ids: Sequence[str]) -> Mapping[str, ImageRecord]:
        return records_by_id(self._db, self._owner, ids)

    def _count(self, stands: Sequence[Stand], sign: int) -> None:
        if self._keep_totals:
            for stand in stands:
                self._totals.count(stand, sign)

    def _put(self, record: ImageRecord, seq: int) -> None:
        if record.id in self._waiting or len(self._waiting) >= BY_IDS:
            self._flush()
        self._waiting[record.id] = (record, seq)

    def _flush(self) -> None:
        """Write the waiting records, each in the place of the one with its id, if there is one."""
        if not self._waiting:
            return
        rows = by_ids(self._db, f"i.id, i.added, {_STAND}", self._owner, list(self._waiting))
        present = {row[0].hex(): (row[1], Stand(*row[2:])) for row in rows}
        old = [stand for _, stand in present.values()]
        self._count(old, -1)
        delete(self._db, old)
        placings = []
        for image, (record, seq) in self._waiting.items():
            if image in present:
                added, stand = present[image]
                placings.append(Placing(stand.no, added, record))
            else:
                placings.append(Placing(self._next, seq, record))
                self._next += 1
        self._forget_tombstones([image for image in self._waiting if image not in present])
        self._count(insert(self._db, self._owner, self._words, placings), 1)
        self._waiting.clear()

    def _forget_tombstones(self, ids: Sequence[str]) -> None:
        if self._db.execute("SELECT 1 FROM tombstone WHERE owner = ?", (self._owner,)).fetchone():
            self._db.executemany(
                "DELETE FROM tombstone WHERE owner = ? AND id = ?",
                [(self._owner, bytes.fromhex(image)) for image in ids],
            )

    def _purge(self, ids: Sequence[str], seq: int) -> None:
        rows = [(self._owner, bytes.fromhex(image), seq) for image in ids]
        self._db.executemany("INSERT OR REPLACE INTO tombstone VALUES (?, ?, ?)", rows)
        stands = [Stand(*row) for row in by_ids(self._db, _STAND, self._owner, ids)]
        self._count(stands, -1)
        delete(self._db, stands)

    def _set_in_place(self, entry: Entry) -> None:
        """The frequent changes touch the narrow row only: no body is rewritten, however many ids."""
        places = {image: position for position, image in enumerate(entry.ids)}
        found = by_ids(self._db, f"{_STAND}, i.trashed, i.id", self._owner, list(places))
        found.sort()
        olds, news, rows = list[Stand](), list[Stand](), list[tuple[Any, ...]]()
        for *stand, trashed, image in found:
            old = Stand(*stand)
            to = values_for(entry.to, places[image.hex()])
            new = _moved(old, to)
            when = _micros(to["trashed_at"]) if "trashed_at" in to else trashed
            rows.append((new.list, when, gone(new, when), new.favorite, entry.seq, new.no))
            if new != old:
                olds.append(old)
                news.append(new)
        self._update(entry, rows)
        self._count(olds, -1)
        self._count(news, 1)
        move_tags(self._db, olds, news)

    def _update(self, entry: Entry, rows: Sequence[tuple[Any, ...]]) -> None:
        """Name only the columns that may change, for each one named costs its indexes."""
        fields = set(changed_fields(entry))
        places = [0, 1, 2] if fields & {"status", "trashed_at"} else []
        places += [3] if "favorite" in fields else []
        columns = "".join(f"{_MOVING[place]} = ?, " for place in places)
        self._db.executemany(
            f"UPDATE image SET {columns}rev = ?, ahead = 1 WHERE no = ?",
            [(*(row[place] for place in places), *row[4:]) for row in rows],
        )

    def _note_head(self, placed: Placed) -> None:
        entry = placed.entry
        head = self._heads.get(entry.seq)
        if head is not None:
            _join_part(head, entry)
            return
        self._heads[entry.seq] = [
            self._owner,
            entry.seq,
            entry.at,
            entry.by,
            entry.op,
            touched_count(entry),
            entry.undoes,
            None,
            ",".join(changed_fields(entry)),
            status_set(entry),
            self._words.number(placed.generation),
            placed.offset,
        ]
        if entry.undoes is not None:
            self._undone.append((entry.seq, self._owner, entry.undoes))

    def _write_heads(self) -> None:
        heads = self._heads.values()
        self._db.executemany(f"INSERT INTO entry VALUES ({','.join('?' * 12)})", heads)
        self._db.execute("UPDATE owner SET entries = entries + ? WHERE no = ?", (len(heads), self._owner))
        self._db.executemany("UPDATE entry SET undone_by = ? WHERE owner = ? AND seq = ?", self._undone)


def _is_in_place(entry: Entry) -> bool:
    """Whether a line changes nothing but columns of the narrow row, in the form the row gives back."""
    if entry.op not in ("set", "undo") or not entry.ids:
        return False
    if isinstance(entry.to, dict):
        return _fits_row(entry.to)
    return all(map(_fits_row, entry.to)) and len(set(entry.ids)) == len(entry.ids)


def _fits_row(to: dict[str, Any]) -> bool:
    if not to.keys() <= _IN_PLACE:
        return False
    trashed = to.get("trashed_at")
    return trashed is None or to_text(to_micros(trashed)) == trashed


def _micros(at: str | None) -> int | None:
    return None if at is None else to_micros(at)


def _moved(old: Stand, to: dict[str, Any]) -> Stand:
    no, number, at, workflow, ratio, favorite, size, tags = old
    if "status" in to:
        number = number - number % 2 + (to["status"] == "trash")
    return Stand(no, number, at, workflow, ratio, int(to.get("favorite", favorite)), size, tags)


def _join_part(head: list[Any], entry: Entry) -> None:
    """Let the head of a change speak for one more of its parts."""
    head[5] += touched_count(entry)
    head[8] = ",".join(sorted({*filter(None, head[8].split(",")), *changed_fields(entry)}))
    head[9] = head[9] if head[9] == status_set(entry) else None
