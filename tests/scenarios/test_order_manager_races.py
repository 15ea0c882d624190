"""Requests that cross with the feed, with each other, or with the end of the task that waits for them."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest

from simulator import Delay, ExecuteThen, ExecuteThenReset, Reset, Respond
from tests.scenarios.desk import SYMBOL, Desk, live_desk
from user_stream import ApiKeyRefusedError, Order

ORDER = "/fapi/v1/order"
UNKNOWN = Respond(503, -1000, "Unknown error, please check your request or try again later.")


def sent(desk: Desk, method: str) -> int:
    return len([entry for entry in desk.sim.journal.entries(path=ORDER, kind="request") if entry.method == method])


def stands(desk: Desk, client_order_id: str) -> Order:
    """Return an order that is known, as it stands."""
    order = desk.orders.get_order(client_order_id)
    assert order is not None
    return order


async def test_cancel_of_an_order_that_is_still_placing_is_sent_as_soon_as_the_feed_knows_it() -> None:
    async with live_desk() as desk:
        desk.sim.on_request("POST", ORDER, Delay(5))
        placing = asyncio.create_task(
            desk.orders.place_limit_order(SYMBOL, "BUY", "0.010", "60000", client_order_id="early")
        )
        await asyncio.sleep(1)

        order = await desk.orders.cancel_order("early")
        assert (order.state, sent(desk, "DELETE")) == ("placing", 0)
        await placing
        await desk.until_state("early", "cancelled")

        assert desk.orders.states["early"] == ["placing", "active", "cancelling", "cancelled"]
        assert sent(desk, "DELETE") == 1
        await desk.is_square()


async def test_cancel_all_reaches_an_order_that_is_still_placing() -> None:
    async with live_desk() as desk:
        desk.sim.on_request("POST", ORDER, Delay(5))
        placing = asyncio.create_task(
            desk.orders.place_limit_order(SYMBOL, "BUY", "0.010", "60000", client_order_id="early")
        )
        await asyncio.sleep(1)

        (asked,) = await desk.orders.cancel_all_orders()
        assert (asked.client_order_id, asked.state) == ("early", "placing")
        await placing
        await desk.until_state("early", "cancelled")

        await desk.is_square()


async def test_order_that_is_refused_after_its_cancel_was_asked_for_is_rejected_and_nothing_is_sent() -> None:
    async with live_desk() as desk:
        desk.sim.on_request("GET", "/fapi/v1/time", Delay(5))
        desk.sim.on_request("POST", ORDER, Respond(400, -2019, "Margin is insufficient."))
        placing = asyncio.create_task(
            desk.orders.place_limit_order(SYMBOL, "BUY", "0.010", "60000", client_order_id="early")
        )
        await asyncio.sleep(1)

        await desk.orders.cancel_order("early")
        await placing
        await asyncio.sleep(60)

        assert stands(desk, "early").state == "rejected"
        assert sent(desk, "DELETE") == 0


async def test_cancel_that_was_never_executed_brings_the_order_back_to_active_past_the_bound() -> None:
    async with live_desk() as desk:
        await desk.resting("open")
        desk.sim.on_request("DELETE", ORDER, UNKNOWN)

        await desk.orders.cancel_order("open")
        await asyncio.sleep(44)
        assert stands(desk, "open").state == "cancelling"
        await desk.until_state("open", "active", "cancelled")

        assert desk.orders.states["open"] == ["placing", "active", "cancelling", "active"]
        assert sent(desk, "DELETE") == 1
        await desk.is_square()


async def test_cancel_whose_task_is_cancelled_is_asked_about() -> None:
    async with live_desk() as desk:
        await desk.resting("order")
        desk.sim.silence_connections()
        desk.sim.on_request("DELETE", ORDER, ExecuteThen(Delay(5)))
        cancelling = asyncio.create_task(desk.orders.cancel_order("order"))
        await asyncio.sleep(1)

        cancelling.cancel()
        await desk.until_state("order", "cancelled")

        assert desk.orders.told("order")[-1] == ("CANCELED", "0", "rest")
        assert sent(desk, "DELETE") == 1


@pytest.mark.parametrize("verdict", [ExecuteThenReset(), Reset()])
async def test_cancel_whose_answer_is_lost_is_not_sent_twice(verdict: ExecuteThenReset | Reset) -> None:
    async with live_desk() as desk:
        await desk.resting("order")
        desk.sim.on_request("DELETE", ORDER, verdict)

        await desk.orders.cancel_order("order")
        await asyncio.sleep(120)

        assert sent(desk, "DELETE") == 1
        assert stands(desk, "order").state == ("cancelled" if isinstance(verdict, ExecuteThenReset) else "active")
        await desk.is_square()


async def test_cancel_that_is_refused_for_good_leaves_the_order_active() -> None:
    async with live_desk() as desk:
        await desk.resting("order")
        refused = Respond(401, -2015, "Invalid API-key, IP, or permissions for action")
        desk.sim.on_request("DELETE", ORDER, refused)

        with pytest.raises(ApiKeyRefusedError):
            await desk.orders.cancel_order("order")

        assert desk.orders.states["order"] == ["placing", "active", "cancelling", "active"]


async def test_cancel_all_does_not_overwrite_a_fill_in_the_next_symbol() -> None:
    async with live_desk() as desk:
        await desk.resting("btc")
        await desk.orders.place_limit_order("ETHUSDT", "BUY", "1", "1000", client_order_id="eth")
        await desk.until_state("eth", "active")
        desk.sim.on_request("DELETE", "/fapi/v1/allOpenOrders", ExecuteThen(Delay(1)))
        everything = asyncio.create_task(desk.orders.cancel_all_orders())
        await asyncio.sleep(0.5)
        desk.sim.fill("eth", "1")
        await asyncio.sleep(0.3)
        assert stands(desk, "eth").state == "filled"

        await everything
        await asyncio.sleep(60)

        assert (stands(desk, "eth").state, stands(desk, "eth").filled_qty) == ("filled", Decimal(1))
        assert desk.orders.states["eth"] == ["placing", "active", "filled"]


async def test_task_cancelled_before_its_order_was_sent_leaves_nothing_placing() -> None:
    async with live_desk() as desk:
        desk.sim.on_request("GET", "/fapi/v1/time", Delay(5))  # the first order of all reads the exchange's clock
        placing = asyncio.create_task(
            desk.orders.place_limit_order(SYMBOL, "BUY", "0.010", "60000", client_order_id="never")
        )
        await asyncio.sleep(1)
        placing.cancel()
        await asyncio.wait([placing])
        await asyncio.sleep(60)

        assert placing.cancelled()
        assert stands(desk, "never").state == "rejected"
        assert sent(desk, "POST") == 0


async def reuse(desk: Desk, client_order_id: str) -> None:
    """Let another client place an order, cancel it, and place another one under the same id."""
    for price in ("60000", "59000"):
        desk.sim.place_external(
            symbol=SYMBOL, side="BUY", type="LIMIT", quantity="0.010", price=price, client_order_id=client_order_id
        )
        await asyncio.sleep(1)
        if price == "60000":
            desk.sim.cancel(client_order_id)
            await asyncio.sleep(1)


async def test_order_asked_for_by_a_reused_id_is_the_newest_one() -> None:
    async with live_desk() as desk:
        await reuse(desk, "same")

        assert len(desk.orders.orders) == 2
        assert (stands(desk, "same").state, stands(desk, "same").price) == ("active", Decimal(59000))


async def test_order_under_a_reused_id_can_be_cancelled() -> None:
    async with live_desk() as desk:
        await reuse(desk, "same")

        await desk.orders.cancel_order("same")
        await asyncio.sleep(60)

        assert desk.orders.get_active_orders() == []
        await desk.is_square()


async def test_cancel_all_returns_the_order_that_it_ended_and_not_its_namesake() -> None:
    async with live_desk() as desk:
        await reuse(desk, "same")
        (active,) = desk.orders.get_active_orders()

        (returned,) = await desk.orders.cancel_all_orders()

        assert (returned.order_id, returned.price) == (active.order_id, Decimal(59000))


async def test_cancel_of_an_acknowledged_order_is_sent_although_the_stream_is_silent() -> None:
    async with live_desk() as desk:
        desk.sim.silence_connections()
        await desk.orders.place_limit_order(SYMBOL, "BUY", "0.010", "60000", client_order_id="silent")

        await desk.orders.cancel_order("silent")

        assert sent(desk, "DELETE") == 1


async def test_cancel_of_an_order_that_was_lost_is_sent_when_it_turns_up() -> None:
    async with live_desk() as desk:
        desk.sim.on_request("POST", "/fapi/v1/order", UNKNOWN)
        await desk.orders.place_limit_order(SYMBOL, "BUY", "0.010", "60000", client_order_id="late")
        await desk.orders.cancel_order("late")
        await desk.until_state("late", "lost")

        desk.sim.place_external(
            symbol=SYMBOL, side="BUY", type="LIMIT", quantity="0.010", price="60000", client_order_id="late"
        )
        await desk.until_state("late", "cancelled")

        await desk.is_square()


async def test_question_about_a_cancel_is_not_taken_for_the_one_about_its_placing() -> None:
    async with live_desk() as desk:
        desk.sim.on_request("POST", "/fapi/v1/order", UNKNOWN)
        await desk.orders.place_limit_order(SYMBOL, "BUY", "0.010", "60000", client_order_id="twice")
        desk.sim.place_external(
            symbol=SYMBOL, side="BUY", type="LIMIT", quantity="0.010", price="60000", client_order_id="twice"
        )
        await desk.until_state("twice", "active")
        desk.sim.on_request("DELETE", "/fapi/v1/order", UNKNOWN)
        await desk.orders.cancel_order("twice")

        await desk.until_state("twice", "active")

        assert desk.orders.states["twice"][-2:] == ["cancelling", "active"]


async def test_cancel_that_is_refused_for_certain_brings_the_order_back_at_once_without_a_question() -> None:
    async with live_desk() as desk:
        await desk.resting("kept")
        desk.sim.on_request("DELETE", "/fapi/v1/order", Respond(400, -1102, "Mandatory parameter was not sent."))

        order = await desk.orders.cancel_order("kept")
        await asyncio.sleep(60)

        assert order.state == "active"
        assert sent(desk, "GET") == 0
