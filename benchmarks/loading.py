"""Load from outside the server's process: wrk for rates, one blocking connection for latencies."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Sequence
from typing import NamedTuple

from itsdangerous import TimestampSigner

from .libraries import Place
from .running import ADMIN, SECRET, Process

_LUA = """
local requests, position = {}, 0
for length in io.lines("%s.sizes") do requests[#requests + 1] = tonumber(length) end
local file = io.open("%s", "rb")
for number, length in ipairs(requests) do requests[number] = file:read(length) end
file:close()
function request()
  position = position %% #requests + 1
  return requests[position]
end
"""


class Load(NamedTuple):
    """What wrk saw: answers a second, seconds at the median and at 99 %, refusals, and both sides' work.

    `client` is the share of one processor wrk used, `cpu` the server's microseconds an answer.
    """

    rate: float
    median: float
    slow: float
    refused: int
    client: float
    cpu: float

    def told(self) -> str:
        """The side conditions of a rate."""
        warning = ", CLIENT IS THE LIMIT" if self.client > 0.9 else ""
        return f"{self.cpu:.0f} us CPU, p99 {self.slow * 1e3:.1f} ms, client {self.client:.0%}{warning}"


def cookie(owner: str) -> str:
    """The cookie that proves a guest to a server under test."""
    return TimestampSigner(SECRET, salt="imagehist.guest").sign(owner).decode()


def raw(path: str, owner: str = "", method: str = "GET", body: bytes = b"", **headers: str) -> bytes:
    """A request's bytes, as the owner's browser sends them."""
    head = {"Host": "127.0.0.1"} | {name.replace("_", "-"): value for name, value in headers.items()}
    if owner:
        head["Cookie"] = f"anon_id={cookie(owner)}"
    if method != "GET":
        head |= {"Sec-Fetch-Site": "same-origin", "Content-Length": str(len(body))}
        head.setdefault("Content-Type", "application/json")
    lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
    return f"{method} {path} HTTP/1.1\r\n{lines}\r\n".encode() + body


def by_admin(path: str, owner: str) -> bytes:
    """A GET with the admin's token instead of a cookie."""
    return raw(path, Authorization=f"Bearer {ADMIN}", X_Owner=owner)


def need_wrk() -> None:
    """Install wrk where that can be done; otherwise say the line to type and end."""
    if shutil.which("wrk"):
        return
    if os.getuid() == 0 and shutil.which("apt-get"):
        subprocess.run(["apt-get", "-qq", "install", "-y", "wrk"], check=False, stdout=subprocess.DEVNULL)
    if not shutil.which("wrk"):
        raise SystemExit("the load comes from wrk, please type: sudo apt-get install wrk")


def load(process: Process, requests: Sequence[bytes], connections: int, seconds: float) -> Load:
    """Send the requests round and round over this many connections."""
    with tempfile.TemporaryDirectory(prefix="imagehist-bench-") as folder:
        for name, data in (
            ("requests", b"".join(requests)),
            ("requests.sizes", "".join(f"{len(one)}\n" for one in requests).encode()),
            ("wrk.lua", (_LUA % ((f"{folder}/requests",) * 2)).encode()),
        ):
            with open(f"{folder}/{name}", "wb") as file:
                file.write(data)
        options = ["-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "--latency", "--timeout", "30s"]
        command = ["wrk", *options, "-s", f"{folder}/wrk.lua", f"http://127.0.0.1:{process.port}/"]
        start, worked, client = time.perf_counter(), process.cpu(), _children_cpu()
        said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    spent, worked = time.perf_counter() - start, process.cpu() - worked
    return _read(said, worked, (_children_cpu() - client) / spent)


def by_turns(place: Place, sides: Sequence[tuple[Process, list[bytes]]], connections: int = 32) -> list[Load]:
    """The median of three loads of each side, taken in turns so that noise meets all."""
    rounds = [
        [load(process, requests, connections, place.seconds(4)) for process, requests in sides]
        for _ in range(1 if place.quick else 3)
    ]
    return [sorted(side, key=lambda one: one.rate)[len(side) // 2] for side in zip(*rounds, strict=True)]


def _children_cpu() -> float:
    times = os.times()
    return times.children_user + times.children_system


def _read(said: str, worked: float, client: float) -> Load:
    done = re.search(r"(\d+) requests in", said)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", said)
    shares = {share: _seconds(value) for share, value in re.findall(r"(\d\d)%\s+([\d.]+\w+)", said)}
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", said)
    if done is None or rate is None:
        raise SystemExit(f"wrk said something unexpected:\n{said}")
    cpu = worked * 1e6 / max(1, int(done[1]))
    return Load(float(rate[1]), shares["50"], shares["99"], int(refused[1]) if refused else 0, client, cpu)


def _seconds(text: str) -> float:
    units = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0}
    match = re.fullmatch(r"([\d.]+)([a-z]+)", text)
    return float(match[1]) * units[match[2]] if match else 0.0


class Connection:
    """One kept connection that waits for each answer."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=120)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, request: bytes) -> tuple[int, bytes]:
        """Status and body of one answer."""
        self._socket.sendall(request)
        data = b""
        while (end := data.find(b"\r\n\r\n")) < 0:
            data += self._more()
        match = re.search(rb"\r\nContent-Length: (\d+)", data[:end], re.IGNORECASE)
        size = end + 4 + (int(match[1]) if match else 0)
        while len(data) < size:
            data += self._more()
        return int(data[9:12]), data[end + 4 :]

    def _more(self) -> bytes:
        piece = self._socket.recv(1 << 20)
        if not piece:
            raise ConnectionError("the server closed the connection")
        return piece

    def seconds(self, request: bytes, status: int = 200) -> float:
        """How long one answer takes; it must have this status."""
        start = time.perf_counter()
        found, body = self.ask(request)
        spent = time.perf_counter() - start
        if found != status:
            raise SystemExit(f"{found} instead of {status} for {request[:200]!r}: {body[:300]!r}")
        return spent

    def close(self) -> None:
        self._socket.close()
