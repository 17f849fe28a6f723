"""Kills the real server again and again under four clients that change things, and counts losses."""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from imagehist.model.names import new_guest
from imagehist.web.identity import Signer
from tests import pictures

ROOT = Path(__file__).parent.parent.parent
SECRET = "secret-of-the-kills"
READY_SECONDS = 20.0
ANNOUNCED = frozenset(
    {
        "STORAGE_FULL",
        "STORAGE_READ_ONLY",
        "BUSY",
        "OUTCOME_UNKNOWN",
        "PROCESSING_FAILED",
        "PROCESSING_TIMEOUT",
    }
)


class Server:
    """The real server as a process group of its own, always on the same port."""

    def __init__(self, outputs: Path) -> None:
        self.outputs = outputs
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> float:
        """Start it; the seconds until it was ready."""
        begun = time.monotonic()
        options = ["--port", str(self.port), "--outputs", str(self.outputs), "--imaging-processes", "2"]
        with (self.outputs.parent / "server.log").open("a") as log:
            self.process = subprocess.Popen(
                [sys.executable, "server.py", *options, "--secret", SECRET],
                cwd=ROOT, stdout=subprocess.PIPE, stderr=log, text=True, start_new_session=True,
            )  # fmt: skip
        assert self.process.stdout is not None
        with self.process.stdout as told:
            line = told.readline()
        if "listening" not in line:
            raise RuntimeError(f"the server did not start: {line!r}")
        return time.monotonic() - begun

    def kill(self, alone: bool) -> list[int]:
        """SIGKILL the group, or the server process `alone`; children still there one second later."""
        assert self.process is not None
        children = _children(self.process.pid)
        if alone:
            os.kill(self.process.pid, signal.SIGKILL)
        else:
            os.killpg(self.process.pid, signal.SIGKILL)
        if self.process.wait() != -signal.SIGKILL:
            raise RuntimeError("the server was not killed")
        deadline = time.monotonic() + 1.0
        while time.monotonic() < deadline and any(map(_is_alive, children)):
            time.sleep(0.01)
        return [child for child in children if _is_alive(child)]

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(timeout=40)


