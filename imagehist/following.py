"""From the manifest to the index and the sinks, by cursor: the live path and the rebuild are one."""

from __future__ import annotations

from collections.abc import Callable

from .library import Library
from .model.faults import Busy
from .ports import Cursor, Placed, Stamp, Tail


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
        _apply(library, owner, base, tail)
        if progress is not None:
            progress(len(tail.entries))


def follow_in_turns(library: Library, owner: str, progress: Callable[[int], None]) -> Cursor | None:
    """Follow a long history, giving the owner's lock back between the pieces so that writers go on."""
    while True:
        base = library.index.cursor(owner)
        with library.manifest.hold(owner):
            tail = library.manifest.read(owner, base)
        if tail is None or (not tail.restart and tail.end == base):
            return base
        _apply(library, owner, base, tail)
        progress(len(tail.entries))


def _apply(library: Library, owner: str, base: Cursor | None, tail: Tail) -> None:
    if library.index.apply(owner, None if tail.restart else base, tail.entries, tail.end):
        _tell(library, owner, tail.entries)


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
        self._known: dict[str, Stamp] = {}

    def glance(self, owner: str) -> Stamp | None:
        """The owner's stamp when nothing changed since the last look, without waiting; else None."""
        stamp = self._library.manifest.stamp(owner)
        return stamp if stamp is not None and self._known.get(owner) == stamp else None

    def has_met(self, owner: str) -> bool:
        """Whether this process has followed the owner before: then there is a history."""
        return owner in self._known

    def refresh(self, owner: str) -> object:
        """Follow the owner where somebody wrote; a mark that is equal only while nothing changes."""
        stamp = self._library.manifest.stamp(owner)
        if stamp is None or self._known.get(owner) == stamp or self._catch_up(owner, stamp):
            return stamp
        return object()

    def _catch_up(self, owner: str, stamp: Stamp) -> bool:
        """Bring the index up to `stamp`; False when the owner is held: nothing of that was acknowledged
        through this process, and the next look catches up."""
        cursor, known = self._library.index.cursor(owner), self._known.get(owner)
        same_file = known is not None and known.inode == stamp.inode
        if not (same_file and cursor is not None and cursor.offset == stamp.size):
            try:
                with self._library.manifest.hold(owner, wait=0.2):
                    stamp = self._library.manifest.stamp(owner) or stamp
                    follow(self._library, owner)
            except Busy:
                return False
        self._known[owner] = stamp
        return True
