"""What was booked is told, and a callback that has begun is finished, whatever ends meanwhile."""

from __future__ import annotations

import asyncio
from decimal import Decimal

from simulator import Respond
from tests.scenarios.desk import live_desk
from user_stream import Order
from user_stream.core.lifecycle import CallbackFailed, Stopped


async def test_cut_while_a_slow_callback_hears_of_recovered_fills_loses_none() -> None:
    async with live_desk() as desk:
        await desk.resting("gap")

        async def slowly(_: Order) -> None:
            await asyncio.sleep(1)

        desk.orders.on_partial = slowly
        desk.sim.cut_connections()
        for _ in range(3):
            desk.sim.fill("gap", "0.002")
        await desk.until(lambda: [data for data in desk.orders.deliveries if data["source"] == "rest"])
        desk.sim.cut_connections()  # while the first of three fills is being told
        await asyncio.sleep(120)

        told = [Decimal(quantity) for _, quantity, _ in desk.orders.told("gap") if quantity != "0"]
        assert told == [Decimal("0.002")] * 3
        await desk.is_square()


async def test_callback_is_not_interrupted_by_the_end_of_its_connection() -> None:
    async with live_desk() as desk:
        await desk.resting("order")
        begun: list[Order] = []
        done: list[Order] = []

        async def on_fill(order: Order) -> None:
            begun.append(order)
            await asyncio.sleep(5)  # writes to a database
            done.append(order)

        desk.orders.on_fill = on_fill
        dead = Respond(400, -1125, "This listenKey does not exist.")
        keepalive = desk.sim.on_request("PUT", "/fapi/v1/listenKey", dead)
        await asyncio.sleep(1798 - asyncio.get_running_loop().time())  # just before the keepalive that fails
        desk.sim.fill("order", "0.010")
        await desk.until(lambda: keepalive.hits)
        assert (len(begun), len(done)) == (1, 0)
        await asyncio.sleep(120)

        assert len(done) == 1
        assert desk.notices(CallbackFailed) == []


async def test_stop_waits_until_everything_that_was_booked_is_told() -> None:
    async with live_desk() as desk:
        await desk.resting("order")
        told: list[Decimal] = []

        async def slowly(order: Order) -> None:
            await asyncio.sleep(1)
            told.append(order.last_filled_qty)

        desk.orders.on_partial = slowly
        desk.sim.cut_connections()
        for _ in range(3):
            desk.sim.fill("order", "0.002")
        await desk.until(lambda: len(told) == 1)

        await desk.service.stop()

        assert told == [Decimal("0.002")] * 3
        assert isinstance(desk.said[-1], Stopped)
