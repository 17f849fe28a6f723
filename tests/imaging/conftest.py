"""Pools of real children, one for each decoder, shared by the imaging tests."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from imagehist.imaging.pool import WorkerPool
from imagehist.model.records import Inspection
from tests import pictures

ENGINES = ("auto", "pillow")


@pytest.fixture(scope="session", params=ENGINES)
def pool(request: pytest.FixtureRequest) -> Iterator[WorkerPool]:
    """A pool of one child; once with the best decoder, once with Pillow alone."""
    pool = WorkerPool(1, 30.0, engine=request.param)
    yield pool
    pool.close()


@pytest.fixture
def inspect(pool: WorkerPool, tmp_path: Path) -> Callable[[bytes], Inspection]:
    """Inspects bytes through a file, as an upload does."""

    def run(data: bytes) -> Inspection:
        path = tmp_path / "upload"
        path.write_bytes(data)
        return pool.inspect(str(path))

    return run


@pytest.fixture
def same_child(pool: WorkerPool, tmp_path: Path) -> Iterator[None]:
    """No hostile file may cost a child."""
    warm = tmp_path / "warm.png"
    warm.write_bytes(pictures.png(8, 8))
    pool.inspect(str(warm))
    before = pool.pids()
    yield
    assert pool.pids() == before
