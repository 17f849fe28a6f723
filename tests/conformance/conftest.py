"""Every suite gets its port from every vendor: the port itself and a way to open another on the same data."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from imagehist.ports import Index, Manifest, Store
from tests.conformance.vendors import INDEXES, MANIFESTS, STORES


@pytest.fixture(params=STORES)
def another_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Store]]:
    with STORES[request.param](tmp_path) as another:
        yield another


@pytest.fixture
def store(another_store: Callable[[], Store]) -> Store:
    return another_store()


@pytest.fixture(params=MANIFESTS)
def another_manifest(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Manifest]]:
    with MANIFESTS[request.param](tmp_path) as another:
        yield another


@pytest.fixture
def manifest(another_manifest: Callable[[], Manifest]) -> Manifest:
    return another_manifest()


@pytest.fixture(params=INDEXES)
def another_index(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Index]]:
    with INDEXES[request.param](tmp_path) as another:
        yield another


@pytest.fixture
def index(another_index: Callable[[], Index]) -> Index:
    return another_index()
