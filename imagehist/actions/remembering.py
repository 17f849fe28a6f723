"""The library as it was at a time: today's, with every later line taken back."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Container, Iterator
from typing import Any, NamedTuple

from ..library import Library
from ..model.entries import values_for
from ..model.queries import ALL_KINDS, Place, Query, sort_value
from ..model.records import ImageRecord, changed
from ..projecting import entries_since, ids_of

_PAGE = 500


class Then(NamedTuple):
    """One page of the past: its active images, how many there were, and the last line before it."""

    items: list[ImageRecord]
    total: int
    seq: int


def as_it_was(library: Library, owner: str, time: str, skip: int, size: int) -> Then:
    """Active images of all kinds at `time` (in the written form), newest first.

    What was purged since is not there any more. Costs the lines behind that time and the pages before
    the asked one.
    """
    seq = library.index.last_seq(owner, time)
    past = _taken_back(library, owner, seq)
    now = library.index.records(owner, list(past))
    then = [record for record in past.values() if record is not None and record.status == "active"]
    query = Query(owner=owner, kinds=ALL_KINDS)
    total = library.index.count(query) - sum(r.status == "active" for r in now.values()) + len(then)
    merged = heapq.merge(_untouched(library, query, past.keys()), sorted(then, key=_newest), key=_newest)
    return Then(list(itertools.islice(merged, skip, skip + size)), total, seq)


def _newest(record: ImageRecord) -> int:
    return -sort_value(record, "newest")


def _taken_back(library: Library, owner: str, seq: int) -> dict[str, ImageRecord | None]:
    """Every image touched behind line `seq`, as that line left it; None where it was not there yet."""
    before: dict[str, tuple[int, dict[str, Any]] | None] = {}
    for line in entries_since(library, owner, library.index.place_of(owner, seq)):
        if line.seq <= seq:
            continue
        for position, image in enumerate(ids_of(line)):
            if line.op in ("add", "adopt"):
                before.setdefault(image, None)
                continue
            known = before.setdefault(image, (line.revs[position] if line.revs else 0, {}))
            if known is not None and line.op != "purge":
                known[1].update(
                    {n: v for n, v in values_for(line.was, position).items() if n not in known[1]}
                )
    present = library.index.records(owner, list(before))
    return {image: _restored(present.get(image), was) for image, was in before.items()}


def _restored(record: ImageRecord | None, was: tuple[int, dict[str, Any]] | None) -> ImageRecord | None:
    return None if record is None or was is None else changed(record, was[1], was[0])


def _untouched(library: Library, query: Query, touched: Container[str]) -> Iterator[ImageRecord]:
    """Today's active images that no later line touched, newest first."""
    place: Place | None = None
    while rows := library.index.page(query, place, _PAGE):
        ids = [row.place.id for row in rows if row.place.id not in touched]
        found = library.index.records(query.owner, ids)
        yield from (found[image] for image in ids)
        place = rows[-1].place
