"""Hedge mode: the legs of a symbol are positions of their own, for orders, fills and the book alike (row 12)."""

from __future__ import annotations

from decimal import Decimal

from simulator import AccountSpec, Simulator
from tests.scenarios.desk import SYMBOL, Desk, live_desk


def hedging() -> Simulator:
    return Simulator(accounts=(AccountSpec(balance="100000", dual_side_position=True),))


def legs(desk: Desk) -> dict[str, Decimal]:
    """Return what is held, by position side."""
    return {side: desk.book.position_amount(SYMBOL, side) for side in ("BOTH", "LONG", "SHORT")}


async def trade(desk: Desk, side: str, leg: str, quantity: str = "0.010") -> None:
    """Trade at market, and wait until it is told."""
    order = await desk.orders.place_market_order(SYMBOL, side, quantity, position_side=leg)
    await desk.until_state(order.client_order_id, "filled")


async def test_equal_opposite_legs_are_two_positions_and_not_none() -> None:
    async with live_desk(sim=hedging()) as desk:
        await trade(desk, "BUY", "LONG")
        await trade(desk, "SELL", "SHORT")
        await desk.until(lambda: desk.book.position_amount(SYMBOL, "SHORT"))

        assert legs(desk) == {"BOTH": 0, "LONG": Decimal("0.010"), "SHORT": Decimal("-0.010")}
        await desk.is_square()


async def test_leg_that_is_closed_leaves_the_other_one() -> None:
    async with live_desk(sim=hedging()) as desk:
        await trade(desk, "BUY", "LONG")
        await trade(desk, "SELL", "SHORT", "0.020")
        await trade(desk, "SELL", "LONG")
        await desk.until(lambda: not desk.book.position_amount(SYMBOL, "LONG"))

        assert legs(desk) == {"BOTH": 0, "LONG": 0, "SHORT": Decimal("-0.020")}
        await desk.is_square()


async def test_orders_keep_their_leg_from_the_first_news_on() -> None:
    """Rule 8: TRADE_LITE carries no position side; the order's intent does."""
    async with live_desk(sim=hedging()) as desk:
        for side, leg in (("BUY", "LONG"), ("BUY", "SHORT"), ("SELL", "LONG"), ("SELL", "SHORT")):
            price = "60000" if side == "BUY" else "90000"
            await desk.orders.place_limit_order(
                SYMBOL, side, "0.010", price, position_side=leg, client_order_id=f"{side}-{leg}"
            )
        await desk.until_state("BUY-LONG", "active")
        await desk.until_state("SELL-SHORT", "active")
        desk.sim.set_price(SYMBOL, "59999")
        await desk.until_state("BUY-LONG", "filled")

        told = {data["client_order_id"]: data["position_side"] for data in desk.orders.deliveries}
        assert all(name.endswith(leg) for name, leg in told.items())
        assert "trade_lite" in {data["source"] for data in desk.orders.deliveries}
        await desk.is_square()


async def test_legs_that_moved_inside_a_gap_are_told_leg_by_leg() -> None:
    async with live_desk(sim=hedging()) as desk:
        await trade(desk, "BUY", "LONG")
        await trade(desk, "SELL", "SHORT")
        epoch = desk.epoch
        desk.sim.cut_connections()
        desk.sim.place_external(symbol=SYMBOL, side="SELL", type="MARKET", quantity="0.010", position_side="LONG")
        desk.sim.place_external(symbol=SYMBOL, side="SELL", type="MARKET", quantity="0.030", position_side="SHORT")
        await desk.until_live(after_epoch=epoch)

        assert legs(desk) == {"BOTH": 0, "LONG": 0, "SHORT": Decimal("-0.040")}
        await desk.is_square()


async def test_order_without_a_leg_is_rejected_in_hedge_mode() -> None:
    """-4061."""
    async with live_desk(sim=hedging()) as desk:
        order = await desk.orders.place_limit_order(SYMBOL, "BUY", "0.010", "60000", client_order_id="legless")

        assert (order.state, order.reject_code) == ("rejected", -4061)
        await desk.is_square()


async def test_one_order_that_turns_a_position_round_in_parts_is_one_position() -> None:
    async with live_desk() as desk:
        await trade(desk, "BUY", "BOTH")
        await desk.orders.place_limit_order(SYMBOL, "SELL", "0.030", "90000", client_order_id="flip")
        await desk.until_state("flip", "active")
        for part in ("0.007", "0.011", "0.012"):
            desk.sim.fill("flip", part)
        await desk.until_state("flip", "filled")
        await desk.until(lambda: desk.book.position_amount(SYMBOL) == Decimal("-0.020"))

        assert legs(desk) == {"BOTH": Decimal("-0.020"), "LONG": 0, "SHORT": 0}
        await desk.is_square()
