"""What only the exchange can do to orders that wait for a price, and to those that rest."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest
import pytest_asyncio

from simulator import (
    BadAmountError,
    BadStatusError,
    OrderNotOpenError,
    Simulator,
    UnknownOrderError,
    UnknownSymbolError,
    VenueError,
)
from simulator.core.scenario.judgement import OrderTruth
from simulator.core.scenario.observation import NOTHING, Subject
from simulator.runtime.action import NoOrderError, perform
from simulator.runtime.truth import truth_of
from simulator.scenario import Amend, EndAlgo, Expire, PlaceAlgo, TriggerAlgo
from tests.simulator.runtime.plain_client import PlainClient

STOP = PlaceAlgo(symbol="BTCUSDT", side="SELL", quantity="0.010", trigger_price="64000", client_algo_id="sl")


@pytest_asyncio.fixture
async def simulator() -> AsyncIterator[Simulator]:
    async with Simulator() as running, PlainClient(running):
        yield running


def stop(simulator: Simulator, name: str = "sl", **terms: object) -> int:
    common = {"symbol": "BTCUSDT", "side": "SELL", "type": "STOP_MARKET", "quantity": "0.010"}
    return simulator.place_external_algo(
        account=None, client_algo_id=name, **(common | {"trigger_price": "64000"} | terms)
    )


def rest(simulator: Simulator, name: str = "mine", **terms: object) -> int:
    common = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "quantity": "0.010", "price": "60000"}
    return simulator.place_external(account=None, client_order_id=name, **(common | terms))


def algos(simulator: Simulator) -> dict[str, str]:
    rows = simulator.state()["accounts"]["default"]["algo_orders"]
    return {row["clientAlgoId"]: row["algoStatus"] for row in rows}


def order(simulator: Simulator, name: str = "mine") -> dict[str, Any]:
    rows = simulator.state()["accounts"]["default"]["orders"]
    return next(row for row in reversed(rows) if row["clientOrderId"] == name)


def sent(simulator: Simulator, event: str) -> list[dict[str, Any]]:
    return [entry.body["o"] for entry in simulator.journal.entries(kind="event", event=event)]


async def finished(simulator: Simulator) -> None:
    await simulator.wait_for(lambda sim: algos(sim).get("sl") == "FINISHED", 1.0)


async def test_the_market_triggers_what_it_meets(simulator: Simulator) -> None:
    stop(simulator)

    simulator.set_price("BTCUSDT", "64000")
    assert (algos(simulator), order(simulator, "sl")["status"]) == ({"sl": "TRIGGERING"}, "FILLED")
    await finished(simulator)

    statuses = [update["X"] for update in sent(simulator, "ALGO_UPDATE")]
    assert statuses == ["NEW", "TRIGGERING", "TRIGGERED", "FINISHED"]


async def test_a_client_places_a_stop_and_sees_it_trigger() -> None:
    terms = {"algoType": "CONDITIONAL", "symbol": "BTCUSDT", "side": "BUY", "type": "STOP_MARKET"}
    async with Simulator() as simulator, PlainClient(simulator) as client, client.stream() as stream:
        placed = await client.request(
            "POST", "/fapi/v1/algoOrder", quantity="0.010", triggerPrice="66000", clientAlgoId="sl", **terms
        )
        listed = await client.request("GET", "/fapi/v1/openAlgoOrders")
        simulator.set_price("BTCUSDT", "66000")

        told = [(await stream.next_event("ALGO_UPDATE"))["o"] for _ in range(4)]
        found = await client.request("GET", "/fapi/v1/algoOrder", algoId=placed.body["algoId"])
        refused = await client.request("DELETE", "/fapi/v1/algoOrder", clientAlgoId="sl")

    assert [row["algoId"] for row in listed.body] == [placed.body["algoId"]]
    assert [update["X"] for update in told] == ["NEW", "TRIGGERING", "TRIGGERED", "FINISHED"]
    assert (found.body["actualOrderId"], found.body["actualQty"]) == (told[-1]["ai"], "0.010")
    assert (refused.status, refused.body["code"]) == (400, -2011)


async def test_a_conditional_order_is_triggered_by_hand_by_either_id(simulator: Simulator) -> None:
    stop(simulator, "a")
    number = stop(simulator, "b")

    simulator.trigger("a")
    simulator.trigger(number)

    assert algos(simulator) == {"a": "TRIGGERING", "b": "TRIGGERING"}
    assert order(simulator, "a")["status"] == order(simulator, "b")["status"] == "FILLED"


@pytest.mark.parametrize("status", ["CANCELED", "EXPIRED", "REJECTED"])
async def test_a_conditional_order_is_ended_with_a_reason(simulator: Simulator, status: str) -> None:
    stop(simulator)

    simulator.end_algo("sl", status, reason="because")

    assert algos(simulator) == {"sl": status}
    assert [(update["X"], update.get("rm")) for update in sent(simulator, "ALGO_UPDATE")][1:] == [(status, "because")]


async def test_what_does_not_wait_is_neither_triggered_nor_ended(simulator: Simulator) -> None:
    stop(simulator)
    with pytest.raises(UnknownOrderError, match="no order 'other'"):
        simulator.trigger("other")
    with pytest.raises(BadStatusError, match="expected one of CANCELED, EXPIRED, REJECTED, got 'FILLED'"):
        simulator.end_algo("sl", "FILLED")

    simulator.trigger("sl")

    with pytest.raises(OrderNotOpenError, match="waits no more: it is TRIGGERING"):
        simulator.end_algo("sl")


async def test_a_conditional_order_that_cannot_be_is_refused(simulator: Simulator) -> None:
    with pytest.raises(VenueError, match="-2021"):
        stop(simulator, trigger_price="65000")
    with pytest.raises(TypeError, match="an order has no stop_price"):
        stop(simulator, stop_price="64000")


async def test_a_reset_forgets_conditional_orders_and_their_dates(simulator: Simulator) -> None:
    stop(simulator)
    simulator.trigger("sl")

    simulator.reset()

    assert algos(simulator) == {}


async def test_the_truth_has_conditional_orders_with_what_their_children_executed(simulator: Simulator) -> None:
    waiting = stop(simulator, "waits", trigger_price="10000")
    number = stop(simulator)
    simulator.set_price("BTCUSDT", "63999")
    await finished(simulator)

    found = [found for found in truth_of(simulator).orders if found.is_conditional]

    assert found == [
        OrderTruth("default", "BTCUSDT", waiting, "waits", "NEW", Decimal(0), Decimal(0), True),
        OrderTruth("default", "BTCUSDT", number, "sl", "FINISHED", Decimal("0.010"), Decimal(63999), True),
    ]


async def test_an_order_expires_in_a_match(simulator: Simulator) -> None:
    rest(simulator)

    simulator.expire("mine", status="EXPIRED_IN_MATCH", reason="1")

    update = sent(simulator, "ORDER_TRADE_UPDATE")[-1]
    assert (update["x"], update["X"], update["er"]) == ("EXPIRED", "EXPIRED_IN_MATCH", "1")
    rest(simulator)
    with pytest.raises(BadStatusError, match="EXPIRED, EXPIRED_IN_MATCH"):
        simulator.expire("mine", status="GONE")


async def test_another_client_amends_an_order(simulator: Simulator) -> None:
    rest(simulator)

    simulator.amend("mine", quantity="0.020", modify_id=7)
    simulator.amend("mine", price="60100")

    updates = sent(simulator, "ORDER_TRADE_UPDATE")[1:]
    assert [(update["x"], update["q"], update["p"], update.get("M")) for update in updates] == [
        ("AMENDMENT", "0.02", "60000", "7"),
        ("AMENDMENT", "0.02", "60100", None),
    ]
    with pytest.raises(VenueError, match="-5027"):
        simulator.amend("mine", price="60100")
    with pytest.raises(BadAmountError):
        simulator.amend("mine", quantity="0.0001")


async def test_an_amendment_to_what_is_executed_cancels(simulator: Simulator) -> None:
    rest(simulator)
    simulator.fill("mine", "0.004")

    simulator.amend("mine", quantity="0.004")

    update = sent(simulator, "ORDER_TRADE_UPDATE")[-1]
    assert (update["x"], update["X"], update["z"]) == ("CANCELED", "CANCELED", "0.004")


async def test_a_taker_takes_what_there_is(simulator: Simulator) -> None:
    simulator.set_depth("BTCUSDT", [("0.004", "65000"), ("0.003", "65010.0")])
    rest(simulator, "a", type="MARKET", price=None)
    simulator.set_depth("BTCUSDT", None)
    rest(simulator, "b", type="MARKET", price=None)

    first, second = order(simulator, "a"), order(simulator, "b")
    assert (first["status"], first["executedQty"]) == ("EXPIRED", "0.007")
    assert (second["status"], second["executedQty"]) == ("FILLED", "0.010")
    assert [update["er"] for update in sent(simulator, "ORDER_TRADE_UPDATE") if update["X"] == "EXPIRED"] == ["9"]


@pytest.mark.parametrize(
    ("symbol", "level", "error"),
    [
        ("BTCUSDT", ("0.0001", "65000"), BadAmountError),
        ("BTCUSDT", ("1", "65000.05"), BadAmountError),
        ("NOPEUSDT", ("1", "65000"), UnknownSymbolError),
    ],
)
async def test_no_depth_that_cannot_be(
    simulator: Simulator, symbol: str, level: tuple[str, str], error: type[Exception]
) -> None:
    with pytest.raises(error):
        simulator.set_depth(symbol, [level])


async def test_a_scenario_places_and_triggers_a_conditional_order(simulator: Simulator) -> None:
    about = perform(simulator, STOP, NOTHING)
    assert (about, algos(simulator)) == (Subject("sl", None), {"sl": "NEW"})

    perform(simulator, TriggerAlgo(), about)

    assert algos(simulator) == {"sl": "TRIGGERING"}


async def test_a_scenario_ends_a_conditional_order(simulator: Simulator) -> None:
    about = perform(simulator, STOP, NOTHING)

    perform(simulator, EndAlgo(status="EXPIRED", reason="because"), about)

    assert algos(simulator) == {"sl": "EXPIRED"}
    with pytest.raises(NoOrderError):
        perform(simulator, TriggerAlgo(), NOTHING)


async def test_a_scenario_amends_and_expires_an_order(simulator: Simulator) -> None:
    rest(simulator)

    perform(simulator, Amend(order="mine", quantity="0.020", modify_id=3), NOTHING)
    perform(simulator, Expire(order="mine", status="EXPIRED_IN_MATCH", reason="1"), NOTHING)

    updates = sent(simulator, "ORDER_TRADE_UPDATE")
    assert [(update["X"], update["q"]) for update in updates[1:]] == [("NEW", "0.02"), ("EXPIRED_IN_MATCH", "0.02")]
