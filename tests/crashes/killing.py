"""Kills a real process at every file operation of an action, recovers the root and checks it."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from imagehist.files import DiskFiles
from imagehist.following import follow
from tests.crashes import mutations
from tests.crashes.faulty_files import OPERATIONS, FaultyFiles
from tests.crashes.invariants import complaints
from tests.crashes.scenario import (
    ALICE,
    BOB,
    START,
    Play,
    Records,
    SteppingClock,
    assemble,
    begin,
    records_of,
    seeded_ids,
    start,
)

CHANGING = OPERATIONS - {"append", "open", "read", "facts_of", "facts", "list", "close"}
Action = Callable[[Play, list[str]], object]
ACTIONS: dict[str, Action] = {
    "upload": lambda play, ids: play.upload(ALICE, 9),
    "upload of a new owner": lambda play, ids: play.upload(BOB, 9),
    "edit": lambda play, ids: play.edit(ALICE, ids[0], note="changed"),
    "delete": lambda play, ids: play.trash(ALICE, ids[:1]),
    "restore": lambda play, ids: play.restore(ALICE, ids[3:4]),
    "bulk": lambda play, ids: play.trash(ALICE, ids[:3]),
    "undo": lambda play, ids: play.undo(ALICE, 5),
    "purge": lambda play, ids: play.purge(ALICE, ids[3:4]),
    "reindex": lambda play, ids: play.snapshot(ALICE),
    "recovery": lambda play, ids: start(play.files, clock=SteppingClock(START + 7_200_000_000)),
}


class Point(NamedTuple):
    """Where a process dies: at which of the changing operations, and whether half of a write is done."""

    action: str
    at: int
    torn: bool


class PipedPlay(Play):
    """Tells the parent of every acknowledgement at once."""

    pipe = -1

    def acknowledged(self, action: str, whole: bool = True) -> None:
        os.write(self.pipe, b"A")


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder in memory where there is one, gone afterwards."""
    base = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    folder = Path(tempfile.mkdtemp(prefix="imagehist-kill-", dir=base))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def prepare(root: Path, crashed: bool) -> list[str]:
    """A library with four images, one in the trash; when `crashed` with everything a recovery mends."""
    root.mkdir()
    files = DiskFiles(str(root))
    with seeded_ids(5):
        play = begin(files, lambda: 0)
        ids = play.upload(ALICE, 1, 2, 3, 4)
        play.trash(ALICE, ids[3:])
        play.checkpoint(ALICE)
        if not crashed:
            play.library.store.close()
            return ids
        play.purge(ALICE, ids[3:])
        play.edit(ALICE, ids[1], note="its sidecar is lost")
        play.prepared(ALICE, 8)
        play.library.store.stage("f" * 32)
    manifest = root / "users" / ALICE / "manifest.jsonl"
    manifest.write_bytes(manifest.read_bytes() + b'{"seq":99,"torn')
    for key in [r.key for r in play.library.index.records(ALICE, ids[1:2]).values()]:
        (root / key).with_suffix(".json").unlink()
        ((root / key).parent / "ffffffffffffffffffffffffffffffff.png").write_bytes(b"no image")
    os.close(play.library.store._alive or 0)  # type: ignore[attr-defined]
    return ids


def act(root: Path, action: str, ids: list[str], plan: Callable[[int, str], int], pipe: int) -> FaultyFiles:
    """One action in this process, on fresh objects; `plan` may kill it."""
    files = FaultyFiles(DiskFiles(str(root)))
    if action == "recovery":
        files.plan = plan
        with seeded_ids(11):
            start(files, clock=SteppingClock(START + 7_200_000_000))
        return files
    library = assemble(files, clock=SteppingClock(START + 3_600_000_000))
    for owner in library.manifest.owners():
        with library.manifest.hold(owner):
            follow(library, owner)
    play = PipedPlay(files, library, lambda: 0)
    play.pipe = pipe
    files.plan = plan
    with seeded_ids(11):
        ACTIONS[action](play, ids)
    return files


class Counting:
    """A plan that numbers the changing operations and kills this process at one of them."""

    def __init__(self, files: list[str], point: Point | None) -> None:
        self.names = files
        self.point = point

    def __call__(self, _: int, name: str) -> int:
        if name in CHANGING:
            self.names.append(name)
            if self.point and len(self.names) == self.point.at and not self.point.torn:
                os.kill(os.getpid(), signal.SIGKILL)
        return 0


