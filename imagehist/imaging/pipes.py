"""One imaging child seen from the server: started, asked with a deadline, ended for certain."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

from ..model.faults import ProcessingFailed, ProcessingTimeout
from .messages import MAX_REPLY, Reply, Request, decode_reply, framed

_PACKAGE_ROOT = str(Path(__file__).resolve().parents[2])
_KEPT_VARIABLES = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
_ONE_THREAD = {
    "VIPS_CONCURRENCY": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "2",
    "VIPS_WARNING": "0",
}


class Child:
    """A running child: it belongs to one job at a time; after a fault of its own it can only be ended."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        assert process.stdin is not None and process.stdout is not None
        self.inlet = process.stdin.fileno()
        self.outlet = process.stdout.fileno()
        os.set_blocking(self.outlet, False)

    @property
    def pid(self) -> int:
        return self.process.pid

    def ask(self, request: Request, seconds: float) -> Reply:
        """The child's answer. Raises ProcessingTimeout or ProcessingFailed, and then it must be ended."""
        deadline = time.monotonic() + seconds
        try:
            os.write(self.inlet, framed(request))
        except OSError as error:
            raise self._died() from error
        return self.answer(deadline)

    def answer(self, deadline: float) -> Reply:
        """The next reply. Raises ProcessingTimeout; ProcessingFailed when it died or talks nonsense."""
        length = int.from_bytes(self._exactly(4, deadline), "big")
        if length > MAX_REPLY:
            raise ProcessingFailed("The decoder answered nonsense.")
        try:
            return decode_reply(self._exactly(length, deadline))
        except ValueError as error:
            raise ProcessingFailed("The decoder answered nonsense.") from error

    def end(self) -> None:
        """Kill and reap; harmless when it is dead already."""
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            pipe.close()

    def _exactly(self, count: int, deadline: float) -> bytes:
        poll, pieces, missing = select.poll(), [], count
        poll.register(self.outlet, select.POLLIN)
        while missing:
            left = deadline - time.monotonic()
            if left <= 0 or not poll.poll(left * 1000):
                raise ProcessingTimeout("Decoding took too long.")
            piece = os.read(self.outlet, missing)
            if not piece:
                raise self._died()
            pieces.append(piece)
            missing -= len(piece)
        return b"".join(pieces)

    def _died(self) -> ProcessingFailed | ProcessingTimeout:
        if self.process.wait() == -signal.SIGXCPU:
            return ProcessingTimeout("Decoding took too much processor time.")
        return ProcessingFailed("The decoder died on this image.")


def start(cpu_seconds: int, engine: str, start_seconds: float = 30.0) -> Child:
    """A fresh interpreter that is ready for jobs; the caller's thread must outlive it.

    The kernel ends a child with the thread that made it. It gets no secrets of the environment and
    no open file but its two pipes. Raises OSError, ProcessingFailed or ProcessingTimeout.
    """
    command = [
        sys.executable,
        "-P",
        "-m",
        "imagehist.imaging.child",
        str(os.getpid()),
        str(cpu_seconds),
        engine,
    ]
    kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        close_fds=True,
        cwd="/",
        env=kept | _ONE_THREAD | {"PYTHONPATH": _PACKAGE_ROOT},
    )
    child = Child(process)
    try:
        child.answer(time.monotonic() + start_seconds)
    except (ProcessingFailed, ProcessingTimeout):
        child.end()
        raise
    return child
