"""From the manifest to the index and the sinks, by cursor: the live path and the rebuild are one."""

from __future__ import annotations

from collections.abc import Callable

from .library import Library
from .model.faults import Busy
from .ports import Cursor, Placed, Stamp


def follow(
    library: Library, owner: str, progress: Callable[[int], None] | None = None
) -> tuple[Cursor | None, int]:
    """Apply everything the index has not seen. Call it under the owner's lock.

    Returns the cursor after it and the highest seq met, which the next line must exceed.
    """
    seen = 0
    while True:
        base = library.index.cursor(owner)
        tail = library.manifest.read(owner, base)
        if tail is None:
            return base, max(seen, base.seq if base else 0)
        seen = max(seen, tail.seen, tail.end.seq)
        if not tail.restart and tail.end == base:
            return base, seen
        applied = library.index.apply(owner, None if tail.restart else base, tail.entries, tail.end)
        if applied:
            _tell(library, owner, tail.entries)
            if progress is not None:
                progress(len(tail.entries))


def _tell(library: Library, owner: str, entries: list[Placed]) -> None:
    told = [placed.entry for placed in entries if not placed.restated]
    for sink in library.sinks:
        sink.changed(owner, told)


def apply_own(library: Library, owner: str, base: Cursor, entries: list[Placed], end: Cursor) -> None:
    """Apply lines this process just made durable; whoever was quicker had the same lines."""
    if library.index.apply(owner, base, entries, end):
        _tell(library, owner, entries)
    else:
        follow(library, owner)


class Follower:
    """Keeps this process's view of each owner as fresh as the manifest, at the price of one stat."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._known: dict[str, tuple[Stamp | None, int]] = {}

    def refresh(self, owner: str) -> tuple[Stamp | None, int]:
        """Follow the owner when another process wrote; the mark is equal only while nothing changed."""
        mark = (self._library.manifest.stamp(owner), self._library.index.version())
        if self._known.get(owner) != mark:
            self._catch_up(owner, mark[0])
            mark = (mark[0], self._library.index.version())
            self._known[owner] = mark
        return mark

    def _catch_up(self, owner: str, stamp: Stamp | None) -> None:
        cursor = self._library.index.cursor(owner)
        if stamp is None or (cursor is not None and cursor.offset == stamp.size and owner in self._known):
            return
        try:
            with self._library.manifest.hold(owner, wait=0.2):
                follow(self._library, owner)
        except Busy:
            return  # whoever holds it has acknowledged nothing through us; the next look catches up
