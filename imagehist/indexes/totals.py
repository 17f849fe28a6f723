"""Kept totals: how many images and bytes each list has, in all and for every value people filter by."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from typing import NamedTuple

from .schema import ALL, DAY, DAY_MICROS, FAVORITE, RATIO, TAG, WORKFLOW

_ADD = (
    "INSERT INTO total VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE"
    " SET n = n + excluded.n, bytes = bytes + excluded.bytes"
)
_CLEAN = "DELETE FROM total WHERE list = ? AND facet = ? AND value = ? AND n = 0"


class Stand(NamedTuple):
    """The part of an image's row that lists, indexes and totals depend on."""

    no: int
    list: int
    at: int
    workflow: int
    ratio: int
    favorite: int
    bytes: int
    tags: str


def facets_of(stand: Stand) -> list[tuple[int, int, int]]:
    """Every total an image counts in."""
    _, number, at, workflow, ratio, favorite, _, tags = stand
    keys = [(number, ALL, 0), (number, DAY, at // DAY_MICROS)]
    if workflow:
        keys.append((number, WORKFLOW, workflow))
    if ratio:
        keys.append((number, RATIO, ratio))
    if favorite:
        keys.append((number, FAVORITE, 1))
    if tags:
        keys += [(number, TAG, int(tag)) for tag in tags.split()]
    return keys


class Totals:
    """Differences gathered during a transaction and written at its end."""

    def __init__(self) -> None:
        self._changes: dict[tuple[int, int, int], list[int]] = defaultdict(lambda: [0, 0])

    def count(self, stand: Stand, sign: int) -> None:
        """Note one image more or less."""
        changes, size = self._changes, sign * stand.bytes
        for key in facets_of(stand):
            change = changes[key]
            change[0] += sign
            change[1] += size

    def write(self, db: sqlite3.Connection) -> None:
        """Add the differences to what is kept; a value nothing has any more is forgotten."""
        rows = [(*key, n, size) for key, (n, size) in self._changes.items() if n or size]
        db.executemany(_ADD, rows)
        db.executemany(_CLEAN, [row[:3] for row in rows if row[3] < 0])
        self._changes.clear()
