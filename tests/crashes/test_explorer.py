"""Every step of a long story is cut in many ways under three disk models, and nothing is ever lost."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from tests.crashes.disk_model import Disk, State
from tests.crashes.exploring import MODELS, Explorer, record
from tests.crashes.model_files import ModelFiles
from tests.crashes.scenario import main_sequence

RECORDING = record(main_sequence)


def test_the_story_is_long_and_touches_everything() -> None:
    kinds = {ack.action.split(" ")[0] for ack in RECORDING.acks}
    changes = {"upload", "edit", "favourite", "trash", "restore", "undo", "purge"}
    assert kinds >= changes | {"founded", "checkpoint", "snapshot", "restart"}
    assert len(RECORDING.acks) >= 16
    assert len(RECORDING.log) >= 250
    steps = {name for name, _ in RECORDING.log}
    assert steps == {"make", "set_data", "sync", "rename", "exchange", "link", "unlink", "sync_all"}


@pytest.mark.parametrize("model", MODELS)
def test_no_cut_loses_anything(
    model: str, request: pytest.FixtureRequest, note: Callable[[str], None]
) -> None:
    quick = request.config.getoption("--quick")
    most, follow = (2, 0.1) if quick else (4, 0.5)
    report = Explorer(RECORDING, model, most=most, follow=follow).run()
    sampled = " (sampled by --quick)" if quick else ""
    note(f"crash states, {model}: {report.states} explored, {report.bad} bad{sampled}")
    assert report.bad == 0, "\n".join(report.examples)
    assert report.states >= (400 if quick else 3_000)


@pytest.mark.parametrize("model", MODELS)
def test_a_file_nobody_synced_may_be_gone_torn_or_zero(model: str) -> None:
    files = ModelFiles(Disk(model))
    handle = files.create("a")
    files.write(handle, b"12345678")
    left = {_content(files, kept, data) for kept in (True, False) for data in files.disk.nodes[2].variants()}
    assert left == {None, b"", b"1234", b"\0" * 8, b"\0\0\0\x005678", b"12345678"}
    files.fsync(handle)
    assert files.disk.nodes[2].variants() == [b"12345678"]


def _content(files: ModelFiles, kept: bool, data: bytes) -> bytes | None:
    after = files.disk.after_cut(State(frozenset([0] if kept else []), ((2, data),)))
    number = after.find("a")
    return None if number is None else after.nodes[number].data


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("ext4", {("a",), ("b",)}),
        ("any", {("a",), ("b",)}),
        ("split", {("a",), ("b",), ("a", "b"), ()}),
    ],
)
def test_a_rename_is_one_step_unless_it_is_split(model: str, expected: set[tuple[str, ...]]) -> None:
    files = ModelFiles(Disk(model))
    files.fsync(files.create("a"))
    files.sync_directory("")
    files.rename("a", "b")
    states = files.disk.states(random.Random(1), 30)
    assert {tuple(sorted(files.disk.after_cut(state).nodes[1].disk_names)) for state in states} == expected


def test_only_ext4_brings_names_along_with_a_file() -> None:
    for model, durable in (("ext4", True), ("any", False), ("split", False)):
        files = ModelFiles(Disk(model))
        files.fsync(files.create("a"))
        assert bool(files.disk.nodes[1].disk_names) is durable
        files.sync_directory("")
        assert files.disk.nodes[1].disk_names
