"""The format specification says what the code does, to the byte."""

import json
import re
import shutil
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from imagehist import committing
from imagehist.actions.editing import many, tag
from imagehist.library import FORMAT, Library
from imagehist.manifests.lines import LineReader
from imagehist.model import names
from imagehist.model.entries import Entry, encode_sidecar, has_good_seal, seal_json
from imagehist.model.folding import effects
from imagehist.model.records import ImageRecord, decode_record, record_to_dict
from imagehist.model.sidecars import judge
from imagehist.ports import Cursor
from tests.docs import generate
from tests.docs.example import OWNER, change, fixed_ids, library_at, live, restate

TEXT = (generate.ROOT / "outputs" / "README.md").read_text()
PACKAGE = generate.ROOT / "imagehist"


def table(after: str) -> list[list[str]]:
    """The cells of the first table behind a text."""
    rows = TEXT.partition(after)[2].partition("\n|")[2].partition("\n\n")[0].split("\n")
    return [[cell.strip() for cell in row.strip("|").split(" | ")] for row in rows[2:]]


# --- complete --------------------------------------------------------------------------------------------


def test_every_member_of_an_entry_has_its_row() -> None:
    assert list(generate.ENTRY_MEANINGS) == [field.name for field in msgspec.structs.fields(Entry)]


def test_every_op_the_code_writes_or_reads_has_its_row() -> None:
    code = "".join(file.read_text() for file in PACKAGE.rglob("*.py"))
    used = set(re.findall(r'(?:op="|Draft\("|\.op [!=]= ")(\w+)"', code))
    for group in re.findall(r"\.op (?:not )?in \(([^)]*)\)", code):
        used |= set(re.findall(r'"(\w+)"', group))
    assert {"began", "add", "purge"} < used
    assert used == {row[0].strip("`") for row in table("\nMembers without a value")}


def test_the_tree_names_every_place() -> None:
    tree = TEXT.partition("## 2.")[2].partition("## 3.")[0]
    places = [value for name, value in vars(names).items() if name.isupper() and isinstance(value, str)]
    assert len(places) > 8
    assert [place for place in places if place.rpartition("/")[2] not in tree and place != "system"] == []
    assert re.findall(r"`(\w+)`", tree)[-5:] == list(names.EXTENSIONS)


def test_the_version_and_the_limits_are_those_of_the_code() -> None:
    assert f"Format version **{FORMAT}**." in TEXT
    assert f"{committing.MAX_IDS:,} ids" in TEXT


# --- true to the byte ------------------------------------------------------------------------------------


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with fixed_ids(7), library_at(tmp_path, TEXT.encode()) as made:
        live(made)
        yield made


def snippet(pattern: str) -> str:
    """The Python of the block that holds a text."""
    blocks = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    return next(block for block in blocks if pattern in block)


def test_the_check_of_a_line_is_the_codes() -> None:
    room: dict[str, Any] = {}
    exec(snippet("def is_good"), room)
    for line in [line.encode() for line in generate.example_lines()[0]]:
        assert room["is_good"](line) and has_good_seal(line)
        for place in range(0, len(line), 7):
            wrong = line[:place] + bytes([line[place] ^ 1]) + line[place + 1 :]
            assert not room["is_good"](wrong) and not has_good_seal(wrong)


def test_the_shown_check_sum_is_that_of_the_shown_bytes() -> None:
    shown = TEXT.partition("<!-- made: checksum -->")[2].partition("<!-- end -->")[0]
    body, crc = shown.split("```text\n")[1].partition("\n")[0], re.findall(r"CRC-32 is `(\w+)`", shown)[0]
    assert f"{zlib.crc32(body.encode()):08x}" == crc
    assert f'{body},"crc":"{crc}"}}\n' in shown


