"""Fills that a healthy stream did not tell: noticed by what comes next, fetched, told in order."""

from __future__ import annotations

import asyncio
from decimal import Decimal

from simulator import Delay
from tests.scenarios.desk import SYMBOL, Desk, live_desk
from tests.scenarios.test_frames import order_trade_update
from user_stream import Settings
from user_stream.core.lifecycle import ShortfallDeclared

DEAF = Settings(events=("ACCOUNT_UPDATE",))
"""The exchange sends no order events by itself: the test says which of them arrive."""


async def order_that_filled_twice(desk: Desk) -> list[dict[str, object]]:
    """Place an order that the engine never hears of, fill it twice, and return the events that it missed."""
    desk.sim.place_external(
        symbol=SYMBOL, side="BUY", type="LIMIT", quantity="0.010", price="60000", client_order_id="web_x"
    )
    desk.sim.fill("web_x", "0.004")
    desk.sim.fill("web_x", "0.006")
    await asyncio.sleep(1)
    return [entry.body for entry in desk.sim.journal.entries(event="ORDER_TRADE_UPDATE")]


async def test_fill_whose_predecessor_was_never_told_waits_for_it_and_both_are_told_in_order() -> None:
    async with live_desk(settings=DEAF) as desk:
        events = await order_that_filled_twice(desk)

        desk.sim.push(events[-1])
        await desk.until_state("web_x", "filled")
        await asyncio.sleep(5)

        told = [Decimal(quantity) for _, quantity, _ in desk.orders.told("web_x") if quantity != "0"]
        assert told == [Decimal("0.004"), Decimal("0.006")]
        assert desk.notices(ShortfallDeclared) == []
        await desk.is_square()


async def test_end_above_what_was_told_waits_for_the_missing_fills() -> None:
    async with live_desk(settings=DEAF) as desk:
        desk.sim.place_external(
            symbol=SYMBOL, side="BUY", type="LIMIT", quantity="0.010", price="60000", client_order_id="web_x"
        )
        desk.sim.fill("web_x", "0.004")
        desk.sim.cancel("web_x")
        await asyncio.sleep(1)

        desk.sim.push(desk.sim.journal.entries(event="ORDER_TRADE_UPDATE")[-1].body)
        await desk.until_state("web_x", "cancelled")

        told = [(status, Decimal(quantity)) for status, quantity, _ in desk.orders.told("web_x")]
        assert told[-2:] == [("PARTIALLY_FILLED", Decimal("0.004")), ("CANCELED", Decimal(0))]
        await desk.is_square()


async def test_fill_that_nobody_can_supply_is_declared_after_two_seconds_and_holds_nothing_back() -> None:
    async with live_desk() as desk:
        started = asyncio.get_running_loop().time()
        ghost = {"s": SYMBOL, "c": "web_ghost", "i": 999, "x": "TRADE", "X": "PARTIALLY_FILLED", "L": "60000"}
        desk.sim.push(order_trade_update(time=desk.sim.time_ms, **ghost, l="0.002", z="0.006", t=70))
        await desk.until_state("web_ghost", "active")

        waited = asyncio.get_running_loop().time() - started
        assert 2.0 <= waited < 3.0
        assert desk.orders.told("web_ghost") == [("PARTIALLY_FILLED", "0.002", "stream")]
        assert [notice.order for notice in desk.notices(ShortfallDeclared)] == [(SYMBOL, "999")]
        desk.deliveries_are_lawful()


async def test_other_orders_go_on_while_one_waits() -> None:
    async with live_desk() as desk:
        await desk.resting("other")
        ghost = {"s": SYMBOL, "c": "web_ghost", "i": 999, "x": "TRADE", "X": "PARTIALLY_FILLED", "L": "60000"}
        desk.sim.push(order_trade_update(time=desk.sim.time_ms, **ghost, l="0.002", z="0.006", t=70))
        desk.sim.fill("other", "0.010")
        await desk.until_state("other", "filled")

        assert desk.orders.get_order("web_ghost") is None


async def test_exchange_that_does_not_answer_keeps_nothing_waiting_longer() -> None:
    async with live_desk() as desk:
        desk.sim.on_request("GET", "/fapi/v1/order", Delay(60), times=None)
        started = asyncio.get_running_loop().time()
        ghost = {"s": SYMBOL, "c": "web_ghost", "i": 999, "x": "TRADE", "X": "PARTIALLY_FILLED", "L": "60000"}
        desk.sim.push(order_trade_update(time=desk.sim.time_ms, **ghost, l="0.002", z="0.006", t=70))
        await desk.until_state("web_ghost", "active")

        assert asyncio.get_running_loop().time() - started < 3.0
