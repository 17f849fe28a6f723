"""From a query to SQL that walks the shortest posting list in order and stops when a page is full."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any, NamedTuple

from ..model.queries import Query, fold_text
from .bodies import LIGHT
from .schema import ALL, DAY, DAY_MICROS, FAVORITE, RATIO, TAG, WORKFLOW, list_number

_SORTS = {"newest": "at", "oldest": "at", "largest": "bytes", "trashed": "gone"}
_OWN_INDEX = {"largest": "image_bytes", "trashed": "image_gone"}
_FACET_INDEX = {WORKFLOW: "image_workflow", RATIO: "image_ratio", FAVORITE: "image_favorite"}
_WORTH_SORTING = 8_000
"""Up to so many images, sorting a posting list is cheaper than looking for them along another order."""
_FAR = 1_000
_WHOLE = (ALL, 0)


class Filters(NamedTuple):
    """A query with its words replaced by their numbers, in an order its lists have."""

    tags: tuple[int, ...]
    workflow: int | None
    ratio: int | None
    favorite: bool | None
    since: int | None
    until: int | None
    text: str | None
    order: str


class Walk(NamedTuple):
    """The SQL that walks one list: FROM and WHERE with their values, the sort column and its table."""

    source: str
    where: str
    values: list[Any]
    sort: str
    descending: bool


def lists_of(query: Query, owner: int) -> list[int]:
    """The lists a query walks."""
    return [list_number(owner, kind, query.status) for kind in query.kinds]


def filters_of(db: sqlite3.Connection, query: Query) -> Filters | None:
    """The filters by number; None when nothing can match because a word is in no image at all."""
    tags = tuple({_word(db, fold_text(tag)): None for tag in query.tags})
    workflow = None if query.workflow_id is None else _word(db, query.workflow_id)
    ratio = None if query.aspect_ratio is None else _word(db, query.aspect_ratio)
    if -1 in (*tags, workflow, ratio):
        return None
    text = None if query.text is None else fold_text(query.text)
    order = "newest" if query.order == "trashed" and query.status != "trash" else query.order
    return Filters(tags, workflow, ratio, query.favorite, query.since, query.until, text, order)


def _word(db: sqlite3.Connection, text: str) -> int:
    row = db.execute("SELECT no FROM word WHERE text = ?", (text,)).fetchone()
    return -1 if row is None else int(row[0])


def kept_total(db: sqlite3.Connection, number: int, facet: int, value: int) -> int:
    """How many images of a list have this value, from the kept totals."""
    row = db.execute(
        "SELECT n FROM total WHERE list = ? AND facet = ? AND value = ?", (number, facet, value)
    ).fetchone()
    return 0 if row is None else int(row[0])


def _postings(filters: Filters) -> list[tuple[int, int]]:
    """(facet, value) of every filter that has a posting list of its own."""
    found = [(TAG, tag) for tag in filters.tags]
    found += [] if filters.workflow is None else [(WORKFLOW, filters.workflow)]
    found += [] if filters.ratio is None else [(RATIO, filters.ratio)]
    found += [(FAVORITE, 1)] if filters.favorite else []
    return found


def walk_of(db: sqlite3.Connection, number: int, filters: Filters) -> Walk:
    """The walk through one list, along the shortest posting list."""
    totals = {posting: kept_total(db, number, *posting) for posting in _postings(filters) or [_WHOLE]}
    lead = min(totals, key=totals.__getitem__)
    sort = _SORTS[filters.order]
    if sort != "at" and totals[lead] > _WORTH_SORTING:
        lead, source = _WHOLE, f"image x INDEXED BY {_OWN_INDEX[filters.order]}"
    elif lead == _WHOLE:
        source = "image x INDEXED BY image_new"
    elif lead[0] == TAG:
        source = "tagged x" if sort == "at" else "tagged x CROSS JOIN image s ON s.no = x.no"
    else:
        source = f"image x INDEXED BY {_FACET_INDEX[lead[0]]}"
    where, values = _conditions(filters, lead, number)
    if "image_bytes" in source:
        where, values = f"x.owner = ? AND {where}", [number // 8, *values]
    table = "s" if " s ON " in source else "x"
    return Walk(source, where, values, f"{table}.{sort}", filters.order != "oldest")


def _conditions(filters: Filters, lead: tuple[int, int], number: int) -> tuple[str, list[Any]]:
    conditions: list[tuple[str, list[Any]]] = [("x.list = ?", [number])]
    if lead[0] == TAG:
        conditions.append(("x.tag = ?", [lead[1]]))
    simple = {
        "x.workflow = ?": filters.workflow,
        "x.ratio = ?": filters.ratio,
        "x.at >= ?": filters.since,
        "x.at < ?": filters.until,
    }
    conditions += [(condition, [value]) for condition, value in simple.items() if value is not None]
    if filters.favorite is not None:
        conditions.append((f"x.favorite = {int(filters.favorite)}", []))
    conditions += [
        ("EXISTS (SELECT 1 FROM tagged t WHERE t.list = ? AND t.tag = ? AND t.at = x.at AND t.no = x.no)",
         [number, tag])
        for tag in filters.tags if (TAG, tag) != lead
    ]  # fmt: skip
    if filters.text is not None:
        found = "EXISTS (SELECT 1 FROM searched s WHERE s.no = x.no AND instr(s.text, ?))"
        conditions.append((found, [filters.text]))
    if filters.order == "trashed" and lead[0] != TAG:
        conditions.append(("x.gone IS NOT NULL", []))
    return " AND ".join(text for text, _ in conditions), [value for _, many in conditions for value in many]


def page_rows(
    db: sqlite3.Connection,
    filters: Filters,
    lists: Sequence[int],
    place: tuple[int, int] | None,
    portion: tuple[int, int],
) -> list[tuple[Any, ...]]:
    """(sort value, row number, id, …the columns of a light body) of the next images behind `place`;
    a portion is how many, and how many to pass over first."""
    size, skip = portion
    if len(lists) > 1:
        found = [row for one in lists for row in page_rows(db, filters, [one], place, (size + skip, 0))]
        return sorted(found, key=_order, reverse=filters.order != "oldest")[skip : skip + size]
    if place is None:
        filters, skip = _jump_days(db, lists[0], filters, skip)
    walk = walk_of(db, lists[0], filters)
    values = [*walk.values, *(place or ()), size, skip]
    rows = db.execute(page_sql(walk, place is not None), values).fetchall()
    rows.sort(key=_order, reverse=walk.descending)
    return rows


def _order(row: tuple[Any, ...]) -> tuple[int, int]:
    return row[0], row[1]


def page_sql(walk: Walk, behind: bool) -> str:
    """The statement of a page; it takes the walk's values, the place if there is one, size and skip."""
    way, beyond = ("DESC", "<") if walk.descending else ("ASC", ">")
    condition = f" AND ({walk.sort}, x.no) {beyond} (?, ?)" if behind else ""
    return (
        f"SELECT w.value, w.no, i.id, {LIGHT} FROM"
        f" (SELECT {walk.sort} AS value, x.no AS no FROM {walk.source} WHERE {walk.where}{condition}"
        f" ORDER BY {walk.sort} {way}, x.no {way} LIMIT ? OFFSET ?) w"
        " CROSS JOIN image i ON i.no = w.no CROSS JOIN body b ON b.no = w.no"
    )


