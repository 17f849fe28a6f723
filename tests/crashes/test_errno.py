"""Every operation fails in every way, once and from there on: only announced faults, nothing lost."""

from __future__ import annotations

import errno
import hashlib
from collections.abc import Callable, Sequence

import msgspec
import pytest

from imagehist.actions.uploading import abandon
from imagehist.committing import commit
from imagehist.model.faults import Busy, Fault, OutcomeUnknown, StorageFull, StorageReadOnly
from imagehist.projecting import project
from imagehist.recovering import recover_owner
from tests.crashes.disk_model import Disk, State
from tests.crashes.faulty_files import SHORT, FaultyFiles, may_befall, once, onwards
from tests.crashes.invariants import complaints
from tests.crashes.model_files import ModelFiles
from tests.crashes.scenario import ALICE, Play, Records, assemble, begin, records_of, seeded_ids, start
from tests.crashes.tiny_images import tiny_png

PROBLEMS = (errno.ENOSPC, errno.EIO, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EMFILE, SHORT)
ANNOUNCED = (StorageFull, StorageReadOnly, Busy, OutcomeUnknown)
Action = Callable[[Play, list[str]], object]
ACTIONS: dict[str, Action] = {
    "upload": lambda play, ids: _upload(play),
    "edit": lambda play, ids: play.edit(ALICE, ids[0], note="changed"),
    "trash": lambda play, ids: play.trash(ALICE, ids[:2]),
    "restore": lambda play, ids: play.restore(ALICE, ids[2:3]),
    "purge": lambda play, ids: play.purge(ALICE, ids[2:3]),
    "undo": lambda play, ids: play.undo(ALICE, 4),
    "checkpoint": lambda play, ids: play.checkpoint(ALICE),
    "snapshot": lambda play, ids: play.snapshot(ALICE),
}
Case = tuple[str, int, int, bool]


def _upload(play: Play) -> None:
    """An upload as the server does it: a refused line takes its file back, an unknown one does not."""
    ready = play.prepared(ALICE, 9)
    try:
        outcome = commit(play.library, ALICE, [ready.decision], "guest")[0]
    except OutcomeUnknown:
        raise
    except Fault:
        abandon(play.library, ready)
        raise
    assert not isinstance(outcome, Fault)
    play.acknowledged("upload")
    project(play.library, ALICE, [ready.record.id])
    play.library.store.unstage(ready.staged.name)


def _prepared() -> tuple[FaultyFiles, Play, list[str]]:
    """A library with three images, one of them in the trash."""
    with seeded_ids(3):
        faulty = FaultyFiles(ModelFiles(Disk("any")))
        play = begin(faulty, lambda: faulty.count)
        ids = play.upload(ALICE, 1, 2, 3)
        play.trash(ALICE, ids[2:])
    play.checkpoint(ALICE)
    return faulty, play, ids


def _operations(action: str) -> list[str]:
    """The names of the operations of an action that succeeds."""
    faulty, play, ids = _prepared()
    first = faulty.count
    ACTIONS[action](play, ids)
    return faulty.names[first:]


def _cases() -> list[Case]:
    return [
        (action, at, problem, lasting)
        for action in ACTIONS
        for at, name in enumerate(_operations(action), 1)
        for problem in PROBLEMS
        if may_befall(problem, name)
        for lasting in (False, True)
    ]


CASES = _cases()


def _told(case: Case) -> str:
    action, at, problem, lasting = case
    name = "short write" if problem == SHORT else errno.errorcode[problem]
    return f"{action}, operation {at}, {name}{' from there on' if lasting else ''}"


def _run(case: Case) -> list[str]:
    """One case: the complaints about it."""
    action, at, problem, lasting = case
    faulty, play, ids = _prepared()
    faulty.plan = (onwards if lasting else once)(faulty.count + at, problem)
    acks = len(play.acks)
    fault: Exception | None = None
    try:
        with seeded_ids(11):
            ACTIONS[action](play, ids)
    except ANNOUNCED as caught:
        fault = caught
    except OSError as error:
        fault = error  # where nothing was written yet, the edges tell it as a fault of the disk
    except (Fault, RuntimeError, ValueError) as error:
        return [f"an unannounced {error!r}"]
    if not faulty.fired:
        return ["the fault did not fire"]
    faulty.plan = lambda *_: 0
    before, after = play.acks[acks - 1].records, _wanted(action)
    if len(play.acks) > acks:
        before = play.acks[-1].records
    elif fault is None:
        return ["neither an answer nor a fault"]
    elif not isinstance(fault, OutcomeUnknown):
        after = before
    return _afterwards(faulty, play, (before, after), _wanted(action) if action == "upload" else before)


