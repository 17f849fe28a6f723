"""The server under test as a process of its own, with what the kernel counts about it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

SECRET = "benchmark-secret"
ADMIN = "benchmark-admin"
_ROOT = Path(__file__).parent.parent
_TICK = os.sysconf("SC_CLK_TCK")


class Process:
    """A started Python process that says on its first line where it listens."""

    def __init__(self, arguments: Sequence[str], log: str) -> None:
        start = time.perf_counter()
        with open(log, "ab") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-P", *arguments],
                cwd=_ROOT,
                stdout=subprocess.PIPE,
                stderr=errors,
                start_new_session=True,
            )
        assert self._process.stdout is not None
        line = self._process.stdout.readline().decode()
        if "http://" not in line:
            raise SystemExit(f"the server did not start: see {log}")
        self.ready_seconds = time.perf_counter() - start
        self.port = int(line.rpartition(":")[2])

    @property
    def pid(self) -> int:
        return self._process.pid

    def workers(self) -> list[int]:
        """The ids of its child processes."""
        found = Path(f"/proc/{self.pid}/task").glob("*/children")
        return [int(pid) for file in found for pid in file.read_text().split()]

    def cpu(self) -> float:
        """Processor seconds of it and of its children, those that ended included."""
        return _cpu(self.pid, 4) + sum(_cpu(pid, 2) for pid in self.workers())

    def own_cpu(self) -> float:
        """Processor seconds of the process without its children."""
        return _cpu(self.pid, 2)

    def end(self, number: int = signal.SIGTERM) -> None:
        """Send a signal and wait for the end."""
        self._process.send_signal(number)
        self._process.wait(180)
        if self._process.stdout is not None:
            self._process.stdout.close()


def _cpu(pid: int, fields: int) -> float:
    try:
        values = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11 : 11 + fields]
    except OSError:
        return 0.0
    return sum(map(int, values)) / _TICK


def memory(pid: int, name: str = "VmRSS") -> float:
    """Resident megabytes of a process (`VmHWM`: the most it ever had)."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) / 1024
    return 0.0


def start_server(root: str, *options: str) -> Process:
    """The real server over a library, on a free port."""
    keys = ("--secret", SECRET, "--admin-token", ADMIN, "--outputs", root, "--port", "0")
    return Process(("server.py", *keys, *options), f"{root}.log")


@contextmanager
def server(root: str, *options: str) -> Iterator[Process]:
    """A server for the time of a measurement."""
    process = start_server(root, *options)
    try:
        yield process
    finally:
        process.end()


@contextmanager
def bare(folder: str) -> Iterator[Process]:
    """The aiohttp application that answers ready-made bytes from `folder`."""
    process = Process(("-m", "benchmarks.bare", folder), f"{folder}.log")
    try:
        yield process
    finally:
        process.end()
