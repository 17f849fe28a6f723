"""Folding entries into the SQLite tables inside one transaction, rows and kept totals together."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

import orjson

from ..model.entries import Entry
from ..model.folding import changed_fields, effects, status_set, touched_count
from ..model.queries import fold_text, searched_text
from ..model.records import HEAVY, ImageRecord, record_to_dict
from ..model.times import to_micros
from ..ports import Placed
from .bodies import record_of
from .schema import ALL, DAY, DAY_MICROS, FAVORITE, RATIO, TAG, WORKFLOW, is_trash_list, list_number

_IN_PLACE = frozenset({"status", "trashed_at", "favorite"})
_BY_IDS = 500


class Stand(NamedTuple):
    """The part of an image's row that lists, indexes and totals depend on."""

    no: int
    list: int
    at: int
    workflow: int
    ratio: int
    favorite: int
    bytes: int


class Folder:
    """One owner's entries on their way into the tables; totals are written at the end."""

    def __init__(self, connection: sqlite3.Connection, owner: int, keep_totals: bool = True) -> None:
        self._db = connection
        self._owner = owner
        self._keep_totals = keep_totals
        self._words: dict[str, int] = {}
        self._counts: Counter[tuple[int, int, int]] = Counter()
        self._bytes: Counter[tuple[int, int, int]] = Counter()

    def fold(self, placed: Placed) -> None:
        """Write what one entry does."""
        entry = placed.entry
        if not placed.restated:
            self._note_entry(placed)
        if entry.op in ("set", "undo") and isinstance(entry.to, dict) and entry.to.keys() <= _IN_PLACE:
            self._set_in_place(entry, entry.to)
            return
        for image, record in effects(entry, self._lookup):
            if record is None:
                self._purge(image, entry.seq)
            else:
                self._put(record, entry)

    def finish(self) -> None:
        """Write the totals gathered so far."""
        if self._keep_totals:
            rows = [(*key, n, self._bytes[key]) for key, n in self._counts.items()]
            self._db.executemany(
                "INSERT INTO total VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE"
                " SET n = n + excluded.n, bytes = bytes + excluded.bytes",
                rows,
            )
            if any(row[3] < 0 for row in rows):
                self._db.executemany(
                    "DELETE FROM total WHERE list = ? AND facet = ? AND value = ? AND n = 0",
                    [row[:3] for row in rows if row[3] < 0],
                )
        self._counts.clear()
        self._bytes.clear()

    def _lookup(self, ids: Sequence[str]) -> dict[str, ImageRecord]:
        return records_by_id(self._db, self._owner, ids)

    def _word(self, text: str | None) -> int:
        """The number of an interned word; 0 stands for none."""
        if text is None:
            return 0
        number = self._words.get(text)
        if number is None:
            self._db.execute("INSERT OR IGNORE INTO word (text) VALUES (?)", (text,))
            number = int(self._db.execute("SELECT no FROM word WHERE text = ?", (text,)).fetchone()[0])
            self._words[text] = number
        return number

    def _count(self, stand: Stand, tags: Sequence[int], sign: int) -> None:
        if not self._keep_totals:
            return
        keys = [(stand.list, ALL, 0), (stand.list, DAY, stand.at // DAY_MICROS)]
        keys += [(stand.list, WORKFLOW, stand.workflow)] if stand.workflow else []
        keys += [(stand.list, RATIO, stand.ratio)] if stand.ratio else []
        keys += [(stand.list, FAVORITE, 1)] if stand.favorite else []
        keys += [(stand.list, TAG, tag) for tag in tags]
        for key in keys:
            self._counts[key] += sign
            self._bytes[key] += sign * stand.bytes

    def _stand(self, image: str) -> Stand | None:
        row = self._db.execute(
            "SELECT no, list, at, workflow, ratio, favorite, bytes FROM image WHERE owner = ? AND id = ?",
            (self._owner, bytes.fromhex(image)),
        ).fetchone()
        return None if row is None else Stand(*row)

    def _tags_of(self, stand: Stand) -> list[int]:
        rows = self._db.execute("SELECT light FROM body WHERE no = ?", (stand.no,)).fetchone()
        return [self._word(fold_text(tag)) for tag in orjson.loads(rows[0])["tags"]]

    def _purge(self, image: str, seq: int) -> None:
        stand = self._stand(image)
        self._db.execute(
            "INSERT OR REPLACE INTO tombstone VALUES (?, ?, ?)", (self._owner, bytes.fromhex(image), seq)
        )
        if stand is not None:
            self._take_out(stand)

    def _take_out(self, stand: Stand) -> None:
        tags = self._tags_of(stand)
        self._count(stand, tags, -1)
        self._drop_tags(stand, tags)
        for table in ("image", "body", "searched"):
            self._db.execute(f"DELETE FROM {table} WHERE no = ?", (stand.no,))

    def _drop_tags(self, stand: Stand, tags: Sequence[int]) -> None:
        self._db.executemany(
            "DELETE FROM tagged WHERE list = ? AND tag = ? AND at = ? AND no = ?",
            [(stand.list, tag, stand.at, stand.no) for tag in tags],
        )

    def _put(self, record: ImageRecord, entry: Entry) -> None:
        """Insert a record, or put it in the place of the one that is there."""
        old = self._stand(record.id)
        number, added = None, entry.seq
        if old is not None:
            number = old.no
            added = self._db.execute("SELECT added FROM image WHERE no = ?", (old.no,)).fetchone()[0]
            self._take_out(old)
        elif entry.op in ("add", "adopt"):
            self._db.execute(
                "DELETE FROM tombstone WHERE owner = ? AND id = ?", (self._owner, bytes.fromhex(record.id))
            )
        raw = bytes(entry.record) if entry.op in ("add", "adopt") else None
        self._insert(record, number, added, raw)

    def _insert(self, record: ImageRecord, number: int | None, added: int, raw: bytes | None) -> None:
        at = to_micros(record.created_at)
        stand = (
            self._owner,
            bytes.fromhex(record.id),
            list_number(self._owner, record.kind, record.status),
            at,
            self._word(record.workflow_id),
            self._word(record.aspect_ratio),
            int(record.favorite),
        )
        trashed = None if record.trashed_at is None else to_micros(record.trashed_at)
        inserted = self._db.execute(
            "INSERT INTO image VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                number,
                *stand,
                record.rev,
                added,
                record.bytes,
                trashed,
                sha_number(record.sha256),
                record.idempotency_key,
            ),
        )
        now = Stand(int(inserted.lastrowid or 0), stand[2], at, stand[4], stand[5], stand[6], record.bytes)
        light, heavy = split(record, raw)
        self._db.execute("INSERT INTO body VALUES (?, ?, ?, ?)", (now.no, record.rev, light, heavy))
        self._db.execute("INSERT INTO searched VALUES (?, ?)", (now.no, searched_text(record)))
        tags = [self._word(fold_text(tag)) for tag in record.tags]
        self._put_tags(now, tags)
        self._count(now, tags, 1)

    def _put_tags(self, stand: Stand, tags: Sequence[int]) -> None:
        if tags:
            self._db.executemany(
                "INSERT OR REPLACE INTO tagged VALUES (?, ?, ?, ?, ?, ?, ?)",
                [
                    (stand.list, tag, stand.at, stand.no, stand.workflow, stand.ratio, stand.favorite)
                    for tag in tags
                ],
            )

    def _set_in_place(self, entry: Entry, to: dict[str, Any]) -> None:
        """The frequent changes touch the narrow row only: no body is rewritten, however many ids."""
        for start in range(0, len(entry.ids), _BY_IDS):
            marks = entry.ids[start : start + _BY_IDS]
            rows = self._db.execute(
                "SELECT i.no, i.list, i.at, i.workflow, i.ratio, i.favorite, i.bytes, b.light FROM image i"
                " CROSS JOIN body b ON b.no = i.no"
                f" WHERE i.owner = ? AND i.id IN ({_marks(marks)}) ORDER BY i.no",
                (self._owner, *map(bytes.fromhex, marks)),
            ).fetchall()
            self._move([(Stand(*row[:7]), _tags_in(row[7])) for row in rows], entry, to)

    def _move(self, found: list[tuple[Stand, list[str]]], entry: Entry, to: dict[str, Any]) -> None:
        updates, dropped, put = [], [], []
        trashed = to.get("trashed_at")
        for old, names in found:
            new = _moved(old, to)
            tags = [self._word(fold_text(name)) for name in names]
            updates.append((new.list, new.favorite, entry.seq, new.no))
            if new != old:
                self._count(old, tags, -1)
                self._count(new, tags, 1)
                dropped += [(old.list, tag, old.at, old.no) for tag in tags]
                put += [(new.list, tag, *new[2:3], new.no, *new[3:6]) for tag in tags]
        self._db.executemany("UPDATE image SET list = ?, favorite = ?, rev = ? WHERE no = ?", updates)
        if "trashed_at" in to:
            when = None if trashed is None else to_micros(trashed)
            self._db.executemany("UPDATE image SET trashed = ? WHERE no = ?", [(when, u[3]) for u in updates])
        self._db.executemany("DELETE FROM tagged WHERE list = ? AND tag = ? AND at = ? AND no = ?", dropped)
        self._db.executemany("INSERT INTO tagged VALUES (?, ?, ?, ?, ?, ?, ?)", put)

    def _note_entry(self, placed: Placed) -> None:
        entry = placed.entry
        self._db.execute(
            "INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?, ?, NULL, ?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET count = count + excluded.count",
            (
                self._owner,
                entry.seq,
                entry.at,
                entry.by,
                entry.op,
                touched_count(entry),
                entry.undoes,
                ",".join(changed_fields(entry)),
                status_set(entry),
                placed.generation,
                placed.offset,
            ),
        )
        if entry.undoes is not None:
            self._db.execute(
                "UPDATE entry SET undone_by = ? WHERE owner = ? AND seq = ?",
                (entry.seq, self._owner, entry.undoes),
            )


def _moved(old: Stand, to: dict[str, Any]) -> Stand:
    number = old.list
    if "status" in to:
        number = number - is_trash_list(number) + (to["status"] == "trash")
    return old._replace(list=number, favorite=int(to.get("favorite", old.favorite)))


def _tags_in(light: bytes) -> list[str]:
    tags: list[str] = [] if b'"tags":[]' in light else orjson.loads(light)["tags"]
    return tags


def _marks(values: Sequence[object]) -> str:
    return ",".join("?" * len(values))


def sha_number(sha256: str) -> int:
    """The first eight bytes of a SHA-256 as SQLite's signed integer."""
    return int.from_bytes(bytes.fromhex(sha256[:16] or "00"), "big", signed=True)


def split(record: ImageRecord, raw: bytes | None) -> tuple[bytes, bytes | None]:
    """A record's JSON without and only with the heavy fields; `raw` is its JSON where that is at hand."""
    if raw is not None and record.workflow is None and not record.texts:
        return raw, None
    data = record_to_dict(record)
    heavy = {name: data.pop(name) for name in HEAVY}
    return orjson.dumps(data), orjson.dumps(heavy) if any(heavy.values()) else None


def records_by_id(db: sqlite3.Connection, owner: int, ids: Sequence[str]) -> dict[str, ImageRecord]:
    """Whole records of those ids that are there."""
    found = {}
    for start in range(0, len(ids), _BY_IDS):
        some = ids[start : start + _BY_IDS]
        rows = db.execute(
            "SELECT i.rev, i.list, i.trashed, i.favorite, b.rev, b.light, b.heavy FROM image i"
            f" CROSS JOIN body b ON b.no = i.no WHERE i.owner = ? AND i.id IN ({_marks(some)})",
            (owner, *map(bytes.fromhex, some)),
        )
        records = [record_of(row) for row in rows]
        found.update({record.id: record for record in records})
    return found
