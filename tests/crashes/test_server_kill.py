"""The real server dies by SIGKILL under load, starts at once on its port and has lost nothing."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from imagehist.files import DiskFiles
from imagehist.following import follow
from tests.crashes.invariants import complaints
from tests.crashes.scenario import assemble, records_of
from tests.crashes.serving import kill_under_load


def test_kills_under_load_lose_nothing(
    tmp_path: Path, request: pytest.FixtureRequest, note: Callable[[str], None]
) -> None:
    kills = 2 if request.config.getoption("--quick") else 8
    outputs = tmp_path / "outputs"
    toll = kill_under_load(outputs, kills)
    note(
        f"server: {toll.kills} kills ({toll.alone} of the server process alone), {toll.answered} of"
        f" {toll.asked} requests answered, {toll.images} images, slowest start {toll.slowest_start:.2f} s,"
        f" {len(toll.wrong)} wrong"
    )
    assert toll.wrong == [], (outputs.parent / "server.log").read_text()[-3000:]
    assert toll.kills == kills
    assert toll.images >= 2 * kills, os.listdir(tmp_path)
    files = DiskFiles(str(outputs))
    library = assemble(files)
    for owner in library.manifest.owners():
        with library.manifest.hold(owner):
            follow(library, owner)
    shown = records_of(library)
    assert complaints(files, library, shown, shown, whole=True) == []
    library.store.close()
