"""What users do to a library, action by action, with a record of what was acknowledged when."""

from __future__ import annotations

import hashlib
import random
import uuid
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import NamedTuple

from imagehist import founding, sealing
from imagehist.actions.editing import Patch, favor, many, one, patched, restore, trash
from imagehist.actions.undoing import undo
from imagehist.actions.uploading import Prepared, prepare
from imagehist.atomic import read_whole
from imagehist.committing import Decision, Outcome, commit
from imagehist.files import Files
from imagehist.following import follow
from imagehist.indexes.memory import MemoryIndex
from imagehist.intake import Meta, Staged
from imagehist.library import Library, began_entry
from imagehist.manifests.jsonl import JsonlManifest
from imagehist.model import names
from imagehist.model.faults import Fault
from imagehist.model.names import new_id
from imagehist.model.records import ImageRecord
from imagehist.model.times import to_text
from imagehist.ports import Index
from imagehist.projecting import checkpoint, project
from imagehist.purging import purge
from imagehist.recovering import recover
from imagehist.sealing import snapshot
from imagehist.stores.disk import DiskStore

from .tiny_images import TinyRenderer, tiny_png

ALICE, BOB = "anon-" + "a" * 32, "bob"
SPECIFICATION = b"the format\n"
START = 1_795_000_000_000_000
A_DAY = 86_400_000_000

Records = dict[str, dict[str, ImageRecord]]


@contextmanager
def seeded_ids(seed: int) -> Iterator[None]:
    """The same ids in the same order, for runs that can be repeated."""
    chance, real = random.Random(seed), names.uuid
    made = SimpleNamespace(uuid4=lambda: uuid.UUID(int=chance.getrandbits(128), version=4))
    names.uuid = made  # type: ignore[assignment]
    try:
        yield
    finally:
        names.uuid = real


class SteppingClock:
    """A second later at each look."""

    def __init__(self, start: int = START) -> None:
        self.now = start

    def __call__(self) -> int:
        self.now += 1_000_000
        return self.now


def assemble(files: Files, index: Index | None = None, clock: Callable[[], int] | None = None) -> Library:
    """A library on these files as a fresh process has it; its index is empty unless one is given."""

    def read(path: str) -> bytes | None:
        return read_whole(files, path.removeprefix(files.path("")))

    store, manifest = DiskStore(files), JsonlManifest(files)
    return Library(store, manifest, index or MemoryIndex(), TinyRenderer(read), (), clock or SteppingClock())


def start(files: Files, index: Index | None = None, clock: Callable[[], int] | None = None) -> Library:
    """What every start does before it serves: found or check the root, open, recover."""
    founding.found(files, SPECIFICATION)
    library = assemble(files, index, clock)
    recover(library)
    return library


def records_of(library: Library) -> Records:
    """Every record of every owner as the index shows it."""
    return {owner: {r.id: r for r in library.index.every_record(owner)} for owner in library.index.owners()}


class Ack(NamedTuple):
    """What holds after so many steps: an acknowledged action's name and every record then.

    `whole` says that the action on the way to it happens wholly or not at all, `lines` how many lines
    each history has.
    """

    steps: int
    action: str
    records: Records
    whole: bool = True
    lines: Mapping[str, int] = {}


@dataclass
class Play:
    """A library in use, and the acknowledgements it gave."""

    files: Files
    library: Library
    steps: Callable[[], int]
    acks: list[Ack] = field(default_factory=list)
    uploads: int = 0

    def acknowledged(self, action: str, whole: bool = True) -> None:
        index = self.library.index
        lines = {owner: index.head_count(owner) for owner in index.owners()}
        self.acks.append(Ack(self.steps(), action, records_of(self.library), whole, lines))

    def prepared(self, owner: str, seed: int, **meta: object) -> Prepared:
        """A staged, inspected and placed upload."""
        data, image = tiny_png(seed), new_id()
        name, handle = self.library.store.stage(image)
        try:
            self.library.store.write_staged(handle, data)
            self.library.store.sync_staged(handle)
        finally:
            self.library.store.close_staged(handle)
        digest, check = hashlib.sha256(data).hexdigest(), f"{zlib.crc32(data):08x}"
        staged = Staged(name, image, len(data), digest, check)
        self.uploads += 1
        return prepare(self.library, owner, staged, Meta(**meta), "upload", None)  # type: ignore[arg-type]

    def upload(self, owner: str, *seeds: int, **meta: object) -> list[str]:
        """Upload images as one group, each with its own line."""
        ready = [self.prepared(owner, seed, **meta) for seed in seeds]
        outcomes = commit(self.library, owner, [one.decision for one in ready], "guest")
        ids = [one.record.id for one in ready]
        assert all(isinstance(outcome, Outcome) for outcome in outcomes), outcomes
        self.acknowledged(f"upload of {len(ids)}", whole=len(ids) == 1)
        project(self.library, owner, ids)
        for one_ready in ready:
            self.library.store.unstage(one_ready.staged.name)
        return ids

    def change(self, owner: str, action: str, decision: Decision) -> int:
        """Commit one change and bring its sidecars up to date; its seq."""
        outcome = commit(self.library, owner, [decision], "guest")[0]
        if isinstance(outcome, Fault):
            raise outcome
        assert outcome.seq is not None, action
        self.acknowledged(action)
        project(self.library, owner, outcome.ids)
        return outcome.seq

    def trash(self, owner: str, ids: Sequence[str]) -> int:
        at = to_text(self.library.clock())
        return self.change(owner, f"trash of {len(ids)}", many(ids, trash(at), []))

    def restore(self, owner: str, ids: Sequence[str]) -> int:
        return self.change(owner, f"restore of {len(ids)}", many(ids, restore(), []))

    def edit(self, owner: str, image: str, **values: object) -> int:
        return self.change(owner, "edit", one(image, patched(Patch(**values))))  # type: ignore[arg-type]

    def favor(self, owner: str, ids: Sequence[str]) -> int:
        return self.change(owner, f"favourite of {len(ids)}", many(ids, favor(True), []))

    def undo(self, owner: str, seq: int) -> int:
        at = to_text(self.library.clock())
        return self.change(owner, f"undo of {seq}", undo(self.library, owner, seq, at, []))

    def purge(self, owner: str, ids: Sequence[str]) -> None:
        purge(self.library, owner, ids, "system")
        self.acknowledged(f"purge of {len(ids)}")

    def checkpoint(self, owner: str) -> None:
        checkpoint(self.library, owner)
        self.acknowledged("checkpoint")

    def snapshot(self, owner: str) -> None:
        """Reindex in place: settle, then seal with every record and tombstone restated."""
        checkpoint(self.library, owner)
        with self.library.manifest.lease(owner, began_entry(self.library, owner)) as lease:
            with self.library.store.settle_lock(owner):
                follow(self.library, owner)
                snapshot(self.library, owner, lease)
        self.acknowledged("snapshot")

    def restart(self, clean: bool, clock: Callable[[], int]) -> None:
        """End this process and start the next one, with an empty index."""
        if clean:
            self.library.store.close()
        else:
            getattr(self.files, "give_up_locks", lambda: None)()
        self.library = start(self.files, clock=clock)
        self.acknowledged("restart")


