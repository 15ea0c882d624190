"""Drawn runs: the same for the same seed, playable, and as eventful as was asked."""

from __future__ import annotations

from collections import Counter

import pytest

from simulator.chaos.draw import Mix, draw_scenario
from simulator.chaos.opening import laboratory_of
from simulator.core.faults.corruption import Corrupt
from simulator.core.faults.rule import Rule
from simulator.core.faults.rule_data import rule_of
from simulator.core.faults.verdict import (
    Delay,
    Drip,
    Drop,
    Duplicate,
    ExecuteThen,
    ExecuteThenReset,
    RefuseThenAccept,
    Reorder,
    Reset,
    Respond,
    Skew,
    Stall,
    Throttle,
)
from simulator.core.market.symbols import DEFAULT_SYMBOLS
from simulator.core.scenario.engine_action import EnginePlace, EnginePlaceAlgo
from simulator.core.scenario.fault_action import Fault, said_of
from simulator.core.scenario.notation import milliseconds, snake_case
from simulator.core.scenario.scenario import Scenario
from simulator.core.scenario.scenario_rules import check, check_names

SEEDS = range(25)


def happenings(scenario: Scenario) -> Counter[str]:
    return Counter(snake_case(type(action).__name__) for step in scenario.steps for action in step.actions)


def rules(scenario: Scenario) -> list[Rule]:
    actions = (action for step in scenario.steps for action in step.actions)
    return [rule_of(said_of(action)) for action in actions if isinstance(action, Fault)]


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


def test_the_engine_never_gives_two_orders_the_same_name() -> None:
    actions = [action for step in draw_scenario(3, 24).steps for action in step.actions]
    names = [action.client_order_id for action in actions if isinstance(action, EnginePlace | EnginePlaceAlgo)]
    assert len(names) == len(set(names))


def test_an_hour_has_dozens_of_happenings() -> None:
    hours = [sum(happenings(draw_scenario(seed, 1)).values()) for seed in SEEDS]
    assert min(hours) >= 40
    assert max(hours) <= 400


def test_a_mix_without_crashes_has_none() -> None:
    drawn = happenings(draw_scenario(5, 24, Mix(crashes=0)))
    assert drawn["engine_crash"] == drawn["engine_restart"] == 0
    assert happenings(draw_scenario(5, 24))["engine_crash"] > 0


def test_a_lawful_run_has_only_faults_that_tcp_and_a_correct_exchange_allow() -> None:
    lawful = [scenario for seed in range(40) if laboratory_of(scenario := draw_scenario(seed, 1)).faults == "lawful"]
    assert 12 < len(lawful) < 32
    aided = [scenario for scenario in lawful if laboratory_of(scenario).engine.get("comparison_interval_s") != "86400"]
    for rule in (rule for scenario in aided for rule in rules(scenario) if rule.on == "frame"):
        assert not isinstance(rule.verdict, Drop | Corrupt)
        assert not (isinstance(rule.verdict, Reorder) and rule.verdict.of == "its_type")


def test_every_fault_ends_by_itself() -> None:
    for rule in (rule for seed in SEEDS for rule in rules(draw_scenario(seed, 1))):
        assert rule.for_s is not None
        assert rule.for_s <= 1800


def test_the_many_ways_to_fail_are_all_drawn() -> None:
    drawn = [draw_scenario(seed, 6) for seed in range(10)]
    kinds = {(rule.on, type(rule.verdict)) for scenario in drawn for rule in rules(scenario)}
    wanted = {
        ("request", Respond), ("request", ExecuteThen), ("request", ExecuteThenReset), ("request", Reset),
        ("request", Drop), ("request", Delay), ("request", Skew), ("request", RefuseThenAccept), ("response", Corrupt),
        ("response", Reset), ("handshake", Respond), ("handshake", Delay), ("handshake", Drop), ("frame", Delay),
        ("frame", Duplicate), ("frame", Reorder), ("frame", Drop), ("frame", Corrupt), ("frame", Drip),
        ("frame", Throttle), ("frame", Stall), ("ping", Drop), ("ping", Delay),
    }  # fmt: skip
    assert wanted <= kinds
    done = sum((happenings(scenario) for scenario in drawn), Counter())
    assert {"engine_crash", "engine_restart", "engine_amend", "engine_place_algo", "rest_lag", "half_open_connections",
            "silence_connections", "expire_listen_key", "drop_listen_key", "replace_listen_key", "liquidate", "adl",
            "funding", "set_price", "follow_path", "set_depth", "place", "request_external"} <= done.keys()  # fmt: skip


def test_orders_are_of_every_kind() -> None:
    orders = [
        action
        for seed in range(8)
        for step in draw_scenario(seed, 6).steps
        for action in step.actions
        if isinstance(action, EnginePlace | EnginePlaceAlgo)
    ]
    assert {order.type for order in orders} == {
        "LIMIT", "MARKET", "STOP", "STOP_MARKET", "TAKE_PROFIT", "TAKE_PROFIT_MARKET", "TRAILING_STOP_MARKET",
    }  # fmt: skip
    plain = [order for order in orders if isinstance(order, EnginePlace)]
    assert {order.time_in_force for order in plain} >= {"GTC", "IOC", "FOK", "GTX", None}
    assert {order.position_side for order in plain} == {"BOTH", "LONG", "SHORT"}
    assert {order.reduce_only for order in plain} == {"true", "false"}
    assert len(plain) > 8 * 6 * 25


def test_where_faults_are_lawful_no_account_update_comes_again_behind_a_later_one() -> None:
    """A connection keeps the order of each type; within one millisecond nothing tells which update is the older."""
    drawn = [scenario for seed in range(60) if laboratory_of(scenario := draw_scenario(seed, 1)).faults == "lawful"]
    twice = [rule for scenario in drawn for rule in rules(scenario) if isinstance(rule.verdict, Duplicate)]

    assert twice
    assert all(rule.verdict == Duplicate() for rule in twice if rule.event in {"", "*", "ACCOUNT_UPDATE"})
