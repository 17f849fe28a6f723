"""From records to the rows of the SQLite tables, many at a time."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from ..model.queries import fold_text, searched_text
from ..model.records import ImageRecord
from ..model.times import to_micros
from .bodies import WHOLE, heavy_json, light_json, record_of
from .schema import list_number
from .totals import Stand

BY_IDS = 500
_IMAGE = f"INSERT INTO image VALUES ({','.join('?' * 17)})"


class Placing(NamedTuple):
    """A record on its way into the tables: its row number, and the line that first added it."""

    no: int
    added: int
    record: ImageRecord


class Words:
    """Numbers for the words that are filtered by; 0 stands for none."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._known: dict[str, int] = {}

    def number(self, text: str | None) -> int:
        """The number of a word, a new one when it has none yet."""
        if text is None:
            return 0
        found = self._known.get(text)
        if found is None:
            self._db.execute("INSERT OR IGNORE INTO word (text) VALUES (?)", (text,))
            found = int(self._db.execute("SELECT no FROM word WHERE text = ?", (text,)).fetchone()[0])
            self._known[text] = found
        return found

    def of_tags(self, tags: Sequence[str]) -> str:
        """The numbers of tags as a row keeps them: without doubles, in ascending order."""
        if not tags:
            return ""
        return " ".join(map(str, sorted({self.number(fold_text(tag)) for tag in tags})))


def insert(db: sqlite3.Connection, owner: int, words: Words, placings: Iterable[Placing]) -> list[Stand]:
    """Write new rows of every table."""
    stands, images, bodies, texts = list[Stand](), list[Any](), list[Any](), list[Any]()
    for no, added, record in placings:
        stand = _stand(owner, no, record, words)
        stands.append(stand)
        images.append(_image(owner, stand, record, added))
        bodies.append((no, light_json(record), heavy_json(record)))
        texts.append((no, searched_text(record)))
    db.executemany(_IMAGE, images)
    db.executemany("INSERT INTO body VALUES (?, ?, ?)", bodies)
    db.executemany("INSERT INTO searched VALUES (?, ?)", texts)
    put_tags(db, stands)
    return stands


def _stand(owner: int, no: int, record: ImageRecord, words: Words) -> Stand:
    return Stand(
        no,
        list_number(owner, record.kind, record.status),
        to_micros(record.created_at),
        words.number(record.workflow_id),
        words.number(record.aspect_ratio),
        int(record.favorite),
        record.bytes,
        words.of_tags(record.tags),
    )


def _image(owner: int, stand: Stand, record: ImageRecord, added: int) -> tuple[Any, ...]:
    trashed = None if record.trashed_at is None else to_micros(record.trashed_at)
    return (
        stand.no,
        owner,
        bytes.fromhex(record.id),
        *stand[1:],
        trashed,
        gone(stand, trashed),
        record.rev,
        added,
        sha_number(record.sha256),
        record.idempotency_key,
        0,
    )


def gone(stand: Stand, trashed: int | None) -> int | None:
    """The place in the order of the trash, None outside of it."""
    if not stand.list % 2:
        return None
    return stand.at if trashed is None else trashed


def put_tags(db: sqlite3.Connection, stands: Iterable[Stand]) -> None:
    """Write the posting rows of every tag."""
    db.executemany(
        "INSERT INTO tagged VALUES (?, ?, ?, ?, ?, ?, ?)",
        [(s.list, int(tag), s.at, s.no, s.workflow, s.ratio, s.favorite) for s in stands if s.tags
         for tag in s.tags.split()],
    )  # fmt: skip


def move_tags(db: sqlite3.Connection, olds: Iterable[Stand], news: Iterable[Stand]) -> None:
    """Bring the posting rows of images whose list or favourite mark changed to their new place."""
    rows = [
        (int(tag), old.at, old.no, old.list, new.list, new.favorite)
        for old, new in zip(olds, news, strict=True) if old.tags for tag in old.tags.split()
    ]  # fmt: skip
    rows.sort()  # neighbours in the order of the table
    db.executemany(
        "UPDATE tagged SET list = ?5, favorite = ?6 WHERE list = ?4 AND tag = ?1 AND at = ?2 AND no = ?3",
        rows,
    )


def delete(db: sqlite3.Connection, stands: Sequence[Stand]) -> None:
    """Remove rows from every table."""
    db.executemany(
        "DELETE FROM tagged WHERE list = ? AND tag = ? AND at = ? AND no = ?",
        [(s.list, int(tag), s.at, s.no) for s in stands if s.tags for tag in s.tags.split()],
    )
    for table in ("image", "body", "searched"):
        db.executemany(f"DELETE FROM {table} WHERE no = ?", [(stand.no,) for stand in stands])


def sha_number(sha256: str) -> int:
    """The first eight bytes of a SHA-256 as SQLite's signed integer."""
    return int.from_bytes(bytes.fromhex(sha256[:16] or "00"), "big", signed=True)


def by_ids(db: sqlite3.Connection, columns: str, owner: int, ids: Sequence[str]) -> list[tuple[Any, ...]]:
    """These columns of every image `i` (with its body `b` where named) whose id is among `ids`."""
    source = "image i CROSS JOIN body b ON b.no = i.no" if "b." in columns else "image i"
    rows = list[tuple[Any, ...]]()
    for start in range(0, len(ids), BY_IDS):
        some = ids[start : start + BY_IDS]
        marks = ",".join("?" * len(some))
        rows += db.execute(
            f"SELECT {columns} FROM {source} WHERE i.owner = ? AND i.id IN ({marks})",
            (owner, *map(bytes.fromhex, some)),
        )
    return rows


def records_by_id(db: sqlite3.Connection, owner: int, ids: Sequence[str]) -> dict[str, ImageRecord]:
    """Whole records of those ids that are there."""
    return {record.id: record for record in map(record_of, by_ids(db, WHOLE, owner, ids))}
