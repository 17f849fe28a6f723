"""The library: a frozen record of its ports that every verb takes."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from .model.entries import Entry
from .model.names import SYSTEM_OWNER, new_id
from .model.times import to_text
from .ports import Index, Manifest, Renderer, Sink, Store

FORMAT = 1
"""The version of the files this code writes; it reads this one and every older one."""


class RisingClock:
    """Microseconds since 1970 that never repeat and never go back while the process lives."""

    def __init__(self) -> None:
        self._last = 0

    def __call__(self) -> int:
        self._last = max(time.time_ns() // 1_000, self._last + 1)
        return self._last


@dataclass(frozen=True, slots=True)
class Library:
    """Where originals lie, history is written, queries are answered and images are decoded."""

    store: Store
    manifest: Manifest
    index: Index
    renderer: Renderer
    sinks: tuple[Sink, ...] = ()
    clock: Callable[[], int] = field(default_factory=RisingClock)


def histories(library: Library) -> list[str]:
    """Every owner with a history, and the system where it has one."""
    owners = library.manifest.owners()
    return owners if library.manifest.stamp(SYSTEM_OWNER) is None else [*owners, SYSTEM_OWNER]


def began_entry(library: Library, owner: str, seq: int = 0, after: str | None = None) -> Entry:
    """The first line of a new generation."""
    at = to_text(library.clock())
    return Entry(
        seq=seq, at=at, by="system", op="began", gen=new_id(), after=after, owner=owner, format=FORMAT
    )
