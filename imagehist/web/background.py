"""Work beside the requests: named tasks, restarted with a growing pause, visible in health."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

from .threads import looked_at

log = logging.getLogger("imagehist.background")

T = TypeVar("T")
Job = Callable[[], Awaitable[None]]


class Background:
    """Supervises tasks for as long as the server runs."""

    def __init__(self) -> None:
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._lasting: set[asyncio.Task[Any]] = set()
        self.failures: dict[str, str] = {}

    def every(self, name: str, seconds: float, job: Job) -> None:
        """Run `job` again and again with this pause; a failure is logged, shown and retried."""
        self._tasks[name] = asyncio.create_task(self._repeat(name, seconds, job), name=name)

    async def _repeat(self, name: str, seconds: float, job: Job) -> None:
        pause = seconds
        while True:
            await asyncio.sleep(pause)
            try:
                await job()
            except Exception as error:
                log.exception("%s failed", name)
                self.failures[name] = type(error).__name__
                pause = min(max(pause, 1.0) * 2, 300.0)
            else:
                self.failures.pop(name, None)
                pause = seconds

    def lasting(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Work that goes on when whoever asked for it is gone; the end waits for it."""
        task = asyncio.create_task(work)
        self._lasting.add(task)
        task.add_done_callback(self._lasting.discard)
        task.add_done_callback(looked_at)
        return task

    async def close(self) -> None:
        """Let what was promised finish, stop what repeats."""
        await asyncio.gather(*self._lasting, return_exceptions=True)
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
