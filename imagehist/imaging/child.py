"""The imaging child process: takes jobs on stdin, answers on stdout, within limits the kernel holds it to."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys

from ..model.faults import Fault
from . import inspecting, rendering
from .container import Limits
from .messages import MAX_REQUEST, Reply, Request, decode_request, framed

ADDRESS_SPACE = 1 << 30
OPEN_FILES = 32
_DEATH_SIGNAL, _NO_NEW_PRIVILEGES = 1, 38


def main(arguments: list[str]) -> int:
    """Serve jobs until stdin ends; `arguments` are the parent's process id, CPU seconds a job, the engine."""
    parent, seconds, name = int(arguments[0]), int(arguments[1]), arguments[2]
    _die_with(parent)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    engine = rendering.engine(name)
    rendering.warm(engine)
    _limit()
    _send(Reply(rss=_rss()))
    while (request := _receive()) is not None:
        _allow_cpu(seconds)
        _send(_answer(engine, request))
    return 0


def _die_with(parent: int) -> None:
    """Let the kernel end this process with its parent, also in the middle of a decode (Linux only)."""
    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        libc.prctl(_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)
        libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def _limit() -> None:
    """Memory, files and file size; set last, because importing opens files of its own."""
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (OPEN_FILES, OPEN_FILES))


def _allow_cpu(seconds: int) -> None:
    """The limit counts from the start of the process, so each job moves it."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + 1 + seconds, hard))


def _answer(engine: rendering.Engine, request: Request) -> Reply:
    """The edge of this process: whatever a decoder throws becomes an answer, not an end."""
    try:
        return _done(engine, request)
    except Fault as fault:
        return Reply(fault=type(fault).__name__, detail=fault.detail, rss=_rss())
    except MemoryError:
        return Reply(fault="ProcessingFailed", detail="Decoding needs more memory than allowed.", rss=_rss())
    except Exception as error:
        return Reply(
            fault="ProcessingFailed", detail=f"The decoder failed: {type(error).__name__}.", rss=_rss()
        )


def _done(engine: rendering.Engine, request: Request) -> Reply:
    limits = Limits(request.pixels, request.frames)
    if request.job == "inspect":
        return Reply(inspection=inspecting.inspect(engine, request.path, limits), rss=_rss())
    if request.job == "thumb":
        image, extension = inspecting.thumb(engine, request.path, limits)
        return Reply(image=image, extension=extension, rss=_rss())
    return Reply(image=inspecting.resize(engine, request.path, limits, request.width), rss=_rss())


def _rss() -> int:
    try:
        with open("/proc/self/statm", "rb") as file:
            return int(file.read().split()[1]) * resource.getpagesize()
    except OSError:
        return 0


def _receive() -> Request | None:
    head = _exactly(4)
    length = int.from_bytes(head, "big")
    if len(head) < 4 or length > MAX_REQUEST:
        return None
    body = _exactly(length)
    return decode_request(body) if len(body) == length else None


def _exactly(count: int) -> bytes:
    """That many bytes of stdin, fewer only when it has ended."""
    pieces = b""
    while len(pieces) < count:
        piece = os.read(0, count - len(pieces))
        if not piece:
            break
        pieces += piece
    return pieces


def _send(reply: Reply) -> None:
    rest = memoryview(framed(reply))
    while rest:
        rest = rest[os.write(1, rest) :]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
