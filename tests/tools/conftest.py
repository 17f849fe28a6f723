"""The tools as people call them: a process with arguments, its exit code and its report."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.actions.conftest import keeper, opening, outputs

__all__ = ["keeper", "opening", "outputs"]

ROOT = Path(__file__).parent.parent.parent


class Ran(NamedTuple):
    """How a tool ended."""

    code: int
    text: str
    problems: str

    @property
    def report(self) -> Any:
        return json.loads(self.text)


@pytest.fixture
def tool(outputs: Path) -> Callable[..., Ran]:
    def run(*arguments: str) -> Ran:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("IMAGEHIST_")}
        done = subprocess.run(
            [sys.executable, "-m", "manifest_tools", *arguments, "--outputs", str(outputs)],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    return run
