"""A scenario that is written down says the same when it is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.core.scenario.action import ACTIONS, CutConnections, Fill, Push
from simulator.core.scenario.engine_action import EngineCrash, EnginePlace
from simulator.core.scenario.expectation import EXPECTATIONS, OrderIs
from simulator.core.scenario.laboratory import Laboratory
from simulator.core.scenario.notation import Notation
from simulator.core.scenario.record import FieldType, field_types
from simulator.core.scenario.scenario import Scenario, Step
from simulator.core.scenario.scenario_error import ScenarioError
from simulator.core.scenario.scenario_rules import check
from simulator.core.scenario.scenario_text import parse_scenario
from simulator.core.scenario.trigger import Event
from simulator.core.scenario.writing import scenario_text

TEXTS = st.text(max_size=12) | st.sampled_from(["null", "~", "on", "1e3", "0.10", "2026-12-12", "- a", "a: b"])
SOUND: Mapping[Notation, st.SearchStrategy[str]] = {
    Notation.DECIMAL: st.decimals(-10, 10, places=3).map(str),
    Notation.DURATION: st.sampled_from(["0s", "250ms", "1.5s", "59m", "1h"]),
    Notation.REQUEST: st.just("POST /fapi/v1/order"),
    Notation.EVENT: st.just("ORDER_TRADE_UPDATE"),
    Notation.PATH: st.just("walk:every=1s,by=0.05,seed=7"),
    Notation.STATUS: st.just("TRADING_HALT"),
}
DATA = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**17), 10**17) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)


def values(kind: FieldType) -> st.SearchStrategy[Any]:
    match kind.kind:
        case "integer":
            return st.integers(1, 10**6)
        case "texts":
            return st.dictionaries(TEXTS, TEXTS, max_size=3)
        case "data":
            return st.dictionaries(TEXTS, DATA, max_size=3)
        case _:
            pass
    if kind.choices:
        return st.sampled_from(kind.choices)
    return SOUND.get(kind.notation, TEXTS) if kind.notation else TEXTS


@st.composite
def records(draw: st.DrawFn, kinds: Mapping[str, type]) -> Any:
    record = draw(st.sampled_from([kinds[name] for name in sorted(kinds)]))
    chosen = {}
    for name, kind in field_types(record).items():
        if kind.kind != "nested" and (kind.required or draw(st.booleans())):
            chosen[name] = draw(values(kind))
    return record(**chosen)


actions = records(ACTIONS)
steps = st.builds(
    Step,
    at=st.sampled_from(["0s", "10ms", "59m"]),
    name=st.none() | TEXTS,
    do=actions | st.lists(actions, max_size=3),
)
scenarios = st.builds(
    Scenario,
    name=TEXTS,
    about=TEXTS,
    timeout=st.just("2h"),
    steps=st.lists(steps, max_size=4),
    expect=st.lists(records(EXPECTATIONS), max_size=2),
    laboratory=st.none() | records({"laboratory": Laboratory}),
)


def is_sound(scenario: Scenario) -> bool:
    try:
        check(scenario)
    except ScenarioError:
        return False
    return True


@given(scenarios.filter(is_sound))
def test_what_was_written_reads_as_the_same(scenario: Scenario) -> None:
    assert parse_scenario(scenario_text(scenario), "written.yaml", "no name") == scenario


@pytest.mark.parametrize("kind", ACTIONS.values(), ids=list(ACTIONS))
def test_no_action_holds_what_cannot_be_written(kind: type) -> None:
    assert [f.name for f in fields(kind) if field_types(kind)[f.name].kind == "nested"] == []


def test_a_step_is_one_line_without_what_is_so_by_itself() -> None:
    scenario = Scenario(
        name="two orders",
        laboratory=Laboratory(seed=7, length="10m", engine={"connections": "2"}),
        steps=[
            Step(
                at="1s",
                do=EnginePlace(symbol="BTCUSDT", side="BUY", quantity="0.10", price="64000", client_order_id="c-1"),
            ),
            Step(at="2s", do=[CutConnections(), EngineCrash(after_steps=3)]),
            Step(after=Event("TRADE_LITE"), delay="1s", do=Fill(order="c-1")),
        ],
        expect=[OrderIs(status="FILLED")],
    )

    assert scenario_text(scenario, "seed 7\n\nsecond") == (
        "# seed 7\n#\n# second\n"
        "name: two orders\n"
        "laboratory:\n"
        "  seed: 7\n"
        "  length: 10m\n"
        "  engine: {connections: 2}\n"
        "steps:\n"
        "- {at: 1s, do: {engine_place: {symbol: BTCUSDT, side: BUY, quantity: 0.10, price: 64000, "
        "client_order_id: c-1}}}\n"
        "- {at: 2s, do: [cut_connections, {engine_crash: {after_steps: 3}}]}\n"
        "- {after: {event: TRADE_LITE}, delay: 1s, do: {fill: {order: c-1}}}\n"
        "expect:\n"
        "- {order: {status: FILLED}}\n"
    )


def test_texts_that_look_like_something_else_are_quoted() -> None:
    scenario = Scenario(name="null", steps=[Step(at="0s", do=Push(frame={"q": "0.10", "on": True, "n": None}))])

    written = scenario_text(scenario)

    assert "name: 'null'" in written
    assert "frame: {q: '0.10', 'on': true, n: null}" in written


def test_tuples_come_back_as_lists() -> None:
    steps = (Step(at="0s", do=(CutConnections(),)),)

    read = parse_scenario(scenario_text(Scenario(name="x", steps=steps)), "x", "x")

    assert read.steps == [Step(at="0s", do=[CutConnections()])]
