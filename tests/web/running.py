"""Runs the real application on a free port, in this process or as a process of its own."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import web

from imagehist.imaging.pool import WorkerPool
from imagehist.library import Library
from imagehist.opening import Opened, open_library
from imagehist.ports import Renderer
from imagehist.settings import Settings
from imagehist.web.app import make_app
from imagehist.web.listening import Times, bound, listening

ROOT = Path(__file__).parent.parent.parent
ADMIN, INGEST, SECRET = "admin-token-of-the-tests", "ingest-token-of-the-tests", "secret-of-the-tests"
QUICK = Times(silent=1.0, stalled=1.0, lingering=1.0, stopping=5.0)
TOKENS: dict[str, Any] = {"admin_token": ADMIN, "ingest_token": INGEST, "secret": (SECRET,)}


@dataclass(frozen=True, slots=True)
class Served:
    """A server that runs: where it listens and where its files lie."""

    port: int
    outputs: Path
    opened: Opened
    app: web.Application

    @property
    def library(self) -> Library:
        return self.opened.library

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def staging(self) -> list[str]:
        """What lies in staging."""
        return sorted(path.name for path in (self.outputs / ".imagehist" / "staging").iterdir())

    def users(self) -> list[str]:
        """Every file of every owner, by key."""
        found = (self.outputs / "users").rglob("*")
        return sorted(path.relative_to(self.outputs).as_posix() for path in found if path.is_file())


def opened_with(outputs: Path, pool: Renderer, settings: Settings) -> Opened:
    """The library as the server opens it, but with imaging children that others use as well."""
    opened = open_library(dataclasses.replace(settings, imaging_processes=0), create=True)
    opened.library.renderer.close()
    return dataclasses.replace(opened, library=dataclasses.replace(opened.library, renderer=pool))


@asynccontextmanager
async def running(
    outputs: Path, pool: Renderer, times: Times = QUICK, **settings: Any
) -> AsyncIterator[Served]:
    """The application as `server.py` runs it, on a library at `outputs`."""
    chosen = Settings(**{"outputs": str(outputs), "imaging_processes": 2, **TOKENS, **settings})
    opened = opened_with(outputs, pool, chosen)
    try:
        sock = bound("127.0.0.1", 0)
        app = make_app(opened, chosen)
        async with listening(app, sock, times):
            yield Served(sock.getsockname()[1], outputs, opened, app)
    finally:
        opened.library.index.close()
        opened.library.store.close()


@contextmanager
def own_pool(timeout: float = 30.0, processes: int = 1, **limits: Any) -> Iterator[WorkerPool]:
    """Imaging children that nobody else uses, so that a test may stop or kill them."""
    pool = WorkerPool(processes, timeout, **limits)
    try:
        yield pool
    finally:
        pool.close()


@dataclass(frozen=True, slots=True)
class Process:
    """`server.py` as a process of its own."""

    port: int
    outputs: Path
    handle: subprocess.Popen[str]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def memory(self) -> int:
        """Resident bytes of the server process."""
        status = Path(f"/proc/{self.handle.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) * 1024

    def peak(self) -> int:
        """The most resident bytes it ever had."""
        status = Path(f"/proc/{self.handle.pid}/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) * 1024


@asynccontextmanager
async def process(outputs: Path, *options: str, **environment: str) -> AsyncIterator[Process]:
    """`server.py` on a free port; stopped with SIGTERM at the end unless it ended before."""
    command = [sys.executable, "-P", str(ROOT / "server.py"), "--port", "0", "--outputs", str(outputs)]
    tokens = {"IMAGEHIST_ADMIN_TOKEN": ADMIN, "IMAGEHIST_INGEST_TOKEN": INGEST, "IMAGEHIST_SECRET": SECRET}
    handle = subprocess.Popen(
        [*command, "--imaging-processes", "1", *options],
        env={**os.environ, "PYTHONPATH": str(ROOT), **tokens, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        ready = await asyncio.to_thread(handle.stdout.readline)
        assert ready.startswith("imagehist listening on http://"), ready
        yield Process(int(ready.rsplit(":", 1)[1]), outputs, handle)
    finally:
        if handle.poll() is None:
            handle.send_signal(signal.SIGTERM)
        try:
            await asyncio.to_thread(handle.wait, 40)
        finally:
            handle.kill()
            handle.stdout.close()
