"""Runs without a safety net, and gaps that last: what is in them, and what must not be."""

from __future__ import annotations

from functools import cache
from random import Random
from typing import Any

import pytest

from simulator.chaos.draw import Mix, draw_scenario
from simulator.chaos.draw_market import price_moves
from simulator.chaos.draw_orders import good_till
from simulator.chaos.draw_unaided import last_story, steps_unaided
from simulator.chaos.drawing import Day
from simulator.chaos.opening import start_ms
from simulator.core.market.symbols import DEFAULT_SYMBOLS
from simulator.core.scenario.action import DropListenKey, Place, RestLag, SilenceConnections
from simulator.core.scenario.engine_action import EnginePlace
from simulator.core.scenario.fault_action import Fault
from simulator.core.scenario.laboratory import Laboratory
from simulator.core.scenario.market_action import FollowPath
from simulator.core.scenario.notation import milliseconds
from simulator.core.scenario.scenario import Scenario, Step

SEEDS = range(60)


@cache
def drawn(seed: int) -> Scenario:
    return draw_scenario(seed, 1)


def engine_of(scenario: Scenario) -> Laboratory:
    assert scenario.laboratory is not None
    return scenario.laboratory


def unaided() -> list[Scenario]:
    return [drawn(seed) for seed in SEEDS if "comparison_interval_s" in engine_of(drawn(seed)).engine]


def test_some_runs_are_unaided_and_most_are_not() -> None:
    assert 5 <= len(unaided()) <= 25


def test_unaided_runs_have_nothing_that_only_a_question_could_notice() -> None:
    for scenario in unaided():
        actions = [action for step in scenario.steps for action in step.actions]
        lost = [action for action in actions if isinstance(action, Fault) and "drop" in str(action.verdict)]
        lost_news = [fault for fault in lost if fault.on == "frame"]
        assert engine_of(scenario).faults == "lawful"
        assert [fault for fault in lost_news if not fault.order] == []
        assert len(lost_news) in {0, 2}  # of a fill, whose order fills once more
        assert not [action for action in actions if isinstance(action, SilenceConnections | DropListenKey)]
        assert not [
            action
            for action in actions
            if isinstance(action, Fault) and action.on == "frame" and "duplicate" in str(action.verdict)
        ]


def test_rest_does_not_lag_where_the_second_look_comes_too_late() -> None:
    late = [scenario for scenario in unaided() if "rest_lag_s" in engine_of(scenario).engine]

    assert 0 < len(late) < len(unaided())
    for scenario in late:
        assert not [action for step in scenario.steps for action in step.actions if isinstance(action, RestLag)]


def test_others_trade_on_symbols_that_the_engine_never_touches() -> None:
    strange = [
        action
        for seed in SEEDS
        for step in drawn(seed).steps
        for action in step.actions
        if isinstance(action, Place) and action.symbol in {"ADAUSDT", "AVAXUSDT", "LTCUSDT"}
    ]
    assert len(strange) >= 5


@pytest.mark.parametrize("seed", range(5))
def test_mix_without_crashes_has_no_long_deaths_either(seed: int) -> None:
    names = {type(action).__name__ for step in draw_scenario(seed, 4, Mix(crashes=0)).steps for action in step.actions}
    assert not names & {"EngineCrash", "EngineRestart"}


def day_of(seed: int, **terms: Any) -> Day:
    length_ms = 3_600_000
    laboratory = Laboratory(seed=seed, length=f"{length_ms}ms", **terms)
    return Day(Random(seed), laboratory, length_ms, DEFAULT_SYMBOLS)  # noqa: S311  the same each time


def actions_of(day: Day) -> list[Any]:
    return [action for _, actions in day.steps for action in actions]


@pytest.mark.parametrize("seed", range(20))
def test_order_with_a_hole_closes_no_position_that_may_not_be_there(seed: int) -> None:
    day = day_of(seed, position_mode="hedge")
    last_story(day, "key")

    (placed,) = [action for action in actions_of(day) if isinstance(action, EnginePlace)]
    assert (placed.side, placed.position_side) in {("BUY", "LONG"), ("SELL", "SHORT")}


def test_no_clock_is_skewed_where_only_the_first_look_is_left() -> None:
    skewed = Step(at="1s", do=Fault(on="request", verdict={"skew": {"seconds": "-6"}}))

    assert steps_unaided(day_of(1), [skewed], "first look") == []
    assert steps_unaided(day_of(1), [skewed], "second look") == [skewed]


@pytest.mark.parametrize("at_ms", range(2_400_000, 3_600_000, 100_000))
def test_nobody_elses_order_ends_in_the_calm(at_ms: int) -> None:
    day = day_of(at_ms)
    good_till(day, at_ms)

    (sent,) = actions_of(day)
    ends_ms = int(sent.parameters["goodTillDate"]) - start_ms(at_ms)
    assert not day.length_ms < ends_ms < day.length_ms + milliseconds(day.laboratory.calm)
    assert ends_ms - at_ms >= 600_000


def test_every_walk_of_a_price_ends_before_the_calm() -> None:
    day = day_of(1)
    for _ in range(200):
        price_moves(day, day.length_ms - 10_000)

    paths = [action.path for action in actions_of(day) if isinstance(action, FollowPath)]
    walks = [path for path in paths if path != "constant"]
    assert walks
    assert paths.count("constant") == len(walks)
