"""Writes the generated parts of the documents; the test compares them with what the code says today."""

import inspect
import re
import sys
import tempfile
import zlib
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path

import msgspec

from imagehist.model.entries import Entry
from imagehist.model.records import EDITABLE, ImageRecord
from imagehist.model.sidecars import EDITABLE_BY_FILE
from imagehist.settings import settings_table
from imagehist.web import openapi
from imagehist.web.app import ROUTES
from imagehist.web.openapi_operations import OPERATIONS
from imagehist.web.openapi_record import MEANINGS
from imagehist.web.problems import problem_table
from manifest_tools.__main__ import COMMANDS, parser
from tests.docs.example import OWNER, fixed_ids, library_at, live, restate

ROOT = Path(__file__).parent.parent.parent
KEPT_BY_IMAGEHIST = {"rev", "key", "thumb", "thumb_crc32"}
ENTRY_MEANINGS = {
    "seq": "number of the change within its owner",
    "at": "when, RFC 3339 in UTC",
    "by": "who: `guest`, `generator`, `admin`, `operator` (a tool), `file` (an edit found in a sidecar), "
    "`recovery` or `system`",
    "op": "what: see below",
    "gen": "of `began`: the generation this file is, 32 hex digits",
    "after": "of `began`: the generation before, whose file is sealed",
    "owner": "of `began`: whose history this is",
    "format": "of `began`: version of the format",
    "record": "the whole record, its `rev` included",
    "ids": "the images it is about, at most 10,000",
    "to": "new values: one object for all ids, or a list with one object for each",
    "was": "the values before, in the same form",
    "revs": "the rev of each image before: the entry to look at for its past",
    "part": "`[k, n]`: this is line k of n of the change",
    "undoes": "seq of the entry that is taken back",
    "key": "of `relink`: where the original lies now",
    "old_key": "of `relink`: where it lay",
    "detail": "what the op has to say beyond this",
}


def named(kind: object) -> str:
    """A type as the tables write it."""
    text = kind.__name__ if isinstance(kind, type) and "[" not in str(kind) else str(kind)
    for pattern, plain in (
        (r"typing\.|msgspec\.", ""),
        (r" \| None\b", " or null"),
        (r" \| ", " or "),
        (r"\bdict\[str, (Any|str)\]", "object"),
        (r"\bstr\b", "text"),
        (r"\bint\b", "whole number"),
        (r"\bfloat\b", "number"),
        (r"\bbool\b", "true or false"),
        (r"\bRaw\b", "object"),
        (r"\bAny\b", "anything"),
        (r"\btuple\[whole number, whole number\]", "two whole numbers"),
        (r"\blist\[(.+?)\]", r"list of \1"),
    ):
        text = re.sub(pattern, plain, text)
    return text


def changed_by(name: str) -> str:
    if name in EDITABLE:
        return "people"
    if name in EDITABLE_BY_FILE:
        return "file"
    return "imagehist" if name in KEPT_BY_IMAGEHIST else ""


def record_table() -> str:
    kinds = {field.name: field.type for field in msgspec.structs.fields(ImageRecord) if field.name != "extra"}
    rows = [
        f"| `{name}` | {named(kind)} | {changed_by(name)} | {MEANINGS[name]} |"
        for name, kind in kinds.items()
    ]
    return "\n".join(["| field | type | who may change it | meaning |", "|---|---|---|---|", *rows])


def entry_table() -> str:
    kinds = {field.name: field.type for field in msgspec.structs.fields(Entry)}
    plain = {name: named(kind).removesuffix(" or null") for name, kind in kinds.items()}
    rows = [f"| `{name}` | {kind} | {ENTRY_MEANINGS[name]} |" for name, kind in plain.items()]
    return "\n".join(["| member | type | meaning |", "|---|---|---|", *rows])


@cache
def example_lines() -> tuple[list[str], list[str], list[str], str, str]:
    """Lines of the sealed and of the open manifest and of the system's, a sidecar and a checkpoint."""
    with tempfile.TemporaryDirectory() as place, fixed_ids(7):
        root = Path(place)
        with library_at(root, b"") as library:
            live(library)
            restate(library)
        sealed = next((root / "users" / OWNER).glob("manifest-*.jsonl")).read_text()
        opened = (root / "users" / OWNER / "manifest.jsonl").read_text()
        system = (root / ".imagehist" / "system.jsonl").read_text()
        image = sealed.splitlines()[1].partition('"id":"')[2][:32]
        sidecar = next(root.glob(f"users/{OWNER}/*/*/*/{image}.json")).read_text()
        checkpoint = (root / ".imagehist" / "cursors" / f"{OWNER}.json").read_text()
    return sealed.splitlines(), opened.splitlines(), system.splitlines(), sidecar, checkpoint


