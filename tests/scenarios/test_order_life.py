"""An order's life, from idle to its end, against a living exchange."""

from __future__ import annotations

from decimal import Decimal

from simulator import Respond
from tests.scenarios.desk import SYMBOL, live_desk
from user_stream import Order


async def test_limit_order_goes_from_idle_to_filled() -> None:
    async with live_desk() as desk:
        filled: list[Order] = []
        desk.orders.on_fill = filled.append

        await desk.resting("a", "60000")
        desk.sim.set_price(SYMBOL, "59990")
        await desk.until_state("a", "filled")

        assert desk.orders.states["a"] == ["placing", "active", "filled"]
        assert [(order.client_order_id, order.filled_qty) for order in filled] == [("a", Decimal("0.010"))]
        await desk.is_square()


async def test_market_order_may_go_from_placing_to_filled_at_once() -> None:
    async with live_desk() as desk:
        order = await desk.orders.place_market_order(SYMBOL, "BUY", "0.010", client_order_id="m")
        await desk.until_state("m", "filled")

        assert order.state in {"placing", "filled"}
        assert desk.orders.states["m"][0] == "placing"
        assert desk.orders.states["m"][-1] == "filled"
        await desk.is_square()


async def test_order_filled_in_three_parts_calls_back_for_each() -> None:
    async with live_desk() as desk:
        partial: list[Decimal] = []
        filled: list[Order] = []
        desk.orders.on_partial = lambda order: partial.append(order.last_filled_qty)
        desk.orders.on_fill = filled.append

        await desk.resting("p", "60000", "0.010")
        for part in ("0.004", "0.005", "0.001"):
            desk.sim.fill("p", part)
        await desk.until_state("p", "filled")

        assert partial == [Decimal("0.004"), Decimal("0.005")]
        assert [order.filled_qty for order in filled] == [Decimal("0.010")]
        told = [Decimal(quantity) for _, quantity, _ in desk.orders.told("p")]
        assert sum(told) == Decimal("0.010")
        await desk.is_square()


async def test_cancelled_order_goes_through_cancelling() -> None:
    async with live_desk() as desk:
        cancelled: list[Order] = []
        desk.orders.on_cancel = cancelled.append
        await desk.resting("c")

        await desk.orders.cancel_order("c")
        await desk.until_state("c", "cancelled")

        assert desk.orders.states["c"] == ["placing", "active", "cancelling", "cancelled"]
        assert [order.client_order_id for order in cancelled] == ["c"]
        await desk.is_square()


async def test_part_filled_order_keeps_its_fill_when_it_is_cancelled() -> None:
    async with live_desk() as desk:
        await desk.resting("pc")
        desk.sim.fill("pc", "0.004")
        await desk.until(lambda: desk.orders.get_order("pc").filled_qty)  # type: ignore[union-attr]  # it rests

        await desk.orders.cancel_order("pc")
        await desk.until_state("pc", "cancelled")

        order = desk.orders.get_order("pc")
        assert order is not None
        assert order.filled_qty == Decimal("0.004")
        await desk.is_square()


async def test_order_that_the_exchange_refuses_is_rejected_with_its_reason() -> None:
    async with live_desk() as desk:
        rejected: list[Order] = []
        desk.orders.on_reject = rejected.append
        desk.sim.on_request("POST", "/fapi/v1/order", Respond(400, -2019, "Margin is insufficient."))

        order = await desk.orders.place_limit_order(SYMBOL, "BUY", "0.010", "60000", client_order_id="r")

        assert order.state == "rejected"
        assert (order.reject_code, "Margin is insufficient." in order.reject_reason) == (-2019, True)
        assert rejected == [order]
        assert desk.orders.get_active_orders() == []


async def test_order_that_the_exchange_expires_calls_back_as_cancelled() -> None:
    async with live_desk() as desk:
        ended: list[str] = []
        desk.orders.on_cancel = lambda order: ended.append(order.state)
        await desk.resting("e")

        desk.sim.expire("e")
        await desk.until_state("e", "expired")

        assert ended == ["expired"]
        await desk.is_square()


async def test_cancel_all_ends_every_open_order_of_the_symbol() -> None:
    async with live_desk() as desk:
        for number in range(3):
            await desk.resting(f"all-{number}", str(60000 + number))
        await desk.orders.place_limit_order("ETHUSDT", "BUY", "1", "1500", client_order_id="other")
        await desk.until_state("other", "active")

        asked = await desk.orders.cancel_all_orders(SYMBOL)
        for order in asked:
            await desk.until_state(order.client_order_id, "cancelled")

        assert [order.client_order_id for order in asked] == ["all-0", "all-1", "all-2"]
        assert [order.client_order_id for order in desk.orders.get_active_orders()] == ["other"]
        await desk.is_square()


async def test_order_of_another_client_is_followed_as_external() -> None:
    async with live_desk() as desk:
        desk.sim.place_external(
            symbol=SYMBOL, side="BUY", type="LIMIT", quantity="0.010", price="60000", client_order_id="web_1"
        )
        await desk.until_state("web_1", "active")
        desk.sim.fill("web_1", "0.010")
        await desk.until_state("web_1", "filled")

        order = desk.orders.get_order("web_1")
        assert order is not None
        assert order.external
        await desk.is_square()


async def test_commission_and_profit_reach_the_order_although_trade_lite_was_first() -> None:
    async with live_desk() as desk:
        await desk.orders.place_market_order(SYMBOL, "BUY", "0.010", client_order_id="buy")
        await desk.until_state("buy", "filled")
        desk.sim.set_price(SYMBOL, "70000")
        await desk.orders.place_market_order(SYMBOL, "SELL", "0.010", client_order_id="sell")
        await desk.until(lambda: len(desk.orders.details) == 2)

        sell = desk.orders.get_order("sell")
        assert sell is not None
        assert [source for *_, source in desk.orders.told("sell")] == ["trade_lite"]
        assert sell.commission["USDT"] > 0
        assert sell.realized_profit > 0
        await desk.is_square()
