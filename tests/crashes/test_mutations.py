"""Each rule of the file protocol, left out of the real code, turns the explorer red; the rest stays green."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.crashes.exploring import MODELS, Explorer, Report, record
from tests.crashes.mutations import GREEN, RED, Mutation
from tests.crashes.scenario import main_sequence, short_sequence

SEEDS = 4


def _explored(mutation: Mutation, model: str, seed: int, most: int) -> Report:
    """The story told and explored by the mutated code."""
    with pytest.MonkeyPatch.context() as patch:
        mutation.plant(patch)
        recording = record(short_sequence if mutation.short else main_sequence)
        follow = 1.0 if mutation.short else 0.6
        return Explorer(recording, model, seed=seed, most=most, follow=follow).run(until_bad=True)


@pytest.mark.parametrize("mutation", RED, ids=lambda mutation: mutation.name)
def test_left_out_it_is_seen(mutation: Mutation, request: pytest.FixtureRequest) -> None:
    models = mutation.models[:1] if request.config.getoption("--quick") else mutation.models
    for model in models:
        seen = 0
        for seed in range(1, SEEDS * (20 if mutation.short else 1) + 1):
            report = _explored(mutation, model, seed, most=4)
            seen += report.states
            if report.bad:
                break
        else:
            pytest.fail(f"{seen} states of {model} without {mutation.name}, and nothing was wrong")


@pytest.mark.parametrize("mutation", GREEN, ids=lambda mutation: mutation.name)
def test_what_is_not_needed_is_not_missed(
    mutation: Mutation, request: pytest.FixtureRequest, note: Callable[[str], None]
) -> None:
    models = MODELS[1:2] if request.config.getoption("--quick") else MODELS
    for model in models:
        report = _explored(mutation, model, seed=1, most=2)
        assert report.bad == 0, "\n".join(report.examples)
    note(f"not needed: {mutation.name}, {len(models)} disk models")
