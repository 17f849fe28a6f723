"""The spine is tried on plain files and in memory alike."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from imagehist.library import Library
from tests.spine.living import PLACES, Opener


@pytest.fixture(params=PLACES)
def another(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opener]:
    """Opens the library once more, as another process would."""
    with PLACES[request.param](tmp_path) as opener:
        yield opener


@pytest.fixture
def library(another: Opener) -> Library:
    return another()
