"""What TRADE_LITE does not tell of a fill: commission, realized profit, and the exchange's own average price (rule 8).

They come with its ORDER_TRADE_UPDATE; when that is lost, with the connection or without it, they come from REST.
"""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path

import pytest

from simulator import Drop, Hold, Respond
from tests.scenarios.desk import Desk, live_desk
from tests.scenarios.lives import open_lives
from tests.scenarios.watching import requests
from user_stream.core.lifecycle import GapOpened

TRADES = "/fapi/v1/userTrades"


def commission(desk: Desk, name: str = "a") -> dict[str, Decimal]:
    """Return what an order has cost, as our own order manager knows it."""
    order = desk.orders.get_order(name)
    assert order is not None
    return order.commission


@pytest.mark.parametrize("age_s", [10, 300], ids=["order of the last minute", "older order"])
async def test_details_that_are_lost_with_the_connection_are_recovered_at_once(age_s: float) -> None:
    """Row 1: the recovery asks for the order, though it has ended and lacks nothing else."""
    async with live_desk() as desk:
        await desk.resting("a")
        await asyncio.sleep(age_s)
        desk.sim.on_frame(Hold(), event="ORDER_TRADE_UPDATE", times=None)
        desk.sim.fill("a", "0.010")
        await desk.until_state("a", "filled")
        epoch = desk.epoch
        desk.sim.cut_connections()
        await desk.until_live(after_epoch=epoch)
        assert commission(desk) == {"USDT": Decimal("0.12")}

        await asyncio.sleep(120)
        await desk.is_square()


async def test_details_of_a_dropped_event_are_asked_for_once_rest_cannot_lag_any_more() -> None:
    """The connection is whole otherwise, so that no recovery asks."""
    async with live_desk() as desk:
        await desk.resting("a")
        await asyncio.sleep(300)
        desk.sim.on_frame(Drop(), event="ORDER_TRADE_UPDATE", execution_type="TRADE")
        desk.sim.fill("a", "0.010")
        await asyncio.sleep(85)

        assert commission(desk) == {"USDT": Decimal("0.12")}
        assert not desk.notices(GapOpened)
        await desk.is_square()


async def test_details_that_rest_refuses_are_asked_for_once_and_the_order_is_forgotten_then() -> None:
    """Rule 20: memory is bounded, whatever the exchange does not tell."""
    async with live_desk() as desk:
        await desk.resting("a")
        await asyncio.sleep(120)
        asked = len(requests(desk, "GET", TRADES))
        desk.sim.on_request("GET", TRADES, Respond(400, -1121, "Invalid symbol."), times=None)
        desk.sim.on_frame(Drop(), event="ORDER_TRADE_UPDATE", execution_type="TRADE")
        desk.sim.fill("a", "0.010")
        await asyncio.sleep(3600)

        assert len(requests(desk, "GET", TRADES)) == asked + 1
        assert desk.service._ledger.undetailed_orders() == []  # noqa: SLF001  whether it is held shows nowhere else


async def test_details_are_asked_for_again_while_rest_fails() -> None:
    async with live_desk() as desk:
        await desk.resting("a")
        desk.sim.on_request("GET", TRADES, Respond(500), times=3)
        desk.sim.on_frame(Drop(), event="ORDER_TRADE_UPDATE", execution_type="TRADE")
        desk.sim.fill("a", "0.010")
        await asyncio.sleep(300)

        assert commission(desk) == {"USDT": Decimal("0.12")}


async def test_details_that_were_awaited_when_the_process_was_killed_are_recovered_by_the_next(tmp_path: Path) -> None:
    """Rule 28."""
    async with open_lives(tmp_path / "journal") as lives:
        first = await lives.live()
        await lives.place(first, "a")
        await asyncio.sleep(300)
        lives.sim.on_frame(Hold(), event="ORDER_TRADE_UPDATE", times=None)
        lives.sim.fill("a", "0.010")
        await asyncio.sleep(1)
        first.kill()
        lives.sim.release_frames()
        second = await lives.live()

        assert commission(second.desk) == {"USDT": Decimal("0.12")}
        await asyncio.sleep(120)
        await lives.is_square()


@pytest.mark.parametrize("lost", [False, True], ids=["told by both", "told by TRADE_LITE, then a cut"])
async def test_average_price_is_the_exchanges_to_the_last_decimal(*, lost: bool) -> None:
    """The invariant: 0.001 at 60000.1 and 0.002 at 60000 are 60000.03333 each, as the exchange rounds."""
    async with live_desk() as desk:
        await desk.resting("a", quantity="0.003")
        desk.sim.fill("a", "0.001", "60000.1")
        await asyncio.sleep(1)
        if lost:
            desk.sim.on_frame(Hold(), event="ORDER_TRADE_UPDATE", times=None)
        desk.sim.fill("a", "0.002", "60000")
        await asyncio.sleep(1)
        if lost:
            desk.sim.cut_connections()
        await asyncio.sleep(120)

        order = desk.orders.get_order("a")
        assert order is not None
        assert order.avg_price == Decimal("60000.03333")
        assert desk.orders.deliveries[-1]["avg_price"] == "60000.03333"
        await desk.is_square()
