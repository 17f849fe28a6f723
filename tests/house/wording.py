"""What no file of the project may say: text in, complaints out."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

# Written so that this file does not say it either.
UNFINISHED = re.compile(
    r"\b(?:T[O]DO|F[I]XME|X[X]X|H[A]CK|W[I]P|NotI[m]plemented\w*)\b|(?i:\bfor n[o]w\b|\bcoming s[o]on\b)"
)
MACHINES = re.compile(r"(?<![\w.)}>$*])/(?:work|root|home|Users|workspace)/")
REGISTRIES = re.compile(
    r"\b(?:p[y]pi\.org|python[h]osted\.org|npm[j]s\.(?:org|com)|yarn[p]kg\.com|pkg\.d[e]v|jfr[o]g)\b",
    re.IGNORECASE,
)
NOT_OURS = frozenset(
    {".git", ".venv", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis", "__pycache__"}
    | {"node_modules", "outputs", "vendor", "build", "dist"}
)
TEXT = frozenset(
    {"", ".cfg", ".css", ".csv", ".html", ".in", ".ini", ".js", ".json", ".md", ".po", ".py", ".sh", ".sql"}
    | {".svg", ".toml", ".txt", ".yml", ".yaml"}
)


def texts(root: Path) -> dict[str, str]:
    """Every text file of the project by path from its root, without what set-up and servers make."""
    found = {}
    for folder, below, files in os.walk(root):
        below[:] = sorted(set(below) - NOT_OURS)
        for path in (Path(folder, name) for name in sorted(files)):
            if path.suffix in TEXT and path.is_file():
                found[path.relative_to(root).as_posix()] = path.read_text(errors="replace")
    return found


def check_words(path: str, text: str) -> Iterator[str]:
    """No unfinished work, nobody's machine, no place packages are fetched from."""
    for number, line in enumerate(text.splitlines(), 1):
        for rule in (UNFINISHED, MACHINES, REGISTRIES):
            yield from (f"{path}:{number}: says {found.group()!r}" for found in rule.finditer(line))
