"""Looking only: a second index made from the files, compared with the one in use field by field."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from ..library import Library
from ..model.queries import ALL_KINDS, STATUSES, Query
from ..model.records import ImageRecord, record_to_dict


class Difference(NamedTuple):
    """One thing that is not the same: of an image, or of the owner as a whole."""

    owner: str
    id: str | None
    field: str
    index: Any
    files: Any


def differences(library: Library, second: Library, owner: str) -> Iterator[Difference]:
    """Every difference between the index in use and a second one over the same files."""
    yield from _of_records(library, second, owner)
    pairs = [
        ("usage", library.index.usage(owner), second.index.usage(owner)),
        (
            "tombstones",
            dict(library.index.tombstones(owner)).keys(),
            dict(second.index.tombstones(owner)).keys(),
        ),
        ("entries", library.index.head_count(owner), second.index.head_count(owner)),
    ]
    for status in STATUSES:
        for kind in ALL_KINDS:
            query = Query(owner=owner, status=status, kinds=(kind,))
            pairs.append((f"total of {status} {kind}", library.index.count(query), second.index.count(query)))
    yield from (Difference(owner, None, name, ours, theirs) for name, ours, theirs in pairs if ours != theirs)


def _of_records(library: Library, second: Library, owner: str) -> Iterator[Difference]:
    ours, theirs = library.index.every_record(owner), second.index.every_record(owner)
    for mine, other in _side_by_side(ours, theirs):
        yield from _of_record(owner, mine, other)


def _of_record(owner: str, mine: ImageRecord | None, other: ImageRecord | None) -> Iterator[Difference]:
    if mine is None or other is None:
        image = (mine or other or ImageRecord(id="", owner=owner, key="")).id
        yield Difference(owner, image, "record", mine is not None, other is not None)
    elif mine != other:
        ours, theirs = record_to_dict(mine), record_to_dict(other)
        for name in sorted(ours.keys() | theirs.keys()):
            if ours.get(name) != theirs.get(name):
                yield Difference(owner, mine.id, name, ours.get(name), theirs.get(name))


def _side_by_side(
    ours: Iterator[ImageRecord], theirs: Iterator[ImageRecord]
) -> Iterator[tuple[ImageRecord | None, ImageRecord | None]]:
    """Two runs of records in order of id, joined by id."""
    mine, other = next(ours, None), next(theirs, None)
    while mine is not None or other is not None:
        if other is None or (mine is not None and mine.id < other.id):
            yield mine, None
            mine = next(ours, None)
        elif mine is None or other.id < mine.id:
            yield None, other
            other = next(theirs, None)
        else:
            yield mine, other
            mine, other = next(ours, None), next(theirs, None)
