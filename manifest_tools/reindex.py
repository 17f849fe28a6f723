"""reindex: originals, sidecars and manifests made to agree, then a fresh index."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from imagehist.actions.noting import note_run
from imagehist.actions.reindexing import Report, every_owner, plan, repair, restore, second_index
from imagehist.model.faults import NotFound
from imagehist.model.findings import Finding
from imagehist.opening import Opened, build_index, renew_index

from .commands import DONE, FINDINGS, Command, Outcome, plain, progress

SHOWN = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of reindex."""
    parser.add_argument("--user", metavar="ID", help="only this owner")


def run(opened: Opened, given: argparse.Namespace) -> Outcome:
    """Look, and with --execute repair."""
    owners = owners_of(opened, given.user)
    report = _execute(opened, owners, given) if given.execute else _plan(opened, owners, given)
    data = {
        "executed": report.executed,
        "records": report.records,
        "totals": report.totals,
        "findings": [plain(finding._asdict()) for finding in report.findings],
    }
    if report.executed and report.findings:
        data["run"] = note_run(opened.library, "reindex", {"owners": given.user, "totals": report.totals})
    return Outcome(data, _lines(report), FINDINGS if report.remaining else DONE)


def owners_of(opened: Opened, user: str | None) -> list[str]:
    """The owners a command is about. Raises NotFound."""
    owners = every_owner(opened.library)
    if user is None:
        return owners
    if user not in owners:
        raise NotFound(f"There is no owner {user}.")
    return [user]


def _plan(opened: Opened, owners: list[str], given: argparse.Namespace) -> Report:
    with tempfile.TemporaryDirectory() as folder, progress("reading manifests", given.json) as count:
        fresh = second_index(opened.library, owners, build_index(str(Path(folder) / "index.sqlite")), count)
        try:
            return plan(fresh, owners, count)
        finally:
            fresh.index.close()


def _execute(opened: Opened, owners: list[str], given: argparse.Namespace) -> Report:
    findings: list[Finding] = []
    with progress("reading manifests", given.json) as count:
        for owner in owners:
            findings += restore(opened.library, owner, count)
        renew_index(opened, count)
    with progress("repairing", given.json) as count:
        for owner in owners:
            findings += repair(opened.library, owner, count)
    records = sum(opened.library.index.usage(owner).images for owner in owners)
    return Report(records=records, findings=findings, executed=True)


def _lines(report: Report) -> list[str]:
    verb = "repaired" if report.executed else "found"
    lines = [f"{verb} {kind}: {count}" for kind, count in report.totals.items()] or ["everything agrees"]
    lines += [f"  {f.kind}: {f.key}" for f in report.findings[:SHOWN]]
    if len(report.findings) > SHOWN:
        lines.append(f"  … and {len(report.findings) - SHOWN} more (--json lists all)")
    if not report.executed:
        lines.append("nothing was changed; --execute repairs this and makes a fresh index")
    return [*lines, f"{report.records} records"]


COMMAND = Command("reindex", "make files and manifests agree, then a fresh index", True, add_arguments, run)
