"""Drawn runs: the same for the same seed, playable, and as eventful as was asked."""

from __future__ import annotations

from collections import Counter

import pytest

from simulator.chaos.draw import Mix, draw_scenario
from simulator.core.market.symbols import DEFAULT_SYMBOLS
from simulator.core.scenario.notation import milliseconds, snake_case
from simulator.core.scenario.scenario import Scenario
from simulator.core.scenario.scenario_rules import check, check_names

SEEDS = range(25)


def happenings(scenario: Scenario) -> Counter[str]:
    return Counter(snake_case(type(action).__name__) for step in scenario.steps for action in step.actions)


def test_the_same_seed_draws_the_same_run() -> None:
    assert draw_scenario(7, 1) == draw_scenario(7, 1)


def test_another_seed_draws_another_run() -> None:
    assert draw_scenario(7, 1).steps != draw_scenario(8, 1).steps


@pytest.mark.parametrize("seed", SEEDS)
def test_every_drawn_run_can_be_played(seed: int) -> None:
    scenario = draw_scenario(seed, 1)
    check(scenario)
    accounts = ["default", *(f"other{n}" for n in range(2, 9))]
    check_names(scenario, [spec.symbol for spec in DEFAULT_SYMBOLS], accounts)


@pytest.mark.parametrize("seed", SEEDS)
def test_steps_come_in_their_order_and_within_the_length(seed: int) -> None:
    scenario = draw_scenario(seed, 0.5)
    times = [milliseconds(step.at or "") for step in scenario.steps]
    assert times == sorted(times)
    assert times[-1] < 1_800_000


def test_client_order_ids_never_repeat() -> None:
    placed = [
        name
        for step in draw_scenario(3, 24).steps
        for action in step.actions
        if (name := getattr(action, "client_order_id", None))
    ]
    assert len(placed) == len(set(placed))


def test_an_hour_has_dozens_of_happenings() -> None:
    hours = [sum(happenings(draw_scenario(seed, 1)).values()) for seed in SEEDS]
    assert min(hours) >= 40
    assert max(hours) <= 400


def test_a_mix_without_crashes_has_none() -> None:
    drawn = happenings(draw_scenario(5, 24, Mix(crashes=0)))
    assert drawn["engine_crash"] == drawn["engine_restart"] == 0
    assert happenings(draw_scenario(5, 24))["engine_crash"] > 0
