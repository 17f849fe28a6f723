"""The tables of the SQLite index, and how a connection to them is opened."""

from __future__ import annotations

import sqlite3
from contextlib import closing

VERSION = 3

TABLES = """
CREATE TABLE owner (no INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, generation TEXT, offset INTEGER,
                    seq INTEGER, entries INTEGER NOT NULL DEFAULT 0);
CREATE TABLE word (no INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
CREATE TABLE image (no INTEGER PRIMARY KEY, owner INTEGER NOT NULL, id BLOB NOT NULL, list INTEGER NOT NULL,
                    at INTEGER NOT NULL, workflow INTEGER NOT NULL, ratio INTEGER NOT NULL,
                    favorite INTEGER NOT NULL, bytes INTEGER NOT NULL, tags TEXT NOT NULL,
                    trashed INTEGER, gone INTEGER, rev INTEGER NOT NULL, added INTEGER NOT NULL,
                    sha INTEGER NOT NULL, idempotency TEXT, ahead INTEGER NOT NULL);
CREATE TABLE body (no INTEGER PRIMARY KEY, light BLOB NOT NULL, heavy BLOB);
CREATE TABLE searched (no INTEGER PRIMARY KEY, text TEXT NOT NULL);
CREATE TABLE tagged (list INTEGER, tag INTEGER, at INTEGER, no INTEGER, workflow INTEGER, ratio INTEGER,
                     favorite INTEGER, PRIMARY KEY (list, tag, at, no)) WITHOUT ROWID;
CREATE TABLE total (list INTEGER, facet INTEGER, value INTEGER, n INTEGER NOT NULL, bytes INTEGER NOT NULL,
                    PRIMARY KEY (list, facet, value)) WITHOUT ROWID;
CREATE TABLE entry (owner INTEGER, seq INTEGER, at TEXT, by TEXT, op TEXT, count INTEGER, undoes INTEGER,
                    undone_by INTEGER, fields TEXT, status TEXT, generation INTEGER, offset INTEGER,
                    PRIMARY KEY (owner, seq)) WITHOUT ROWID;
CREATE TABLE tombstone (owner INTEGER, id BLOB, seq INTEGER, PRIMARY KEY (owner, id)) WITHOUT ROWID;
CREATE UNIQUE INDEX image_id ON image (owner, id);
"""
"""`image.tags` are numbers of words between blanks; `gone` is the place in the order of the trash, null
outside of it; `ahead` is 1 where only this narrow row was changed since its body was written."""

INDEXES = """
CREATE INDEX IF NOT EXISTS image_new ON image (list, at, no, workflow, ratio, favorite);
CREATE INDEX IF NOT EXISTS image_workflow ON image (list, workflow, at, no, ratio, favorite);
CREATE INDEX IF NOT EXISTS image_ratio ON image (list, ratio, at, no, workflow, favorite);
CREATE INDEX IF NOT EXISTS image_favorite ON image (list, at, no, workflow, ratio, favorite)
  WHERE favorite = 1;
CREATE INDEX IF NOT EXISTS image_gone ON image (list, gone, no) WHERE gone IS NOT NULL;
CREATE INDEX IF NOT EXISTS image_bytes ON image (owner, bytes, no);
CREATE INDEX IF NOT EXISTS image_sha ON image (owner, sha);
CREATE INDEX IF NOT EXISTS image_idempotency ON image (owner, idempotency) WHERE idempotency IS NOT NULL;
"""

ALL, WORKFLOW, RATIO, FAVORITE, TAG, DAY = range(6)
"""The facets that have kept totals."""

DAY_MICROS = 86_400_000_000
_KIND_NUMBERS = {"output": 0, "control": 1, "input": 2}
_DAY_OF_AT = f"(at - (at % {DAY_MICROS} + {DAY_MICROS}) % {DAY_MICROS}) / {DAY_MICROS}"


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
    connection.execute(f"PRAGMA cache_size = {-8_000 if writable else -1_000}")
    connection.execute("PRAGMA temp_store = MEMORY")
    return connection


def connect_for_building(path: str) -> sqlite3.Connection:
    """A connection to a file that is thrown away when anything goes wrong: no journal, no other reader."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    for pragma in ("journal_mode = OFF", "synchronous = OFF", "locking_mode = EXCLUSIVE"):
        connection.execute(f"PRAGMA {pragma}")
    connection.execute("PRAGMA cache_size = -64000")
    connection.execute("PRAGMA threads = 2")
    connection.execute("PRAGMA temp_store = MEMORY")
    return connection


def is_usable(path: str) -> bool:
    """Whether a file is an index of this version that opens."""
    try:
        with closing(sqlite3.connect(path, timeout=30)) as connection:
            connection.execute("SELECT count(*) FROM owner").fetchone()
            return _version(connection) == VERSION
    except sqlite3.DatabaseError:
        return False


def prepare(connection: sqlite3.Connection, indexes: bool = True) -> bool:
    """Make the tables where they are missing; False when another version made them."""
    if _version(connection) == 0:
        connection.execute("BEGIN IMMEDIATE")
        if _version(connection) == 0:
            for statement in f"{TABLES}{INDEXES if indexes else ''}".split(";"):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {VERSION}")
        connection.execute("COMMIT")
    return _version(connection) == VERSION


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


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
INSERT INTO total SELECT list, {DAY}, {_DAY_OF_AT}, count(*), sum(bytes) FROM image GROUP BY 1, 3;
"""
