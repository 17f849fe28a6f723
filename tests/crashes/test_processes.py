"""Several processes on one root die at random while others go on: every answer stays true."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import pytest

from imagehist.files import DiskFiles
from imagehist.indexes.sqlite import SqliteIndex
from imagehist.model.names import INDEX_FILE
from imagehist.recovering import recover
from tests.crashes.answers import untrue_of
from tests.crashes.invariants import complaints
from tests.crashes.killing import scratch
from tests.crashes.scenario import assemble, begin, records_of

ROOT = Path(__file__).parent.parent.parent


@dataclass
class Crowd:
    """Some working processes and what they have said so far."""

    root: Path
    chance: random.Random
    living: list[tuple[subprocess.Popen[bytes], IO[bytes]]] = field(default_factory=list)
    said: list[dict[str, Any]] = field(default_factory=list)
    kills: int = 0
    problems: list[str] = field(default_factory=list)

    def add(self, recovers: bool) -> None:
        """One more process."""
        heard = (self.root.parent / f"heard-{self.chance.randrange(1 << 60)}").open("w+b")
        told = (self.root.parent / "problems").open("ab")
        how = "recover" if recovers else "go on"
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.crashes.working", str(self.root),
             str(self.chance.randrange(1 << 30)), "60", how],
            cwd=ROOT, stdout=heard, stderr=told,
        )  # fmt: skip
        told.close()
        self.living.append((process, heard))

    def kill(self) -> None:
        """SIGKILL one of them."""
        process, heard = self.living.pop(self.chance.randrange(len(self.living)))
        if process.poll() is not None:
            self.problems.append(f"a process left with {process.returncode}")
        process.send_signal(signal.SIGKILL)
        process.wait()
        heard.seek(0)
        self.said += [json.loads(line) for line in heard.read().splitlines()]
        heard.close()
        self.kills += 1


def _work(root: Path, seconds: float, crowd: Crowd) -> None:
    """Three processes at a time; one dies every half second, another takes its place."""
    for _ in range(3):
        crowd.add(recovers=False)
    time.sleep(0.8)
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        time.sleep(crowd.chance.uniform(0.2, 0.8))
        crowd.kill()
        crowd.add(recovers=crowd.chance.random() < 0.3)
    time.sleep(0.5)
    while crowd.living:
        crowd.kill()


def test_processes_die_and_the_others_go_on(
    request: pytest.FixtureRequest, note: Callable[[str], None]
) -> None:
    seconds = 2.0 if request.config.getoption("--quick") else 10.0
    with scratch() as room:
        root = room / "root"
        root.mkdir()
        begin(DiskFiles(str(root)), lambda: 0).library.store.close()
        crowd = Crowd(root, random.Random(6))
        _work(root, seconds, crowd)
        problems = (room / "problems").read_text()
        files = DiskFiles(str(root))
        shared = assemble(files, SqliteIndex(files.path(INDEX_FILE)))
        recover(shared)
        fresh = assemble(files)
        recover(fresh)
        shown = records_of(fresh)
        untrue = untrue_of(crowd.said, fresh)
        assert records_of(shared) == shown, "the shared index shows the manifests"
        images = sum(map(len, shown.values()))
        note(
            f"processes: {crowd.kills} of 3 at a time killed, {len(crowd.said)} answers, {images} images,"
            f" {len(untrue)} untrue"
        )
        assert (untrue, problems, crowd.problems) == ([], "", [])
        assert complaints(files, fresh, shown, shown) == []
        assert len(crowd.said) > 50
        shared.index.close()
        for library in (shared, fresh):
            library.store.close()
