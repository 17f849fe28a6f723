"""Real power cuts: a file system in a file is copied while a process writes to it, and the copy mounted."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from imagehist.files import DiskFiles
from tests.crashes.answers import untrue_of
from tests.crashes.invariants import complaints
from tests.crashes.killing import scratch
from tests.crashes.scenario import begin, records_of, start

ROOT = Path(__file__).parent.parent.parent
KINDS = {
    "ext4": ["mkfs.ext4", "-q", "-F"],
    "ext4-nojournal": ["mkfs.ext4", "-q", "-F", "-O", "^has_journal"],
    "xfs": ["mkfs.xfs", "-q", "-f"],
    "btrfs": ["mkfs.btrfs", "-q", "-f"],
}
"""The promise is given for all but `ext4-nojournal`."""

BYTES = 320 << 20


def can_cut(kind: str) -> bool:
    """Whether this machine can make and mount such a file system."""
    return (
        os.geteuid() == 0 and shutil.which(KINDS[kind][0]) is not None and Path("/dev/loop-control").exists()
    )


@contextmanager
def mounted(image: Path, folder: Path) -> Iterator[Path]:
    """The file system in a file, mounted."""
    folder.mkdir(exist_ok=True)
    subprocess.run(["mount", "-o", "loop", str(image), str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def cut_once(kind: str, seed: int, room: Path, plant: str = "") -> tuple[int, list[str]]:
    """One power cut under one writing process: how many answers it had given, and what of them is untrue."""
    chance, image, copy = random.Random(seed), room / "disk", room / "copy"
    with image.open("wb") as file:
        file.truncate(BYTES)
    subprocess.run([*KINDS[kind], str(image)], check=True, stdout=subprocess.DEVNULL)
    with mounted(image, room / "one") as folder:
        work = [str(folder / "outputs"), str(seed), "60", "go on", plant]
        said = _interrupted(work, chance.uniform(0.3, 1.2), (image, copy))
    image.unlink()
    if kind.endswith("nojournal"):
        subprocess.run(
            ["e2fsck", "-fy", str(copy)], check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
    with mounted(copy, room / "two") as folder:
        found = _looked_at(folder / "outputs", said)
    copy.unlink()
    return len(said), found


def _interrupted(work: list[str], seconds: float, disks: tuple[Path, Path]) -> list[dict[str, Any]]:
    """Let a process work, stop it, copy what reached the disk, kill it; what it had said by then."""
    Path(work[0]).mkdir()
    begin(DiskFiles(work[0]), lambda: 0).library.store.close()
    os.sync()
    heard = disks[0].parent / "heard"
    with heard.open("wb") as told:
        command = [sys.executable, "-m", "tests.crashes.working", *work]
        process = subprocess.Popen(command, cwd=ROOT, stdout=told)
        while heard.stat().st_size == 0:
            time.sleep(0.01)
        time.sleep(seconds)
        process.send_signal(signal.SIGSTOP)
        said = heard.read_bytes().splitlines()
        subprocess.run(["cp", "--sparse=always", *map(str, disks)], check=True)
        process.kill()
        process.wait()
    return [json.loads(line) for line in said]


def _looked_at(root: Path, said: list[dict[str, Any]]) -> list[str]:
    files = DiskFiles(str(root))
    library = start(files)
    shown = records_of(library)
    found = untrue_of(said, library) + complaints(files, library, shown, shown)
    library.store.close()
    return found


def cut_power(kind: str, cuts: int, seed: int = 1, plant: str = "") -> dict[str, Any]:
    """Many cuts: how many, how many answers they had to keep, and what was wrong."""
    answers, wrong = 0, dict[int, list[str]]()
    with scratch() as room:
        for number in range(cuts):
            said, found = cut_once(kind, seed + number, room, plant)
            answers += said
            if found:
                wrong[seed + number] = found
    return {"file system": kind, "cuts": cuts, "answers": answers, "wrong": wrong}
