"""What every command shares: its shape, its report and its progress."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import msgspec
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from imagehist.opening import Opened

DONE, FINDINGS, USAGE, FAILED = range(4)
"""Exit codes: done and clean, findings remain, wrong usage, failed."""


class Outcome(NamedTuple):
    """A report for `--json`, its lines for people, and the exit code."""

    report: dict[str, Any]
    lines: list[str]
    code: int


class Command(NamedTuple):
    """A command: what it does, whether it changes anything, its options and its work."""

    name: str
    help: str
    changes: bool
    add_arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[Opened, argparse.Namespace], Outcome]


@contextmanager
def progress(label: str, quiet: bool) -> Iterator[Callable[[int], None]]:
    """A count that grows: a live line on a terminal, nothing otherwise."""
    if quiet or not sys.stderr.isatty():
        yield lambda _: None
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:,}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task(label, total=None)
        yield lambda count: shown.advance(task, count)


def plain(value: object) -> Any:
    """A report's values as JSON knows them."""
    return msgspec.to_builtins(value)
