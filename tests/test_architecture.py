"""The house keeps its own rules, and every rule is seen to complain about a planted breach."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.house import imports, shape, wording

ROOT = Path(__file__).parent.parent
PRODUCT = ("server.py", "imagehist", "manifest_tools")
CODE = (*PRODUCT, "benchmarks", "tests")

Check = Callable[[str, str], Iterator[str]]
BELONGING = [
    imports.check_direction,
    imports.check_vendors,
    imports.check_purity,
    imports.check_synchrony,
    imports.check_file_calls,
    shape.check_excepts,
    shape.check_names,
]


def modules(*roots: str) -> dict[str, str]:
    """The modules of these folders and files, by path from the root of the project."""
    files = [file for root in roots for file in [*(ROOT / root).rglob("*.py"), ROOT / root]]
    return {file.relative_to(ROOT).as_posix(): file.read_text() for file in sorted(files) if file.is_file()}


def complaints(check: Check, sources: dict[str, str]) -> list[str]:
    return [complaint for path, text in sources.items() for complaint in check(path, text)]


# --- the project itself ----------------------------------------------------------------------------------


@pytest.mark.parametrize("check", BELONGING, ids=lambda check: check.__name__)
def test_the_product_keeps_to_its_rooms(check: Check) -> None:
    sources = modules(*PRODUCT)
    assert "imagehist/ports.py" in sources
    assert complaints(check, sources) == []


@pytest.mark.parametrize("check", [shape.check_size, shape.check_docstring], ids=lambda check: check.__name__)
def test_code_is_small_and_says_what_it_is_for(check: Check) -> None:
    assert complaints(check, modules(*CODE)) == []


def test_no_import_cycles() -> None:
    assert imports.check_cycles(modules(*PRODUCT)) == []


def test_medians(note: Callable[[str], None]) -> None:
    sources = modules(*PRODUCT)
    file, function = shape.medians(sources)
    note(f"house: {len(sources)} modules, median {file:g} lines a file, {function:g} a function")
    assert file <= shape.FILE_MEDIAN
    assert function <= shape.FUNCTION_MEDIAN


def test_no_file_speaks_of_unfinished_work_or_somebodys_machine() -> None:
    sources = wording.texts(ROOT)
    assert {"run", "LICENSE", "pyproject.toml", "requirements/run.txt", "imagehist/ports.py"} <= set(sources)
    assert complaints(wording.check_words, sources) == []


# --- every rule, seen red --------------------------------------------------------------------------------

MODEL, SPINE, DISK = "imagehist/model/names.py", "imagehist/intake.py", "imagehist/stores/disk.py"
ACTION, PAGE, TOOL = "imagehist/actions/editing.py", "imagehist/web/app.py", "manifest_tools/reindex.py"

BREACHES: list[tuple[Check, str, str, str]] = [
    # rule, module it is planted in, the breach, what is said about it
    (imports.check_direction, MODEL, "from ..files import Files", "model imports"),
    (imports.check_direction, MODEL, "import imagehist.settings", "model imports"),
    (imports.check_direction, "imagehist/files.py", "from .settings import Settings", "files imports"),
    (imports.check_direction, "imagehist/atomic.py", "from .committing import commit", "files imports"),
    (imports.check_direction, "imagehist/settings.py", "from .ports import Store", "settings imports"),
    (imports.check_direction, "imagehist/ports.py", "from . import library", "ports imports"),
    (imports.check_direction, SPINE, "from .stores.disk import DiskStore", "of stores"),
    (imports.check_direction, SPINE, "from .actions import editing", "of actions"),
    (imports.check_direction, DISK, "from ..library import commit", "of spine"),
    (imports.check_direction, DISK, "from ..indexes import sqlite", "of indexes"),
    (imports.check_direction, "imagehist/watching.py", "from .stores import disk", "of stores"),
    (imports.check_direction, ACTION, "from ..indexes.sqlite import Index", "of indexes"),
    (imports.check_direction, ACTION, "from . import trashing", "one action"),
    (imports.check_direction, ACTION, "from .trashing import trash", "one action"),
    (imports.check_direction, ACTION, "from ..opening import open_library", "of opening"),
    (imports.check_direction, PAGE, "from imagehist.stores import disk", "of stores"),
    (imports.check_direction, PAGE, "import manifest_tools.reindex", "of manifest_tools"),
    (imports.check_direction, "imagehist/opening.py", "from .web import app", "of web"),
    (imports.check_direction, TOOL, "from imagehist.manifests.jsonl import x", "of manifests"),
    (imports.check_direction, TOOL, "from imagehist.web import app", "of web"),
    (imports.check_direction, "server.py", "from imagehist.imaging import pool", "of imaging"),
    (imports.check_direction, "imagehist/relay/keeping.py", "from ..settings import Settings", "of settings"),
    (imports.check_direction, SPINE, "def f():\n    from .web import app", "of web"),
    (imports.check_vendors, ACTION, "import aiohttp.web", "aiohttp belongs to"),
    (imports.check_vendors, SPINE, "from PIL import Image", "PIL belongs to"),
    (imports.check_vendors, PAGE, "import sqlite3", "sqlite3 belongs to"),
    (imports.check_purity, MODEL, "import os", "the model imports os"),
    (imports.check_purity, MODEL, "from time import time", "the model imports time"),
    (imports.check_purity, MODEL, "import numpy", "the model imports numpy"),
    (imports.check_purity, MODEL, "def f():\n    open('x')", "the model calls open"),
    (imports.check_synchrony, MODEL, "async def f(): ...", "async below"),
    (imports.check_synchrony, SPINE, "import asyncio", "asyncio below"),
    (imports.check_synchrony, ACTION, "async def f(): ...", "async below"),
    (imports.check_file_calls, DISK, "import os\nos.rename('a', 'b')", "os.rename() beside"),
    (imports.check_file_calls, "imagehist/manifests/jsonl.py", "with open('m') as f: ...", "open() beside"),
    (imports.check_file_calls, SPINE, "from pathlib import Path", "pathlib.Path beside"),
    (shape.check_excepts, SPINE, "try: ...\nexcept Exception: ...", "catches everything"),
    (shape.check_excepts, SPINE, "try: ...\nexcept: ...", "catches everything"),
    (shape.check_excepts, SPINE, "try: ...\nexcept (KeyError, BaseException): ...", "everything"),
    (shape.check_excepts, SPINE, "with suppress(Exception): ...", "catches everything"),
    (shape.check_names, "imagehist/web/utils.py", "", "utils says utils"),
    (shape.check_names, "imagehist/upload_helpers.py", "", "says helpers"),
    (shape.check_names, SPINE, "class IndexManager: ...", "IndexManager says manager"),
    (shape.check_size, SPINE, "x = 1\n" * 301, "301 lines"),
    (shape.check_size, SPINE, "def f():\n" + "    x = 1\n" * 40, "f has 41 lines"),
    (shape.check_size, "imagehist/intake.py",
     "def f():\n if a:\n  for b in c:\n   with d:\n    while e: ...", "nested 4 deep"),
    (shape.check_size, "imagehist/intake.py",
     "def f():\n try: ...\n except E:\n  if a: ...\n  else:\n   x\n   if b:\n    if c: ...", "nested 4 deep"),
    (shape.check_docstring, SPINE, "x = 1", "not one sentence"),
    (shape.check_docstring, SPINE, '"""No full stop"""', "not one sentence"),
    (shape.check_docstring, SPINE, '"""One. Two."""', "not one sentence"),
    (shape.check_docstring, SPINE, '"""One,\ntwo,\nthree lines."""', "not one sentence"),
    (wording.check_words, "a.md", "T" + "ODO: more", "says 'T" + "ODO'"),
    (wording.check_words, "a.py", "raise NotIm" + "plementedError", "says 'NotIm"),
    (wording.check_words, "a.py", "# good enough for" + " now", "says 'for"),
    (wording.check_words, "a.sh", "cp x /ho" + "me/me/x", "says '/ho"),
    (wording.check_words, "a.sh", "cd '/wo" + "rk/main'", "says '/wo"),
    (wording.check_words, "a.txt", "--index-url https://py" + "pi.org/simple", "says 'py"),
]  # fmt: skip


@pytest.mark.parametrize(("check", "path", "breach", "said"), BREACHES)
def test_a_planted_breach_is_seen(check: Check, path: str, breach: str, said: str) -> None:
    assert any(said in complaint for complaint in check(path, breach))


ALLOWED: list[tuple[Check, str, str]] = [
    (imports.check_direction, "imagehist/opening.py", "from .stores import disk\nfrom .actions import a"),
    (imports.check_direction, PAGE, "from ..actions import editing\nfrom .. import __version__"),
    (imports.check_direction, DISK, "from .walking import walk\nfrom ..ports import Store"),
    (imports.check_direction, SPINE, "from .library import commit"),
    (imports.check_vendors, "imagehist/imaging/png.py", "from PIL import Image\nimport numpy"),
    (imports.check_purity, MODEL, "import re, msgspec\nfrom .records import Record"),
    (imports.check_synchrony, PAGE, "import asyncio\nasync def f(): ..."),
    (imports.check_file_calls, "imagehist/files.py", "import os\nos.rename('a', 'b')"),
    (shape.check_excepts, "imagehist/web/problems.py", "try: ...\nexcept Exception: ..."),
    (shape.check_excepts, SPINE, "with suppress(OSError): ..."),
    (shape.check_names, "imagehist/database.py", "class Basement: ..."),
    (shape.check_size, SPINE, 'def f():\n    """' + "x\n" * 50 + '    """\n    return 1'),
    (shape.check_size, "imagehist/intake.py",
     "def f():\n if a: ...\n elif b: ...\n elif c: ...\n elif d:\n  for e in f:\n   if g: ..."),
    (shape.check_docstring, SPINE, '"""One sentence\nover two lines.\n\nAnd more. Below."""'),
    (wording.check_words, "a.py", "home = f'{root}/work/x'  # for nowhere, in .imagehist/root.json"),
]  # fmt: skip


@pytest.mark.parametrize(("check", "path", "text"), ALLOWED)
def test_what_is_allowed_passes(check: Check, path: str, text: str) -> None:
    assert list(check(path, text)) == []


def test_a_planted_cycle_is_seen() -> None:
    chain = {"imagehist/a.py": "from .b import x", "imagehist/b.py": "from . import c", "imagehist/c.py": ""}
    assert imports.check_cycles(chain) == []
    chain["imagehist/c.py"] = "def late():\n    import imagehist.a"
    assert imports.check_cycles(chain) == ["import cycle through imagehist.a, imagehist.b, imagehist.c"]


def test_planted_growth_moves_the_medians() -> None:
    small = {f"imagehist/{name}.py": "def f():\n    return 1\n" for name in "abc"}
    assert shape.medians(small) == (2, 2)
    grown = {path: text + "    x = 1\n" * 200 for path, text in small.items()}
    assert shape.medians(grown) == (202, 202)


def test_the_edges_are_four_and_the_tables_name_every_room() -> None:
    assert len(shape.EDGES) == 4
    folders = {
        path.name for path in (ROOT / "imagehist").iterdir() if (path / "__init__.py").exists()
    }
    assert folders <= set(imports.MAY_IMPORT)


def test_requirements_are_locked_with_hashes_and_hold_no_address() -> None:
    for lock in sorted((ROOT / "requirements").glob("*.txt")):
        entries = re.split(r"\n(?=\S)", lock.read_text().strip())
        assert all(re.match(r"[\w.-]+==\S+", entry) and "--hash=sha256:" in entry for entry in entries), lock
        assert "://" not in lock.read_text()
        wanted = re.findall(r"^([\w-]+==\S+)$", lock.with_suffix(".in").read_text(), re.MULTILINE)
        assert all(any(entry.startswith(f"{pin} ") for entry in entries) for pin in wanted), lock
