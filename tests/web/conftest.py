"""Every test here talks to a real server."""

from pathlib import Path

import pytest

from tests.web.fixtures import clients, guest, pool, sample_variants, served

__all__ = ["clients", "guest", "pool", "served"]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    sample_variants(config, items, Path(__file__).parent)
