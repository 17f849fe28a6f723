"""A disk that failed or is full: what was written is written anew, and reading goes on."""

import asyncio
import errno
from collections.abc import Callable
from pathlib import Path

import pytest

import server
from imagehist.actions.editing import favor
from imagehist.model.faults import StorageReadOnly
from imagehist.opening import Opened
from imagehist.projecting import checkpoint
from imagehist.web.lanes import Lanes
from imagehist.web.threads import Threads
from tests.libraries import OWNER, Keeper


def refusing(number: int) -> Callable[[], None]:
    def refuse() -> None:
        raise OSError(number, "planted")

    return refuse


def test_after_a_failed_sync_sidecars_are_written_anew(
    keeper: Keeper, outputs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = keeper.add()
    sidecar = (outputs / image.key).with_suffix(".json")
    before = sidecar.stat().st_ino
    with monkeypatch.context() as failing:
        failing.setattr(keeper.opened.files, "sync_all", refusing(errno.EIO))
        with pytest.raises(StorageReadOnly):
            checkpoint(keeper.library, OWNER)
    assert keeper.library.manifest.checkpoint(OWNER) is None
    checkpoint(keeper.library, OWNER)
    assert sidecar.stat().st_ino != before, "the same bytes in a new file: only those are sure to be written"
    assert keeper.library.manifest.checkpoint(OWNER) == keeper.library.index.cursor(OWNER)


def test_a_checkpoint_on_a_sound_disk_rewrites_nothing(keeper: Keeper, outputs: Path) -> None:
    sidecar = (outputs / keeper.add().key).with_suffix(".json")
    before = sidecar.stat().st_ino
    checkpoint(keeper.library, OWNER)
    assert sidecar.stat().st_ino == before


def test_a_full_disk_at_the_start_keeps_nobody_from_reading(
    keeper: Keeper, monkeypatch: pytest.MonkeyPatch, opening: Callable[[], Opened]
) -> None:
    keeper.change([keeper.add().id], favor(True))
    opened = opening()
    with monkeypatch.context() as full:
        full.setattr(opened.files, "sync_all", refusing(errno.ENOSPC))
        assert not server.recovered(opened)
    lanes = Lanes(opened.library, Threads(1))
    lanes.recovery_owed = True
    asyncio.run(lanes.recover_broken())
    assert not lanes.recovery_owed
    assert opened.library.manifest.checkpoint(OWNER) == opened.library.index.cursor(OWNER)
