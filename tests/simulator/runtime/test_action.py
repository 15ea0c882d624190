"""Every action of a scenario does to the exchange what it says, and says which order it was about."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from simulator import AccountSpec, OrderNotOpenError, Simulator, UnknownOrderError, VenueError
from simulator.core.scenario.observation import NOTHING, Subject
from simulator.runtime.action import NoOrderError, perform
from simulator.scenario import (
    Cancel,
    CloseConnections,
    CutConnections,
    DropListenKey,
    Expire,
    ExpireListenKey,
    Fill,
    Place,
    Push,
    RefuseConnections,
    RestLag,
    SetPrice,
    SilenceConnections,
    Transfer,
)
from tests.simulator.runtime.plain_client import PlainClient
from tests.simulator.runtime.wire import Wire

PLACE = Place(symbol="BTCUSDT", side="BUY", quantity="0.010", price="60000", client_order_id="web_7")
OTHER = AccountSpec(name="other", api_key="k" * 64, api_secret="s" * 64)


@pytest_asyncio.fixture
async def simulator() -> AsyncIterator[Simulator]:
    async with Simulator(accounts=(AccountSpec(), OTHER)) as running:
        yield running


@pytest_asyncio.fixture
async def client(simulator: Simulator) -> AsyncIterator[PlainClient]:
    async with PlainClient(simulator) as connected:
        yield connected


def orders(simulator: Simulator, account: str = "default") -> list[dict[str, Any]]:
    return list(simulator.state()["accounts"][account]["orders"])


def events(simulator: Simulator) -> list[dict[str, Any]]:
    return [entry.body for entry in simulator.journal.entries(kind="event")]


async def test_place_places_an_order_of_the_account(simulator: Simulator) -> None:
    subject = perform(simulator, PLACE, Subject(None, "other"))

    (order,) = orders(simulator, "other")
    assert (order["clientOrderId"], order["status"], order["origQty"]) == ("web_7", "NEW", "0.010")
    assert subject == Subject(order["orderId"], "other")
    assert orders(simulator) == []


async def test_place_places_a_market_order(simulator: Simulator) -> None:
    perform(simulator, Place(symbol="BTCUSDT", side="SELL", type="MARKET", quantity="0.010"), NOTHING)

    (order,) = orders(simulator)
    assert (order["type"], order["status"], order["clientOrderId"]) == ("MARKET", "FILLED", "web_1")


async def test_what_the_exchange_refuses_is_raised(simulator: Simulator) -> None:
    with pytest.raises(VenueError, match="-2019"):
        perform(simulator, Place(symbol="BTCUSDT", side="BUY", quantity="900", price="60000"), NOTHING)


async def test_fill_fills_a_part_and_then_the_rest(simulator: Simulator) -> None:
    subject = perform(simulator, PLACE, NOTHING)

    assert perform(simulator, Fill(quantity="0.004", price="59000"), subject) == subject
    (order,) = orders(simulator)
    assert (order["status"], order["executedQty"], float(order["avgPrice"])) == ("PARTIALLY_FILLED", "0.004", 59_000)

    perform(simulator, Fill(), subject)
    (order,) = orders(simulator)
    assert (order["status"], order["executedQty"]) == ("FILLED", "0.010")


async def test_an_order_may_be_named_by_either_id(simulator: Simulator) -> None:
    order_id = perform(simulator, PLACE, Subject(None, "other")).order

    perform(simulator, Fill(order="web_7", quantity="0.001", account="other"), NOTHING)
    perform(simulator, Fill(order=str(order_id), account="other"), NOTHING)

    assert orders(simulator, "other")[0]["status"] == "FILLED"


async def test_an_action_on_no_order_says_so(simulator: Simulator) -> None:
    with pytest.raises(NoOrderError):
        perform(simulator, Cancel(), NOTHING)
    with pytest.raises(UnknownOrderError):
        perform(simulator, Cancel(order="nobody"), NOTHING)


async def test_there_is_nothing_left_to_fill_of_an_ended_order(simulator: Simulator) -> None:
    subject = perform(simulator, PLACE, NOTHING)
    perform(simulator, Cancel(), subject)

    with pytest.raises(OrderNotOpenError):
        perform(simulator, Fill(), subject)


async def test_cancel_and_expire_end_an_order(simulator: Simulator) -> None:
    perform(simulator, Cancel(), perform(simulator, PLACE, NOTHING))
    perform(simulator, Expire(reason="4"), perform(simulator, PLACE, NOTHING))
    perform(simulator, Expire(), perform(simulator, PLACE, NOTHING))

    ended = [(e["o"]["X"], e["o"]["er"]) for e in events(simulator) if e["o"]["X"] != "NEW"]
    assert ended == [("CANCELED", "0"), ("EXPIRED", "4"), ("EXPIRED", "0")]


async def test_transfer_changes_the_wallet(simulator: Simulator) -> None:
    perform(simulator, Transfer(asset="USDT", amount="-100.5", reason="WITHDRAW"), Subject(None, "other"))

    (update,) = events(simulator)
    assert (update["a"]["m"], update["a"]["B"][0]["bc"]) == ("WITHDRAW", "-100.5")
    assert simulator.state()["accounts"]["other"]["balances"]["USDT"] == "9899.50000000"


async def test_set_price_moves_the_market(simulator: Simulator) -> None:
    perform(simulator, PLACE, NOTHING)
    perform(simulator, SetPrice(symbol="BTCUSDT", price="59999.9"), NOTHING)

    assert orders(simulator)[0]["status"] == "FILLED"


async def test_push_sends_any_frame_with_the_time_of_now(simulator: Simulator, client: PlainClient) -> None:
    async with client.stream() as stream:
        perform(simulator, Push(frame={"e": "X", "E": "$now", "l": ["$now", "at $now"], "n": 3}), NOTHING)
        perform(simulator, Push(frame='{"e": "Y", "E": $now}'), NOTHING)
        now = simulator.time_ms

        assert await stream.next_event("X") == {"e": "X", "E": now, "l": [now, f"at {now}"], "n": 3}
        assert await stream.next_event("Y") == {"e": "Y", "E": now}


async def test_a_listen_key_expires_aloud_or_dies_silently(simulator: Simulator, client: PlainClient) -> None:
    async with client.stream():
        perform(simulator, ExpireListenKey(), NOTHING)
    async with client.stream():
        perform(simulator, DropListenKey(), NOTHING)
        assert (await client.request("PUT", "/fapi/v1/listenKey")).body["code"] == -1125

    assert [event["e"] for event in events(simulator)] == ["listenKeyExpired"]


@pytest.mark.parametrize(
    ("action", "code"), [(CloseConnections(code=1001, reason="bye"), 1001), (CutConnections(), 1006)]
)
async def test_a_connection_ends_with_or_without_a_close_frame(
    simulator: Simulator, client: PlainClient, action: CloseConnections | CutConnections, code: int
) -> None:
    async with client.stream() as stream:
        perform(simulator, action, NOTHING)

        assert await stream.end() == code
        assert not simulator.connections


async def test_a_silent_connection_stays_open_and_carries_nothing(simulator: Simulator, client: PlainClient) -> None:
    async with client.stream():
        perform(simulator, SilenceConnections(), NOTHING)
        perform(simulator, Transfer(asset="USDT", amount="1"), NOTHING)

        (event,) = simulator.journal.entries(kind="event")
        assert event.sockets == 0
        assert len(simulator.connections) == 1


async def test_a_silent_connection_lists_its_streams_if_it_is_told_to(simulator: Simulator) -> None:
    async with Wire(simulator) as wire:
        stream = await wire.stream()
        perform(simulator, SilenceConnections(control="answered"), NOTHING)
        assert len((await stream.ask(method="LIST_SUBSCRIPTIONS", id=1))["result"]) == 1

        perform(simulator, SilenceConnections(), NOTHING)
        with pytest.raises(TimeoutError):
            await stream.ask(method="LIST_SUBSCRIPTIONS", id=2)


async def test_connections_of_another_account_are_left_alone(simulator: Simulator, client: PlainClient) -> None:
    async with client.stream():
        perform(simulator, CutConnections(), Subject(None, "other"))

        assert len(simulator.connections) == 1


async def test_handshakes_are_refused_as_often_as_it_says(simulator: Simulator, client: PlainClient) -> None:
    perform(simulator, RefuseConnections(times=2, status=418), NOTHING)

    assert [await client.refusal() for _ in range(2)] == [418, 418]
    async with client.stream():
        assert len(simulator.connections) == 1


async def test_what_an_action_did_is_in_the_journal(simulator: Simulator) -> None:
    perform(simulator, SetPrice(symbol="BTCUSDT", price="64000"), NOTHING)

    assert "64000" in json.dumps([str(entry) for entry in simulator.journal])


async def test_rest_lag_makes_queries_late(simulator: Simulator) -> None:
    async with PlainClient(simulator) as client:
        perform(simulator, RestLag(orders="40s"), NOTHING)
        await client.buy()
        listed = (await client.request("GET", "/fapi/v1/openOrders")).body
        perform(simulator, RestLag(), NOTHING)

        assert listed == []
        assert len((await client.request("GET", "/fapi/v1/openOrders")).body) == 1
