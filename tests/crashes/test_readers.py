"""Manifests, sidecars, check-points and staging entries read when damaged: no exception, no false record."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy

import pytest

from imagehist.atomic import read_whole, write_new
from imagehist.following import follow
from imagehist.model.entries import encode_sidecar
from imagehist.model.names import CURSORS, manifest_key
from imagehist.model.records import FIELDS, ImageRecord
from imagehist.model.sidecars import judge, read_sidecar
from tests.crashes.disk_model import Disk
from tests.crashes.model_files import ModelFiles
from tests.crashes.scenario import ALICE, Play, Records, assemble, begin, records_of, seeded_ids, start

Sample = Callable[[str, Sequence[bytes], int], list[bytes]]


def damaged(data: bytes, chance: random.Random) -> Iterator[bytes]:
    """Cut at every byte; a bit flipped in each byte; runs of zeros; pieces left out and put in twice."""
    for at in range(len(data)):
        yield data[:at]
        yield data[:at] + bytes([data[at] ^ (1 << chance.randrange(8))]) + data[at + 1 :]
    for _ in range(300):
        start, stop = sorted((chance.randrange(len(data)), chance.randrange(len(data))))
        yield data[:start] + bytes(stop - start) + data[stop:]
        yield data[:start] + data[stop:]
        yield data[:stop] + data[start:]
        yield data[:start] + chance.randbytes(stop - start) + data[stop:]


@pytest.fixture(scope="module")
def played() -> tuple[ModelFiles, Play]:
    """A short history with every kind of line, over two generations."""
    with seeded_ids(2):
        files = ModelFiles(Disk("any"))
        play = begin(files, lambda: len(files.log))
        ids = play.upload(ALICE, 1, 2, 3)
        play.edit(ALICE, ids[0], note="한국어 note", tags=["a"])
        play.trash(ALICE, ids[1:])
        play.checkpoint(ALICE)
        play.purge(ALICE, ids[1:2])
        play.snapshot(ALICE)
        play.undo(ALICE, play.restore(ALICE, ids[2:]))
    return files, play


def _every_state(files: ModelFiles) -> list[Records]:
    """The records after each line of the open generation, and before it."""
    whole = read_whole(files, manifest_key(ALICE)) or b""
    lines = whole.splitlines(keepends=True)
    return [_read_with(files, b"".join(lines[:count])) for count in range(len(lines) + 1)]


def _read_with(files: ModelFiles, manifest: bytes) -> Records:
    """What a fresh process reads when the open manifest has these bytes."""
    number = files.disk.find(manifest_key(ALICE))
    assert number is not None
    node = files.disk.nodes[number]
    kept, node.data = node.data, manifest
    library = assemble(files)
    try:
        with library.manifest.hold(ALICE):
            follow(library, ALICE)
            library.manifest.checkpoint(ALICE)
        return records_of(library)
    finally:
        node.data = kept
        library.store.close()
        files.disk.sync_all()


def test_a_damaged_manifest_shows_only_records_that_once_were(
    played: tuple[ModelFiles, Play], sample: Sample
) -> None:
    files, _ = played
    whole = read_whole(files, manifest_key(ALICE)) or b""
    true = _versions(_every_state(files))
    for data in sample("damaged manifests", list(damaged(whole, random.Random(1))), 400):
        for image, record in _read_with(files, data).get(ALICE, {}).items():
            assert _values(record) <= true[image]


def _versions(states: list[Records]) -> dict[str, set[tuple[str, str]]]:
    """Every value each field of each image ever had: a lost line leaves a mix of them, nothing else."""
    found: dict[str, set[tuple[str, str]]] = {}
    for state in states:
        for image, record in state.get(ALICE, {}).items():
            found.setdefault(image, set()).update(_values(record))
    return found


def _values(record: ImageRecord) -> set[tuple[str, str]]:
    return {(name, repr(getattr(record, name))) for name in FIELDS}


def test_a_damaged_manifest_never_stops_a_start(played: tuple[ModelFiles, Play]) -> None:
    files, play = played
    whole = read_whole(files, manifest_key(ALICE)) or b""
    ids = set(records_of(play.library)[ALICE])
    for data in random.Random(5).sample(list(damaged(whole, random.Random(1))), 150):
        copy = ModelFiles(deepcopy(files.disk))
        copy.unlink(manifest_key(ALICE))
        write_new(copy, manifest_key(ALICE), data, durable=True)
        shown = records_of(start(copy)).get(ALICE, {})
        assert set(shown) == ids, "an original that is there has its record"


def test_a_damaged_sidecar_is_never_taken_for_a_good_one(
    played: tuple[ModelFiles, Play], sample: Sample
) -> None:
    _, play = played
    for record in records_of(play.library)[ALICE].values():
        good = encode_sidecar(record)
        for data in sample("damaged sidecars", list(damaged(good, random.Random(2))), 400):
            found = read_sidecar(data)
            if found.state == "good":
                assert found.record == record
            assert judge(data, record).action in ("same", "rewrite", "merge", "keep")


def test_a_damaged_checkpoint_says_nothing_or_the_truth(played: tuple[ModelFiles, Play]) -> None:
    files, play = played
    play.checkpoint(ALICE)
    key = f"{CURSORS}/{ALICE}.json"
    good, true = read_whole(files, key) or b"", play.library.manifest.checkpoint(ALICE)
    assert true is not None
    for data in damaged(good, random.Random(3)):
        files.unlink(key)
        write_new(files, key, data, durable=False)
        assert play.library.manifest.checkpoint(ALICE) in (None, true)
    files.unlink(key)
    write_new(files, key, good, durable=False)


def test_damage_is_really_done() -> None:
    data = bytes(range(40))
    all_of_it = list(damaged(data, random.Random(4)))
    assert len(all_of_it) == 2 * 40 + 1_200
    assert sum(one == data for one in all_of_it) < 60