@pytest.mark.parametrize(
    ("row", "made", "action"),
    [
        (0, lambda record: encode_sidecar(record), "same"),
        (1, lambda record: encode_sidecar(altered(record, rev=2, note="old")), "rewrite"),
        (2, lambda record: encode_sidecar(altered(record, note="other")), "merge"),
        (3, lambda record: encode_sidecar(altered(record, rev=99)), "adopt"),
        (4, lambda record: json.dumps(record_to_dict(record) | {"note": "by hand"}).encode(), "merge"),
        (5, lambda record: b'{"note": "half a', "keep"),
        (5, lambda record: encode_sidecar(altered(record, owner="somebody")), "keep"),
        (6, lambda record: b"\0" * 900, "rewrite"),
        (6, lambda record: None, "rewrite"),
    ],
)
def test_sidecars_mean_what_their_table_says(
    library: Library, row: int, made: Callable[[ImageRecord], bytes | None], action: str
) -> None:
    done = {
        "same": "nothing",
        "rewrite": "rewritten",
        "merge": "become a `set`",
        "adopt": "an `adopt`",
        "keep": "a copy to quarantine",
    }
    record = next(record for record in library.index.every_record(OWNER) if record.favorite)
    assert judge(made(record), record).action == action
    rows = table("What a sidecar means when it is looked at:")
    assert len(rows) == 7
    assert done[action] in rows[row][-1]


def altered(record: ImageRecord, **values: Any) -> ImageRecord:
    return msgspec.structs.replace(record, **values)


def test_unknown_members_are_kept_and_unknown_ops_passed_over(library: Library) -> None:
    record = next(library.index.every_record(OWNER))
    newer = {**record_to_dict(record), "mood": "calm"}
    assert record_to_dict(decode_record(json.dumps(newer).encode())) == newer
    strange = {"seq": 7, "at": "", "by": "", "op": "blessed", "ids": [record.id], "candles": 3}
    reader = LineReader(Cursor("g", 0, 6))
    reader.feed(seal_json(json.dumps(strange).encode()), 0)
    assert reader.end.seq == 7
    assert list(effects(reader.entries[0].entry, lambda ids: {})) == []


# --- the recipes, as a stranger runs them ----------------------------------------------------------------


def recipe(name: str, root: Path) -> list[str]:
    code = snippet(f"# recipe: {name}")
    done = subprocess.run(
        [sys.executable, "-I", "-c", code], cwd=root, capture_output=True, encoding="utf-8", check=True
    )
    return done.stdout.splitlines()


def state(library: Library) -> list[str]:
    records = library.index.every_record(OWNER)
    return sorted(f"{OWNER} {record.status} {record.key} {record.prompt}" for record in records)


def test_a_stranger_reads_the_state_from_either_copy(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert len(state(library)) == 2
    assert sorted(recipe("fold", tmp_path)) == sorted(recipe("sidecars", tmp_path)) == state(library)
    restate(library)
    monkeypatch.setattr(committing, "MAX_IDS", 1)
    ids = [record.id for record in library.index.every_record(OWNER)]
    change(library, many(ids, tag(["many"]), []), ids)
    assert '"part":[1,2]' in (tmp_path / "users" / OWNER / "manifest.jsonl").read_text()
    assert sorted(recipe("fold", tmp_path)) == sorted(recipe("sidecars", tmp_path)) == state(library)
    told = folded(tmp_path)
    assert told == {record.id: record_to_dict(record) for record in library.index.every_record(OWNER)}


def folded(root: Path) -> dict[str, Any]:
    """The records that the recipe's own fold gives."""
    code = snippet("# recipe: fold").rpartition("\nfor owner in")[0]
    code += f"\nprint(json.dumps(fold({OWNER!r})))"
    done = subprocess.run([sys.executable, "-I", "-c", code], cwd=root, capture_output=True, check=True)
    return dict(json.loads(done.stdout))


def test_a_stranger_finds_the_damaged_original(library: Library, tmp_path: Path) -> None:
    assert {line.split()[0] for line in recipe("check", tmp_path)} == {"good"}
    broken = next(tmp_path.glob(f"users/{OWNER}/*/*/*/*.png"))
    broken.write_bytes(broken.read_bytes()[:-1])
    assert [line.split()[1] for line in recipe("check", tmp_path) if line.startswith("BAD")] == [
        str(broken.relative_to(tmp_path))
    ]


def test_jq_reads_it_too(library: Library, tmp_path: Path, note: Callable[[str], None]) -> None:
    commands = TEXT.partition("With `jq`")[2].partition("```sh\n")[2].partition("```")[0].splitlines()
    assert len(commands) == 2
    if shutil.which("jq") is None:
        note("documents: the two jq recipes were not run, jq is not installed")
        return
    history, favourites = (
        subprocess.run(command, shell=True, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
        for command in commands
    )
    assert [line.split("\t")[3] for line in history.splitlines()] == [
        *("began", "add", "add", "add", "set", "set", "undo", "set", "purge")
    ]
    assert favourites.strip().endswith(".png")
