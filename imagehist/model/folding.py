"""What an entry does to the records it names: the one rule behind every index and every rebuild."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from .entries import Entry, values_for
from .records import ImageRecord, changed, decode_record

Lookup = Callable[[Sequence[str]], Mapping[str, ImageRecord]]


def effects(entry: Entry, lookup: Lookup) -> Iterator[tuple[str, ImageRecord | None]]:
    """Each touched id with its record after the entry, None when purged. Unknown ids are passed over."""
    if entry.op in ("add", "adopt"):
        record = decode_record(entry.record)
        yield record.id, record
    elif entry.op in ("set", "undo"):
        yield from _written_over(entry, lookup)
    elif entry.op == "purge":
        yield from ((image, None) for image in entry.ids)
    elif entry.op == "relink":
        yield from _moved(entry, lookup)


def _written_over(entry: Entry, lookup: Lookup) -> Iterator[tuple[str, ImageRecord | None]]:
    found = lookup(entry.ids)
    for position, image in enumerate(entry.ids):
        if image in found:
            yield image, changed(found[image], values_for(entry.to, position), entry.seq)


def _moved(entry: Entry, lookup: Lookup) -> Iterator[tuple[str, ImageRecord | None]]:
    found = lookup(entry.ids)
    for image, record in found.items():
        yield image, msgspec.structs.replace(record, key=entry.key or record.key, rev=entry.seq)


def touched_count(entry: Entry) -> int:
    """How many images a line is about."""
    return 1 if entry.op in ("add", "adopt") else len(entry.ids)


def changed_fields(entry: Entry) -> tuple[str, ...]:
    """The names of the fields a line changes, sorted."""
    values = entry.to if isinstance(entry.to, list) else [entry.to]
    return tuple(sorted({name for value in values for name in value}))


def status_set(entry: Entry) -> str | None:
    """The status a line gives to all its images, if it does."""
    values: Any = entry.to if isinstance(entry.to, list) else [entry.to]
    found = {value.get("status") for value in values}
    return found.pop() if len(found) == 1 else None
