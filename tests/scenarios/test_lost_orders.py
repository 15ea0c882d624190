"""An order is lost only when the exchange was asked and did not know it; lost orders are bounded like ended ones."""

from __future__ import annotations

import asyncio
import time

import pytest

from simulator import Delay, ExecuteThenReset, JournalEntry, Respond, Simulator
from tests.scenarios.desk import SYMBOL, Desk, live_desk, open_desk
from user_stream import Order
from user_stream.core.lifecycle import OrderLost

ORDER = "/fapi/v1/order"
UNKNOWN = Respond(503, -1000, "Unknown error, please check your request or try again later.")


def questions(desk: Desk) -> list[JournalEntry]:
    """Return the requests that asked for an order by its client order id."""
    asked = [entry for entry in desk.sim.journal.entries(path=ORDER, kind="request") if entry.method == "GET"]
    return [entry for entry in asked if "origClientOrderId" in entry.body]


async def place(desk: Desk, client_order_id: str) -> Order:
    return await desk.orders.place_limit_order(SYMBOL, "BUY", "0.010", "60000", client_order_id=client_order_id)


def exchange_behind_us() -> Simulator:
    """Return an exchange whose clock is a minute behind this machine's."""
    return Simulator(start_ms=time.time_ns() // 1_000_000 - 60_000)


async def test_order_is_not_lost_while_nobody_could_be_asked() -> None:
    async with live_desk() as desk:
        desk.sim.silence_connections()
        desk.sim.on_request("POST", ORDER, ExecuteThenReset())
        down = desk.sim.on_request("GET", ORDER, Respond(503, -1016, "Service Unavailable."), times=None)
        await place(desk, "u")
        await asyncio.sleep(120)
        assert down.hits > 5
        assert desk.notices(OrderLost) == []

        down.cancel()
        await desk.until_state("u", "active")

        assert desk.notices(OrderLost) == []


async def test_order_that_the_stream_told_before_the_last_answer_is_not_lost() -> None:
    async with live_desk() as desk:
        desk.sim.on_request("POST", ORDER, UNKNOWN)
        slow = desk.sim.on_request("GET", ORDER, Delay(8), times=None)
        await place(desk, "u")
        await asyncio.sleep(44.5)  # the bound is 45 s
        slow.cancel()
        desk.sim.on_request("GET", ORDER, Respond(400, -2013, "Order does not exist."), times=None)
        assert desk.notices(OrderLost) == []

        desk.sim.place_external(
            symbol=SYMBOL, side="BUY", type="LIMIT", quantity="0.010", price="60000", client_order_id="u"
        )
        await desk.until_state("u", "active", "lost")
        await asyncio.sleep(120)

        order = desk.orders.get_order("u")
        assert order is not None
        assert (order.state, order.external) == ("active", False)
        assert desk.notices(OrderLost) == []


async def test_order_of_unknown_outcome_sent_before_the_service_runs_is_lost_in_the_end() -> None:
    async with open_desk() as desk:
        desk.sim.on_request("POST", ORDER, UNKNOWN)
        await place(desk, "u")
        await asyncio.sleep(600)
        async with desk.service:
            await desk.until_state("u", "lost")

        assert [notice.client_order_id for notice in desk.notices(OrderLost)] == ["u"]


async def test_question_put_before_the_start_is_answered_after_it() -> None:
    async with open_desk() as desk:
        desk.sim.place_external(
            symbol=SYMBOL, side="BUY", type="LIMIT", quantity="0.010", price="60000", client_order_id="before"
        )
        desk.sim.cancel("before")
        await asyncio.sleep(600)  # long over: no recovery would find it by itself
        desk.service.question_order(SYMBOL, "before")
        assert questions(desk) == []

        async with desk.service:
            await desk.until_state("before", "cancelled")

        assert [entry.body["origClientOrderId"] for entry in questions(desk)] == ["before"]


async def test_order_sent_with_a_clock_that_is_ahead_is_recognised() -> None:
    async with live_desk(sim=exchange_behind_us()) as desk:
        await desk.resting("ahead")
        desk.sim.cancel("ahead")
        await asyncio.sleep(300)
        desk.sim.transfer("USDT", "1")
        await asyncio.sleep(1)

        desk.sim.cut_connections()
        await desk.until_live(after_epoch=1)

        assert questions(desk) == []  # an order that was not recognised would be asked for in every recovery


async def test_order_of_unknown_outcome_sent_with_a_clock_that_is_ahead_is_not_lost() -> None:
    async with live_desk(sim=exchange_behind_us()) as desk:
        desk.sim.on_request("POST", ORDER, ExecuteThenReset())
        await place(desk, "ahead")
        await asyncio.sleep(120)

        assert desk.notices(OrderLost) == []
        order = desk.orders.get_order("ahead")
        assert order is not None
        assert (order.state, order.external) == ("active", False)


async def test_lost_orders_are_kept_only_as_long_as_ended_ones() -> None:
    async with live_desk(keep_ended=5) as desk:
        desk.sim.on_request("POST", ORDER, UNKNOWN, times=None)
        for number in range(20):
            await place(desk, f"u{number}")
        await asyncio.sleep(200)

        assert len(desk.notices(OrderLost)) == 20
        assert [order.state for order in desk.orders.orders] == ["lost"] * 5


async def test_lost_order_is_asked_for_no_more() -> None:
    async with live_desk() as desk:
        desk.sim.on_request("POST", ORDER, UNKNOWN)
        await place(desk, "u")
        await desk.until_state("u", "lost")
        asked = len(questions(desk))

        desk.sim.cut_connections()
        await desk.until_live(after_epoch=1)
        await asyncio.sleep(120)

        assert asked > 1
        assert len(questions(desk)) == asked


@pytest.mark.parametrize("symbol", ["NOSUCHUSDT", SYMBOL])
async def test_order_whose_question_is_refused_does_not_keep_the_service_down(symbol: str) -> None:
    async with live_desk() as desk:
        desk.sim.on_request("POST", ORDER, UNKNOWN)
        refused = desk.sim.on_request("GET", ORDER, Respond(400, -1121, "Invalid symbol."), times=None)
        await desk.orders.place_limit_order(symbol, "BUY", "0.010", "60000", client_order_id="u")
        await asyncio.sleep(1)

        desk.sim.cut_connections()
        await desk.until_live(after_epoch=1)

        assert refused.hits
        assert desk.epoch == 2
