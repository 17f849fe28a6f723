"""The seam `Files` around another one, that fails at a chosen operation, once or from there on."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from typing import Any

from imagehist.files import Files

SHORT = -1
"""Stands for a write that takes only half of what it was given."""

OPERATIONS = frozenset(
    [
        "create",
        "append",
        "open",
        "read",
        "write",
        "truncate",
        "fsync",
        "fdatasync",
        "facts_of",
        "facts",
        "mkdir",
        "sync_directory",
        "rename",
        "rename_new",
        "link",
        "unlink",
        "list",
        "sync_all",
        "lock",
        "close",
    ]
)


class FaultyFiles:
    """Counts every operation; `plan(number, name)` says which errno it gets, 0 for none.

    The failing operation is not executed, but for a short write, which takes half. A failed sync drops
    nothing: what it leaves is decided by whoever looks at the disk afterwards.
    """

    def __init__(self, inner: Files, plan: Callable[[int, str], int] = lambda *_: 0) -> None:
        self.inner = inner
        self.plan = plan
        self.count = 0
        self.fired = 0
        self.names: list[str] = []

    def __getattr__(self, name: str) -> Any:
        real = getattr(self.inner, name)
        return self._counted(name, real) if name in OPERATIONS else real

    def _counted(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def operation(*values: Any, **named: Any) -> Any:
            self.count += 1
            self.names.append(name)
            problem = self.plan(self.count, name)
            if not problem:
                return real(*values, **named)
            self.fired += 1
            if problem == SHORT:
                return real(values[0], bytes(values[1])[: len(values[1]) // 2])
            if name == "close":
                real(*values)
            raise OSError(problem, os.strerror(problem))

        return operation


def once(at: int, problem: int) -> Callable[[int, str], int]:
    """Only operation `at` fails."""
    return lambda number, _: problem if number == at else 0


def onwards(at: int, problem: int) -> Callable[[int, str], int]:
    """Operation `at` and every later one that this error can befall fails."""
    return lambda number, name: problem if number >= at and may_befall(problem, name) else 0


WRITES = frozenset(
    ["create", "write", "mkdir", "rename", "rename_new", "link", "unlink", "truncate", "lock", "append"]
)
OPENS = frozenset(
    [
        "create",
        "append",
        "open",
        "lock",
        "list",
        "mkdir",
        "sync_directory",
        "sync_all",
        "rename",
        "rename_new",
        "unlink",
    ]
)
SYNCS = frozenset(["fsync", "fdatasync", "sync_directory", "sync_all"])


def may_befall(problem: int, name: str) -> bool:
    """Whether this operation can fail in this way at all."""
    if problem == SHORT:
        return name == "write"
    if problem in (errno.ENOSPC, errno.EDQUOT):
        return name in ("create", "write", "mkdir", "link", "rename", "rename_new", "fsync", "lock")
    if problem == errno.EROFS:
        return name in WRITES
    if problem == errno.EACCES:
        return name in WRITES | {"open", "list"}
    if problem == errno.EMFILE:
        return name in OPENS
    return name not in ("facts", "facts_of", "close")
