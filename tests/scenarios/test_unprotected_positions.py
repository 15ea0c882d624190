"""The alarm: an open position's only live stop ended without a fill (row 2)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from simulator import AccountSpec, Profile, Simulator
from tests.scenarios.desk import SYMBOL, Desk, live_desk
from user_stream.core.lifecycle import PositionUnprotected

QUIET_S = 5.0


async def protected(desk: Desk, **terms: Any) -> int:
    """Hold a long position with a stop below it; return the stop's algo id."""
    await desk.orders.place_market_order(SYMBOL, "BUY", "0.010", client_order_id="entry")
    await desk.until_state("entry", "filled")
    await desk.orders.place_stop_order(
        SYMBOL, "SELL", "50000", client_order_id="stop", **(terms or {"quantity": "0.010"})
    )
    await desk.until_state("stop", "active")
    order = desk.orders.get_order("stop")
    assert order is not None
    return order.algo_id


@pytest.mark.parametrize("cause", ["CANCELED", "EXPIRED", "REJECTED"])
async def test_position_whose_only_stop_ends_is_reported_within_a_second(cause: str) -> None:
    async with live_desk() as desk:
        algo_id = await protected(desk)
        began = desk.sim.time_ms
        desk.sim.end_algo("stop", cause)
        await desk.until(lambda: desk.notices(PositionUnprotected))

        assert desk.notices(PositionUnprotected) == [PositionUnprotected(SYMBOL, "BOTH", algo_id, cause)]
        assert desk.sim.time_ms - began < 2_000


async def test_position_that_was_closed_by_its_stop_is_no_cause_for_alarm() -> None:
    async with live_desk() as desk:
        await protected(desk)
        desk.sim.set_price(SYMBOL, "49990")
        await desk.until_state("stop", "filled")
        await asyncio.sleep(QUIET_S)

        assert desk.notices(PositionUnprotected) == []


@pytest.mark.parametrize("end", ["CANCELED", "EXPIRED"])
async def test_stop_that_ends_because_its_position_was_closed_is_no_cause_for_alarm(end: str) -> None:
    sim = Simulator(accounts=(AccountSpec(balance="100000"),), profile=Profile(algo_position_closed=end))  # type: ignore[arg-type]  # one of its words
    async with live_desk(sim=sim) as desk:
        await protected(desk, close_position=True)
        await desk.orders.place_market_order(SYMBOL, "SELL", "0.010", client_order_id="exit")
        await desk.until_state("stop", "cancelled", "expired")
        await asyncio.sleep(QUIET_S)

        assert desk.notices(PositionUnprotected) == []


async def test_stop_that_is_replaced_is_no_cause_for_alarm() -> None:
    async with live_desk() as desk:
        await protected(desk)
        await desk.orders.cancel_order("stop")
        await desk.orders.place_stop_order(SYMBOL, "SELL", "51000", quantity="0.010", client_order_id="new")
        await asyncio.sleep(QUIET_S)

        assert desk.notices(PositionUnprotected) == []


async def test_triggered_child_that_is_cancelled_leaves_the_position_unprotected() -> None:
    async with live_desk() as desk:
        await desk.orders.place_market_order(SYMBOL, "BUY", "0.010", client_order_id="entry")
        await desk.orders.place_conditional_order(
            SYMBOL, "SELL", "STOP", quantity="0.010", trigger_price="50000", price="55000", client_order_id="stop"
        )
        await desk.until_state("stop", "active")
        desk.sim.set_price(SYMBOL, "49990")
        await desk.until(lambda: (order := desk.orders.get_order("stop")) and order.order_id)
        order = desk.orders.get_order("stop")
        assert order is not None
        assert desk.notices(PositionUnprotected) == []

        desk.sim.cancel(int(order.order_id))
        await desk.until(lambda: desk.notices(PositionUnprotected))

        (alarm,) = desk.notices(PositionUnprotected)
        assert (alarm.algo_id, alarm.cause) == (order.algo_id, "CANCELED")


async def test_stop_that_ended_inside_a_gap_is_reported_once_the_account_is_known() -> None:
    async with live_desk() as desk:
        algo_id = await protected(desk)
        epoch = desk.epoch
        desk.sim.cut_connections()
        desk.sim.end_algo("stop", "EXPIRED")
        await desk.until_live(after_epoch=epoch)
        await desk.until(lambda: desk.notices(PositionUnprotected))

        assert [alarm.algo_id for alarm in desk.notices(PositionUnprotected)] == [algo_id]


async def test_legs_of_a_hedge_are_watched_apart() -> None:
    """Row 12."""
    sim = Simulator(accounts=(AccountSpec(balance="100000", dual_side_position=True),))
    async with live_desk(sim=sim) as desk:
        for side, leg, stop, price in (("BUY", "LONG", "SELL", "50000"), ("SELL", "SHORT", "BUY", "90000")):
            await desk.orders.place_market_order(SYMBOL, side, "0.010", position_side=leg)
            await desk.orders.place_stop_order(
                SYMBOL, stop, price, close_position=True, position_side=leg, client_order_id=leg
            )
            await desk.until_state(leg, "active")

        desk.sim.end_algo("SHORT", "EXPIRED")
        await desk.until(lambda: desk.notices(PositionUnprotected))
        await asyncio.sleep(QUIET_S)

        (alarm,) = desk.notices(PositionUnprotected)
        assert (alarm.position_side, alarm.cause) == ("SHORT", "EXPIRED")
        assert [order.position_side for order in desk.orders.get_active_orders()] == ["LONG"]


@pytest.mark.parametrize("cause", ["CANCELED", "EXPIRED", "REJECTED"])
async def test_stop_whose_whole_life_was_inside_a_gap_raises_the_alarm(cause: str) -> None:
    """The first that anybody hears of it is its end; but it was sent, and its position is open."""
    async with live_desk() as desk:
        await desk.orders.place_market_order(SYMBOL, "BUY", "0.010", client_order_id="entry")
        await desk.until_state("entry", "filled")
        desk.sim.cut_connections()
        await desk.orders.place_stop_order(SYMBOL, "SELL", "50000", quantity="0.010", client_order_id="stop")
        desk.sim.end_algo("stop", cause)
        await desk.until(lambda: desk.notices(PositionUnprotected), within_s=120)

        (alarm,) = desk.notices(PositionUnprotected)
        assert alarm.cause == cause
