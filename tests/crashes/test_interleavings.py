"""What two processes may do to each other, step by step, with the rule that protects and without it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import nullcontext

import pytest

from imagehist import adopting, projecting, recovering, sealing
from imagehist.atomic import read_whole, write_new
from imagehist.committing import Draft, commit
from imagehist.files import DiskFiles, Files
from imagehist.following import follow
from imagehist.library import Library
from imagehist.model.entries import encode_sidecar
from imagehist.model.names import folder_of, manifest_key, sidecar_key
from imagehist.model.records import ImageRecord
from imagehist.ports import Cursor
from imagehist.projecting import checkpoint, project
from imagehist.recovering import recover
from imagehist.stores.disk import DiskStore
from tests.crashes.disk_model import State
from tests.crashes.invariants import complaints
from tests.crashes.model_files import ModelFiles
from tests.crashes.scenario import ALICE, Play, assemble, begin, records_of, start

Rule = Callable[[pytest.MonkeyPatch], None]


def _nothing(*_: object, **__: object) -> None:
    """Leaves a rule out."""


def _another(files: Files) -> Play:
    """A second process on the same root, with everything followed."""
    library = assemble(files)
    for owner in library.manifest.owners():
        with library.manifest.hold(owner):
            follow(library, owner)
    return Play(files, library, lambda: 0)


def _after_power_cut(files: ModelFiles) -> list[str]:
    """Complaints after the power went and nothing unsynced was kept."""
    left = ModelFiles(files.disk.after_cut(State(frozenset(), ())))
    shown = records_of(_another(files).library)
    return complaints(left, start(left), shown, shown, whole=True)


def _debt_of_the_dead(files: ModelFiles, play: Play) -> list[str]:
    """A process dies between its answer and its sidecars; another one notes a check-point."""
    image = play.upload(ALICE, 1)[0]
    play.checkpoint(ALICE)
    commit(play.library, ALICE, [lambda _: Draft("set", [image], {"note": "x"}, {"note": ""}, [1])], "guest")
    checkpoint(_another(files).library, ALICE)
    return _after_power_cut(files)


def test_a_checkpoint_settles_the_debt_of_a_dead_process(files: ModelFiles, play: Play) -> None:
    assert _debt_of_the_dead(files, play) == []


def test_without_settling_a_sidecar_stays_stale(
    files: ModelFiles, play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(projecting, "settle", _nothing)
    assert "sidecar is not the record" in "".join(_debt_of_the_dead(files, play))


def _purge_of_the_dead(files: ModelFiles, play: Play) -> list[str]:
    """A process dies between the line of a purge and its unlinks; another one notes a check-point."""
    image = play.upload(ALICE, 1, 2)[0]
    play.trash(ALICE, [image])
    play.checkpoint(ALICE)
    record = play.library.index.records(ALICE, [image])[image]
    draft = Draft("purge", [image], was=[{"key": record.key, "thumb": record.thumb}], revs=[record.rev])
    commit(play.library, ALICE, [lambda _: draft], "guest")
    checkpoint(_another(files).library, ALICE)
    return [key for key in (record.key, str(record.thumb), sidecar_key(record.key)) if files.facts(key)]


def test_a_checkpoint_finishes_the_purges_of_a_dead_process(files: ModelFiles, play: Play) -> None:
    assert _purge_of_the_dead(files, play) == []


def test_without_that_a_purged_image_stays_for_ever(
    files: ModelFiles, play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(projecting, "finish_line", _nothing)
    assert len(_purge_of_the_dead(files, play)) == 3


def _line_during_recovery(files: ModelFiles, play: Play, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """While one process recovers, another writes a line and dies before its sidecar."""
    image = play.upload(ALICE, 1)[0]
    files.give_up_locks()
    draft, real = Draft("set", [image], {"note": "y"}, {"note": ""}, [1]), recovering._seal_recovery

    def meanwhile(library: Library, owner: str, since: Cursor | None) -> None:
        commit(_another(files).library, ALICE, [lambda _: draft], "guest")
        follow(library, owner)
        real(library, owner, since)

    monkeypatch.setattr(recovering, "_seal_recovery", meanwhile)
    recover(assemble(files))
    monkeypatch.setattr(recovering, "_seal_recovery", real)
    return _after_power_cut(files)


def test_a_recovery_settles_lines_written_meanwhile(
    files: ModelFiles, play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _line_during_recovery(files, play, monkeypatch) == []


def test_without_that_its_checkpoint_is_early(
    files: ModelFiles, play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recovering, "settle", _nothing)
    assert "sidecar is not the record" in "".join(_line_during_recovery(files, play, monkeypatch))


def _old_projection_late(play: Play, other: Play, image: str) -> bool:
    """One process is about to write a sidecar when another changes the image; is the file right at last?"""
    reached, go_on, real = threading.Event(), threading.Event(), DiskStore.put

    def slow(store: DiskStore, key: str, data: bytes) -> None:
        reached.set()
        go_on.wait(0.3)
        real(store, key, data)

    late = threading.Thread(target=project, args=(play.library, ALICE, [image]))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(play.library.store, "put", slow.__get__(play.library.store), raising=False)
        late.start()
        assert reached.wait(5)
        other.edit(ALICE, image, note="newer")
        go_on.set()
        late.join()
    record = other.library.index.records(ALICE, [image])[image]
    return read_whole(other.files, sidecar_key(record.key)) == encode_sidecar(record)


@pytest.fixture
def two(tmp_path: object) -> tuple[Play, Play]:
    """Two processes on one real root."""
    files = DiskFiles(str(tmp_path))
    first = begin(files, lambda: 0)
    return first, Play(files, assemble(files), lambda: 0)


def test_an_old_projection_never_lands_on_a_newer_one(two: tuple[Play, Play]) -> None:
    assert _old_projection_late(*two, two[0].upload(ALICE, 1)[0])


def test_without_the_projection_lock_it_does(two: tuple[Play, Play], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(DiskStore, "settle_lock", lambda *_: nullcontext())
    assert not _old_projection_late(*two, two[0].upload(ALICE, 1)[0])


def _added_again_after_its_purge(files: ModelFiles, play: Play) -> bytes | None:
    """An import brings a purged id back; then everything is recovered. What is left of the original?"""
    image, other = play.upload(ALICE, 1, 2)
    record = play.library.index.records(ALICE, [image])[image]
    data = read_whole(files, record.key) or b""
    play.trash(ALICE, [image, other])
    play.purge(ALICE, [image])
    write_new(files, record.key, data, durable=True)
    commit(play.library, ALICE, [lambda _: Draft("add", record=record)], "import")
    project(play.library, ALICE, [image])
    files.give_up_locks()
    start(files)
    return read_whole(files, record.key)


def test_a_purge_is_finished_by_the_fold(files: ModelFiles, play: Play) -> None:
    assert _added_again_after_its_purge(files, play)


def test_finished_by_its_line_it_deletes_what_came_back(
    files: ModelFiles, play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = type(play.library.index)
    monkeypatch.setattr(index, "purged", lambda _, __, ids: dict.fromkeys(ids, 1))
    assert _added_again_after_its_purge(files, play) is None


def _purged_file_comes_back(files: ModelFiles, play: Play) -> dict[str, ImageRecord]:
    """After a snapshot whose older generations are archived elsewhere, a purged original lies there again."""
    image, _ = play.upload(ALICE, 1, 2)
    record = play.library.index.records(ALICE, [image])[image]
    data, sidecar = read_whole(files, record.key) or b"", read_whole(files, sidecar_key(record.key)) or b""
    play.trash(ALICE, [image])
    play.purge(ALICE, [image])
    play.snapshot(ALICE)
    folder = folder_of(manifest_key(ALICE))
    for name in [name for name, _ in files.list(folder) if name.startswith("manifest-")]:
        files.unlink(f"{folder}/{name}")
    write_new(files, record.key, data, durable=True)
    write_new(files, sidecar_key(record.key), sidecar, durable=True)
    files.give_up_locks()
    return {image: found for image, found in records_of(start(files))[ALICE].items() if image == record.id}


def test_a_snapshot_keeps_the_tombstones(files: ModelFiles, play: Play) -> None:
    assert _purged_file_comes_back(files, play) == {}


def test_without_tombstones_a_purged_image_is_back(
    files: ModelFiles, play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = sealing._restated
    without = lambda library, owner: (line for line in real(library, owner) if line.op != "purge")  # noqa: E731
    monkeypatch.setattr(sealing, "_restated", without)
    assert _purged_file_comes_back(files, play)


def _upload_under_way(files: ModelFiles, play: Play) -> tuple[int, int]:
    """A second process starts, and recovers, while an upload waits for its line: adoptions, lines."""
    play.upload(ALICE, 1)
    ready = play.prepared(ALICE, 2)
    second = assemble(files)
    adopted = adopting.adopt_unexplained(second, ALICE, folder_of(ready.record.key))
    recover(second)
    commit(play.library, ALICE, [ready.decision], "guest")
    data = read_whole(files, manifest_key(ALICE)) or b""
    return adopted, data.count(b'"op":"a')


def test_a_starting_process_leaves_uploads_under_way_alone(files: ModelFiles, play: Play) -> None:
    assert _upload_under_way(files, play) == (0, 2)


def test_else_it_adds_them_a_second_time(
    files: ModelFiles, play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(DiskStore, "being_staged", lambda _: set())
    assert _upload_under_way(files, play) == (1, 3)
