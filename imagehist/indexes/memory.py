"""The index as plain dictionaries: the reference every other index is compared with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from ..model.entries import Entry
from ..model.folding import changed_fields, effects, status_set, touched_count
from ..model.queries import Place, Query, matches, sort_value
from ..model.records import ImageRecord, State
from ..ports import Cursor, Head, Placed, Row, Usage
from .bodies import light_json


@dataclass(slots=True)
class _Library:
    records: dict[str, ImageRecord] = field(default_factory=dict)
    added_by: dict[str, int] = field(default_factory=dict)
    arrivals: dict[str, int] = field(default_factory=dict)
    arrived: int = 0
    purged: dict[str, int] = field(default_factory=dict)
    heads: dict[int, Head] = field(default_factory=dict)
    places: dict[int, Cursor] = field(default_factory=dict)
    cursor: Cursor | None = None


class MemoryIndex:
    """Everything in dictionaries; one process, no files."""

    def __init__(self) -> None:
        self._owners: dict[str, _Library] = {}

    def _of(self, owner: str) -> _Library:
        return self._owners.get(owner) or _Library()

    def cursor(self, owner: str) -> Cursor | None:
        return self._of(owner).cursor

    def apply(self, owner: str, base: Cursor | None, entries: Sequence[Placed], end: Cursor) -> bool:
        if base is not None and self.cursor(owner) != base:
            return False
        library = _Library() if base is None else self._owners[owner]
        self._owners[owner] = library
        for placed in entries:
            self._fold(library, placed)
        library.cursor = end
        return True

    def _fold(self, library: _Library, placed: Placed) -> None:
        entry = placed.entry
        for image, record in effects(entry, lambda ids: _present(library, ids)):
            if record is None:
                _take_out(library, image)
                library.purged[image] = entry.seq
                continue
            if image not in library.records:
                library.arrived += 1
                library.arrivals[image] = library.arrived
                library.added_by[image] = entry.seq
            library.purged.pop(image, None)
            library.records[image] = record
        if not placed.restated:
            _note_head(library, placed)

    def owners(self) -> list[str]:
        return sorted(self._owners)

    def records(self, owner: str, ids: Sequence[str]) -> dict[str, ImageRecord]:
        return _present(self._of(owner), ids)

    def every_record(self, owner: str) -> Iterator[ImageRecord]:
        yield from (record for _, record in sorted(self._of(owner).records.items()))

    def purged(self, owner: str, ids: Sequence[str]) -> dict[str, int]:
        found = self._of(owner).purged
        return {image: found[image] for image in ids if image in found}

    def tombstones(self, owner: str) -> list[tuple[str, int]]:
        return sorted(self._of(owner).purged.items())

    def _rank(self, query: Query, value: int, arrival: int) -> tuple[int, int]:
        sign = 1 if query.order == "oldest" else -1
        return sign * value, sign * arrival

    def _matching(self, query: Query) -> list[tuple[tuple[int, int], ImageRecord]]:
        """Matching records by rank in the asked order; equal sort values by the order they came in."""
        library = self._of(query.owner)
        found = (record for record in library.records.values() if matches(record, query))
        ranked = (
            (self._rank(query, sort_value(record, query.order), library.arrivals[record.id]), record)
            for record in found
        )
        return sorted(ranked, key=lambda one: one[0])

    def page(self, query: Query, after: Place | None, size: int, skip: int = 0) -> list[Row]:
        found = self._matching(query)
        if after is not None:
            behind = 1 << 62 if query.order == "oldest" else 0
            place = self._rank(query, after.value, self._of(query.owner).arrivals.get(after.id, behind))
            found = [one for one in found if one[0] > place]
        return [
            Row(Place(sort_value(record, query.order), record.id), light_json(record))
            for _, record in found[skip : skip + size]
        ]

    def count(self, query: Query) -> int:
        return len(self._matching(query))

    def ids(self, query: Query, until_rev: int | None = None) -> list[str]:
        added_by = self._of(query.owner).added_by
        return [
            record.id
            for _, record in self._matching(query)
            if until_rev is None or added_by[record.id] <= until_rev
        ]

    def states(self, query: Query, until_rev: int | None = None) -> list[State]:
        found = self.records(query.owner, self.ids(query, until_rev)).values()
        return [State(r.id, r.rev, r.status, r.trashed_at, r.favorite) for r in found]

    def by_sha256(self, owner: str, sha256: str) -> str | None:
        found = [r for r in self._of(owner).records.values() if r.sha256 == sha256]
        return min(found, key=lambda r: (r.created_at, r.id)).id if found else None

    def by_idempotency_key(self, owner: str, key: str) -> list[ImageRecord]:
        return [r for r in self._of(owner).records.values() if r.idempotency_key == key]

    def heads(self, owner: str, before: int | None, size: int, skip: int = 0) -> list[Head]:
        found = sorted(self._of(owner).heads.items(), reverse=True)
        return [head for seq, head in found if before is None or seq < before][skip : skip + size]

    def head_count(self, owner: str) -> int:
        return len(self._of(owner).heads)

    def head(self, owner: str, seq: int) -> Head | None:
        return self._of(owner).heads.get(seq)

    def last_seq(self, owner: str, at: str) -> int:
        return max((head.seq for head in self._of(owner).heads.values() if head.at <= at), default=0)

    def place_of(self, owner: str, seq: int) -> Cursor | None:
        return self._of(owner).places.get(seq)

    def usage(self, owner: str) -> Usage:
        records = self._of(owner).records.values()
        trash = [record.bytes for record in records if record.status == "trash"]
        return Usage(len(records), sum(record.bytes for record in records), len(trash), sum(trash))

    def finish_building(self) -> None:
        """Nothing was left out."""

    def close(self) -> None:
        self._owners.clear()


def _present(library: _Library, ids: Sequence[str]) -> dict[str, ImageRecord]:
    return {image: library.records[image] for image in ids if image in library.records}


def _take_out(library: _Library, image: str) -> None:
    for table in (library.records, library.arrivals, library.added_by):
        table.pop(image, None)


def _note_head(library: _Library, placed: Placed) -> None:
    entry = placed.entry
    head = library.heads.get(entry.seq)
    if head is not None:
        library.heads[entry.seq] = _joined(head, entry)
        return
    library.places.setdefault(entry.seq, Cursor(placed.generation, placed.offset, entry.seq - 1))
    library.heads[entry.seq] = Head(
        entry.seq,
        entry.at,
        entry.by,
        entry.op,
        touched_count(entry),
        entry.undoes,
        None,
        changed_fields(entry),
        status_set(entry),
    )
    if entry.undoes is not None and entry.undoes in library.heads:
        library.heads[entry.undoes] = library.heads[entry.undoes]._replace(undone_by=entry.seq)


def _joined(head: Head, entry: Entry) -> Head:
    """The head of a change with one more of its parts."""
    return head._replace(
        images=head.images + touched_count(entry),
        fields=tuple(sorted({*head.fields, *changed_fields(entry)})),
        status=head.status if head.status == status_set(entry) else None,
    )
