"""A failing scenario is reduced to what its failure needs, the same each time, in a bounded number of runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace as changed

import pytest

from simulator.chaos.shrink import shrink
from simulator.core.scenario.action import Action, CutConnections, Fill, Transfer
from simulator.core.scenario.engine_action import EngineCrash, EnginePlace
from simulator.core.scenario.laboratory import Laboratory
from simulator.core.scenario.market_action import SetPrice
from simulator.core.scenario.scenario import Scenario, Step
from simulator.core.scenario.scenario_rules import check
from simulator.core.scenario.scenario_text import parse_scenario
from simulator.core.scenario.writing import scenario_text

DRAWN = Laboratory(seed=7, latency="40ms", balance="5000", connection_lifetime="17m", engine={"connections": "2"})


def place(number: int) -> EnginePlace:
    return EnginePlace(symbol="BTCUSDT", side="BUY", quantity="0.10", price="64000", client_order_id=f"c-{number}")


def an_hour() -> Scenario:
    """Return 200 steps of five kinds; in the middle an order is placed, the engine dies, and the order fills."""
    noise: list[Callable[[int], Action]] = [
        place,
        lambda number: SetPrice(symbol="BTCUSDT", price=str(64000 + number)),
        lambda _: CutConnections(),
        lambda number: Transfer(asset="USDT", amount=str(number)),
    ]
    steps = [Step(at=f"{17_321 * number}ms", do=noise[number % 4](number)) for number in range(200)]
    steps[100] = Step(at="1732100ms", do=[CutConnections(), EngineCrash(after_steps=9, down="40s"), CutConnections()])
    steps[101] = Step(at="1749421ms", do=Fill(order="c-96"))
    return Scenario(name="drawn", timeout="2h", laboratory=DRAWN, steps=steps)


def loses_a_fill(scenario: Scenario) -> bool:
    """Say whether an order is placed, then the engine dies, then the order fills."""
    done = [action for step in scenario.steps for action in step.actions]
    wanted: list[Callable[[Action], bool]] = [
        lambda action: isinstance(action, EnginePlace) and action.client_order_id == "c-96",
        lambda action: isinstance(action, EngineCrash),
        lambda action: isinstance(action, Fill),
    ]
    for action in done:
        if wanted and wanted[0](action):
            wanted.pop(0)
    return not wanted


def test_three_steps_of_two_hundred_are_left_in_the_plainest_form() -> None:
    shrunk = shrink(an_hour(), loses_a_fill)

    assert shrunk.finished
    assert [step.do for step in shrunk.scenario.steps] == [
        changed(place(96), price=None),
        EngineCrash(),
        Fill(order="c-96"),
    ]
    assert [step.at for step in shrunk.scenario.steps] == ["0s", "0s", "0s"]
    assert shrunk.scenario.laboratory == Laboratory(seed=7, length="1s")
    assert shrunk.runs < 120


def test_what_the_failure_needs_stays() -> None:
    def fails(scenario: Scenario) -> bool:
        laboratory = scenario.laboratory or Laboratory()
        crashes = [action for step in scenario.steps for action in step.actions if isinstance(action, EngineCrash)]
        return laboratory.latency == "40ms" and any(crash.down == "40s" for crash in crashes)

    shrunk = shrink(an_hour(), fails)

    assert shrunk.scenario.laboratory == Laboratory(seed=7, latency="40ms", length="1s")
    assert [step.do for step in shrunk.scenario.steps] == [EngineCrash(down="40s")]


def test_the_same_failure_is_shrunk_to_the_same_scenario_in_as_many_runs() -> None:
    assert shrink(an_hour(), loses_a_fill) == shrink(an_hour(), loses_a_fill)


def test_nothing_is_asked_twice_and_only_what_can_be_played() -> None:
    asked: list[str] = []

    def fails(scenario: Scenario) -> bool:
        check(scenario)
        asked.append(repr(scenario))
        return loses_a_fill(scenario)

    shrink(an_hour(), fails)

    assert len(asked) == len(set(asked))


def test_a_step_that_another_one_follows_from_is_not_left_out_alone() -> None:
    steps = [Step(at="1s", name="cut", do=CutConnections()), Step(after="cut", do=Fill(order="c-1"))]

    shrunk = shrink(Scenario(name="chain", steps=steps), lambda scenario: "Fill" in repr(scenario))

    assert [step.name for step in shrunk.scenario.steps] == ["cut", None]


@pytest.mark.parametrize("most_runs", [0, 1, 7])
def test_it_takes_no_more_runs_than_it_may_and_returns_what_still_fails(most_runs: int) -> None:
    told: list[int] = []

    shrunk = shrink(an_hour(), loses_a_fill, most_runs, lambda runs, _: told.append(runs))

    assert (shrunk.runs, shrunk.finished) == (most_runs, False)
    assert told == list(range(1, most_runs + 1))
    assert loses_a_fill(shrunk.scenario)


def test_what_is_left_can_be_written_down_and_read() -> None:
    left = shrink(an_hour(), loses_a_fill).scenario

    assert parse_scenario(scenario_text(left), "chaos-7.yaml", "x") == left
