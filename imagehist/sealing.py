"""Closing a generation: the roll of a large manifest, and the snapshot that restates every record."""

from __future__ import annotations

from collections.abc import Iterator

from .files import storage_faults
from .following import follow
from .library import Library, began_entry
from .model.entries import MAX_IDS, Entry, raw_record
from .model.faults import Fault
from .model.times import to_text
from .ports import Lease

ROLL_BYTES = 64 << 20


def roll_when_large(library: Library, owner: str, lease: Lease) -> None:
    """Seal a manifest over 64 MB; history goes on in the next generation, nothing is restated."""
    if lease.size < ROLL_BYTES:
        return
    try:
        with storage_faults():
            _seal(library, owner, lease, iter(()))
    except Fault:
        return  # the line is kept and must be answered as kept; the next one tries to roll again


def snapshot(library: Library, owner: str, lease: Lease) -> None:
    """Seal and begin anew with every record and every tombstone. Call it under both locks, settled."""
    _seal(library, owner, lease, _restated(library, owner))


def _seal(library: Library, owner: str, lease: Lease, restated: Iterator[Entry]) -> None:
    cursor = library.index.cursor(owner)
    if cursor is None:
        return
    lease.seal(began_entry(library, owner, cursor.seq, cursor.generation), restated)
    follow(library, owner)


def _restated(library: Library, owner: str) -> Iterator[Entry]:
    """Every record with its own rev and every tombstone, as lines that use up no number."""
    cursor = library.index.cursor(owner)
    seq, at = (cursor.seq if cursor else 0), to_text(library.clock())
    for record in library.index.every_record(owner):
        yield Entry(seq=seq, at=at, by="system", op="add", record=raw_record(record))
    purged = [image for image, _ in library.index.tombstones(owner)]
    for start in range(0, len(purged), MAX_IDS):
        yield Entry(seq=seq, at=at, by="system", op="purge", ids=purged[start : start + MAX_IDS])
