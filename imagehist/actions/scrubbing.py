"""Re-reading originals against the SHA-256 of their records."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Iterator

from ..library import Library
from ..model.faults import NotFound
from ..model.findings import Finding
from ..model.records import ImageRecord

_CHUNK = 1 << 20


def scrub(
    library: Library, owners: Iterable[str], part: tuple[int, int], deadline: float | None
) -> Iterator[Finding]:
    """Originals whose bytes are not what their record says; part n of t, until `deadline` (monotonic s)."""
    number, parts = part
    for owner in owners:
        for record in library.index.every_record(owner):
            if deadline is not None and time.monotonic() > deadline:
                return
            if int(record.id[:8], 16) % parts == number - 1 and _is_rotten(library, record):
                yield Finding("rotten", owner, record.id, record.key)


def _is_rotten(library: Library, record: ImageRecord) -> bool:
    """Whether the original is there and has other bytes; a missing one is a ghost, not rot."""
    try:
        handle = library.store.open(record.key)
    except NotFound:
        return False
    try:
        digest, offset = hashlib.sha256(), 0
        while data := library.store.read(handle, _CHUNK, offset):
            digest.update(data)
            offset += len(data)
    finally:
        library.store.release(handle)
    return digest.hexdigest() != record.sha256
