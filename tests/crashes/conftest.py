"""A story told on a model of a disk, for tests that interleave or restore."""

import pytest

from tests.crashes.disk_model import Disk
from tests.crashes.model_files import ModelFiles
from tests.crashes.scenario import Play, begin, seeded_ids


@pytest.fixture
def files() -> ModelFiles:
    return ModelFiles(Disk("any"))


@pytest.fixture
def play(files: ModelFiles) -> Play:
    with seeded_ids(7):
        return begin(files, lambda: len(files.log))
