"""`python -m manifest_tools COMMAND`: the table of commands and of exit codes."""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys

from imagehist.model import faults
from imagehist.model.faults import Fault
from imagehist.opening import open_library
from imagehist.settings import read_settings

from . import reindex, verify
from .commands import FAILED, USAGE, Command, Outcome

COMMANDS: tuple[Command, ...] = (reindex.COMMAND, verify.COMMAND)
WRONG_USAGE: frozenset[type[Fault]] = frozenset({faults.BadSettings, faults.NotFound, faults.BadOwner})
"""Faults that mean the command was called wrongly (exit 2); every other one means it failed (exit 3)."""

log = logging.getLogger("imagehist.tools")


def parser() -> argparse.ArgumentParser:
    """The command line of all commands."""
    whole = argparse.ArgumentParser(prog="manifest_tools", description="Tools for an imagehist library.")
    choices = whole.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in COMMANDS:
        one = choices.add_parser(command.name, help=command.help, description=command.help)
        command.add_arguments(one)
        one.add_argument("--outputs", help="folder of the library")
        one.add_argument("--config", help="TOML file with settings")
        one.add_argument("--json", action="store_true", help="one JSON report on stdout")
        if command.changes:
            one.add_argument(
                "--execute", action="store_true", help="act; without it only the plan is printed"
            )
    return whole


def run(argv: list[str]) -> int:
    """Run one command; its exit code."""
    given = parser().parse_args(argv)
    command = next(command for command in COMMANDS if command.name == given.command)
    options = {} if given.outputs is None else {"outputs": given.outputs}
    settings = read_settings(options, os.environ, given.config)
    opened = open_library(settings, create=False)
    try:
        outcome = command.run(opened, given)
    finally:
        opened.close()
    _print(outcome, given.json)
    return outcome.code


def _print(outcome: Outcome, as_json: bool) -> None:
    if as_json:
        print(json.dumps(outcome.report, ensure_ascii=False))
    else:
        print("\n".join(outcome.lines))


def main(argv: list[str]) -> int:
    """Run, turning faults and bugs into exit codes."""
    logging.basicConfig(
        stream=sys.stderr, level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s"
    )
    try:
        return run(argv)
    except Fault as fault:
        print(f"{fault.code}: {fault.detail}", file=sys.stderr)
        return USAGE if type(fault) in WRONG_USAGE else FAILED
    except Exception:
        log.exception("the command failed")
        return FAILED


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
