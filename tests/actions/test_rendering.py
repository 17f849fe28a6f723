"""Previews: made once, kept within their bound, the oldest going first."""

import os
from pathlib import Path

import pytest

from imagehist.actions.rendering import Preview, preview, trim_previews
from imagehist.model.faults import NotFound
from tests import pictures
from tests.libraries import Keeper


def cached(outputs: Path) -> list[Path]:
    return sorted((outputs / ".imagehist" / "cache").rglob("*.webp"))


def test_previews_stay_within_their_bound(keeper: Keeper, outputs: Path) -> None:
    records = [keeper.add(pictures.png(40, 30, seed=seed)) for seed in range(4)]
    for age, record in enumerate(records):
        preview(keeper.library, Preview(record, 640))
        newest = next(path for path in cached(outputs) if record.sha256 in path.name)
        os.utime(newest, (1_000 + age, 1_000 + age))
    sizes = [path.stat().st_size for path in cached(outputs)]
    assert trim_previews(keeper.library, sum(sizes)) == 0
    assert trim_previews(keeper.library, sum(sizes) - 1) == 1
    assert not any(records[0].sha256 in path.name for path in cached(outputs))
    assert trim_previews(keeper.library, 0) == 3 and not cached(outputs)


def test_a_preview_of_a_ghost_is_not_found(keeper: Keeper, outputs: Path) -> None:
    record = keeper.add()
    (outputs / record.key).unlink()
    with pytest.raises(NotFound):
        preview(keeper.library, Preview(record, 640))
