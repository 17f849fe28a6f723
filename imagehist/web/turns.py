"""One at a time under one name: whoever comes second waits until the first is done."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary


class Turns:
    """Locks by name; one exists only while somebody has or wants it."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[Hashable, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def turn(self, name: Hashable) -> AsyncIterator[None]:
        """Wait for the turn and keep it for the block."""
        lock = self._locks.setdefault(name, asyncio.Lock())
        async with lock:
            yield
