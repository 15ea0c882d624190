"""A scenario file says what it means, and every mistake in it is named with its line and field."""

from __future__ import annotations

import pytest

from simulator.core.scenario.action import ACTIONS, CutConnections, Fill, Place, Push, Reject, Respond
from simulator.core.scenario.expectation import ConnectionsOpen, OrderIs, RequestsSeen
from simulator.core.scenario.market_action import SetPrice
from simulator.core.scenario.scenario import Scenario, Step
from simulator.core.scenario.scenario_error import ScenarioError
from simulator.core.scenario.scenario_text import parse_scenario
from simulator.core.scenario.trigger import Connection, Event, Request

AN_ORDER = """
name: an order
about: for people
timeout: 2m
settle: 3s
steps:
  - name: first
    after: {event: ORDER_TRADE_UPDATE, status: NEW, nth: 2}
    delay: 1s
    do: {fill: {quantity: 0.10}}
  - on: {request: POST /fapi/v1/order, where: {symbol: BTCUSDT, reduceOnly: true}}
    do: {reject: {code: -2019}}
  - on: POST /fapi/v1/listenKey
    do: {respond: {status: 503, body: {code: -1001}, headers: {Retry-After: 3}}}
  - after: first
    do: [cut_connections, {set_price: {symbol: BTCUSDT, price: 65000}}]
  - after: {connection: opened, since: first}
    do:
      place: {symbol: BTCUSDT, side: BUY, quantity: 1}
  - at: 5s
    do: {push: {frame: {e: X, q: 0.10, n: 3, b: true, z: null, l: [1, "2"]}}}
expect:
  - order: {status: FILLED, executed_quantity: 0.30, within: 10s}
  - requests: {request: POST /fapi/v1/order, at_least: 1}
  - connections: {count: 1, since: first}
"""


def parse(text: str) -> Scenario:
    return parse_scenario(text, "x.yaml", "x")


def mistakes(text: str) -> list[str]:
    with pytest.raises(ScenarioError) as caught:
        parse(text)
    return str(caught.value).splitlines()


def test_a_file_and_python_say_the_same() -> None:
    written = parse(AN_ORDER)

    assert written == Scenario(
        name="an order",
        about="for people",
        timeout="2m",
        settle="3s",
        steps=[
            Step(
                name="first",
                after=Event("ORDER_TRADE_UPDATE", status="NEW", nth=2),
                delay="1s",
                do=Fill(quantity="0.10"),
            ),
            Step(
                on=Request("POST /fapi/v1/order", where={"symbol": "BTCUSDT", "reduceOnly": "true"}),
                do=Reject(code=-2019),
            ),
            Step(
                on=Request("POST /fapi/v1/listenKey"),
                do=Respond(status=503, body={"code": -1001}, headers={"Retry-After": "3"}),
            ),
            Step(after="first", do=[CutConnections(), SetPrice(symbol="BTCUSDT", price="65000")]),
            Step(
                after=Connection("opened", since="first"),
                do=Place(symbol="BTCUSDT", side="BUY", quantity="1"),
            ),
            Step(
                at="5s",
                do=Push(frame={"e": "X", "q": "0.10", "n": 3, "b": True, "z": None, "l": [1, "2"]}),
            ),
        ],
        expect=[
            OrderIs(status="FILLED", executed_quantity="0.30", within="10s"),
            RequestsSeen("POST /fapi/v1/order", at_least=1),
            ConnectionsOpen(count=1, since="first"),
        ],
    )


def test_json_is_read_as_well() -> None:
    scenario = parse('{"name": "j", "steps": [{"at": "1s", "do": {"transfer": {"asset": "USDT", "amount": "5"}}}]}')

    assert scenario.name == "j"
    assert scenario.steps[0].at == "1s"


def test_a_scenario_without_a_name_is_called_after_its_file() -> None:
    assert parse("steps: [{at: 1s, do: cut_connections}]").name == "x"


def test_an_amount_is_the_text_that_was_written_and_never_a_float() -> None:
    (step,) = parse("steps: [{at: 1s, do: {fill: {order: a, quantity: 0.10000000000000000001}}}]").steps

    assert step.do == Fill(order="a", quantity="0.10000000000000000001")


