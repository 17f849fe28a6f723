"""Walks through the states that power cuts leave at every step, recovers each and gathers complaints."""

from __future__ import annotations

import random
import traceback
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

from imagehist.following import follow
from imagehist.model.faults import Fault
from imagehist.model.times import to_micros

from .disk_model import Disk
from .invariants import complaints
from .model_files import Cut, ModelFiles, Step, replay
from .scenario import (
    A_DAY,
    START,
    Ack,
    Play,
    Records,
    SteppingClock,
    assemble,
    begin,
    next_action,
    records_of,
    seeded_ids,
    start,
)

MODELS = ("ext4", "any", "split")


Expected = tuple[Records, Records, bool, Mapping[str, int]]


class Recording(NamedTuple):
    """One run of a sequence: its steps and what was acknowledged after how many of them."""

    log: list[Step]
    acks: list[Ack]

    def around(self, steps: int) -> Expected:
        """What is acknowledged after `steps`, what the action under way makes of it, and whether wholly."""
        place = bisect_right([ack.steps for ack in self.acks], steps)
        before, lines = (self.acks[place - 1].records, self.acks[place - 1].lines) if place else ({}, {})
        if place == len(self.acks):
            return before, before, True, lines
        return before, self.acks[place].records, self.acks[place].whole, lines


@dataclass
class Report:
    """How many states were looked at, which were bad, and what was wrong with the first of them."""

    states: int = 0
    bad: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    examples: list[str] = field(default_factory=list)

    def count(self, where: str, found: list[str]) -> None:
        self.states += 1
        if found:
            self.bad += 1
            self.kinds.update({complaint.split(" ")[0] for complaint in found})
            if len(self.examples) < 12:
                self.examples.append(f"{where}: {'; '.join(found[:4])}")


def record(sequence: Callable[[Play], None], seed: int = 1) -> Recording:
    """Play a sequence on a healthy disk."""
    with seeded_ids(seed):
        files = ModelFiles(Disk("any"))
        play = begin(files, lambda: len(files.log))
        sequence(play)
    return Recording(files.log, play.acks)


@contextmanager
def judged(found: list[str], name: str) -> Iterator[None]:
    """An error of the code under test is a complaint, a cut is none."""
    try:
        yield
    except (Fault, OSError, ValueError, LookupError, RuntimeError, AttributeError, AssertionError) as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        found.append(f"X {name} raised {error!r} at {last.filename.rpartition('/')[2]}:{last.lineno}")


