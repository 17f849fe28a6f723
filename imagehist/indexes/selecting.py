"""From a query to SQL that walks the shortest posting list in order and stops when a page is full."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

from ..model.queries import Query, fold_text
from .schema import DAY, DAY_MICROS, FAVORITE, RATIO, TAG, WORKFLOW, list_number

_SORTS = {"newest": "at", "oldest": "at", "largest": "bytes", "trashed": "trashed"}


class Filters(NamedTuple):
    """A query with its words replaced by their numbers; None when a word is in no image at all."""

    tags: tuple[int, ...]
    workflow: int | None
    ratio: int | None
    favorite: bool | None
    since: int | None
    until: int | None
    text: str | None


class Part(NamedTuple):
    """The SQL that walks one list in order: FROM and WHERE with their values, and the sort column."""

    source: str
    where: str
    values: list[object]
    sort: str
    descending: bool


def lists_of(query: Query, owner: int) -> list[int]:
    """The lists a query walks."""
    return [list_number(owner, kind, query.status) for kind in query.kinds]


def filters_of(db: sqlite3.Connection, query: Query) -> Filters | None:
    """The filters by number; None when nothing can match."""
    tags = [word_number(db, fold_text(tag)) for tag in query.tags]
    workflow = None if query.workflow_id is None else word_number(db, query.workflow_id)
    ratio = None if query.aspect_ratio is None else word_number(db, query.aspect_ratio)
    if -1 in (*tags, workflow, ratio):
        return None
    text = None if query.text is None else fold_text(query.text)
    return Filters(tuple(tags), workflow, ratio, query.favorite, query.since, query.until, text)


def word_number(db: sqlite3.Connection, text: str) -> int:
    """The number of an interned word, -1 when no image ever had it."""
    row = db.execute("SELECT no FROM word WHERE text = ?", (text,)).fetchone()
    return -1 if row is None else int(row[0])


def kept_total(db: sqlite3.Connection, number: int, facet: int, value: int) -> int:
    """How many images of a list have this value, from the kept totals."""
    row = db.execute(
        "SELECT n FROM total WHERE list = ? AND facet = ? AND value = ?", (number, facet, value)
    ).fetchone()
    return 0 if row is None else int(row[0])


def postings(filters: Filters) -> list[tuple[int, int]]:
    """(facet, value) of every filter that has a posting list of its own."""
    found = [(TAG, tag) for tag in filters.tags]
    found += [] if filters.workflow is None else [(WORKFLOW, filters.workflow)]
    found += [] if filters.ratio is None else [(RATIO, filters.ratio)]
    found += [(FAVORITE, 1)] if filters.favorite else []
    return found


def part(db: sqlite3.Connection, number: int, filters: Filters, order: str) -> Part:
    """The walk through one list, along the shortest posting list the order allows."""
    lead: tuple[int, int] | None = None
    if order in ("newest", "oldest"):
        lead = min(postings(filters), key=lambda p: kept_total(db, number, *p), default=None)
    source = _source(lead, order)
    conditions: list[str] = ["x.list = ?"]
    values: list[object] = [number]
    if lead is not None and lead[0] == TAG:
        conditions.append("x.tag = ?")
        values.append(lead[1])
    _narrow(conditions, values, filters, lead, number)
    return Part(source, " AND ".join(conditions), values, _SORTS[order], order != "oldest")


def _source(lead: tuple[int, int] | None, order: str) -> str:
    if order == "largest":
        return "image x INDEXED BY image_bytes"
    if order == "trashed":
        return "image x INDEXED BY image_trashed"
    if lead is None:
        return "image x INDEXED BY image_new"
    if lead[0] == TAG:
        return "tagged x"
    return (
        f"image x INDEXED BY image_{ {WORKFLOW: 'workflow', RATIO: 'ratio', FAVORITE: 'favorite'}[lead[0]] }"
    )


def _narrow(
    conditions: list[str], values: list[object], filters: Filters, lead: tuple[int, int] | None, number: int
) -> None:
    simple = [
        ("x.workflow = ?", filters.workflow),
        ("x.ratio = ?", filters.ratio),
        ("x.favorite = ?", None if filters.favorite is None else int(filters.favorite)),
        ("x.at >= ?", filters.since),
        ("x.at < ?", filters.until),
    ]
    for condition, value in simple:
        if value is not None:
            conditions.append("x.favorite = 1" if condition == "x.favorite = ?" and value else condition)
            values += [] if conditions[-1] == "x.favorite = 1" else [value]
    for tag in filters.tags:
        if (TAG, tag) != lead:
            conditions.append(
                "EXISTS (SELECT 1 FROM tagged t WHERE t.list = ? AND t.tag = ?"
                " AND t.at = x.at AND t.no = x.no)"
            )
            values += [number, tag]
    if filters.text is not None:
        conditions.append("EXISTS (SELECT 1 FROM searched s WHERE s.no = x.no AND instr(s.text, ?))")
        values.append(filters.text)


def walk_page(
    db: sqlite3.Connection, walk: Part, place: tuple[int, int] | None, size: int, skip: int
) -> list[tuple[int, int]]:
    """(sort value, row number) of the next images behind `place`."""
    where, values = walk.where, list(walk.values)
    if place is not None:
        where += f" AND (x.{walk.sort}, x.no) {'<' if walk.descending else '>'} (?, ?)"
        values += place
    if walk.sort == "trashed":
        where += " AND x.trashed IS NOT NULL"
    way = "DESC" if walk.descending else "ASC"
    return db.execute(
        f"SELECT x.{walk.sort}, x.no FROM {walk.source} WHERE {where}"
        f" ORDER BY x.{walk.sort} {way}, x.no {way} LIMIT ? OFFSET ?",
        (*values, size, skip),
    ).fetchall()


def count(db: sqlite3.Connection, number: int, filters: Filters) -> int:
    """Exactly how many of a list match: kept totals for one filter, else a covered walk."""
    found = postings(filters)
    dated = filters.since is not None or filters.until is not None
    if filters.text is None and filters.favorite is not False:
        if not dated and len(found) <= 1:
            return kept_total(db, number, *(found[0] if found else (0, 0)))
        if dated and not found:
            return _count_days(db, number, filters)
    return _walk_count(db, number, filters)


def _walk_count(db: sqlite3.Connection, number: int, filters: Filters) -> int:
    walk = part(db, number, filters, "newest")
    row = db.execute(f"SELECT count(*) FROM {walk.source} WHERE {walk.where}", walk.values).fetchone()
    return int(row[0])


def _count_days(db: sqlite3.Connection, number: int, filters: Filters) -> int:
    """Whole UTC days from the kept totals, the broken days at both ends by walking them."""
    first = -(-(filters.since or 0) // DAY_MICROS) if filters.since is not None else -(1 << 40)
    last = filters.until // DAY_MICROS if filters.until is not None else 1 << 40
    if last <= first:
        return _walk_count(db, number, filters)
    row = db.execute(
        "SELECT coalesce(sum(n), 0) FROM total WHERE list = ? AND facet = ? AND value >= ? AND value < ?",
        (number, DAY, first, last),
    ).fetchone()
    ends = 0
    if filters.since is not None:
        ends += _walk_count(db, number, filters._replace(until=first * DAY_MICROS))
    if filters.until is not None:
        ends += _walk_count(db, number, filters._replace(since=last * DAY_MICROS))
    return int(row[0]) + ends