@contextmanager
def rolling_at(size: int) -> Iterator[None]:
    """Manifests roll at so many bytes."""
    real = sealing.ROLL_BYTES
    sealing.ROLL_BYTES = size
    try:
        yield
    finally:
        sealing.ROLL_BYTES = real


def begin(files: Files, steps: Callable[[], int]) -> Play:
    """A new library, acknowledged empty."""
    play = Play(files, start(files), steps)
    play.acknowledged("founded")
    return play


def main_sequence(play: Play) -> None:
    """Every kind of action once at least, two owners, over midnight, across generations and restarts."""
    a = play.upload(ALICE, 1, prompt="a lighthouse", tags=["sea"])
    a += play.upload(ALICE, 2)
    a += play.upload(ALICE, 3, 4, 5)
    b = play.upload(BOB, 6)
    b += play.upload(BOB, 7, kind="input")
    play.edit(ALICE, a[0], tags=["sea", "dusk"], note="the first")
    play.favor(ALICE, a[1:3])
    play.trash(ALICE, a[:2])
    play.restore(ALICE, a[1:2])
    play.undo(ALICE, play.trash(ALICE, a[2:5]))
    play.trash(ALICE, a[3:4])
    play.purge(ALICE, [a[0], a[3]])
    a += play.upload(ALICE, 1)
    play.checkpoint(ALICE)
    play.favor(ALICE, a[4:5])
    _second_half(play, a, b)


def _second_half(play: Play, a: list[str], b: list[str]) -> None:
    play.trash(ALICE, a[4:5])
    play.purge(ALICE, a[4:5])
    play.snapshot(ALICE)
    play.edit(ALICE, a[1], note="behind the snapshot")
    with rolling_at(1):
        play.edit(BOB, b[0], tags=["rolled"])
    play.trash(BOB, b[1:])
    play.restart(clean=False, clock=SteppingClock(START + A_DAY))
    a += play.upload(ALICE, 8)
    play.restore(BOB, b[1:])
    play.restart(clean=True, clock=SteppingClock(START + 2 * A_DAY))
    play.edit(ALICE, a[-1], note="on the third day")
    b += play.upload(BOB, 9)
    play.checkpoint(BOB)
    play.trash(BOB, b[-1:])


def short_sequence(play: Play) -> None:
    """The first minute of a library, short enough to be cut in every way."""
    first = play.upload(ALICE, 1)
    play.trash(ALICE, first)


def next_action(play: Play, turn: int) -> None:
    """One more acknowledged action on whatever a recovery left, another one each turn."""
    records = {owner: found for owner, found in records_of(play.library).items() if found}
    owner = sorted(records)[turn % len(records)] if records else ALICE
    active = sorted(image for image, r in records.get(owner, {}).items() if r.status == "active")
    trashed = sorted(image for image, r in records.get(owner, {}).items() if r.status == "trash")
    if turn % 5 == 1 and active:
        play.trash(owner, active[:2])
    elif turn % 5 == 2 and active:
        play.edit(owner, active[0], note=f"turn {turn}")
    elif turn % 5 == 3 and trashed:
        play.purge(owner, trashed[:1])
    elif turn % 5 == 4 and owner in records:
        play.snapshot(owner)
    else:
        play.upload(owner, 1_000 + turn)