def _jump_days(db: sqlite3.Connection, number: int, filters: Filters, skip: int) -> tuple[Filters, int]:
    """A far page of a whole list begins at the day it falls into, not at the first image."""
    if skip < _FAR or filters != Filters((), None, None, None, None, None, None, filters.order):
        return filters, skip
    if filters.order not in ("newest", "oldest"):
        return filters, skip
    way = "DESC" if filters.order == "newest" else "ASC"
    days = f"SELECT value, n FROM total WHERE list = ? AND facet = ? ORDER BY value {way}"
    passed = 0
    for day, n in db.execute(days, (number, DAY)).fetchall():
        if passed + n > skip:
            bound = {"until": (day + 1) * DAY_MICROS} if way == "DESC" else {"since": day * DAY_MICROS}
            return filters._replace(**bound), skip - passed
        passed += n
    return filters, skip


def matching(
    db: sqlite3.Connection, columns: str, number: int, filters: Filters, until: int | None
) -> list[tuple[Any, ...]]:
    """These columns of `image i` for all of a list that match, of those first added by lines up to
    `until`; in no order."""
    walk = walk_of(db, number, filters._replace(order="newest"))
    return db.execute(
        f"SELECT {columns} FROM (SELECT x.no FROM {walk.source} WHERE {walk.where}) w"
        " CROSS JOIN image i ON i.no = w.no WHERE i.added <= ?",
        (*walk.values, 1 << 62 if until is None else until),
    ).fetchall()


def count(db: sqlite3.Connection, number: int, filters: Filters) -> int:
    """Exactly how many of a list match: kept totals for one filter, else a covered walk."""
    found = _postings(filters)
    is_dated = filters.since is not None or filters.until is not None
    if filters.text is not None or len(found) > 1 or (is_dated and (found or filters.favorite is False)):
        return _walk_count(db, number, filters)
    if is_dated:
        return _count_days(db, number, filters)
    if filters.favorite is not False:
        return kept_total(db, number, *(found[0] if found else _WHOLE))
    if found:
        return _walk_count(db, number, filters)
    return kept_total(db, number, *_WHOLE) - kept_total(db, number, FAVORITE, 1)


def _walk_count(db: sqlite3.Connection, number: int, filters: Filters) -> int:
    walk = walk_of(db, number, filters._replace(order="newest"))
    row = db.execute(f"SELECT count(*) FROM {walk.source} WHERE {walk.where}", walk.values).fetchone()
    return int(row[0])


def _count_days(db: sqlite3.Connection, number: int, filters: Filters) -> int:
    """Whole UTC days from the kept totals, the broken days at both ends by walking them."""
    first = -(-filters.since // DAY_MICROS) if filters.since is not None else -(1 << 40)
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
