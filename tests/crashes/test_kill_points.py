"""A real process dies by SIGKILL at every file operation of every action, and nothing is lost."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent.parent


def _killed(*options: str) -> dict[str, Any]:
    """What the killer found; it runs apart, because it forks."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.crashes.killing", *options],
        cwd=ROOT, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.stdout, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    assert (done.returncode == 0) == (not found["wrong"])
    return found


def test_no_kill_loses_anything(request: pytest.FixtureRequest, note: Callable[[str], None]) -> None:
    quick = request.config.getoption("--quick")
    found = _killed("--step", "4" if quick else "1")
    sampled = " (every fourth, sampled by --quick)" if quick else ""
    note(f"kill points: {found['killed']} processes died by SIGKILL, {len(found['wrong'])} bad{sampled}")
    assert found["wrong"] == {}
    assert found["killed"] >= (50 if quick else 200)


@pytest.mark.parametrize("rule", ["sidecar_before_line", "purge_unlinks_first", "nothing_cut"])
def test_a_rule_left_out_is_seen(rule: str) -> None:
    actions = {"sidecar_before_line": "bulk", "purge_unlinks_first": "purge", "nothing_cut": "edit"}[rule]
    assert _killed("--plant", rule, "--actions", actions)["wrong"]
