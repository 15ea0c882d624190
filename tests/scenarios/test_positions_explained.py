"""Whether fills explain a position: row 11, rules 22 and 23. What they do not explain is booked, and said."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from decimal import Decimal

import pytest

from simulator.core.risk.forced import Told
from tests.scenarios.desk import SYMBOL, Desk, live_desk
from tests.scenarios.watching import was_never_down
from user_stream.core.lifecycle import PositionUnexplained

QUIET_S = 200
"""Enough for a comparison in quiet, and for a look over REST when its lag has passed."""


async def hold(desk: Desk, side: str = "BUY") -> None:
    """Hold 0.010 of the symbol, explained."""
    await desk.orders.place_market_order(SYMBOL, side, "0.010", client_order_id="opening")
    await desk.until_state("opening", "filled")
    await asyncio.sleep(QUIET_S)
    assert desk.notices(PositionUnexplained) == []


def liquidation(desk: Desk, told: Told) -> None:
    desk.sim.liquidate(SYMBOL, told=told)


def part_of_a_liquidation(desk: Desk, told: Told) -> None:
    desk.sim.liquidate(SYMBOL, quantity="0.004", told=told)


def deleveraging(desk: Desk, told: Told) -> None:
    desk.sim.adl(SYMBOL, told=told)


def settlement(desk: Desk, told: Told) -> None:
    desk.sim.settle(SYMBOL, told=told)


CLOSINGS: list[Callable[[Desk, Told], None]] = [liquidation, part_of_a_liquidation, deleveraging, settlement]


@pytest.mark.parametrize("told", ["everything", "without_new"])
@pytest.mark.parametrize("close", CLOSINGS)
async def test_position_closed_by_force_is_explained_by_the_fill_that_closed_it(
    close: Callable[[Desk, Told], None], told: Told
) -> None:
    """Row 11: nobody sent the order, and its fills are booked all the same; with or without its NEW."""
    async with live_desk() as desk:
        await hold(desk)
        close(desk, told)
        await asyncio.sleep(QUIET_S)

        forced = [data for data in desk.orders.deliveries if "autoclose" in data["client_order_id"]]
        assert sum(Decimal(data["last_filled_qty"]) for data in forced) == Decimal("0.010") - desk.book.position_amount(
            SYMBOL
        )
        assert forced[-1]["order_status"] == "FILLED"
        assert desk.notices(PositionUnexplained) == []
        was_never_down(desk)
        await desk.is_square()


@pytest.mark.parametrize("close", CLOSINGS)
async def test_position_closed_by_force_of_which_no_order_event_told_is_looked_up_before_anybody_is_alarmed(
    close: Callable[[Desk, Told], None],
) -> None:
    """Row 11 and rule 23: only the account update came; REST has the order and its fill, which explain it."""
    async with live_desk() as desk:
        await hold(desk)
        close(desk, "account_update")
        await asyncio.sleep(QUIET_S)

        forced = [data for data in desk.orders.deliveries if "autoclose" in data["client_order_id"]]
        assert forced[-1]["order_status"] == "FILLED"
        assert desk.notices(PositionUnexplained) == []
        await desk.is_square()


@pytest.mark.parametrize("side", ["BUY", "SELL"])
async def test_trade_of_another_client_explains_what_it_did_to_the_position(side: str) -> None:
    """Row 11: a manual trade, its order never seen before."""
    async with live_desk() as desk:
        await hold(desk)
        desk.sim.place_external(symbol=SYMBOL, side=side, type="MARKET", quantity="0.010", client_order_id="web_1")
        await asyncio.sleep(QUIET_S)

        assert desk.notices(PositionUnexplained) == []
        was_never_down(desk)
        await desk.is_square()


@pytest.mark.parametrize(("amount", "moved"), [("0.025", "0.015"), ("-0.010", "-0.020"), ("0", "-0.010")])
async def test_position_that_no_fill_explains_is_booked_and_reported_once(amount: str, moved: str) -> None:
    """Rule 23: by how much it moved more than its fills say."""
    async with live_desk() as desk:
        await hold(desk)
        desk.sim.adjust_position(SYMBOL, amount, "61000")
        await asyncio.sleep(QUIET_S)

        assert desk.book.position_amount(SYMBOL) == Decimal(amount)
        (notice,) = desk.notices(PositionUnexplained)
        assert (notice.symbol, notice.position_side, Decimal(notice.amount)) == (SYMBOL, "BOTH", Decimal(moved))
        await asyncio.sleep(QUIET_S)
        assert len(desk.notices(PositionUnexplained)) == 1
        was_never_down(desk)


async def test_only_what_the_fills_leave_over_is_reported() -> None:
    """Rule 23: fills and an adjustment came at once."""
    async with live_desk() as desk:
        await hold(desk)
        await desk.orders.place_market_order(SYMBOL, "BUY", "0.030", client_order_id="more")
        desk.sim.adjust_position(SYMBOL, "0.045", "61000")
        await desk.orders.place_market_order(SYMBOL, "SELL", "0.020", client_order_id="less")
        await asyncio.sleep(QUIET_S)

        (notice,) = desk.notices(PositionUnexplained)
        assert Decimal(notice.amount) == Decimal("0.005")
        assert desk.book.position_amount(SYMBOL) == Decimal("0.025")


async def test_trading_explains_itself_for_hours() -> None:
    """Rule 23: no false alarm between a fill and the account update that it caused."""
    async with live_desk() as desk:
        for number in range(60):
            side = "BUY" if number % 3 else "SELL"
            await desk.orders.place_market_order(SYMBOL, side, "0.010")
            await asyncio.sleep(0.01 if number % 2 else 37)

        await asyncio.sleep(QUIET_S)
        assert desk.notices(PositionUnexplained) == []
        was_never_down(desk)
        await desk.is_square()


async def test_position_that_was_adjusted_inside_a_gap_is_booked_and_reported() -> None:
    """Rules 16 and 23: the recovery finds the position, but no trade."""
    async with live_desk() as desk:
        await hold(desk)
        desk.sim.cut_connections()
        desk.sim.adjust_position(SYMBOL, "0.040", "61000")
        await asyncio.sleep(QUIET_S)

        assert [Decimal(notice.amount) for notice in desk.notices(PositionUnexplained)] == [Decimal("0.030")]
        assert desk.book.position_amount(SYMBOL) == Decimal("0.040")


async def test_fills_inside_a_gap_explain_the_position_that_they_made() -> None:
    """Rules 16 and 23."""
    async with live_desk() as desk:
        await hold(desk)
        desk.sim.cut_connections()
        for number in range(3):
            desk.sim.place_external(
                symbol=SYMBOL, side="BUY", type="MARKET", quantity="0.010", client_order_id=f"web_{number}"
            )
        await asyncio.sleep(QUIET_S)

        assert desk.book.position_amount(SYMBOL) == Decimal("0.040")
        assert desk.notices(PositionUnexplained) == []
        await desk.is_square()


async def test_liquidation_whose_stream_shows_no_trade_id_is_booked_once() -> None:
    """Rule 1, row 11: `t` is 0 with `l` above 0; REST shows the real one, and the fill is the same."""
    async with live_desk() as desk:
        await hold(desk)
        desk.sim.liquidate(SYMBOL, trade_id="zero")
        await asyncio.sleep(QUIET_S)
        desk.sim.cut_connections()
        await asyncio.sleep(QUIET_S)

        forced = [data for data in desk.orders.deliveries if "autoclose" in data["client_order_id"]]
        assert sum(Decimal(data["last_filled_qty"]) for data in forced) == Decimal("0.010")
        assert desk.notices(PositionUnexplained) == []
