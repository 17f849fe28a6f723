"""verify: a second index from the files, compared with the one in use; bytes against their SHA-256."""

from __future__ import annotations

import argparse
import itertools
import re
import tempfile
import time
from pathlib import Path

from imagehist.actions.reindexing import plan, second_index
from imagehist.actions.scrubbing import scrub
from imagehist.actions.verifying import Difference, differences
from imagehist.model.findings import Finding
from imagehist.opening import Opened, build_index

from .commands import DONE, FINDINGS, Command, Outcome, plain, progress
from .reindex import owners_of

MOST = 1_000
_UNITS = {"s": 1, "m": 60, "h": 3600}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of verify."""
    parser.add_argument("--user", metavar="ID", help="only this owner")
    parser.add_argument(
        "--rebuild", action="store_true", help="compare the index with a second one from the files"
    )
    parser.add_argument("--scrub", action="store_true", help="re-read originals against their SHA-256")
    parser.add_argument(
        "--part", metavar="n/t", type=_part, default=(1, 1), help="only the n-th of t parts (scrub)"
    )
    parser.add_argument(
        "--budget", metavar="TIME", type=_budget, help="stop after this time, like 30m (scrub)"
    )


def _part(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d+)/(\d+)", text)
    if match is None or not 1 <= int(match[1]) <= int(match[2]):
        raise argparse.ArgumentTypeError("a part is n/t, like 1/7")
    return int(match[1]), int(match[2])


def _budget(text: str) -> float:
    match = re.fullmatch(r"(\d+)([smh])", text)
    if match is None:
        raise argparse.ArgumentTypeError("a time is like 90s, 30m or 2h")
    return float(int(match[1]) * _UNITS[match[2]])


def run(opened: Opened, given: argparse.Namespace) -> Outcome:
    """Compare; exit 1 when anything differs."""
    owners = owners_of(opened, given.user)
    found: list[Difference] = []
    bad: list[Finding] = []
    with tempfile.TemporaryDirectory() as folder, progress("comparing", given.json) as count:
        second = second_index(opened.library, owners, build_index(str(Path(folder) / "index.sqlite")), count)
        try:
            for owner in owners if given.rebuild else []:
                found += itertools.islice(differences(opened.library, second, owner), MOST)
            bad += plan(second, owners, count).findings
            if given.scrub:
                deadline = None if given.budget is None else time.monotonic() + given.budget
                bad += scrub(second, owners, given.part, deadline)
        finally:
            second.index.close()
    report = {
        "differences": [plain(one._asdict()) for one in found],
        "findings": [plain(one._asdict()) for one in bad],
    }
    lines = [f"{d.owner} {d.id or ''} {d.field}: index {d.index!r}, files {d.files!r}" for d in found[:20]]
    lines += [f"{f.kind}: {f.key}" for f in bad[:20]]
    lines.append(f"{len(found)} differences, {len(bad)} findings in {len(owners)} libraries")
    return Outcome(report, lines, FINDINGS if found or bad else DONE)


COMMAND = Command(
    "verify", "compare the index, records and files; changes nothing", False, add_arguments, run
)
