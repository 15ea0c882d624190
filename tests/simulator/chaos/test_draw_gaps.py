"""Runs without a safety net, and gaps that last: what is in them, and what must not be."""

from __future__ import annotations

from functools import cache

import pytest

from simulator.chaos.draw import Mix, draw_scenario
from simulator.core.scenario.action import DropListenKey, Place, RestLag, SilenceConnections
from simulator.core.scenario.fault_action import Fault
from simulator.core.scenario.laboratory import Laboratory
from simulator.core.scenario.scenario import Scenario

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
