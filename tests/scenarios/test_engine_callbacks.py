"""Whatever an engine's callbacks do, the stream goes on."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any

import pytest

from tests.scenarios.desk import SYMBOL, live_desk
from user_stream import MappedAccountUpdate, MappedOrderUpdate, Order, Settings
from user_stream.core.lifecycle import CallbackFailed, Stopped


async def test_callback_that_raises_is_reported_and_counts_as_delivered() -> None:
    async with live_desk() as desk:
        error = RuntimeError("the engine's own bug")

        def fail(_: Order) -> None:
            raise error

        desk.orders.on_fill = fail
        await desk.orders.place_market_order(SYMBOL, "BUY", "0.010", client_order_id="first")
        await desk.until(lambda: desk.notices(CallbackFailed))
        desk.orders.on_fill = None
        await desk.orders.place_market_order(SYMBOL, "BUY", "0.010", client_order_id="second")
        await desk.until_state("second", "filled")

        assert [notice.error for notice in desk.notices(CallbackFailed)] == [error]
        await desk.is_square()


async def test_listener_that_raises_at_everything_does_not_stop_the_stream() -> None:
    async with live_desk() as desk:

        def fail(item: object) -> None:
            raise ValueError(item)

        desk.service.add_listener(fail)
        await desk.orders.place_market_order(SYMBOL, "BUY", "0.010", client_order_id="m")
        await desk.until_state("m", "filled")

        await desk.is_square()


async def test_coroutine_callbacks_are_waited_for_in_order() -> None:
    async with live_desk() as desk:
        running = 0
        told: list[Decimal] = []

        async def slowly(order: Order) -> None:
            nonlocal running
            running += 1
            assert running == 1
            await asyncio.sleep(0.5)
            told.append(order.filled_qty)
            running -= 1

        desk.orders.on_partial = slowly
        desk.orders.on_fill = slowly
        await desk.resting("slow")
        for _ in range(10):
            desk.sim.fill("slow", "0.001")
        await desk.until(lambda: len(told) == 10)

        assert told == [Decimal(n) / 1000 for n in range(1, 11)]


async def test_engine_may_place_an_order_from_within_a_callback() -> None:
    async with live_desk() as desk:

        async def hedge(order: Order) -> None:
            if order.client_order_id == "first":
                await desk.orders.place_market_order(SYMBOL, "SELL", "0.010", client_order_id="hedge")

        desk.orders.on_fill = hedge
        await desk.orders.place_market_order(SYMBOL, "BUY", "0.010", client_order_id="first")
        await desk.until_state("hedge", "filled")

        await desk.is_square()


async def test_engine_may_stop_the_service_from_within_a_callback() -> None:
    async with live_desk() as desk:

        async def stop(_: Order) -> None:
            await desk.service.stop()

        desk.orders.on_fill = stop
        await desk.orders.place_market_order(SYMBOL, "BUY", "0.010", client_order_id="last")
        await desk.until(lambda: isinstance(desk.service.state, Stopped))


async def test_listener_that_was_taken_off_hears_nothing_more() -> None:
    async with live_desk() as desk:
        heard: list[Any] = []
        take_off = desk.service.add_listener(heard.append)
        desk.sim.transfer("USDT", "1")
        await desk.until(lambda: heard)
        before = len(heard)

        take_off()
        desk.sim.transfer("USDT", "1")
        await asyncio.sleep(5)

        assert len(heard) == before


@pytest.mark.parametrize("asked_for", [True, False])
async def test_enrichment_is_delivered_only_when_asked_for(asked_for: bool) -> None:
    async with live_desk(settings=Settings(deliver_enrichment=asked_for)) as desk:
        await desk.orders.place_market_order(SYMBOL, "BUY", "0.010", client_order_id="m")
        await desk.until(lambda: desk.orders.details)
        await asyncio.sleep(1)

        enriched = [data for data in desk.orders.deliveries if data["source"] == "stream"]
        assert [data["last_filled_qty"] for data in enriched] == (["0"] if asked_for else [])
        desk.deliveries_are_lawful()


async def test_commission_that_the_stream_owed_when_it_broke_is_paid_by_rest() -> None:
    async with live_desk(settings=Settings(events=("TRADE_LITE", "ACCOUNT_UPDATE"))) as desk:
        await desk.orders.place_market_order(SYMBOL, "BUY", "0.010", client_order_id="m")
        await desk.until_state("m", "filled")
        assert desk.orders.details == []

        desk.sim.cut_connections()
        await desk.until_live(after_epoch=1)

        order = desk.orders.get_order("m")
        assert order is not None
        assert order.commission["USDT"] > 0
        assert [quantity for _, quantity, _ in desk.orders.told("m")] == ["0.010"]
        await desk.is_square()


class PlainEngine:
    """An engine of plain functions, with its own risk engine."""

    def __init__(self) -> None:
        self.orders: list[MappedOrderUpdate] = []
        self.account: list[MappedAccountUpdate] = []

    def on_order_update(self, data: MappedOrderUpdate) -> None:
        self.orders.append(data)

    def on_account_update(self, data: MappedAccountUpdate) -> None:
        self.account.append(data)


async def test_engine_of_plain_functions_gets_orders_and_account_updates_as_dicts() -> None:
    from simulator import Simulator  # noqa: PLC0415  only this test needs no desk
    from user_stream import Environment, UserStreamService  # noqa: PLC0415  the same

    engine = PlainEngine()
    async with Simulator() as sim:
        account = sim.account
        environment = Environment.simulator(sim.rest_url, sim.ws_url)
        async with UserStreamService(account.api_key, account.api_secret, engine, engine, environment=environment):
            sim.place_external(symbol=SYMBOL, side="BUY", type="MARKET", quantity="0.010", client_order_id="web_engine")
            await asyncio.sleep(1)

    assert [type(data) for data in engine.orders] == [dict, dict]
    assert [data["order_status"] for data in engine.orders] == ["NEW", "FILLED"]
    snapshot, fill = engine.account
    assert (snapshot["reason"], fill["reason"]) == ("SNAPSHOT", "ORDER")
    assert fill["positions"][0]["position_amount"] == "0.01"
