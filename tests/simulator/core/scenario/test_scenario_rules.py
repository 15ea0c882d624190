"""A scenario that cannot be played is refused before it starts, from Python as from a file."""

from __future__ import annotations

import pytest

from simulator.core.scenario.action import (
    Cancel,
    CloseConnections,
    CutConnections,
    Fill,
    Place,
    Reject,
    Reset,
    Respond,
    Transfer,
)
from simulator.core.scenario.expectation import ConnectionsOpen, EventsSent, Expectation, OrderIs, RequestsSeen
from simulator.core.scenario.market_action import SetPrice
from simulator.core.scenario.scenario import Scenario, Step
from simulator.core.scenario.scenario_error import ScenarioError
from simulator.core.scenario.scenario_rules import check, check_names
from simulator.core.scenario.trigger import Connection, Event, Request

NEW_ORDER = Event("ORDER_TRADE_UPDATE", status="NEW")
PLACED = Request("POST /fapi/v1/order")


def complaints(*steps: Step, expect: tuple[Expectation, ...] = (), timeout: str = "60s") -> list[str]:
    with pytest.raises(ScenarioError) as caught:
        check(Scenario(name="x", steps=steps, expect=expect, timeout=timeout))
    return [f"{problem.path}: {problem.message}" for problem in caught.value.problems]


def accepted(*steps: Step, expect: tuple[Expectation, ...] = ()) -> bool:
    check(Scenario(name="x", steps=steps, expect=expect))
    return True


def test_a_scenario_of_nothing_is_refused() -> None:
    assert complaints() == [": nothing happens in it, and nothing is expected: write steps, or expect, or both"]


def test_values_are_checked_in_python_as_in_a_file() -> None:
    wrong = 0.5
    assert complaints(
        Step(at="5", do=Fill(order="a", quantity="abc")),
        Step(on=Request("order", nth=0), do=Respond(status=42)),
        Step(at="1s", do=[Transfer(asset="USDT", amount=wrong)]),  # type: ignore[arg-type]  # the mistake
        expect=(ConnectionsOpen(count=-1),),
        timeout="soon",
    ) == [
        'timeout: expected a duration with its unit, such as 250ms, 5s, 90m or 1h, got "soon"',
        'steps[0].at: expected a duration with its unit, such as 250ms, 5s, 90m or 1h, got "5"',
        'steps[0].do.fill.quantity: expected a decimal string, got "abc"',
        'steps[1].on.request: expected a method and a path, such as "POST /fapi/v1/order", got "order"',
        "steps[1].on.nth: expected 1 or more, got 0",
        "steps[1].do.respond.status: expected an HTTP status, 100 to 599, got 42",
        "steps[2].do[0].transfer.amount: expected a decimal string, got 0.5",
        "expect[0].connections.count: expected 0 or more, got -1",
    ]


def test_a_close_that_no_frame_can_carry_is_named() -> None:
    assert complaints(Step(at="1s", do=CloseConnections(code=70_000))) == [
        "steps[0].do.close_connections: expected a close code, 0 to 65535, got 70000"
    ]


@pytest.mark.parametrize(
    "step",
    [
        Step(do=CutConnections()),
        Step(at="1s", after=NEW_ORDER, do=Cancel()),
        Step(at="1s", on=PLACED, do=CutConnections()),
    ],
)
def test_a_step_has_exactly_one_moment(step: Step) -> None:
    assert complaints(step) == ["steps[0]: when? it needs exactly one of at, on and after"]


def test_a_step_follows_only_what_is_above_it() -> None:
    first = Step(after="second", do=CutConnections())
    second = Step(name="second", after=Connection("opened", since="third"), do=CutConnections())

    assert complaints(first, second) == [
        'steps[0].after: "second" is not the name of an earlier step',
        'steps[1].after.since: "third" is not the name of an earlier step',
    ]


def test_a_name_is_given_once() -> None:
    step = Step(name="a", at="1s", do=CutConnections())

    assert complaints(step, step) == ['steps[1].name: an earlier step is called "a" too']


def test_what_lies_beyond_the_end_of_the_run_is_refused() -> None:
    assert complaints(
        Step(at="90m", do=CutConnections()),
        Step(after=NEW_ORDER, delay="61s", do=CutConnections()),
        expect=(ConnectionsOpen(count=1, within="2m"),),
    ) == [
        "steps[0].at: the run ends before this: give it a longer timeout than 60s",
        "steps[1].delay: the run ends before this: give it a longer timeout than 60s",
        "expect[0].connections.within: the run ends before this: give it a longer timeout than 60s",
    ]


