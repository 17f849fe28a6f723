"""One lane an owner: concurrent changes become one group with one sync, answered together."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from typing import NamedTuple

from ..committing import Decision, Outcome, commit
from ..library import Library
from ..model.faults import Fault, OutcomeUnknown
from ..model.records import ImageRecord
from ..projecting import checkpoint, project
from ..recovering import recover, recover_owner
from .threads import Threads, looked_at

log = logging.getLogger("imagehist.lanes")

GROUP = 64
PROJECTED_FIRST = 100
"""Up to so many sidecars are rewritten before the answer, more right after it."""
TURN_SECONDS = 0.025
"""Longer than the pause between two looks at a lock."""
LINES_A_CHECKPOINT = 1_000
SECONDS_A_CHECKPOINT = 60.0


class Waiting(NamedTuple):
    """A decision on its way, and whoever waits for its outcome."""

    decision: Decision
    by: str
    alone: bool
    outcome: asyncio.Future[Outcome]


class Lanes:
    """All owners' lanes; a lane exists while something is in it."""

    def __init__(self, library: Library, threads: Threads) -> None:
        self._library = library
        self._threads = threads
        self._queues: dict[str, list[Waiting]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._lines: dict[str, int] = {}
        self._since: dict[str, float] = {}
        self.broken: set[str] = set()
        self.recovery_owed = False
        self._closing = False

    async def commit(self, owner: str, decision: Decision, by: str, alone: bool = False) -> Outcome:
        """The outcome of a decision, durable and visible. Raises its fault or the disk's.

        `alone` is for decisions that ask the index by query: they must not share a group.
        """
        outcome: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        outcome.add_done_callback(looked_at)
        queue = self._queues.get(owner)
        waiting = Waiting(decision, by, alone, outcome)
        if queue is not None:
            queue.append(waiting)
        else:
            self._queues[owner] = [waiting]
            self._keep(asyncio.create_task(self._run(owner)))
        return await asyncio.shield(outcome)

    def _keep(self, task: asyncio.Task[None]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(self, owner: str) -> None:
        queue = self._queues[owner]
        while queue:
            group = _next_group(queue)
            del queue[: len(group)]
            await self._settle_group(owner, group)
        del self._queues[owner]

    async def _settle_group(self, owner: str, group: list[Waiting]) -> None:
        """Commit a group and answer it; whatever happens the lane goes on with the next."""
        work = asyncio.create_task(self._threads.write(self._commit, owner, group))
        await asyncio.wait([work])
        error = work.exception()
        if error is not None:
            self._failed(owner, group, error)
            return
        outcomes = work.result()
        _answer(group, outcomes)
        self._note(owner, len(outcomes))
        late = _changed(outcomes)
        if len(late) > PROJECTED_FIRST:
            self._keep(asyncio.create_task(self._threads.afterwards(self._project_many, owner, late)))

    def _failed(self, owner: str, group: list[Waiting], error: BaseException) -> None:
        if isinstance(error, OutcomeUnknown):
            self.broken.add(owner)
        elif not isinstance(error, Fault):
            log.error("a change of %s failed", owner, exc_info=error)
        _answer(group, [error] * len(group))

    def _commit(self, owner: str, group: list[Waiting]) -> list[Outcome | Fault]:
        outcomes = commit(self._library, owner, [waiting.decision for waiting in group], group[0].by)
        ids = _changed(outcomes)
        if len(ids) <= PROJECTED_FIRST:
            records = self._project(owner, ids)
            return [_with_record(outcome, records) for outcome in outcomes]
        return outcomes

    def _project(self, owner: str, ids: list[str]) -> dict[str, ImageRecord]:
        try:
            return project(self._library, owner, ids)
        except Fault as fault:  # the lines hold; recovery and the next check-point owe the sidecars
            log.warning("sidecars of %s wait for the next check-point: %s", owner, fault.code)
            return {}

    def _project_many(self, owner: str, ids: list[str]) -> None:
        """Sidecars of a large change, while the lane goes on; whoever waits for the lock has a turn."""
        for start in range(0, len(ids), PROJECTED_FIRST):
            if self._closing:
                return  # the last check-point writes what is left, each sidecar once
            self._project(owner, ids[start : start + PROJECTED_FIRST])
            time.sleep(TURN_SECONDS)

    def _note(self, owner: str, lines: int) -> None:
        self._lines[owner] = self._lines.get(owner, 0) + lines
        self._since.setdefault(owner, time.monotonic())

    async def checkpoint_due(self) -> None:
        """Check-point every owner with enough new lines, or whose last lines are old enough."""
        now = time.monotonic()
        for owner, since in list(self._since.items()):
            if self._lines[owner] >= LINES_A_CHECKPOINT or now - since >= SECONDS_A_CHECKPOINT:
                await self._checkpoint(owner)

    async def _checkpoint(self, owner: str) -> None:
        self._since.pop(owner, None)
        self._lines.pop(owner, None)
        try:
            await self._threads.write(checkpoint, self._library, owner)
        except Fault as fault:  # recovery reads from the older one; the next is tried as if it were new
            log.warning("the check-point of %s waits: %s", owner, fault.code)
            self._note(owner, 0)

    async def recover_broken(self) -> None:
        """Try to finish what the start could not, and to bring owners back whose last sync failed."""
        if self.recovery_owed:
            try:
                await self._threads.write(recover, self._library)
            except Fault as fault:
                log.warning("recovery still waits for the disk: %s", fault.code)
                return
            self.recovery_owed = False
        for owner in list(self.broken):
            try:
                await self._threads.write(recover_owner, self._library, owner)
            except Fault as fault:
                log.warning("%s stays read-only: %s", owner, fault.code)
            else:
                self.broken.discard(owner)

    async def close(self) -> None:
        """Wait for everything under way, then check-point every owner that was written."""
        self._closing = True
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)
        for owner in list(self._since):
            await self._checkpoint(owner)


def _changed(outcomes: Sequence[Outcome | Fault]) -> list[str]:
    return [image for outcome in outcomes if isinstance(outcome, Outcome) for image in outcome.ids]


def _with_record(outcome: Outcome | Fault, records: dict[str, ImageRecord]) -> Outcome | Fault:
    if isinstance(outcome, Outcome) and len(outcome.ids) == 1:
        return outcome._replace(record=records.get(outcome.ids[0]))
    return outcome


def _next_group(queue: list[Waiting]) -> list[Waiting]:
    """The first decisions that may go together: of one actor, none that must be alone."""
    first = queue[0]
    if first.alone:
        return [first]
    size = 1
    while size < min(len(queue), GROUP) and not queue[size].alone and queue[size].by == first.by:
        size += 1
    return queue[:size]


def _answer(group: list[Waiting], outcomes: Sequence[Outcome | BaseException]) -> None:
    for waiting, outcome in zip(group, outcomes, strict=True):
        if waiting.outcome.done():
            continue
        if isinstance(outcome, BaseException):
            waiting.outcome.set_exception(outcome)
        else:
            waiting.outcome.set_result(outcome)
