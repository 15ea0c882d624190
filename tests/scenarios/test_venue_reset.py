"""Rule 20: the exchange begins anew, as testnets do every month; nobody says so, and ids start low again."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest

from tests.scenarios.desk import SYMBOL, Desk, live_desk
from user_stream.core.lifecycle import GapRepaired, VenueReset


async def a_day_on_the_old_exchange(desk: Desk) -> None:
    """Trade, and wait until what ended is forgotten; one order rests."""
    for number in range(3):
        await desk.resting(f"old-{number}")
        desk.sim.fill(f"old-{number}", "0.010")
    await desk.resting("rests")
    await asyncio.sleep(400)
    desk.sim.transfer("USDT", "1")
    await asyncio.sleep(100)


@pytest.mark.parametrize("connections", ["kept", "cut"])
async def test_exchange_that_began_anew_is_noticed_by_its_first_trade_and_read_again(connections: str) -> None:
    async with live_desk() as desk:
        await a_day_on_the_old_exchange(desk)
        before = len(desk.orders.deliveries)
        desk.sim.wipe(connections="cut" if connections == "cut" else "kept")
        await asyncio.sleep(5)
        await desk.until_live()
        await desk.orders.place_limit_order(SYMBOL, "BUY", "0.010", "60000", client_order_id="new")
        await asyncio.sleep(1)
        desk.sim.fill("new", "0.004")
        desk.sim.fill("new", "0.006")
        await desk.until_state("new", "filled")
        await desk.until(lambda: desk.notices(VenueReset))
        await desk.until_live()
        await asyncio.sleep(120)

        assert desk.notices(VenueReset) == [VenueReset(SYMBOL)]
        told = desk.orders.deliveries[before:]
        assert sum(Decimal(data["last_filled_qty"]) for data in told) == Decimal("0.010")
        gone = desk.orders.get_order("rests")
        assert gone is not None
        assert gone.state == "expired"
        assert desk.notices(GapRepaired)[-1].provisional is False
        statuses = [status for status, _, _ in desk.orders.told("new")]
        assert statuses == ["NEW", "PARTIALLY_FILLED", "FILLED"]
        assert desk.book.position_amount(SYMBOL) == Decimal("0.010")


async def test_old_order_that_fills_late_is_no_reset() -> None:
    async with live_desk() as desk:
        await desk.resting("patient")
        await a_day_on_the_old_exchange(desk)

        desk.sim.fill("patient", "0.010")
        await desk.until_state("patient", "filled")

        assert desk.notices(VenueReset) == []
        await desk.is_square()
