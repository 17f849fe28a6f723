"""Sidecars after the line: always from the folded record, under the owner's projection lock."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .files import storage_faults
from .library import Library
from .model.entries import Entry, encode_sidecar
from .model.names import sidecar_key
from .model.records import ImageRecord, decode_record
from .model.sidecars import judge
from .ports import Cursor

_SLICE = 200


def project(library: Library, owner: str, ids: Sequence[str]) -> None:
    """Write the sidecars of these images as the index holds them now; purged ones are left alone."""
    for start in range(0, len(ids), _SLICE):
        with library.store.settle_lock(owner), storage_faults():
            found = library.index.records(owner, ids[start : start + _SLICE])
            for record in found.values():
                library.store.put(sidecar_key(record.key), encode_sidecar(record))


def settle(library: Library, owner: str, since: Cursor | None) -> None:
    """Bring the sidecars of every line behind `since` up to date, whoever wrote the lines."""
    ids = list(
        dict.fromkeys(image for entry in entries_since(library, owner, since) for image in ids_of(entry))
    )
    for start in range(0, len(ids), _SLICE):
        with library.store.settle_lock(owner), storage_faults():
            _settle_slice(library, owner, ids[start : start + _SLICE])


def _settle_slice(library: Library, owner: str, ids: Sequence[str]) -> None:
    for record in library.index.records(owner, ids).values():
        key = sidecar_key(record.key)
        if judge(library.store.get(key), record).action == "rewrite":
            library.store.put(key, encode_sidecar(record))


def checkpoint(library: Library, owner: str) -> Cursor | None:
    """Settle, take the place first, make everything durable, then note the place."""
    cursor = library.index.cursor(owner)
    noted = library.manifest.checkpoint(owner)
    if cursor is None or cursor == noted:
        return noted
    settle(library, owner, noted)
    with storage_faults():
        library.store.sync()
        library.manifest.set_checkpoint(owner, cursor)
    return cursor


def entries_since(library: Library, owner: str, since: Cursor | None) -> Iterator[Entry]:
    """Every entry behind a cursor, restated ones included."""
    while True:
        tail = library.manifest.read(owner, since)
        if tail is None or (tail.end == since and not tail.entries):
            return
        yield from (placed.entry for placed in tail.entries)
        since = tail.end


def ids_of(entry: Entry) -> list[str]:
    """The images a line is about."""
    return [record_in(entry).id] if entry.op in ("add", "adopt") else entry.ids


def record_in(entry: Entry) -> ImageRecord:
    """The record an add or adopt line carries."""
    return decode_record(entry.record)