def test_every_mistake_of_a_file_is_named_at_once_with_line_and_field() -> None:
    assert mistakes(
        """\
tiemout: 5s
steps:
  - name: a
    on: POST /fapi/v1/order
    do:
      fill: {quantity: abc, prise: 1.0}
  - at: 5
    do: cut_conections
  - after: {event: ORDER_TRADE_UPDATE, status: NWE, nth: x}
    do:
      reject: {}
expect:
  - requests: 5
  - connections: {count:}
"""
    ) == [
        "x.yaml:1: tiemout: unknown field: did you mean timeout?",
        "x.yaml:6: steps[0].do.fill.prise: unknown field: did you mean price?",
        'x.yaml:6: steps[0].do.fill.quantity: expected a decimal string, got "abc"',
        'x.yaml:7: steps[1].at: expected a duration with its unit, such as 250ms, 5s, 90m or 1h, got "5"',
        'x.yaml:8: steps[1].do: "cut_conections" is not an action: did you mean cut_connections?',
        "x.yaml:9: steps[2].after.status: expected one of NEW, PARTIALLY_FILLED, FILLED, CANCELED, EXPIRED, "
        'EXPIRED_IN_MATCH, REJECTED, TRIGGERING, TRIGGERED, FINISHED, got "NWE": did you mean NEW?',
        'x.yaml:9: steps[2].after.nth: expected a whole number, got "x"',
        'x.yaml:11: steps[2].do.reject: "code" is missing',
        'x.yaml:13: expect[0].requests: expected a mapping of fields, got "5"',
        "x.yaml:14: expect[1].connections.count: has no value: write one, or leave the field out",
    ]


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("", "x.yaml: it is empty: a scenario has steps, or expectations, or both"),
        ("[1]", "x.yaml:1: expected a mapping of fields, got a list"),
        ("a: [", "x.yaml:1: not readable as YAML: expected the node content, but found '<stream end>'"),
        ("\x00", "x.yaml: not readable as YAML: unacceptable character #x0000: special characters are not allowed"),
        ("[" * 1000, "x.yaml: nested too deeply"),
        ("a: &b [1]\nc: *b", "x.yaml:2: not readable as YAML: aliases are not supported: write the value out"),
        ("name: a\nname: b\nsteps: []", "x.yaml:1: name: given twice, again in line 2"),
        ("steps: 3", 'x.yaml:1: steps: expected a list, got "3"'),
        ("steps:\n- at: 1s", 'x.yaml:2: steps[0]: "do" is missing'),
        ("steps: [{at: [1s], do: reset}]", "x.yaml:1: steps[0].at: expected a single value, got a list"),
        (
            "steps: [{after: {nth: 1}, do: reset}]",
            "x.yaml:1: steps[0].after: expected the name of a step, or exactly one of event, request, connection",
        ),
        (
            "steps: [{at: 1s, do: {reset: {}, cancel: {}}}]",
            f"x.yaml:1: steps[0].do: expected an action: one of {', '.join(ACTIONS)}, with its fields under it",
        ),
        (
            "expect: [{trades: {}}]",
            'x.yaml:1: expect[0]: "trades" is not an expectation: there are requests, events, order, algo_order, '
            "position, balance, connections",
        ),
        (
            "steps: [{on: {request: GET /x, where: [a]}, do: reset}]",
            "x.yaml:1: steps[0].on.where: expected a mapping of names to values, got a list",
        ),
        (
            f"steps: [{{on: {{request: GET /x, nth: {'9' * 5000}}}, do: reset}}]",
            f'x.yaml:1: steps[0].on.nth: expected a whole number, got "{"9" * 5000}"',
        ),
    ],
)
def test_a_mistake_has_one_clear_line(text: str, mistake: str) -> None:
    assert mistakes(text) == [mistake]


def test_a_field_of_the_record_that_no_file_may_set_is_unknown() -> None:
    assert mistakes("origin: x\nsteps: [{at: 1s, do: cut_connections}]")[0].startswith(
        "x.yaml:1: origin: unknown field"
    )


def test_a_reference_to_nothing_is_found_with_its_line() -> None:
    assert mistakes("steps:\n  - at: 1s\n    do: cut_connections\n  - after: cut\n    do: cut_connections") == [
        'x.yaml:4: steps[1].after: "cut" is not the name of an earlier step'
    ]
