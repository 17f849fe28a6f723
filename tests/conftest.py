"""What every test can ask for: samples under `--quick`, lines for the closing summary, the browser's path."""

import os
import shutil
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

NOTES = pytest.StashKey[list[str]]()
CASES, TESTS = 3, 10
"""How many cases of one parametrised test, and how many of one file, `--quick` runs at most."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--quick", action="store_true", help="sample the long enumerations; say which")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[NOTES] = []
    examples = 25 if config.getoption("--quick") else 200
    slow = [HealthCheck.too_slow, HealthCheck.data_too_large]
    settings.register_profile("run", max_examples=examples, deadline=None, suppress_health_check=slow)
    settings.load_profile("run")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("--quick"):
        return
    slow = [item for item in items if item.get_closest_marker("slow")]
    quick = [item for item in items if not item.get_closest_marker("slow")]
    kept = _sample_of_each(quick, lambda item: item.nodeid.partition("[")[0], CASES)
    kept = _sample_of_each(kept, lambda item: item.nodeid.partition("::")[0], TESTS)
    left = [item for item in items if item not in set(kept)]
    if left:
        told = f"{len(slow)} slow tests, {len(quick) - len(kept)} of {len(quick)} others"
        config.stash[NOTES].append(
            f"left out by --quick: {told} (at most {CASES} cases a test, {TESTS} a file)"
        )
        config.hook.pytest_deselected(items=left)
        items[:] = kept


def _sample_of_each(items: list[Any], group_of: Callable[[Any], str], most: int) -> list[Any]:
    """At most `most` items of every group, in their order."""
    groups = defaultdict[str, list[Any]](list)
    for item in items:
        groups[group_of(item)].append(item)
    kept = {item for group in groups.values() for item in _spread(group, most)}
    return [item for item in items if item in kept]


def _spread(items: Sequence[Any], most: int) -> list[Any]:
    """At most `most` of them, evenly spread with the first and the last."""
    if len(items) <= most:
        return list(items)
    step = (len(items) - 1) / max(1, most - 1)
    return [items[round(position * step)] for position in range(most)]


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker hands its notes to the process that prints the summary."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["notes"] = session.config.stash[NOTES]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    node.config.stash[NOTES] += getattr(node, "workeroutput", {}).get("notes", [])


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    if config.stash[NOTES]:
        terminalreporter.section("notes")
        for line in dict.fromkeys(config.stash[NOTES]):
            terminalreporter.write_line(line)


def sampled(config: pytest.Config, what: str, items: Sequence[Any], most: int) -> list[Any]:
    """All items; under `--quick` at most `most`, evenly spread with the first and the last, and noted."""
    if not config.getoption("--quick") or len(items) <= most:
        return list(items)
    config.stash[NOTES].append(f"sampled by --quick: {most} of {len(items)} {what}")
    return _spread(items, most)


@pytest.fixture
def sample(request: pytest.FixtureRequest) -> Callable[[str, Sequence[Any], int], list[Any]]:
    """`sample("kill points", points, 40)`: see `sampled`."""
    return lambda what, items, most: sampled(request.config, what, items, most)


@pytest.fixture
def note(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """`note("…")` adds a line to the summary at the end of the run."""
    return request.config.stash[NOTES].append


@pytest.fixture(scope="session")
def browser_path() -> str:
    """Where the browser of the tests is; `./run test` has put one there."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium")
    assert path, "no browser: run the tests with ./run test, or set CHROMIUM"
    return path
