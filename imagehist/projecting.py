"""Files after the line, written and unlinked: always from the fold, under the owner's projection lock."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from .files import storage_faults
from .library import Library
from .model.entries import Entry, encode_sidecar
from .model.names import sidecar_key
from .model.records import ImageRecord, decode_record
from .model.sidecars import judge
from .ports import Cursor

_SLICE = 200


def project(library: Library, owner: str, ids: Sequence[str]) -> dict[str, ImageRecord]:
    """Write the sidecars of these images as the index holds them now; purged ones are left alone.

    Returns the last of these records by id: all of them where they are few.
    """
    found: dict[str, ImageRecord] = {}
    for start in range(0, len(ids), _SLICE):
        with storage_faults(), library.store.settle_lock(owner):
            found = library.index.records(owner, ids[start : start + _SLICE])
            for record in found.values():
                library.store.put(sidecar_key(record.key), encode_sidecar(record))
    return found


def settle(library: Library, owner: str, since: Cursor | None, looked: int = 0) -> None:
    """Bring the files of every line behind `since` up to date, whoever wrote the lines.

    Sidecars of lines up to `looked` were just compared by the caller.
    """
    ids = dict[str, None]()
    for entry in entries_since(library, owner, since):
        if entry.op == "purge":
            finish_line(library, owner, entry)
        elif entry.seq > looked:
            ids.update(dict.fromkeys(ids_of(entry)))
    touched = list(ids)
    for start in range(0, len(touched), _SLICE):
        with storage_faults(), library.store.settle_lock(owner):
            _settle_slice(library, owner, touched[start : start + _SLICE])


def _settle_slice(library: Library, owner: str, ids: Sequence[str]) -> None:
    for record in library.index.records(owner, ids).values():
        key = sidecar_key(record.key)
        data = library.store.get(key)
        action = judge(data, record).action
        if action == "keep" and data is not None:
            library.store.keep_aside(f"{record.owner}-{record.id}.json", data)
        if action in ("rewrite", "keep") or (action == "same" and library.store.in_doubt):
            library.store.put(key, encode_sidecar(record))


def finish_purge(library: Library, owner: str, ids: Sequence[str], was: Sequence[dict[str, Any]]) -> bool:
    """Unlink what purge lines name and no later line brought back; whether anything was there."""
    with storage_faults(), library.store.settle_lock(owner):
        gone = library.index.purged(owner, ids)
        named = [value for image, value in zip(ids, was, strict=False) if image in gone]
        thumbs = [str(value["thumb"]) for value in named if value.get("thumb")]
        keys = [str(value["key"]) for value in named]
        if not any(map(library.store.exists, (*thumbs, *keys, *map(sidecar_key, keys)))):
            return False
        library.store.drop([*thumbs, *keys])
        library.store.sync_folders(keys)
        library.store.drop(map(sidecar_key, keys))
    return True


def finish_line(library: Library, owner: str, line: Entry) -> bool:
    """Finish the unlinks of one purge line."""
    return finish_purge(library, owner, line.ids, line.was if isinstance(line.was, list) else [])


def checkpoint(library: Library, owner: str, looked: int = 0) -> Cursor | None:
    """Take the place first, settle, make everything durable, then note the place.

    Sidecars of lines up to `looked` were just compared by the caller.
    """
    with storage_faults():
        cursor = library.index.cursor(owner)
        noted = library.manifest.checkpoint(owner)
        if cursor is None or cursor == noted:
            return noted
        settle(library, owner, noted, looked)
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
