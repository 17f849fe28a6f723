"""A real library on disk with the real imaging children, and a way to put pictures into it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from imagehist.opening import Opened, open_library
from imagehist.settings import Settings
from tests.libraries import Keeper


@pytest.fixture
def outputs(tmp_path: Path) -> Path:
    return tmp_path / "outputs"


@pytest.fixture
def opening(outputs: Path) -> Iterator[Callable[[], Opened]]:
    opened: list[Opened] = []

    def again() -> Opened:
        opened.append(open_library(Settings(outputs=str(outputs), imaging_processes=1), create=True))
        return opened[-1]

    yield again
    for one in opened:
        one.close()


@pytest.fixture
def keeper(opening: Callable[[], Opened]) -> Keeper:
    return Keeper(opening())
