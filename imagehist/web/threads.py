"""Where blocking work goes: a few threads for each kind of it, so that none starves another."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


class Threads:
    """Thread pools by purpose: reading, writing (commits and staging) and decoding."""

    def __init__(self, decoders: int) -> None:
        self._reading = ThreadPoolExecutor(4, thread_name_prefix="reading")
        self._writing = ThreadPoolExecutor(8, thread_name_prefix="writing")
        self._decoding = ThreadPoolExecutor(decoders, thread_name_prefix="decoding")

    async def read(self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run something that reads files or the index."""
        return await self._run(self._reading, work, *args, **kwargs)

    async def write(self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run something that waits for the disk."""
        return await self._run(self._writing, work, *args, **kwargs)

    async def decode(self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run something that waits for an imaging child."""
        return await self._run(self._decoding, work, *args, **kwargs)

    async def _run(
        self, pool: ThreadPoolExecutor, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs
    ) -> R:
        return await asyncio.get_running_loop().run_in_executor(pool, lambda: work(*args, **kwargs))

    def close(self) -> None:
        """Wait for what runs and end the threads."""
        for pool in (self._decoding, self._writing, self._reading):
            pool.shutdown(wait=True, cancel_futures=True)
