"""The tables of the SQLite index, and how a connection to them is opened."""

from __future__ import annotations

import sqlite3

VERSION = 1

TABLES = """
CREATE TABLE owner (no INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,
                    generation TEXT, offset INTEGER, seq INTEGER);
CREATE TABLE word (no INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
CREATE TABLE image (no INTEGER PRIMARY KEY, owner INTEGER NOT NULL, id BLOB NOT NULL, list INTEGER NOT NULL,
                    at INTEGER NOT NULL, workflow INTEGER NOT NULL, ratio INTEGER NOT NULL,
                    favorite INTEGER NOT NULL, rev INTEGER NOT NULL, added INTEGER NOT NULL,
                    bytes INTEGER NOT NULL, trashed INTEGER, sha INTEGER NOT NULL, idempotency TEXT);
CREATE TABLE body (no INTEGER PRIMARY KEY, rev INTEGER NOT NULL, light BLOB NOT NULL, heavy BLOB);
CREATE TABLE searched (no INTEGER PRIMARY KEY, text TEXT NOT NULL);
CREATE TABLE tagged (list INTEGER, tag INTEGER, at INTEGER, no INTEGER, workflow INTEGER, ratio INTEGER,
                     favorite INTEGER, PRIMARY KEY (list, tag, at, no)) WITHOUT ROWID;
CREATE TABLE total (list INTEGER, facet INTEGER, value INTEGER, n INTEGER NOT NULL, bytes INTEGER NOT NULL,
                    PRIMARY KEY (list, facet, value)) WITHOUT ROWID;
CREATE TABLE entry (owner INTEGER, seq INTEGER, at TEXT, by TEXT, op TEXT, count INTEGER, undoes INTEGER,
                    undone_by INTEGER, fields TEXT, status TEXT, generation TEXT, offset INTEGER,
                    PRIMARY KEY (owner, seq)) WITHOUT ROWID;
CREATE TABLE tombstone (owner INTEGER, id BLOB, seq INTEGER, PRIMARY KEY (owner, id)) WITHOUT ROWID;
CREATE UNIQUE INDEX image_id ON image (owner, id);
"""

INDEXES = """
CREATE INDEX IF NOT EXISTS image_new ON image (list, at, no, workflow, ratio, favorite);
CREATE INDEX IF NOT EXISTS image_workflow ON image (list, workflow, at, no, ratio, favorite);
CREATE INDEX IF NOT EXISTS image_ratio ON image (list, ratio, at, no, workflow, favorite);
CREATE INDEX IF NOT EXISTS image_favorite ON image (list, at, no, workflow, ratio) WHERE favorite = 1;
CREATE INDEX IF NOT EXISTS image_trashed ON image (list, trashed, no) WHERE trashed IS NOT NULL;
CREATE INDEX IF NOT EXISTS image_bytes ON image (list, bytes, no);
CREATE INDEX IF NOT EXISTS image_sha ON image (owner, sha);
CREATE INDEX IF NOT EXISTS image_idempotency ON image (owner, idempotency) WHERE idempotency IS NOT NULL;
"""

ALL, WORKFLOW, RATIO, FAVORITE, TAG, DAY = range(6)
"""The facets that have kept totals."""

DAY_MICROS = 86_400_000_000
_KIND_NUMBERS = {"output": 0, "control": 1, "input": 2}


def list_number(owner: int, kind: str, status: str) -> int:
    """The number of the list an image stands in: one per owner, kind and status."""
    return owner * 8 + _KIND_NUMBERS[kind] * 2 + (status == "trash")


def is_trash_list(number: int) -> bool:
    """Whether a list holds trashed images."""
    return number % 2 == 1


def connect(path: str, writable: bool) -> sqlite3.Connection:
    """A connection in autocommit mode; only a writable one makes the file."""
    connection = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute(f"PRAGMA cache_size = {-16_000 if writable else -4_000}")
    connection.execute("PRAGMA temp_store = MEMORY")
    return connection


def prepare(connection: sqlite3.Connection, indexes: bool = True) -> bool:
    """Make the tables where they are missing; False when another version made them."""
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version == VERSION:
        return True
    if version != 0:
        return False
    connection.executescript(
        f"BEGIN IMMEDIATE;{TABLES}{INDEXES if indexes else ''}PRAGMA user_version = {VERSION};COMMIT;"
    )
    return True


TOTALS_OF_EVERYTHING = f"""
DELETE FROM total;
INSERT INTO total SELECT list, {ALL}, 0, count(*), sum(bytes) FROM image GROUP BY list;
INSERT INTO total SELECT list, {WORKFLOW}, workflow, count(*), sum(bytes) FROM image WHERE workflow
  GROUP BY list, workflow;
INSERT INTO total SELECT list, {RATIO}, ratio, count(*), sum(bytes) FROM image WHERE ratio
  GROUP BY list, ratio;
INSERT INTO total SELECT list, {FAVORITE}, 1, count(*), sum(bytes) FROM image WHERE favorite GROUP BY list;
INSERT INTO total SELECT t.list, {TAG}, t.tag, count(*), sum(i.bytes)
  FROM tagged t CROSS JOIN image i ON i.no = t.no GROUP BY t.list, t.tag;
INSERT INTO total SELECT list, {DAY}, at / {DAY_MICROS}, count(*), sum(bytes) FROM image
  GROUP BY list, at / {DAY_MICROS};
"""
