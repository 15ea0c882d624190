"""Rule 25: what only an order's name, its terms, its history or the conditional book shows of a silent stream."""

from __future__ import annotations

import asyncio
from decimal import Decimal

from simulator import Drop, Respond
from tests.scenarios.desk import SYMBOL, Desk, live_desk
from user_stream.core.lifecycle import GapOpened, Live

GONE = Respond(400, -1121, "Invalid symbol.")
NOTICED_S = 45
"""Interval, grace, a reconnect."""


def state_of(desk: Desk, client_order_id: str) -> str:
    order = desk.orders.get_order(client_order_id)
    return "unknown" if order is None else str(order.state)


async def with_a_stop(desk: Desk) -> None:
    await desk.orders.place_market_order(SYMBOL, "BUY", "0.010", client_order_id="in")
    await desk.until_state("in", "filled")
    await desk.orders.place_conditional_order(
        SYMBOL, "SELL", "STOP_MARKET", close_position=True, trigger_price="50000", client_order_id="stop"
    )
    await desk.until_state("stop", "active")
    await asyncio.sleep(120)


async def test_order_that_was_answered_and_over_at_once_is_asked_for_by_its_name() -> None:
    async with live_desk() as desk:
        await asyncio.sleep(120)
        desk.sim.silence_connections()
        await desk.orders.place_limit_order(SYMBOL, "BUY", "0.010", "60000", client_order_id="ioc", time_in_force="IOC")
        await asyncio.sleep(NOTICED_S)

        assert state_of(desk, "ioc") == "expired"
        await desk.is_square()


async def test_order_that_lived_and_died_between_two_comparisons_is_in_the_history() -> None:
    async with live_desk() as desk:
        await asyncio.sleep(125)
        desk.sim.silence_connections()
        await desk.orders.place_limit_order(SYMBOL, "BUY", "0.010", "60000", client_order_id="own")
        desk.sim.place_external(
            symbol=SYMBOL, side="BUY", type="LIMIT", quantity="0.010", price="60000", client_order_id="web"
        )
        await asyncio.sleep(1)
        desk.sim.cancel("own")
        desk.sim.cancel("web")
        await asyncio.sleep(NOTICED_S)

        assert (state_of(desk, "own"), state_of(desk, "web")) == ("cancelled", "cancelled")
        await desk.is_square()


async def test_only_stop_that_somebody_cancelled_over_a_silent_stream_is_noticed() -> None:
    async with live_desk() as desk:
        await with_a_stop(desk)
        desk.sim.silence_connections()
        desk.sim.end_algo("stop", "CANCELED")
        await asyncio.sleep(40 + NOTICED_S)  # it is quiet for longer than REST lags before it is asked for

        assert desk.notices(GapOpened)
        assert state_of(desk, "stop") == "cancelled"


async def test_end_of_a_stop_whose_frame_was_dropped_is_found_by_the_next_comparisons() -> None:
    async with live_desk() as desk:
        await with_a_stop(desk)
        desk.sim.on_frame(Drop(), event="ALGO_UPDATE")
        desk.sim.end_algo("stop", "EXPIRED")
        await asyncio.sleep(40 + NOTICED_S)

        assert state_of(desk, "stop") == "expired"


async def test_stop_placed_over_a_silent_stream_becomes_active() -> None:
    async with live_desk() as desk:
        await asyncio.sleep(120)
        desk.sim.silence_connections()
        await desk.orders.place_conditional_order(
            SYMBOL, "SELL", "STOP_MARKET", quantity="0.010", trigger_price="50000", client_order_id="stop"
        )
        await asyncio.sleep(NOTICED_S)

        assert state_of(desk, "stop") == "active"


async def test_amendment_over_a_silent_stream_is_noticed() -> None:
    async with live_desk() as desk:
        await desk.resting("order")
        await asyncio.sleep(120)
        desk.sim.silence_connections()
        desk.sim.amend("order", quantity="0.020", price="59000")
        await asyncio.sleep(NOTICED_S)

        order = desk.orders.get_order("order")
        assert order is not None
        assert (order.price, order.quantity) == (Decimal(59000), Decimal("0.020"))


async def test_recovery_survives_an_order_whose_trades_are_refused() -> None:
    async with live_desk() as desk:
        await desk.orders.place_limit_order("ETHUSDT", "BUY", "1", "3400", client_order_id="gone")
        await desk.until_state("gone", "active")
        await asyncio.sleep(300)
        desk.sim.on_request("GET", "/fapi/v1/userTrades", GONE, times=None, symbol="ETHUSDT")
        desk.sim.cut_connections()
        desk.sim.fill("gone", "1")
        await asyncio.sleep(60)

        assert isinstance(desk.service.state, Live)


async def test_comparison_survives_an_order_that_may_not_be_asked_for() -> None:
    async with live_desk() as desk:
        await desk.orders.place_limit_order("ETHUSDT", "BUY", "1", "3400", client_order_id="gone")
        await desk.until_state("gone", "active")
        await asyncio.sleep(120)
        desk.sim.on_request("GET", "/fapi/v1/order", GONE, times=None, symbol="ETHUSDT")
        desk.sim.silence_connections()
        desk.sim.cancel("gone")
        desk.sim.place_external(symbol=SYMBOL, side="BUY", type="MARKET", quantity="0.010")
        await asyncio.sleep(NOTICED_S)

        assert desk.notices(GapOpened)