def fenced(*lines: str, language: str = "json") -> str:
    return "\n".join([f"```{language}", *(line.rstrip("\n") for line in lines), "```"])


def checksum() -> str:
    line = example_lines()[0][4]
    body = line.rpartition(",")[0]
    crc = f"{zlib.crc32(body.encode()):08x}"
    return (
        f"A line, and the {len(body.encode())} bytes of it whose CRC-32 is `{crc}`:\n\n"
        f"{fenced(line)}\n\n{fenced(body, language='text')}"
    )


def examples() -> str:
    sealed, opened, system, sidecar, checkpoint = example_lines()
    told = [
        ("The first line of an owner's history, and an upload:", sealed[0:2]),
        ("The sidecar after the favourite below (its `rev` is 4):", [sidecar]),
        ("The image becomes a favourite:", sealed[4:5]),
        ("Two images go to the trash in one change:", sealed[5:6]),
        ("That is undone:", sealed[6:7]),
        ("One goes to the trash again and is purged; its files are gone after this:", sealed[7:9]),
        ("A snapshot: the next generation begins and restates (records shortened here):", shortened(opened)),
        ("The checkpoint at its end:", [checkpoint]),
        ("What a tool noted in `system.jsonl`:", system),
    ]
    return "\n\n".join(f"{title}\n\n{fenced(*lines)}" for title, lines in told)


def shortened(lines: list[str]) -> list[str]:
    return [
        re.sub(r'("owner":"\w+"),"key":.*("rev":\d+),.*(},"crc")', r"\1, … \2 … \3", line) for line in lines
    ]


def commands() -> str:
    """Every command with its options, as its own --help has them."""
    choices = next(action.choices for action in parser()._actions if isinstance(action.choices, dict))
    rows = [
        f"| `{' '.join(usage(choices[command.name].format_usage()))}` | {'x' if command.changes else ''} "
        f"| {command.help} |"
        for command in COMMANDS
    ]
    return "\n".join(["| command | changes | does |", "|---|---|---|", *rows])


def usage(text: str) -> Iterator[str]:
    """The words of a usage line without the program and without what every command takes."""
    words = re.sub(r"\[(-h|--outputs OUTPUTS|--config CONFIG|--json|--execute)\]", "", text).split()
    return iter(words[2:])


def operations() -> str:
    """Every address of the API in one line."""
    routes = [route for route in ROUTES if openapi.describes(route.path)]
    rows = []
    for route in routes:
        operation = OPERATIONS[route.method, openapi.path_of(route.path)]
        about = operation.about or (inspect.getdoc(route.handler) or "").splitlines()[0]
        rows.append(f"| `{route.method} {openapi.path_of(route.path)}` | {about} |")
    return "\n".join(["| call | does |", "|---|---|", *rows])


def modules() -> str:
    """Every module of the spine in the sentence it begins with."""
    rows = []
    for file in sorted((ROOT / "imagehist").glob("*.py")):
        sentence = file.read_text().split('"""')[1].strip().replace("\n", " ")
        if file.stem != "__init__":
            rows.append(f"| `{file.name}` | {sentence} |")
    return "\n".join(["| module | answers for |", "|---|---|", *rows])


MADE: dict[str, dict[str, Callable[[], str]]] = {
    "outputs/README.md": {
        "checksum": checksum,
        "record": record_table,
        "entry": entry_table,
        "examples": examples,
    },
    "README.md": {"settings": settings_table, "commands": commands},
    "docs/api.md": {"errors": problem_table, "operations": operations},
    "docs/architecture.md": {"modules": modules},
}


def filled(text: str, parts: dict[str, Callable[[], str]]) -> str:
    """A document with its generated parts as they are today. Raises ValueError for a missing marker."""
    for name, make in parts.items():
        marker, made = re.compile(rf"(<!-- made: {name} -->\n).*?(<!-- end -->)", re.DOTALL), make()
        if not marker.search(text):
            raise ValueError(f"there is no place for {name}")
        text = marker.sub(partial(between, made), text)
    return text


def between(made: str, found: re.Match[str]) -> str:
    return f"{found[1]}{made}\n{found[2]}"


def main() -> int:
    """Write every generated part."""
    for path, parts in MADE.items():
        file = ROOT / path
        file.write_text(filled(file.read_text(), parts))
    return 0


if __name__ == "__main__":
    sys.exit(main())
