"""Where blocking work goes: a few threads for each kind of it, so that none starves another."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


class Threads:
    """Thread pools by purpose: reading, writing (commits and staging), decoding, and what nobody awaits."""

    def __init__(self, decoders: int) -> None:
        self._reading = ThreadPoolExecutor(4, thread_name_prefix="reading")
        self._writing = ThreadPoolExecutor(8, thread_name_prefix="writing")
        self._decoding = ThreadPoolExecutor(decoders, thread_name_prefix="decoding")
        self._afterwards = ThreadPoolExecutor(1, thread_name_prefix="afterwards")

    async def read(self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run something that reads files or the index."""
        return await self._run(self._reading, work, *args, **kwargs)

    async def write(self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run something that waits for the disk."""
        return await self._run(self._writing, work, *args, **kwargs)

    async def decode(self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run something that waits for an imaging child."""
        return await self._run(self._decoding, work, *args, **kwargs)

    async def afterwards(self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run something long whose requests are answered already, one after another."""
        return await self._run(self._afterwards, work, *args, **kwargs)

    async def acquire(self, work: Callable[[], R], give_back: Callable[[R], None]) -> R:
        """Run something that opens a file; it is given back when the caller has gone meanwhile."""
        job = self._writing.submit(work)
        try:
            return await _finished(job)
        except asyncio.CancelledError:
            if not job.cancelled() and job.exception() is None:
                give_back(job.result())
            raise

    async def _run(
        self, pool: ThreadPoolExecutor, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs
    ) -> R:
        return await _finished(pool.submit(work, *args, **kwargs))

    def close(self) -> None:
        """Wait for what runs and end the threads."""
        for pool in (self._decoding, self._writing, self._reading, self._afterwards):
            pool.shutdown(wait=True, cancel_futures=True)


async def _finished(job: Future[R]) -> R:
    """The result of a job; a cancelled caller leaves only when the job has let go of its files."""
    waiting = asyncio.wrap_future(job)
    waiting.add_done_callback(looked_at)
    try:
        return await asyncio.shield(waiting)
    except asyncio.CancelledError:
        job.cancel()
        while not job.done():
            await _undisturbed(waiting)
        raise


def looked_at(done: asyncio.Future[Any]) -> None:
    """Take notice of a failure whose caller may have gone, so that nobody is told it was overlooked."""
    if not done.cancelled():
        done.exception()


async def _undisturbed(waiting: asyncio.Future[R]) -> None:
    try:
        await asyncio.wait([waiting])
    except asyncio.CancelledError:
        pass  # the first cancellation is told when the job is done
