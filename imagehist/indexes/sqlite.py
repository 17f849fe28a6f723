"""The index as one disposable SQLite file in WAL mode, shared by all processes of a machine."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from ..model.faults import FormatNewer, StorageFull, StorageReadOnly
from ..model.queries import Place, Query
from ..model.records import ImageRecord, State
from ..ports import Cursor, Head, Placed, Row, Usage
from .applying import Folder
from .bodies import STATE, WHOLE, light_body, record_of, state_of
from .rows import records_by_id, sha_number
from .schema import (
    ALL,
    INDEXES,
    TOTALS_OF_EVERYTHING,
    connect,
    connect_for_building,
    is_trash_list,
    prepare,
)
from .selecting import count, filters_of, lists_of, matching, page_rows

_HEAD = "seq, at, by, op, count, undoes, undone_by, fields, status"
_BODIES = "FROM image i CROSS JOIN body b ON b.no = i.no"


class SqliteIndex:
    """Readers have a connection a thread; one writer connection takes turns under a lock.

    While `building` there is one connection for everything, and nothing survives a crash.
    """

    def __init__(self, path: str, building: bool = False) -> None:
        self._path = path
        self._building = building
        self._lock = threading.Lock()
        self._local = threading.local()
        self._readers: list[sqlite3.Connection] = []
        self._writer = connect_for_building(path) if building else connect(path, writable=True)
        if not prepare(self._writer, indexes=not building):
            raise FormatNewer(
                "The index was made by another version; remove index.sqlite* to have it rebuilt."
            )

    @property
    def _reader(self) -> sqlite3.Connection:
        found: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if found is None:
            found = self._writer if self._building else connect(self._path, writable=False)
            self._local.connection = found
            self._readers.append(found)
        return found

    def close(self) -> None:
        for connection in {*self._readers, self._writer}:
            connection.close()

    def _number(self, owner: str) -> int | None:
        row = self._reader.execute("SELECT no FROM owner WHERE name = ?", (owner,)).fetchone()
        return None if row is None else int(row[0])

    def cursor(self, owner: str) -> Cursor | None:
        return _cursor(self._reader, owner)

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """One step of the writer. Raises StorageFull or StorageReadOnly when the file takes no more."""
        try:
            with self._lock:
                self._writer.execute("BEGIN IMMEDIATE")
                with self._writer:  # commits, or rolls back when anything is raised
                    yield self._writer
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_FULL:
                raise StorageFull("The disk has no room for the index.") from error
            raise StorageReadOnly("The index cannot be written.", retry_after=30) from error

    def apply(self, owner: str, base: Cursor | None, entries: Sequence[Placed], end: Cursor) -> bool:
        with self._transaction() as db:
            if base is not None and _cursor(db, owner) != base:
                return False
            number = _owner_number(db, owner)
            if base is None:
                _forget(db, number)
            folder = Folder(db, number, keep_totals=not self._building)
            for placed in entries:
                folder.fold(placed)
            folder.finish()
            db.execute("UPDATE owner SET generation = ?, offset = ?, seq = ? WHERE no = ?", (*end, number))
        return True

    def finish_building(self) -> None:
        if self._building:
            self._writer.execute("PRAGMA synchronous = NORMAL")  # the commit makes the whole file durable
            self._writer.executescript(f"BEGIN;{INDEXES}{TOTALS_OF_EVERYTHING}COMMIT;")
            self._writer.execute("PRAGMA locking_mode = NORMAL")
            self._writer.execute("PRAGMA journal_mode = WAL")  # a copy takes this over with the pages
            self._building, self._local = False, threading.local()

    def take_from(self, built: SqliteIndex) -> None:
        """Replace everything by the rows of another index, in one step for every reader."""
        with self._lock, built._lock:
            built._writer.backup(self._writer)

    def owners(self) -> list[str]:
        rows = self._reader.execute("SELECT name FROM owner WHERE generation IS NOT NULL ORDER BY name")
        return [row[0] for row in rows]

    def records(self, owner: str, ids: Sequence[str]) -> dict[str, ImageRecord]:
        number = self._number(owner)
        return {} if number is None else records_by_id(self._reader, number, ids)

    def every_record(self, owner: str) -> Iterator[ImageRecord]:
        number, last = self._number(owner), b""
        while rows := self._reader.execute(
            f"SELECT i.id, {WHOLE} {_BODIES} WHERE i.owner = ? AND i.id > ? ORDER BY i.id LIMIT 500",
            (number, last),
        ).fetchall():  # in portions: an open statement would hold this thread at its moment
            yield from (record_of(row[1:]) for row in rows)
            last = rows[-1][0]

    def purged(self, owner: str, ids: Sequence[str]) -> dict[str, int]:
        number = self._number(owner)
        asked = "SELECT seq FROM tombstone WHERE owner = ? AND id = ?"
        found = {
            image: self._reader.execute(asked, (number, bytes.fromhex(image))).fetchone() for image in ids
        }
        return {image: row[0] for image, row in found.items() if row is not None}

    def tombstones(self, owner: str) -> list[tuple[str, int]]:
        rows = self._reader.execute(
            "SELECT id, seq FROM tombstone WHERE owner = ? ORDER BY id", (self._number(owner),)
        )
        return [(row[0].hex(), row[1]) for row in rows]

    def page(self, query: Query, after: Place | None, size: int, skip: int = 0) -> list[Row]:
        db, number = self._reader, self._number(query.owner)
        filters = None if number is None else filters_of(db, query)
        if number is None or filters is None:
            return []
        place = _place(db, number, query, after)
        rows = page_rows(db, filters, lists_of(query, number), place, (size, skip))
        return [Row(Place(row[0], row[2].hex()), light_body(row[3:])) for row in rows]

    def count(self, query: Query) -> int:
        db, number = self._reader, self._number(query.owner)
        filters = None if number is None else filters_of(db, query)
        if number is None or filters is None:
            return 0
        return sum(count(db, one, filters) for one in lists_of(query, number))

    def ids(self, query: Query, until_rev: int | None = None) -> list[str]:
        return [row[0].hex() for row in self._matching("i.id", query, until_rev)]

    def states(self, query: Query, until_rev: int | None = None) -> list[State]:
        return list(map(state_of, self._matching(STATE, query, until_rev)))

    def _matching(self, columns: str, query: Query, until_rev: int | None) -> Iterator[tuple[Any, ...]]:
        db, number = self._reader, self._number(query.owner)
        filters = None if number is None else filters_of(db, query)
        if number is None or filters is None:
            return
        for one in lists_of(query, number):
            yield from matching(db, columns, one, filters, until_rev)

    def by_sha256(self, owner: str, sha256: str) -> str | None:
        rows = self._reader.execute(
            f"SELECT i.id, b.light {_BODIES} WHERE i.owner = ? AND i.sha = ? ORDER BY i.at, i.id",
            (self._number(owner), sha_number(sha256)),
        )
        return next((row[0].hex() for row in rows if sha256.encode() in row[1]), None)

    def by_idempotency_key(self, owner: str, key: str) -> list[ImageRecord]:
        rows = self._reader.execute(
            f"SELECT {WHOLE} {_BODIES} WHERE i.owner = ? AND i.idempotency = ? ORDER BY i.no",
            (self._number(owner), key),
        )
        return list(map(record_of, rows))

    def heads(self, owner: str, before: int | None, size: int, skip: int = 0) -> list[Head]:
        rows = self._reader.execute(
            f"SELECT {_HEAD} FROM entry WHERE owner = ? AND seq < ? ORDER BY seq DESC LIMIT ? OFFSET ?",
            (self._number(owner), before if before is not None else 1 << 62, size, skip),
        )
        return [_head(row) for row in rows]

    def head_count(self, owner: str) -> int:
        row = self._reader.execute("SELECT entries FROM owner WHERE name = ?", (owner,)).fetchone()
        return 0 if row is None else int(row[0])

    def head(self, owner: str, seq: int) -> Head | None:
        row = self._reader.execute(
            f"SELECT {_HEAD} FROM entry WHERE owner = ? AND seq = ?", (self._number(owner), seq)
        ).fetchone()
        return None if row is None else _head(row)

    def last_seq(self, owner: str, at: str) -> int:
        asked = "SELECT coalesce(max(seq), 0) FROM entry WHERE owner = ? AND at <= ?"
        return int(self._reader.execute(asked, (self._number(owner), at)).fetchone()[0])

    def place_of(self, owner: str, seq: int) -> Cursor | None:
        row = self._reader.execute(
            "SELECT w.text, e.offset FROM entry e CROSS JOIN word w ON w.no = e.generation"
            " WHERE e.owner = ? AND e.seq = ?",
            (self._number(owner), seq),
        ).fetchone()
        return None if row is None else Cursor(row[0], row[1], seq - 1)

    def usage(self, owner: str) -> Usage:
        number = self._number(owner) or -1
        rows = self._reader.execute(
            "SELECT list, n, bytes FROM total WHERE list BETWEEN ? AND ? AND facet = ?",
            (number * 8, number * 8 + 7, ALL),
        ).fetchall()
        trash = [(n, size) for one, n, size in rows if is_trash_list(one)]
        return Usage(
            sum(row[1] for row in rows),
            sum(row[2] for row in rows),
            sum(n for n, _ in trash),
            sum(size for _, size in trash),
        )


def _cursor(db: sqlite3.Connection, owner: str) -> Cursor | None:
    row = db.execute("SELECT generation, offset, seq FROM owner WHERE name = ?", (owner,)).fetchone()
    return None if row is None or row[0] is None else Cursor(*row)


def _owner_number(db: sqlite3.Connection, owner: str) -> int:
    db.execute("INSERT OR IGNORE INTO owner (name) VALUES (?)", (owner,))
    return int(db.execute("SELECT no FROM owner WHERE name = ?", (owner,)).fetchone()[0])


def _forget(db: sqlite3.Connection, number: int) -> None:
    for table in ("body", "searched"):
        db.execute(f"DELETE FROM {table} WHERE no IN (SELECT no FROM image WHERE owner = ?)", (number,))
    for table in ("tagged", "total"):
        db.execute(f"DELETE FROM {table} WHERE list BETWEEN ? AND ?", (number * 8, number * 8 + 7))
    for table in ("image", "entry", "tombstone"):
        db.execute(f"DELETE FROM {table} WHERE owner = ?", (number,))
    db.execute("UPDATE owner SET entries = 0 WHERE no = ?", (number,))


def _place(db: sqlite3.Connection, owner: int, query: Query, after: Place | None) -> tuple[int, int] | None:
    """The row of the image a page ended with; for a purged one, behind all of its instant."""
    if after is None:
        return None
    row = db.execute(
        "SELECT no FROM image WHERE owner = ? AND id = ?", (owner, bytes.fromhex(after.id))
    ).fetchone()
    behind = 1 << 62 if query.order == "oldest" else 0
    return after.value, behind if row is None else int(row[0])


def _head(row: tuple[int, str, str, str, int, int | None, int | None, str, str | None]) -> Head:
    return Head(*row[:7], tuple(row[7].split(",")) if row[7] else (), row[8])
