"""An exchange that began anew, and a journal of the one before (rules 20 and 28)."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path

import pytest

from tests.scenarios.desk import SYMBOL
from tests.scenarios.lives import Life, Lives, open_lives
from user_stream.core.lifecycle import GapRepaired, VenueReset


async def a_day_on_the_old_exchange(lives: Lives) -> Life:
    """Trade, and wait until what ended is forgotten; one order rests."""
    life = await lives.live()
    for number in range(3):
        await lives.place(life, f"old-{number}")
        lives.sim.fill(f"old-{number}", "0.010")
    await lives.place(life, "rests")
    await asyncio.sleep(400)
    lives.sim.transfer("USDT", "1")
    await asyncio.sleep(100)
    return life


async def first_trade_on_the_new_one(lives: Lives, life: Life) -> None:
    await lives.place(life, "new")
    await asyncio.sleep(1)
    lives.sim.fill("new", "0.004")
    lives.sim.fill("new", "0.006")
    await asyncio.sleep(1)


def names(life: Life) -> set[str]:
    return {order.client_order_id for order in life.orders.orders}


def sizes_of_what_is_kept(folder: Path) -> int:
    (aside,) = folder.glob("*.before-reset-*")
    return aside.stat().st_size


@pytest.mark.parametrize("killed_after_s", [0.0, 0.5, 120.0])
async def test_orders_of_the_exchange_before_do_not_come_back(tmp_path: Path, killed_after_s: float) -> None:
    """However soon the kill comes after the reset was found; the journal as it was is kept."""
    path = tmp_path / "account.journal"
    async with open_lives(path) as lives:
        first = await a_day_on_the_old_exchange(lives)
        lives.sim.wipe()
        await asyncio.sleep(5)
        await first_trade_on_the_new_one(lives, first)
        await first.desk.until(lambda: first.desk.notices(VenueReset))
        await asyncio.sleep(killed_after_s)
        first.kill()
        assert sizes_of_what_is_kept(tmp_path) > 0
        second = await lives.live()
        await second.desk.until(lambda: any(not gap.provisional for gap in second.desk.notices(GapRepaired)))
        await asyncio.sleep(60)

        assert names(second) == {"new"}
        order = second.orders.get_order("new")
        assert order is not None
        assert (str(order.state), order.filled_qty, order.external) == ("filled", Decimal("0.010"), False)
        new = [data for data in lives.deliveries if data["client_order_id"] == "new"]
        assert sum(Decimal(data["last_filled_qty"]) for data in new) == Decimal("0.010")
        assert second.desk.notices(VenueReset) == []
        numbers = [data["delivery_id"] for data in lives.deliveries]
        assert numbers == sorted(set(numbers))
        assert second.desk.book.position_amount(SYMBOL) == Decimal("0.010")


async def test_an_exchange_that_began_anew_while_nobody_ran_is_noticed(tmp_path: Path) -> None:
    async with open_lives(tmp_path / "account.journal") as lives:
        first = await a_day_on_the_old_exchange(lives)
        first.kill()
        lives.sim.wipe()
        await asyncio.sleep(600)
        second = await lives.live()
        await first_trade_on_the_new_one(lives, second)
        await asyncio.sleep(120)
        third = await lives.live()
        await asyncio.sleep(120)

        order = third.orders.get_order("new")
        assert order is not None
        assert (str(order.state), order.filled_qty) == ("filled", Decimal("0.010"))
        new = [data for data in lives.deliveries if data["client_order_id"] == "new"]
        assert sum(Decimal(data["last_filled_qty"]) for data in new) == Decimal("0.010")
        assert third.desk.book.position_amount(SYMBOL) == Decimal("0.010")