def points_of(base: Path, action: str, ids: list[str], room: Path) -> tuple[list[Point], Records]:
    """Every point of an action, and the records it leads to when nothing happens."""
    root, names = room / "dry", list[str]()
    shutil.copytree(base, root)
    reader, writer = os.pipe()
    act(root, action, ids, Counting(names, None), writer)
    os.close(reader)
    os.close(writer)
    wanted = records_of(start(DiskFiles(str(root)), clock=SteppingClock(START + 10_800_000_000)))
    shutil.rmtree(root)
    found = [Point(action, at, False) for at in range(1, len(names) + 1)]
    return found + [Point(action, at, True) for at, name in enumerate(names, 1) if name == "write"], wanted


def die(root: Path, point: Point, ids: list[str]) -> bool:
    """Run an action in a forked process until it is killed; whether it was acknowledged before."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        if point.torn:
            tear_write(point.at)
        act(root, point.action, ids, Counting([], point), writer)
        os._exit(0)
    os.close(writer)
    _, status = os.waitpid(child, 0)
    acknowledged = os.read(reader, 10) != b""
    os.close(reader)
    if not (os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL):
        raise RuntimeError(f"{point} was not killed")
    return acknowledged


def tear_write(at: int) -> None:
    """Let the process die in the middle of that changing operation, a write."""
    seen = 0
    real = FaultyFiles._counted

    def counted(files: FaultyFiles, name: str, call: Callable[..., object]) -> Callable[..., object]:
        def operation(*values: object, **named: object) -> object:
            nonlocal seen
            if name in CHANGING and files.plan.__class__ is Counting:
                seen += 1
                if seen == at:
                    data = bytes(values[1])  # type: ignore[arg-type, call-overload]
                    call(values[0], data[: len(data) // 2])
                    os.kill(os.getpid(), signal.SIGKILL)
            return real(files, name, call)(*values, **named)

        return operation

    FaultyFiles._counted = counted  # type: ignore[method-assign, assignment]


def check(root: Path, before: Records, after: Records) -> list[str]:
    """Recover as a fresh process would, check, and see a second recovery write nothing."""
    files = FaultyFiles(DiskFiles(str(root)))
    library = start(files, clock=SteppingClock(START + 10_800_000_000))
    found = complaints(files, library, before, after, whole=True)
    library.store.close()
    first = look(root)
    again = start(files, clock=SteppingClock(START + 14_400_000_000))
    again.store.close()
    return found + [f"I6 a second recovery touched {name}" for name, _ in first ^ look(root)]


def look(root: Path) -> set[tuple[str, tuple[int, int]]]:
    """Every file below a root but locks, with its size and time."""
    found = ((path.relative_to(root).as_posix(), path.stat()) for path in root.rglob("*") if path.is_file())
    return {(name, (stat.st_size, stat.st_mtime_ns)) for name, stat in found if "/locks/" not in name}


def kill_everywhere(actions: list[str], step: int = 1) -> dict[str, object]:
    """Every (or every `step`-th) point of these actions: how many, how many were killed, what was wrong."""
    told: dict[str, list[str]] = {}
    with scratch() as room:
        for action in actions:
            told |= _kill_action(action, step, room)
    return {"killed": len(told), "wrong": {point: found for point, found in told.items() if found}}


def _kill_action(action: str, step: int, room: Path) -> dict[str, list[str]]:
    """Complaints by point; nearly all are empty."""
    base = room / "base"
    ids = prepare(base, crashed=action == "recovery")
    points, wanted = points_of(base, action, ids, room)
    before = wanted if action == "recovery" else _shown(base, room)
    found = {
        f"{point.action} at {point.at}{' torn' if point.torn else ''}": _kill_at(
            point, ids, (base, room), (before, wanted)
        )
        for point in points[::step]
    }
    shutil.rmtree(base)
    return found


def _kill_at(
    point: Point, ids: list[str], places: tuple[Path, Path], records: tuple[Records, Records]
) -> list[str]:
    """Die at one point of a copy of a root, and check what is left."""
    base, room = places
    before, wanted = records
    root = room / "root"
    shutil.copytree(base, root)
    acknowledged = die(root, point, ids)
    told = check(root, wanted if acknowledged else before, wanted)
    shutil.rmtree(root)
    return told


def _shown(base: Path, room: Path) -> Records:
    """The records of a root, read from a copy."""
    copy = room / "shown"
    shutil.copytree(base, copy)
    records = records_of(start(DiskFiles(str(copy))))
    shutil.rmtree(copy)
    return records


def main(arguments: list[str]) -> int:
    """Print what was found as JSON; 1 when anything was wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--actions", default=",".join(ACTIONS))
    parser.add_argument("--step", type=int, default=1)
    parser.add_argument("--plant", help="leave this rule out, named as in mutations.py")
    given = parser.parse_args(arguments)
    if given.plant:
        getattr(mutations, given.plant)(pytest.MonkeyPatch())
    found = kill_everywhere(given.actions.split(","), given.step)
    print(json.dumps(found, indent=1))
    return 1 if found["wrong"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
