"""Every test here talks to a real server; the strict one has small limits of size and time."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from imagehist.imaging.pool import WorkerPool
from tests.web.fixtures import clients, guest, pool, sample_variants, served
from tests.web.running import Served, running

__all__ = ["clients", "guest", "pool", "served"]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    sample_variants(config, items, Path(__file__).parent)


@pytest.fixture
async def strict(tmp_path: Path, pool: WorkerPool) -> AsyncIterator[Served]:
    """A server with small limits of size and time."""
    limits = {"max_file_bytes": 100_000, "max_request_bytes": 300_000, "body_seconds": 1}
    async with running(tmp_path / "strict", pool, **limits) as one:
        yield one
