"""One of several processes that work on one root: changes things at random and says what was done."""

from __future__ import annotations

import json
import os
import random
import sys
import time
from contextlib import suppress

import pytest

from imagehist.files import DiskFiles
from imagehist.following import Follower
from imagehist.indexes.sqlite import SqliteIndex
from imagehist.library import RisingClock
from imagehist.model.faults import Busy, CannotUndo, NotFound
from imagehist.model.names import INDEX_FILE
from imagehist.recovering import recover
from tests.crashes import mutations
from tests.crashes.scenario import ALICE, BOB, Play, assemble, rolling_at

ROLL = 60_000


class SayingPlay(Play):
    """Says on standard output what is done, once it is."""

    def acknowledged(self, action: str, whole: bool = True) -> None:
        """The line says it, when the whole action is over."""


def say(**values: object) -> None:
    """One line, in one write: it comes wholly or not at all."""
    os.write(1, json.dumps(values).encode() + b"\n")


def work(play: Play, chance: random.Random, until: float) -> None:
    """Change one of two libraries, again and again."""
    follower, number = Follower(play.library), chance.randrange(1 << 40)
    while time.monotonic() < until:
        owner = chance.choice((ALICE, BOB))
        follower.refresh(owner)
        number += 1
        with suppress(Busy, NotFound, CannotUndo):
            _one(play, chance, owner, number)


def _one(play: Play, chance: random.Random, owner: str, number: int) -> None:
    images = [record.id for record in play.library.index.every_record(owner)]
    turn = chance.random()
    if turn < 0.35 or len(images) < 5:
        for image in play.upload(owner, *range(number, number + chance.choice((1, 1, 3)))):
            say(owner=owner, ids=[image], op="add")
    elif turn < 0.9:
        _change(play, chance, owner, chance.sample(images, chance.choice((1, 1, 4))))
    elif turn < 0.96:
        play.checkpoint(owner)
    else:
        play.snapshot(owner)


def _change(play: Play, chance: random.Random, owner: str, ids: list[str]) -> None:
    """One change of some images, when there is anything to change."""
    found = play.library.index.records(owner, ids)
    if chance.random() < 0.2:
        note = f"{chance.random()}"
        say(owner=owner, ids=ids[:1], op="set", seq=play.edit(owner, ids[0], note=note), to={"note": note})
    elif chance.random() < 0.5:
        if some := [image for image, record in found.items() if record.status == "active"]:
            with suppress(AssertionError):  # somebody else was quicker
                say(owner=owner, ids=some, op="set", seq=play.trash(owner, some))
    elif some := [image for image, record in found.items() if record.status == "trash"]:
        with suppress(AssertionError):
            say(owner=owner, ids=some, op="set", seq=play.restore(owner, some))


def main(root: str, seed: int, seconds: float, recovers: bool) -> None:
    """Work for some seconds, on the index that all processes share."""
    files = DiskFiles(root)
    library = assemble(files, SqliteIndex(files.path(INDEX_FILE)), RisingClock())
    if recovers:
        recover(library)
    say(started=True)
    with rolling_at(ROLL):
        work(SayingPlay(files, library, lambda: 0), random.Random(seed), time.monotonic() + seconds)
    library.index.close()
    library.store.close()


if __name__ == "__main__":
    if sys.argv[5:] and sys.argv[5]:
        getattr(mutations, sys.argv[5])(pytest.MonkeyPatch())
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), sys.argv[4] == "recover")
