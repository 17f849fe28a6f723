"""The documents are whole: generated parts are as the code has them, links lead somewhere, examples run."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from imagehist.actions import reindexing
from imagehist.model import faults
from imagehist.model.names import ROOT_FILE
from imagehist.settings import Settings, environment_name
from imagehist.web.bodies import MAX_JSON
from imagehist.web.problems import NOT_OVER_HTTP, PROBLEMS
from imagehist.web.strict_json import MAX_DEPTH
from manifest_tools.__main__ import main as tools
from tests import pictures
from tests.docs import generate

ROOT = generate.ROOT
DOCUMENTS = [
    "README.md",
    "outputs/README.md",
    *sorted(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md")),
]
ALL = [*DOCUMENTS, "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"]


def text(path: str) -> str:
    return (ROOT / path).read_text()


# --- whole -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", generate.MADE)
def test_generated_parts_are_as_the_code_has_them(path: str) -> None:
    assert text(path) == generate.filled(text(path), generate.MADE[path]), (
        "write them anew: .venv/bin/python -m tests.docs.generate"
    )


def test_a_changed_part_is_seen() -> None:
    path = "docs/api.md"
    stale = text(path).replace("| `NOT_FOUND` |", "| `NOT_FOND` |")
    assert generate.filled(stale, generate.MADE[path]) == text(path) != stale
    with pytest.raises(ValueError, match="no place"):
        generate.filled("", generate.MADE[path])


@pytest.mark.parametrize("path", ALL)
def test_links_lead_somewhere(path: str) -> None:
    targets = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text(path))
    local = [target for target in targets if "://" not in target]
    assert [target for target in local if not (ROOT / path).parent.joinpath(target).exists()] == []


@pytest.mark.parametrize("path", ALL)
def test_files_and_folders_that_are_named_exist(path: str) -> None:
    named = re.findall(
        r"`((?:imagehist|tests|docs|benchmarks|manifest_tools|requirements)/[\w./*-]*)`", text(path)
    )
    named += [f"imagehist/{name}" for name in re.findall(r"`((?:web|actions|model)/\w+\.py)`", text(path))]
    later = {"imagehist/model/references"}
    assert [name for name in named if name not in later and not list(ROOT.glob(name))] == []


def test_the_codes_that_are_named_exist() -> None:
    known = {kind.code for kind in [*PROBLEMS, *NOT_OVER_HTTP]} | {"INTERNAL_ERROR"}
    for path in ("README.md", "docs/api.md", "docs/durability.md", "docs/operations.md"):
        named = set(re.findall(r"`((?!IMAGEHIST_)[A-Z]{3,}(?:_[A-Z]+)+)`", text(path)))
        assert named <= known | {"NOT_OVER_HTTP", "ROUTES", "RENAME_NOREPLACE", "EDITABLE_BY_FILE"}, path


def test_the_variables_and_options_that_are_named_exist() -> None:
    knobs = Settings.__dataclass_fields__
    for path in DOCUMENTS:
        assert set(re.findall(r"\bIMAGEHIST_[A-Z_]+", text(path))) <= {
            environment_name(name) for name in knobs
        }
        options = set(re.findall(r"(?:\./run|server\.py|or|with|and) `?--([a-z-]+)", text(path)))
        known = {name.replace("_", "-") for name in knobs} | {"help", "config", "quick", "execute", "json"}
        assert options <= known, path


def test_the_rooms_of_the_readme_are_those_of_the_house() -> None:
    rooms = {path.parent.name for path in (ROOT / "imagehist").glob("*/__init__.py")}
    told = text("README.md").partition("## How it is built")[2].partition("## Platforms")[0]
    assert rooms <= set(re.findall(r"(\w+)/`", told))
    assert rooms <= set(re.findall(r"(\w+)/`", text("docs/architecture.md").partition("## The spine")[0]))


def test_what_troubleshooting_quotes_is_what_is_said() -> None:
    said = [file for kind in ("imagehist/**/*.py", "templates/*.html") for file in ROOT.glob(kind)]
    spoken = "".join(file.read_text() for file in said).replace("{ROOT_FILE}", ROOT_FILE)
    rows = text("README.md").partition("| you see |")[2].partition("\n\n")[0].splitlines()[2:]
    quotes = [re.search(r"^\| [`\"](.+?)[`\"][ ,]", row) for row in rows]
    sentences = [quote[1].removesuffix(" …") for quote in quotes if quote and " " in quote[1]]
    assert len(sentences) == 5
    assert [said for said in sentences if said not in spoken and said != "Address already in use"] == []


def test_a_taken_port_is_said_in_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        command = [
            sys.executable,
            str(ROOT / "server.py"),
            "--port",
            port,
            "--outputs",
            str(tmp_path / "library"),
        ]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (3, "", 1)
    assert "Address already in use" in done.stderr and "| `Address already in use` |" in text("README.md")


def test_every_finding_is_explained() -> None:
    code = Path(reindexing.__file__).read_text() + (ROOT / "imagehist/actions/scrubbing.py").read_text()
    kinds = set(re.findall(r'Finding\(\s*"([\w-]+)"|kind="([\w-]+)"|else "([\w-]+)", owner', code))
    kinds = {kind for found in kinds for kind in found if kind} | {"purged-left"}
    told = text("docs/operations.md").partition("| finding |")[2].partition("\n\n")[0]
    assert len(kinds) > 8
    assert kinds == set(re.findall(r"^\| `([\w-]+)` \|", told, re.MULTILINE))


def test_the_limits_that_are_named_are_those_of_the_code() -> None:
    assert f"deeper than {MAX_DEPTH}" in text("docs/api.md")
    assert f"at most {MAX_JSON >> 20} MiB" in text("docs/api.md")
    assert faults.FormatNotAllowed in PROBLEMS
    assert "up to 100 images" in text("docs/architecture.md")


# --- the examples run ------------------------------------------------------------------------------------

SHELL = ("README.md", "docs/api.md")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A real server in a folder that holds what the examples send, with a curl on the path."""
    place = tmp_path_factory.mktemp("examples")
    for number, name in enumerate(("lighthouse.png", "harbour.png", "ComfyUI/output/one.png")):
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(pictures.png(seed=number))
    curl = place / "bin" / "curl"
    curl.parent.mkdir()
    curl.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{ROOT / "tests/docs/curl.py"}" "$@"\n')
    curl.chmod(0o755)
    command = [sys.executable, str(ROOT / "server.py"), "--port", "0", "--imaging-processes", "1"]
    with subprocess.Popen(command, cwd=place, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        yield running.stdout.readline().split()[-1], place
        running.terminate()


def blocks(path: str) -> list[str]:
    return re.findall(r"```sh\n(.*?)```", text(path), re.DOTALL)


def run_block(block: str, url: str, place: Path) -> list[Any]:
    """The JSON answers of a block of shell, run as it stands but for the port."""
    tokens = {
        name: (place / f"outputs/.imagehist/{name}-token").read_text().strip() for name in ("ingest", "admin")
    }
    environment = os.environ | {
        "PATH": f"{place / 'bin'}:{os.environ['PATH']}",
        "TOKEN": tokens["ingest"],
        "ADMIN": tokens["admin"],
    }
    script = "set -e\n" + block.replace("http://127.0.0.1:8080", url)
    done = subprocess.run(["sh", "-c", script], cwd=place, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines() if line]


def test_the_examples_run_as_written(server: tuple[str, Path]) -> None:
    added, sent = run_block(blocks("README.md")[0], *server), run_block(blocks("README.md")[1], *server)
    assert [len(answer["items"]) for answer in added + sent] == [1, 1]
    assert added[0]["items"][0]["prompt"] == "a lighthouse at dusk"
    again = run_block(blocks("README.md")[1], *server)
    assert [one["id"] for one in again[0]["items"]] == [one["id"] for one in sent[0]["items"]]
    uploads, reading, changing = blocks("docs/api.md")
    assert [len(answer["items"]) for answer in run_block(uploads, *server)] == [2, 1]
    run_block('curl -H "Authorization: Bearer $TOKEN" -H "X-Owner: mina" -F file=@harbour.png '
              "-F 'meta={\"tags\":[\"sea\"]}' http://127.0.0.1:8080/api/v1/images", *server)  # fmt: skip
    assert run_block(reading, *server)[0]["total"] == 2
    bulk, history = run_block(changing, *server)
    assert bulk["changed"] == 2
    assert history["items"][0]["summary"] == "trashed"


def test_the_rows_of_restore_are_true(server: tuple[str, Path], tmp_path: Path) -> None:
    """A copy taken while the server runs, manifests first, brings everything back."""
    url, place = server
    live, copy = place / "outputs", tmp_path / "copy"
    upload = blocks("docs/api.md")[0]
    run_block(upload, url, place)
    shutil.copytree(live, copy, ignore=lambda folder, found: [
        name for name in found if not (Path(folder, name).is_dir() or name.endswith(".jsonl"))
    ])  # fmt: skip
    late = run_block(upload, url, place)
    rest = shutil.ignore_patterns("index.sqlite*", "*.jsonl", "*.part", "*.lock", "cache")
    shutil.copytree(live, copy, ignore=rest, dirs_exist_ok=True)
    assert tools(["verify", "--outputs", str(copy), "--json"]) == 1
    assert tools(["reindex", "--execute", "--outputs", str(copy), "--json"]) == 0
    assert tools(["verify", "--rebuild", "--scrub", "--outputs", str(copy), "--json"]) == 0
    kept = {path.stem for path in copy.glob("users/mina/*/*/*/*.png")}
    assert {one["id"] for answer in late for one in answer["items"]} <= kept


def test_an_original_with_a_second_name_is_not_served(server: tuple[str, Path]) -> None:
    url, place = server
    key = run_block(blocks("README.md")[0], url, place)[0]["items"][0]["key"]
    read = f'curl -H "Authorization: Bearer $ADMIN" {url}/outputs/{key.replace(".png", ".json")}'
    assert run_block(read, url, place)[0]["key"] == key
    os.link(place / "outputs" / key, place / "second-name.png")
    with pytest.raises(AssertionError, match="NOT_FOUND"):
        run_block(read.replace(".json", ".png"), url, place)
