"""Runs of tools, written into the history that belongs to no owner."""

from __future__ import annotations

from typing import Any

from ..committing import Draft, commit
from ..library import Library
from ..model.names import SYSTEM_OWNER, new_id


def note_run(library: Library, command: str, detail: dict[str, Any]) -> str:
    """Note that a command changed something; the id of the run."""
    run = new_id()
    draft = Draft("run", detail={"run": run, "command": command, **detail})
    commit(library, SYSTEM_OWNER, [lambda _: draft], "operator")
    return run
