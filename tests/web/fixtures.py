"""The fixtures that the tests of the web share."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from imagehist.imaging.pool import WorkerPool
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
