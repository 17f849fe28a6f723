"""Long proofs by command: crash states, mutations, kills of processes and of the server, power cuts."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.crashes import killing, power, serving, test_errno, test_mutations
from tests.crashes.exploring import MODELS, Explorer, record
from tests.crashes.mutations import GREEN, RED
from tests.crashes.scenario import main_sequence

Found = dict[str, Any]


def explore(given: argparse.Namespace) -> Found:
    """Crash states under all disk models, other ones with every seed, until there were enough."""
    recording, found = record(main_sequence), {model: {"states": 0, "bad": 0} for model in MODELS}
    seed, wrong, share = given.seed, list[str](), given.states // len(MODELS)
    while any(one["states"] < share for one in found.values()):
        for model in MODELS:
            report = Explorer(recording, model, seed=seed, most=8, follow=0.7).run()
            found[model]["states"] += report.states
            found[model]["bad"] += report.bad
            wrong += [f"seed {seed}, {example}" for example in report.examples]
        seed += 1
    return {"models": found, "wrong": wrong}


def mutations(given: argparse.Namespace) -> Found:
    """Every rule left out in every disk model where it matters; then what is not needed."""
    alive = [
        f"{one.name} ({model})" for one in RED for model in one.models if test_mutations.survives(one, model)
    ]
    missed = [
        f"{one.name} ({model})"
        for one in GREEN
        for model in MODELS
        if not test_mutations.survives(one, model)
    ]
    return {"left out": len(RED), "not needed": len(GREEN), "wrong": alive + missed}


def kill(given: argparse.Namespace) -> Found:
    """SIGKILL at every file operation of every action."""
    return killing.kill_everywhere(list(killing.ACTIONS))


def errors(given: argparse.Namespace) -> Found:
    """Every operation fails in every way."""
    told = {test_errno._told(case): test_errno._run(case) for case in test_errno.CASES}
    return {"cases": len(told), "wrong": {case: found for case, found in told.items() if found}}


def server(given: argparse.Namespace) -> Found:
    """SIGKILL of the real server under four clients."""
    with tempfile.TemporaryDirectory(prefix="imagehist-server-") as room:
        return asdict(serving.kill_under_load(Path(room) / "outputs", given.kills, given.seed))


def cut_power(given: argparse.Namespace) -> Found:
    """Power cuts of real file systems; needs root and loop devices."""
    if not power.can_cut(given.fs):
        return {"wrong": [f"{given.fs} cannot be made and mounted here; this needs root and its mkfs"]}
    return power.cut_power(given.fs, given.cuts, given.seed, given.plant)


PROOFS: dict[str, Callable[[argparse.Namespace], Found]] = {
    "explore": explore,
    "mutations": mutations,
    "kill": kill,
    "errors": errors,
    "server": server,
    "power": cut_power,
}


def arguments() -> argparse.ArgumentParser:
    """The command line: a proof and how much of it."""
    parser = argparse.ArgumentParser(prog="./run prove", description=__doc__)
    proofs = parser.add_subparsers(dest="proof", required=True)
    for name, proof in PROOFS.items():
        options = proofs.add_parser(name, help=proof.__doc__, description=proof.__doc__)
        options.add_argument("--seed", type=int, default=1, help="other numbers, other accidents")
        if name == "explore":
            options.add_argument("--states", type=int, default=200_000, help="how many in all")
        elif name == "server":
            options.add_argument("--kills", type=int, default=200)
        elif name == "power":
            options.add_argument("--cuts", type=int, default=100)
            options.add_argument("--plant", default="", help="leave this rule out, named as in mutations.py")
            options.add_argument("--fs", choices=sorted(power.KINDS), default="ext4")
    return parser


def main(given: list[str]) -> int:
    """Run one proof and print what it found; 1 when something was wrong."""
    chosen = arguments().parse_args(given)
    begun = time.monotonic()
    found = PROOFS[chosen.proof](chosen)
    print(
        json.dumps({"proof": chosen.proof, **found, "seconds": round(time.monotonic() - begun, 1)}, indent=1)
    )
    return 1 if found["wrong"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