def test_an_answer_needs_a_request_that_still_waits_for_it() -> None:
    assert complaints(
        Step(after=PLACED, do=Reject(code=-2019)),
        Step(on=PLACED, delay="1s", do=Reset()),
        Step(on=PLACED, do=[Reset(), Reject(code=-2019)]),
    ) == [
        "steps[0].do: reject answers a request, and needs one: `on: {request: POST /fapi/v1/order}`",
        "steps[1].delay: the request would be answered by then: do `delay` or `execute_then_delay`",
        "steps[2].do: a request has only one answer: leave one, or make it two steps",
    ]


def test_a_body_is_given_once() -> None:
    assert complaints(Step(on=PLACED, do=Respond(status=503, code=-1001, body="gone"))) == [
        "steps[0].do.respond: the body is made of code and message: give these, or body, not both"
    ]


def test_a_refusal_without_a_known_text_needs_one() -> None:
    assert complaints(Step(on=PLACED, do=Reject(code=-9999))) == [
        "steps[0].do.reject.message: there is no known text for -9999: write one"
    ]
    assert accepted(Step(on=PLACED, do=Reject(code=-9999, message="No.")), Step(on=PLACED, do=Reject(code=-2019)))


def test_an_action_on_an_order_needs_one_to_act_on() -> None:
    assert complaints(Step(name="a", at="1s", do=Fill()), Step(after="a", do=[Cancel()])) == [
        "steps[0].do.fill: which order? this step follows from none: name it, `order: my-client-order-id`",
        "steps[1].do[0].cancel: which order? this step follows from none: name it, `order: my-client-order-id`",
    ]


def test_the_order_comes_from_the_trigger_the_chain_or_a_placement() -> None:
    place = Place(symbol="BTCUSDT", side="BUY", quantity="1")

    assert accepted(
        Step(name="placed", at="1s", do=[place, Fill(quantity="0.5")]),
        Step(name="next", after="placed", do=Fill()),
        Step(after="next", do=Cancel()),
        Step(after=NEW_ORDER, do=Fill()),
        Step(after=PLACED, do=Fill()),
        Step(at="2s", do=Cancel(order="mine")),
    )


def test_a_misspelt_event_is_found() -> None:
    assert complaints(
        Step(after=Event("ORDER_TRADE_UPDTE"), do=CutConnections()), expect=(EventsSent("TRADE_LIGHT", count=1),)
    ) == [
        'steps[0].after.event: there is no event "ORDER_TRADE_UPDTE": did you mean ORDER_TRADE_UPDATE?',
        'expect[0].events.event: there is no event "TRADE_LIGHT": did you mean TRADE_LITE?',
    ]


def test_an_event_of_tomorrow_may_be_waited_for() -> None:
    assert accepted(Step(after=Event("serverShutdown"), do=CutConnections()))


def test_an_event_is_matched_only_by_what_it_carries() -> None:
    assert complaints(
        Step(after=Event("TRADE_LITE", status="NEW", execution_type="NEW"), do=Fill()),
        expect=(EventsSent("ORDER_TRADE_UPDATE", reason="ORDER"),),
    ) == [
        "steps[0].after.status: only ORDER_TRADE_UPDATE and ALGO_UPDATE have it",
        "steps[0].after.execution_type: only ORDER_TRADE_UPDATE has it",
        "expect[0].events.reason: only ACCOUNT_UPDATE has it",
    ]


def test_an_expectation_says_something_and_says_it_once() -> None:
    assert complaints(
        expect=(
            OrderIs(order="a"),
            RequestsSeen("POST /fapi/v1/order", count=1, at_most=2),
            ConnectionsOpen(count=1, since="cut"),
        )
    ) == [
        "expect[0].order: what about the order? give status, executed_quantity or average_price",
        "expect[1].requests.count: it says how many exactly: leave out at_least and at_most",
        'expect[2].connections.since: "cut" is not the name of a step',
    ]


def test_a_symbol_or_account_that_the_exchange_lacks_is_refused_with_the_nearest() -> None:
    scenario = Scenario(
        name="x",
        steps=[
            Step(at="1s", do=SetPrice(symbol="BTCUSD", price="1")),
            Step(at="1s", do=CutConnections(account="alice")),
        ],
    )

    with pytest.raises(ScenarioError) as caught:
        check_names(scenario, ("BTCUSDT", "ETHUSDT"), ("default",))

    assert str(caught.value).splitlines() == [
        'steps[0].do.set_price.symbol: unknown symbol "BTCUSD": did you mean BTCUSDT?',
        'steps[1].do.cut_connections.account: unknown account "alice": there are default',
    ]


def test_known_symbols_and_accounts_pass() -> None:
    scenario = Scenario(name="x", steps=[Step(at="1s", do=SetPrice(symbol="BTCUSDT", price="1"))])

    check_names(scenario, ("BTCUSDT",), ("default",))
