"""The index as plain dictionaries: the reference every other index is compared with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import orjson

from ..model.folding import changed_fields, effects, status_set, touched_count
from ..model.queries import Place, Query, matches, sort_value
from ..model.records import HEAVY, ImageRecord, record_to_dict
from ..ports import Cursor, Head, Placed, Row, Usage


@dataclass(slots=True)
class _Library:
    records: dict[str, ImageRecord] = field(default_factory=dict)
    added_by: dict[str, int] = field(default_factory=dict)
    purged: dict[str, int] = field(default_factory=dict)
    heads: dict[int, Head] = field(default_factory=dict)
    places: dict[int, Cursor] = field(default_factory=dict)
    cursor: Cursor | None = None


def light_json(record: ImageRecord) -> bytes:
    """A record's JSON as lists carry it, without the heavy fields."""
    return orjson.dumps({name: value for name, value in record_to_dict(record).items() if name not in HEAVY})


class MemoryIndex:
    """Everything in dictionaries; one process, no files."""

    def __init__(self) -> None:
        self._owners: dict[str, _Library] = {}
        self._version = 0

    def version(self) -> int:
        return self._version

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
        self._version += 1
        return True

    def _fold(self, library: _Library, placed: Placed) -> None:
        entry = placed.entry
        for image, record in effects(entry, lambda ids: _present(library, ids)):
            if record is None:
                library.records.pop(image, None)
                library.purged[image] = entry.seq
                continue
            library.added_by.setdefault(image, entry.seq)
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

    def _matching(self, query: Query) -> list[ImageRecord]:
        """Matching records in the asked order; equal sort values in the order they came."""
        found = [record for record in self._of(query.owner).records.values() if matches(record, query)]
        if query.order == "oldest":
            return sorted(found, key=lambda record: sort_value(record, query.order))
        found.reverse()
        return sorted(found, key=lambda record: -sort_value(record, query.order))

    def page(self, query: Query, after: Place | None, size: int, skip: int = 0) -> list[Row]:
        found = self._matching(query)
        start = skip
        if after is not None:
            ids = [record.id for record in found]
            start = ids.index(after.id) + 1 if after.id in ids else _behind(found, query, after)
        return [
            Row(Place(sort_value(record, query.order), record.id), light_json(record))
            for record in found[start : start + size]
        ]

    def count(self, query: Query) -> int:
        return len(self._matching(query))

    def ids(self, query: Query, until_rev: int | None = None) -> list[str]:
        added_by = self._of(query.owner).added_by
        return [
            record.id
            for record in self._matching(query)
            if until_rev is None or added_by[record.id] <= until_rev
        ]

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

    def place_of(self, owner: str, seq: int) -> Cursor | None:
        return self._of(owner).places.get(seq)

    def usage(self, owner: str) -> Usage:
        records = self._of(owner).records.values()
        trash = [record.bytes for record in records if record.status == "trash"]
        return Usage(len(records), sum(record.bytes for record in records), len(trash), sum(trash))

    def close(self) -> None:
        self._owners.clear()


def _present(library: _Library, ids: Sequence[str]) -> dict[str, ImageRecord]:
    return {image: library.records[image] for image in ids if image in library.records}


def _behind(found: list[ImageRecord], query: Query, after: Place) -> int:
    sign = 1 if query.order == "oldest" else -1
    return sum(1 for record in found if sign * sort_value(record, query.order) <= sign * after.value)


def _note_head(library: _Library, placed: Placed) -> None:
    entry = placed.entry
    head = library.heads.get(entry.seq)
    count = touched_count(entry) + (head.images if head else 0)
    library.places.setdefault(entry.seq, Cursor(placed.generation, placed.offset, entry.seq - 1))
    library.heads[entry.seq] = Head(
        entry.seq,
        entry.at,
        entry.by,
        entry.op,
        count,
        entry.undoes,
        None,
        changed_fields(entry),
        status_set(entry),
    )
    if entry.undoes is not None and entry.undoes in library.heads:
        library.heads[entry.undoes] = library.heads[entry.undoes]._replace(undone_by=entry.seq)
