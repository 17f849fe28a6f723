"""The fixtures that the tests of the web share."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from imagehist.imaging.pool import WorkerPool
from tests.conftest import NOTES
from tests.web.calling import Client, Clients, clients_of
from tests.web.running import Served, running


@pytest.fixture(scope="session")
def pool() -> Iterator[WorkerPool]:
    """Imaging children for the whole session."""
    pool = WorkerPool(2, 30.0)
    yield pool
    pool.close()


@pytest.fixture
async def served(tmp_path: Path, pool: WorkerPool) -> AsyncIterator[Served]:
    """A running server with the usual settings and an empty library."""
    async with running(tmp_path / "outputs", pool) as one:
        yield one


@pytest.fixture
async def clients(served: Served) -> AsyncIterator[Clients]:
    """Callers of that server."""
    async with clients_of(served) as some:
        yield some


@pytest.fixture
def guest(clients: Clients) -> Client:
    """A browser with a library of its own."""
    return clients.guest()


def sample_variants(config: pytest.Config, items: list[pytest.Item], folder: Path) -> None:
    """Under `--quick` keep the first and the last variant of every test in a folder; the rest is noted."""
    ours = [item for item in items if item.path.is_relative_to(folder)]
    if not config.getoption("--quick") or not ours:
        return
    by_test: dict[str, list[pytest.Item]] = {}
    for item in ours:
        by_test.setdefault(item.nodeid.partition("[")[0], []).append(item)
    kept = {item for variants in by_test.values() for item in (variants[0], variants[-1])}
    left_out = [item for item in ours if item not in kept]
    items[:] = [item for item in items if item in kept or item not in ours]
    config.hook.pytest_deselected(items=left_out)
    config.stash[NOTES].append(f"left out by --quick: {len(left_out)} variants of tests in {folder.name}")