def _wanted(action: str) -> Records:
    _, play, ids = _prepared()
    with seeded_ids(11):
        ACTIONS[action](play, ids)
    return play.acks[-1].records


def _afterwards(
    faulty: FaultyFiles, play: Play, expected: tuple[Records, Records], perhaps: Records
) -> list[str]:
    """The fault is over: the owner is brought back and written without a restart; then the process dies."""
    found = []
    try:
        recover_owner(play.library, ALICE)
        play.upload(ALICE, 50)
    except (OSError, Fault, RuntimeError) as error:
        return [f"afterwards {error!r}"]
    shown = records_of(play.library)
    found += _differences(shown, expected)
    files = faulty.inner
    assert isinstance(files, ModelFiles)
    files.give_up_locks()
    library = start(files)
    late = {ALICE: {**perhaps[ALICE], **shown[ALICE]}}  # an upload that could not be taken back
    return found + complaints(files, library, shown, shown | late, whole=False)


def _differences(shown: Records, expected: tuple[Records, Records]) -> list[str]:
    """Images other than the last upload are as acknowledged, or as the unknown outcome would have them."""
    now = {image: record for image, record in shown[ALICE].items() if record.sha256 not in _LAST}
    states = [{image: _bare(record) for image, record in one.get(ALICE, {}).items()} for one in expected]
    if {image: _bare(record) for image, record in now.items()} in states:
        return []
    return [f"{len(now)} images that are neither as before nor as wanted"]


def _bare(record: object) -> object:
    return msgspec.structs.replace(record, rev=0, id="", key="", thumb=None, created_at="", trashed_at=None)  # type: ignore[type-var]


def _last_sha() -> frozenset[str]:
    return frozenset([hashlib.sha256(tiny_png(50)).hexdigest()])


_LAST = _last_sha()


def test_every_operation_fails_in_every_way(
    sample: Callable[[str, Sequence[Case], int], list[Case]], note: Callable[[str], None]
) -> None:
    cases = sample("failing operations", CASES, 300)
    found = {_told(case): told for case in cases if (told := _run(case))}
    note(f"failing operations: {len(cases)} cases of {len(ACTIONS)} actions, each fired, {len(found)} bad")
    assert not found, "\n".join(f"{case}: {told}" for case, told in list(found.items())[:20])


def test_after_a_failed_sync_the_owner_is_read_only_until_recovery() -> None:
    faulty, play, ids = _prepared()
    start_at = faulty.count
    sync = next(at for at, name in enumerate(_operations("edit"), 1) if name == "fdatasync")
    faulty.plan = once(start_at + sync, errno.EIO)
    with pytest.raises(OutcomeUnknown):
        play.edit(ALICE, ids[0], note="changed")
    with pytest.raises(StorageReadOnly):
        play.edit(ALICE, ids[0], note="again")
    other = Play(faulty, assemble(faulty), lambda: 0)
    with pytest.raises(StorageReadOnly):
        other.edit(ALICE, ids[0], note="by another process")
    recover_owner(play.library, ALICE)
    play.edit(ALICE, ids[0], note="again")


def test_a_line_that_was_never_durable_is_written_anew() -> None:
    """What the page cache holds after a failed sync counts as clean: only a new file brings it to disk."""
    faulty, play, ids = _prepared()
    files = faulty.inner
    assert isinstance(files, ModelFiles)
    sync = next(at for at, name in enumerate(_operations("edit"), 1) if name == "fdatasync")
    faulty.plan = once(faulty.count + sync, errno.EIO)
    with pytest.raises(OutcomeUnknown):
        play.edit(ALICE, ids[0], note="changed")
    files.disk.forget_dirty()
    recover_owner(play.library, ALICE)
    play.edit(ALICE, ids[1], note="later")
    shown = records_of(play.library)
    left = ModelFiles(files.disk.after_cut(State(frozenset(), ())))
    assert complaints(left, start(left), shown, shown, whole=True) == []
