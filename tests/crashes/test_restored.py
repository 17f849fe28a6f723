"""An older or missing copy of one part is made good from the others."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from imagehist.atomic import read_whole, write_new
from imagehist.files import DiskFiles, Files
from imagehist.following import follow
from imagehist.indexes.sqlite import SqliteIndex
from imagehist.model.names import INDEX_FILE, manifest_key, sealed_key, sidecar_key
from imagehist.rebuilding import rebuild_manifest
from tests.crashes.invariants import complaints
from tests.crashes.model_files import ModelFiles
from tests.crashes.scenario import ALICE, Play, assemble, begin, records_of, start


def _nothing(*_: object, **__: object) -> None:
    """Leaves a rule out."""


def _another(files: Files) -> Play:
    """A second process on the same root, with everything followed."""
    library = assemble(files)
    for owner in library.manifest.owners():
        with library.manifest.hold(owner):
            follow(library, owner)
    return Play(files, library, lambda: 0)


def test_an_older_manifest_beside_newer_sidecars_takes_their_state(files: ModelFiles, play: Play) -> None:
    image, other = play.upload(ALICE, 1, 2)
    play.checkpoint(ALICE)
    old = read_whole(files, manifest_key(ALICE)) or b""
    play.edit(ALICE, image, note="one")
    play.edit(ALICE, image, note="two")
    play.favor(ALICE, [other])
    play.checkpoint(ALICE)
    _put_back(files, manifest_key(ALICE), old)
    before = play.library.index.records(ALICE, [image, other])
    records = records_of(start(files))[ALICE]
    assert (records[image].note, records[other].favorite) == ("two", True)
    assert all(records[one].rev > before[one].rev for one in before), "no number is given out twice"


def test_an_index_ahead_of_a_restored_manifest_starts_over(tmp_path: object) -> None:
    files = DiskFiles(str(tmp_path))
    path = files.path(".imagehist/index.sqlite")
    play = begin(files, lambda: 0)
    play.library = assemble(files, SqliteIndex(path))
    image = play.upload(ALICE, 1)[0]
    old = read_whole(files, manifest_key(ALICE)) or b""
    play.edit(ALICE, image, note="gone")
    play.library.store.drop([sidecar_key(play.library.index.records(ALICE, [image])[image].key)])
    _put_back(files, manifest_key(ALICE), old)
    library = start(files, play.library.index)
    assert records_of(library) == records_of(start(files))
    assert records_of(library)[ALICE][image].note == ""
    play.library.index.close()


def test_a_seal_replaces_an_older_copy_under_its_name(files: ModelFiles, play: Play) -> None:
    play.upload(ALICE, 1)
    beginning = play.library.manifest.beginning(ALICE)
    assert beginning is not None
    write_new(files, sealed_key(ALICE, beginning.generation), b"an older copy\n", durable=True)
    play.upload(ALICE, 2)
    play.snapshot(ALICE)
    assert len(records_of(_another(files).library)[ALICE]) == 2
    assert b"an older copy" not in (read_whole(files, sealed_key(ALICE, beginning.generation)) or b"")


def test_a_lost_manifest_comes_back_with_the_next_start(files: ModelFiles, play: Play) -> None:
    ids = play.upload(ALICE, 1, 2, 3)
    play.favor(ALICE, ids[:1])
    play.trash(ALICE, ids[1:2])
    shown = records_of(play.library)
    files.unlink(manifest_key(ALICE))
    files.give_up_locks()
    library = start(files)
    assert records_of(library) == shown
    assert rebuild_manifest(library, ALICE) == 0, "what is there is left alone"


def test_all_sidecars_lost_come_back(files: ModelFiles, play: Play) -> None:
    ids = play.upload(ALICE, 1, 2, 3)
    play.favor(ALICE, ids[:1])
    shown = records_of(play.library)
    for record in shown[ALICE].values():
        files.unlink(sidecar_key(record.key))
    files.unlink(f".imagehist/cursors/{ALICE}.json") if files.facts(
        f".imagehist/cursors/{ALICE}.json"
    ) else None
    files.give_up_locks()
    library = start(files)
    assert complaints(files, library, shown, shown, whole=True) == []


def _put_back(files: Files, key: str, data: bytes) -> None:
    files.unlink(key)
    write_new(files, key, data, durable=True)
    getattr(files, "give_up_locks", _nothing)()


def test_any_older_index_and_none_lead_to_the_same_library(tmp_path: Path) -> None:
    """The index may be as old as it likes, or not there: its cursor says from where to go on."""
    root, kept = tmp_path / "root", list[Path]()
    root.mkdir()
    files = DiskFiles(str(root))
    play = begin(files, lambda: 0)
    play.library = assemble(files, SqliteIndex(files.path(INDEX_FILE)))
    ids = play.upload(ALICE, 1, 2, 3)
    changes: list[Callable[[], object]] = [
        lambda: play.edit(ALICE, ids[0], note="one"),
        lambda: play.trash(ALICE, ids[1:]),
        lambda: play.purge(ALICE, ids[1:2]),
        lambda: play.snapshot(ALICE),
        lambda: play.restore(ALICE, ids[2:]),
    ]
    for change in changes:
        kept.append(tmp_path / f"index-{len(kept)}")
        _copy_index(root, kept[-1])
        change()
        shown = play.library.index.cursor(ALICE)
        assert shown is not None
        assert files.facts(manifest_key(ALICE)).size == shown.offset, "never ahead of the manifest"  # type: ignore[union-attr]
    play.library.index.close()
    wanted = records_of(start(files))
    for copy in [None, *kept]:
        for path in (root / ".imagehist").glob("index.sqlite*"):
            path.unlink()
        if copy is not None:
            _copy_index(copy, root / ".imagehist")
        index = SqliteIndex(files.path(INDEX_FILE))
        assert records_of(start(files, index)) == wanted
        index.close()


def _copy_index(source: Path, target: Path) -> None:
    """All files of an index, as a power cut or a backup may find them."""
    target.mkdir(exist_ok=True)
    folder = source / ".imagehist" if (source / ".imagehist").is_dir() else source
    for path in folder.glob("index.sqlite*"):
        shutil.copy(path, target / path.name)
