"""Frames that cannot be read at the worst moments of a connection's life, and an engine that falls behind."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any

import pytest

from simulator import Corrupt, Delay, Respond
from tests.scenarios.desk import SYMBOL, Desk, live_desk, open_desk
from user_stream import Settings, UserStreamService
from user_stream.core.lifecycle import Degraded, FrameRefused, Live, Notice


async def a_key_that_died_with_a_bad_frame_behind_it(desk: Desk) -> None:
    """The successor is live; the dead key's connection is read for the dwell, and a frame on it is spoilt."""
    await desk.resting("order", quantity="0.100")
    desk.sim.on_request("PUT", "/fapi/v1/listenKey", Respond(400, -1125, "This listenKey does not exist."))
    await asyncio.sleep(1790)
    await desk.until_live(after_epoch=1)
    await asyncio.sleep(5)
    desk.sim.on_frame(Corrupt("truncated"), connection=1, event="ORDER_TRADE_UPDATE", times=None)
    desk.sim.fill("order", "0.001")


async def test_bad_frame_at_the_end_of_a_dwell_leaves_no_gap_open() -> None:
    """Rule 27: the old connection is closed in the middle of the recovery that its bad frame made necessary."""
    async with live_desk(settings=Settings(rotate_after_s=300.0, rotation_dwell_s=10.0)) as desk:
        await desk.resting("order", quantity="0.100")
        desk.sim.on_request("GET", "/fapi/v1/openOrders", Delay(3), times=None)
        await asyncio.sleep(308 - asyncio.get_running_loop().time())  # the dwell ends at 310 s
        desk.sim.on_frame(Corrupt("truncated"), connection=1, event="ORDER_TRADE_UPDATE", times=None)
        desk.sim.fill("order", "0.001")
        await asyncio.sleep(240)

        assert desk.notices(FrameRefused)
        assert isinstance(desk.service.state, Live)
        await desk.is_square()


async def test_bad_frame_on_a_connection_that_is_over_is_its_successors_to_tell() -> None:
    async with live_desk() as desk:
        await a_key_that_died_with_a_bad_frame_behind_it(desk)
        await asyncio.sleep(60)

        assert len(desk.notices(FrameRefused)) == 1
        assert desk.service.state == Live(2, proven=True)
        await desk.is_square()


async def test_silence_is_noticed_after_a_bad_frame_on_a_connection_that_was_over() -> None:
    """Rule 25."""
    async with live_desk() as desk:
        await a_key_that_died_with_a_bad_frame_behind_it(desk)
        await asyncio.sleep(600)
        desk.sim.silence_connections(control="answered")
        desk.sim.fill("order", "0.002")
        await asyncio.sleep(60)

        order = desk.orders.get_order("order")
        assert order is not None
        assert order.filled_qty == Decimal("0.003")


@pytest.mark.parametrize("spoilt", [("TRADE_LITE", "ORDER_TRADE_UPDATE"), ("TRADE_LITE",), ("ORDER_TRADE_UPDATE",)])
async def test_fill_after_one_that_was_lost_among_the_frames_kept_back_has_the_right_cumulative(
    spoilt: tuple[str, ...],
) -> None:
    """Rules 4 and 8: what comes after a lost frame has no base, however whole the connection was before."""
    async with live_desk() as desk:
        await asyncio.sleep(100)
        desk.sim.on_request("GET", "/fapi/v1/openOrders", Delay(5))
        desk.sim.cut_connections()
        await desk.until(lambda: len(desk.sim.connections) == 1)
        await asyncio.sleep(2)
        desk.sim.rest_lag(orders_s=30)
        desk.sim.place_external(
            symbol=SYMBOL, side="BUY", type="LIMIT", quantity="0.010", price="60000", client_order_id="web"
        )
        for event in spoilt:
            desk.sim.on_frame(Corrupt("truncated"), event=event)
        desk.sim.fill("web", "0.003")
        desk.sim.fill("web", "0.002")
        await asyncio.sleep(300)

        told = Decimal(0)
        for data in desk.orders.deliveries:
            told += Decimal(data["last_filled_qty"])
            assert Decimal(data["accumulated_filled_qty"]) in {told, Decimal("0.005")}
        await desk.is_square()


async def test_engine_that_is_far_behind_is_not_called_live() -> None:
    """No callback is slow, and the buffer holds hours of this; but the engine knows less and less."""
    async with open_desk() as desk:
        account = desk.sim.account
        heard: list[str] = []
        said: list[Notice] = []

        class Engine:
            async def on_order_update(self, data: Any) -> None:
                await asyncio.sleep(0.9)
                heard.append(data["last_filled_qty"])

        service = UserStreamService(account.api_key, account.api_secret, Engine(), environment=desk.environment)
        service.add_listener(lambda item: said.append(item) if isinstance(item, Degraded | Live) else None)
        async with service:
            desk.sim.place_external(
                symbol=SYMBOL, side="BUY", type="LIMIT", quantity="10", price="60000", client_order_id="web"
            )
            for _ in range(300):
                desk.sim.fill("web", "0.001")
                await asyncio.sleep(0.2)
            await asyncio.sleep(30)
            assert isinstance(service.state, Degraded)
            assert "the engine is behind" in service.state.cause

            await asyncio.sleep(400)
            assert len(heard) == 301
            assert isinstance(service.state, Live)