def _children(pid: int) -> list[int]:
    found = [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    threads = Path(f"/proc/{pid}/task").iterdir()
    more = {int(one) for thread in threads for one in _read(thread / "children").split()}
    return sorted({*found, *more})


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""


def _is_alive(pid: int) -> bool:
    state = _read(Path(f"/proc/{pid}/stat")).rpartition(")")[2].split()
    return bool(state) and state[0] not in ("Z", "X")


@dataclass
class Image:
    """What a client knows of one image: everything it may be, by what was asked since the last answer."""

    sha256: str
    statuses: set[str] = field(default_factory=lambda: {"active"})
    favorites: set[bool] = field(default_factory=lambda: {False})


class Client(threading.Thread):
    """One guest; remembers each answer and each question that got none."""

    def __init__(self, port: int, number: int, stopping: threading.Event) -> None:
        super().__init__(daemon=True)
        self.port, self.number, self.stopping = port, number, stopping
        self.owner = new_guest()
        self.cookie = Signer((SECRET,), "a", "i").cookie(self.owner)
        self.chance = random.Random(number)
        self.images: dict[str, Image] = {}
        self.pending: list[tuple[str, bytes]] = []
        self.asked, self.answered, self.wrong = 0, 0, list[str]()
        self._sent = 0

    def run(self) -> None:
        while not self.stopping.is_set():
            try:
                self._one()
            except (OSError, http.client.HTTPException):
                time.sleep(0.02)

    def _one(self) -> None:
        turn = self.chance.random()
        if turn < 0.6 or not self.images:
            self._upload()
        elif turn < 0.95:
            self._mark(self.chance.choice(sorted(self.images)), self.chance.choice(("delete", "restore")))
        else:
            self._favor(self.chance.choice(sorted(self.images)), self.chance.random() < 0.5)

    def _upload(self) -> None:
        """A new upload, or one that got no answer, again under its key."""
        if not self.pending:
            self._sent += 1
            self.pending.append(
                (f"{self.number}-{self._sent}", pictures.png(24, 16, seed=self._sent, noise=True))
            )
        key, data = self.pending[0]
        status, answer = self.ask(
            "POST", "/api/v1/images", data, {"Content-Type": "image/png", "Idempotency-Key": key}
        )
        if status == 201:
            self.pending.pop(0)
            self.images[answer["items"][0]["id"]] = Image(hashlib.sha256(data).hexdigest())

    def _mark(self, image: str, verb: str) -> None:
        known, wanted = self.images[image], {"delete": "trash", "restore": "active"}[verb]
        known.statuses.add(wanted)
        status, _ = self.ask("POST", f"/api/v1/images/{image}/{verb}")
        if status == 200:
            known.statuses = {wanted}
        elif status == 404:
            self.wrong.append(f"{image} was acknowledged and is gone")

    def _favor(self, image: str, on: bool) -> None:
        known = self.images[image]
        known.favorites.add(on)
        status, _ = self.ask(
            "PATCH", f"/api/v1/images/{image}", json.dumps({"favorite": on}).encode(),
            {"Content-Type": "application/json"},
        )  # fmt: skip
        if status == 200:
            known.favorites = {on}

    def ask(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, Any]:
        """One request; an unannounced 5xx is noted. Raises OSError or HTTPException without an answer."""
        self.asked += 1
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        sent = {"Cookie": f"anon_id={self.cookie}", "Sec-Fetch-Site": "same-origin", **(headers or {})}
        try:
            connection.request(method, path, body, sent)
            response = connection.getresponse()
            data = response.read()
        finally:
            connection.close()
        self.answered += 1
        is_json = "json" in response.headers.get("Content-Type", "")
        answer = json.loads(data) if is_json else data
        if response.status >= 500 and not (is_json and answer.get("code") in ANNOUNCED):
            self.wrong.append(f"{method} {path} gave {response.status} {data[:200]!r}")
        return response.status, answer

    def check(self) -> None:
        """Everything is as it was answered, byte for byte; what was never answered may be either."""
        for image, known in self.images.items():
            status, record = self.ask("GET", f"/api/v1/images/{image}")
            if status != 200:
                self.wrong.append(f"{image} was acknowledged and gives {status}")
                continue
            if record["status"] not in known.statuses or record["favorite"] not in known.favorites:
                told = (record["status"], record["favorite"])
                self.wrong.append(f"{image} is {told}, acknowledged {known.statuses} {known.favorites}")
            _, data = self.ask("GET", f"/api/v1/images/{image}/file")
            if not isinstance(data, bytes) or hashlib.sha256(data).hexdigest() != known.sha256:
                self.wrong.append(f"{image} has other bytes")


@dataclass
class Toll:
    """What a run of kills cost."""

    kills: int = 0
    alone: int = 0
    asked: int = 0
    answered: int = 0
    images: int = 0
    slowest_start: float = 0.0
    wrong: list[str] = field(default_factory=list)


def kill_under_load(outputs: Path, kills: int, seed: int = 1) -> Toll:
    """Kill and restart at once, `kills` times, half of them the server process alone; then check all."""
    chance, toll, server, stopping = random.Random(seed), Toll(), Server(outputs), threading.Event()
    server.start()
    clients = [Client(server.port, number, stopping) for number in range(4)]
    for client in clients:
        client.start()
    try:
        for number in range(kills):
            time.sleep(chance.uniform(0.4, 1.6))
            alone = number % 2 == 1
            left = server.kill(alone)
            toll.wrong += [f"child {child} outlived kill {number}" for child in left]
            toll.kills, toll.alone = toll.kills + 1, toll.alone + alone
            toll.slowest_start = max(toll.slowest_start, server.start())
        time.sleep(0.5)
    finally:
        stopping.set()
        for client in clients:
            client.join(30)
    for client in clients:
        client.check()
        toll.wrong += client.wrong
        toll.asked, toll.answered = toll.asked + client.asked, toll.answered + client.answered
        toll.images += len(client.images)
    if code := server.stop():
        toll.wrong.append(f"the server left with {code}")
    return toll
