"""A pool of imaging children: lends one to each job, replaces those that die, linger or grow."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable

from ..model.faults import ProcessingFailed, ProcessingTimeout
from ..model.records import Inspection
from .messages import Reply, Request, raise_fault
from .pipes import Child, start

MAX_RSS = 400 << 20


class WorkerPool:
    """A Renderer in limited child processes; blocking, safe to call from any number of threads.

    `timeout` is seconds a job may take, waiting for a free child not counted; `cpu_seconds` the
    processor time. `engine` is `auto` or `pillow`. Children start in the background at once.
    """

    def __init__(
        self,
        processes: int = 2,
        timeout: float = 20.0,
        *,
        max_pixels: int = 100_000_000,
        max_frames: int = 1_000,
        cpu_seconds: int = 10,
        engine: str = "auto",
    ) -> None:
        self._timeout = timeout
        self._limits = (max_pixels, max_frames)
        self._start: Callable[[], Child] = lambda: start(cpu_seconds, engine)
        self._idle: queue.SimpleQueue[Child | None] = queue.SimpleQueue()
        self._orders: queue.SimpleQueue[Child | bool | None] = queue.SimpleQueue()
        self._children: set[Child] = set()
        self._lent: set[Child] = set()
        self._lock = threading.Lock()
        self._closed = False
        # The kernel ends children with the thread that made them, so one lasting thread makes all.
        self._keeper = threading.Thread(target=self._keep, name="imaging-keeper", daemon=True)
        self._keeper.start()
        for _ in range(processes):
            self._orders.put(True)

    def inspect(self, path: str) -> Inspection:
        """One full decode. Raises FormatNotAllowed, ImageCorrupt, TooManyPixels, TooManyFrames,
        ProcessingTimeout or ProcessingFailed."""
        reply = self._run("inspect", path)
        if reply.inspection is None:
            raise ProcessingFailed("The decoder gave no answer.")
        return reply.inspection

    def resize(self, path: str, width: int) -> bytes:
        """A preview of at most `width` pixels across, upright, never enlarged. Raises as `inspect` does."""
        return self._run("resize", path, width).image

    def thumb(self, path: str) -> tuple[bytes, str]:
        """A thumb's bytes and extension. Raises as `inspect` does."""
        reply = self._run("thumb", path)
        return reply.image, reply.extension

    def pids(self) -> list[int]:
        """The process ids of the children that are alive."""
        with self._lock:
            return [child.pid for child in self._children]

    def close(self) -> None:
        """End all children; jobs under way answer ProcessingFailed."""
        with self._lock:
            self._closed = True
        self._orders.put(None)
        self._keeper.join()

    def _run(self, job: str, path: str, width: int = 0) -> Reply:
        pixels, frames = self._limits
        request = Request(job=job, path=path, pixels=pixels, frames=frames, width=width)
        child = self._borrow()
        fit = False
        try:
            reply = child.ask(request, self._timeout)
            fit = reply.rss <= MAX_RSS
        finally:
            self._give_back(child, fit)
        raise_fault(reply)
        return reply

    def _borrow(self) -> Child:
        child = self._idle.get()
        with self._lock:
            if child is not None and not self._closed:
                self._lent.add(child)
                return child
        if child is None and not self._closed:
            self._orders.put(True)
            raise ProcessingFailed("An imaging process does not start.")
        self._idle.put(child)
        raise ProcessingFailed("The imaging processes have been closed.")

    def _give_back(self, child: Child, fit: bool) -> None:
        with self._lock:
            self._lent.discard(child)
            closed = self._closed
        if closed:
            self._end(child)
        elif fit:
            self._idle.put(child)
        else:
            self._orders.put(child)

    def _keep(self) -> None:
        """Start a child for each order, ending the unfit one it replaces, until closed."""
        while (order := self._orders.get()) is not None and not self._closed:
            if isinstance(order, Child):
                self._end(order)
            self._idle.put(self._started())
        with self._lock:
            lent, idle = set(self._lent), self._children - self._lent
        for child in lent:
            child.process.kill()  # its pipes are in use: the job that has it closes them
        for child in idle:
            self._end(child)
        self._idle.put(None)

    def _end(self, child: Child) -> None:
        child.end()
        with self._lock:
            self._children.discard(child)

    def _started(self) -> Child | None:
        """A new child, or None: whoever draws that fails at once and orders another."""
        try:
            child = self._start()
        except (OSError, ProcessingFailed, ProcessingTimeout):
            return None
        with self._lock:
            self._children.add(child)
        return child