class Explorer:
    """Explores one recording under one disk model. `follow` is how often a state is cut once more."""

    def __init__(
        self, recording: Recording, model: str, seed: int = 1, most: int = 4, follow: float = 0.5
    ) -> None:
        self.recording, self.model = recording, model
        self.chance = random.Random(f"{seed}-{model}")
        self.most, self._follow = most, follow
        self.report = Report()

    def run(self, until_bad: bool = False, since: str = "") -> Report:
        """Every step, or every step until something is bad, from the first action named `since` on."""
        first = next(ack.steps for ack in self.recording.acks if ack.action.startswith(since)) if since else 0
        disk = Disk(self.model)
        advance = replay(disk, self.recording.log)
        for step in range(len(self.recording.log) + 1):
            if step:
                advance()
            if step >= first:
                self._cut(disk, step)
            if until_bad and self.report.bad:
                break
        return self.report

    def _cut(self, disk: Disk, step: int) -> None:
        expected, where = self.recording.around(step), f"{self.model} step {step}"
        for state in disk.states(self.chance, self.most):
            self._look_at(partial(disk.after_cut, state), where, expected)
        if self.chance.random() < self._follow:
            self._look_at(partial(self._killed, disk, step), f"{where}, killed", expected)
        if self.chance.random() < self._follow and step >= self.recording.acks[0].steps:
            self._others_go_on(self._killed(disk, step), f"{where}, killed, others go on", expected)

    def _killed(self, disk: Disk, step: int) -> Disk:
        """The process dies, the machine does not: nothing is lost, nothing is durable that was not. A
        write under way may be half done."""
        left = deepcopy(disk)
        name, values = self.recording.log[step] if step < len(self.recording.log) else ("", ())
        if name == "set_data" and self.chance.random() < 0.5:
            number, data = values
            assert isinstance(number, int)
            assert isinstance(data, bytes)
            old = left.nodes[number].data
            left.set_data(number, data[: (len(old) + len(data)) // 2] if len(data) > len(old) else old)
        return left

    def _look_at(self, disk: Callable[[], Disk], where: str, expected: Expected) -> None:
        """Recover one state; sometimes cut its recovery as well."""
        spent = self._recovered(ModelFiles(disk()), where, expected)
        if self.chance.random() < self._follow:
            again = ModelFiles(disk(), stop=self.chance.randint(0, max(0, spent)))
            self._cut_recovery(again, f"{where}, cut in recovery at {again.stop}", expected)

    def _clock(self) -> SteppingClock:
        """Recoveries come on the same day, or on a later one."""
        return SteppingClock(START + self.chance.choice((3_600_000_000, A_DAY + 3_600_000_000, 2 * A_DAY)))

    def _others_go_on(self, disk: Disk, where: str, expected: Expected) -> None:
        """A second process works on without any recovery; then the power goes."""
        files, found = ModelFiles(disk), list[str]()
        with judged(found, "next action"):
            play = Play(files, assemble(files, clock=_soon_after(expected[0])), lambda: len(files.log))
            for owner in play.library.manifest.owners():
                with play.library.manifest.hold(owner):
                    follow(play.library, owner)
            next_action(play, self.chance.randrange(10))
        if not found:
            shown = records_of(play.library)
            later = {owner: {**expected[1].get(owner, {}), **records} for owner, records in shown.items()}
            state = self.chance.choice(list(files.disk.states(self.chance, 6)))
            after_cut = ModelFiles(files.disk.after_cut(state))
            with judged(found, "recovery"):
                library = start(after_cut, clock=self._clock())
                found += complaints(after_cut, library, shown, expected[1] | later, whole=False)
        self.report.count(where, found)

    def _recovered(self, files: ModelFiles, where: str, expected: Expected) -> int:
        """Recover and check; the steps recovery took. Sometimes go on from there."""
        found: list[str] = []
        spent = 0
        with judged(found, "recovery"):
            library = start(files, clock=self._clock())
            spent = len(files.log)
            found += complaints(files, library, *expected)
            play = Play(files, library, lambda: len(files.log))
        self.report.count(where, found)
        if not found and self.chance.random() < self._follow:
            self._go_on(play, where)
        return spent

    def _go_on(self, play: Play, where: str) -> None:
        """A second recovery writes nothing; then one more acknowledged action and a second cut."""
        files = play.files
        assert isinstance(files, ModelFiles)
        found: list[str] = []
        with judged(found, "second start"):
            play.library.store.close()
            mark = len(files.log)
            play.library = start(files, clock=self._clock())
            found += [f"I6 the second recovery did {s}" for s in files.log[mark:] if not _is_own_lock(s)]
        self.report.count(f"{where}, second recovery", found)
        if found:
            return
        now = records_of(play.library)
        play.acks = [Ack(len(files.log), "recovered", now)]
        try:
            files.stop = len(files.log) + self.chance.randint(1, 40)
            with judged(found, "next action"):
                next_action(play, self.chance.randrange(10))
        except Cut:
            pass
        self._cut_again(files, Recording(files.log, play.acks), where, found)

    def _cut_again(self, files: ModelFiles, recording: Recording, where: str, found: list[str]) -> None:
        before = recording.acks[-1].records
        acted = len(recording.acks) > 1
        state = self.chance.choice(list(files.disk.states(self.chance, 6)))
        after_cut = ModelFiles(files.disk.after_cut(state))
        with judged(found, "third recovery"):
            library = start(after_cut, clock=self._clock())
            if acted:
                found += complaints(after_cut, library, before, before, True)
            else:
                truth = records_of(library)
                found += complaints(after_cut, library, truth, truth, True) + _kept(before, truth)
        self.report.count(f"{where}, second cut", found)

    def _cut_recovery(self, files: ModelFiles, where: str, expected: Expected) -> None:
        found: list[str] = []
        try:
            with judged(found, "recovery"):
                start(files, clock=self._clock())
        except Cut:
            pass
        for state in files.disk.states(self.chance, 3):
            after_cut = ModelFiles(files.disk.after_cut(state))
            with judged(found, "recovery of a recovery"):
                library = start(after_cut, clock=self._clock())
                found += complaints(after_cut, library, *expected)
            self.report.count(where, found)
            found = []


def _soon_after(records: Records) -> SteppingClock:
    """A minute after the newest image."""
    times = [to_micros(record.created_at) for found in records.values() for record in found.values()]
    return SteppingClock(max(times, default=START) + 60_000_000)


def _kept(before: Records, truth: Records) -> list[str]:
    """An action cut off may have trashed or purged something; every other image is still as it was."""
    lost = [
        image
        for owner, records in before.items()
        for image, record in records.items()
        if image not in truth.get(owner, {}) and record.status != "trash"
    ]
    return [f"I1 {image[:6]} is gone after a second cut" for image in lost]


def _is_own_lock(step: Step) -> bool:
    """A process may say that it lives, and a sync is no change."""
    return step[0] == "sync" or (step[0] == "make" and "/locks/writer-" in str(step[1][0]))
