"""Each rule of the file protocol, left out of the real code, turns the explorer red; the rest stays green."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from tests.crashes.exploring import MODELS, Explorer, Report, record
from tests.crashes.mutations import GREEN, RED, Mutation
from tests.crashes.scenario import main_sequence, short_sequence

SEEDS = 10


def _explored(mutation: Mutation, model: str, seed: int, most: int) -> Report:
    """The story told and explored by the mutated code."""
    with pytest.MonkeyPatch.context() as patch:
        mutation.plant(patch)
        recording = record(short_sequence if mutation.short else main_sequence)
        follow = 1.0 if mutation.short else 0.6
        return Explorer(recording, model, seed=seed, most=most, follow=follow).run(True, mutation.since)


def survives(mutation: Mutation, model: str) -> int:
    """States looked at without seeing anything wrong; 0 when something was."""
    seen = 0
    for seed in range(1, SEEDS * (20 if mutation.short else 1) + 1):
        report = _explored(mutation, model, seed, most=4)
        seen += report.states
        if report.bad:
            return 0
    return seen


def test_left_out_they_are_seen(sample: Callable[[str, Sequence[Mutation], int], list[Mutation]]) -> None:
    """One model each, in turn; `./run prove mutations` does all of them."""
    chosen = sample("mutations of the file protocol", RED, 4)
    found = {one.name: survives(one, one.models[place % len(one.models)]) for place, one in enumerate(chosen)}
    assert {name: states for name, states in found.items() if states} == {}


@pytest.mark.slow
def test_what_is_not_needed_is_not_missed(
    sample: Callable[[str, Sequence[Mutation], int], list[Mutation]],
) -> None:
    for mutation in sample("rules that are not needed", GREEN, 1):
        for place, model in enumerate(MODELS):
            if GREEN.index(mutation) % len(MODELS) == place:
                report = _explored(mutation, model, seed=1, most=2)
                assert report.bad == 0, "\n".join(report.examples)
