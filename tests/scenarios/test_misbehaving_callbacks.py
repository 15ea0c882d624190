"""Callbacks that hang, overlap, raise what is not theirs, or fail before an order is sent."""

from __future__ import annotations

import asyncio

from tests.scenarios.desk import SYMBOL, live_desk, open_desk
from user_stream import MappedOrderUpdate, Order, OrderIntent, Settings, UserStreamService
from user_stream.core.lifecycle import CallbackFailed


async def test_callback_that_raises_cancelled_error_is_reported_and_the_stream_goes_on() -> None:
    async with live_desk() as desk:
        await desk.resting("first")
        await desk.resting("second")

        async def on_fill(_: Order) -> None:
            task = asyncio.create_task(asyncio.sleep(60))
            task.cancel()
            await task

        desk.orders.on_fill = on_fill
        desk.sim.fill("first", "0.010")
        await asyncio.sleep(1)
        desk.orders.on_fill = None
        desk.sim.fill("second", "0.010")
        await desk.until_state("second", "filled")

        assert [type(notice.error) for notice in desk.notices(CallbackFailed)] == [asyncio.CancelledError]
        assert desk.epoch == 1


async def test_callback_that_never_returns_is_cut_off_and_reported() -> None:
    async with live_desk(settings=Settings(callback_timeout_s=7)) as desk:
        await desk.resting("first")
        await desk.resting("second")
        started = asyncio.get_running_loop().time()

        async def hang(_: Order) -> None:
            await asyncio.Event().wait()

        desk.orders.on_fill = hang
        desk.sim.fill("first", "0.010")
        await asyncio.sleep(1)
        desk.orders.on_fill = None
        desk.sim.fill("second", "0.010")
        await desk.until_state("second", "filled")

        assert 7 <= asyncio.get_running_loop().time() - started < 9
        assert TimeoutError in [type(notice.error) for notice in desk.notices(CallbackFailed)]


async def test_callbacks_of_an_engine_never_overlap() -> None:
    heard: list[object] = []
    overlaps: list[object] = []

    class Engine:
        running = 0

        async def _busy(self, what: object) -> None:
            self.running += 1
            if self.running > 1:
                overlaps.append(what)
            await asyncio.sleep(20)
            heard.append(what)
            self.running -= 1

        async def on_order_update(self, data: MappedOrderUpdate) -> None:
            await self._busy(data["order_status"])

        async def on_order_lost(self, client_order_id: str) -> None:
            await self._busy(client_order_id)

    async with open_desk() as desk:
        account = desk.sim.account
        async with UserStreamService(
            account.api_key, account.api_secret, Engine(), environment=desk.environment, draw=lambda: 0.5
        ) as service:
            service.register_intent(
                OrderIntent(
                    client_order_id="u",
                    symbol=SYMBOL,
                    side="BUY",
                    order_type="LIMIT",
                    quantity="1",
                    sent_at_ms=desk.sim.time_ms,
                )
            )
            service.question_order(SYMBOL, "u")
            await asyncio.sleep(40)  # "u" is lost after 45 s, while the update is being heard
            desk.sim.place_external(symbol=SYMBOL, side="BUY", type="LIMIT", quantity="0.010", price="60000")
            await asyncio.sleep(200)

    assert heard == ["NEW", "u"]
    assert overlaps == []


async def test_listener_hears_one_thing_at_a_time() -> None:
    heard: list[str] = []
    overlaps: list[str] = []
    running = 0

    async def listener(item: object) -> None:
        nonlocal running
        running += 1
        if running > 1:
            overlaps.append(type(item).__name__)
        await asyncio.sleep(10)
        heard.append(type(item).__name__)
        running -= 1

    async with live_desk() as desk:
        desk.service.add_listener(listener)
        await asyncio.sleep(1795)
        desk.sim.transfer("USDT", "1")  # is still being heard when the keepalive is answered
        await asyncio.sleep(60)

    assert {"AccountUpdate", "ListenKeyKept"} <= set(heard)
    assert overlaps == []


async def test_listener_may_be_taken_off_twice() -> None:
    async with live_desk() as desk:
        heard: list[object] = []
        take_off = desk.service.add_listener(heard.append)

        take_off()
        take_off()
        desk.sim.transfer("USDT", "1")
        await asyncio.sleep(5)

        assert heard == []


async def test_on_change_that_raises_does_not_keep_the_order_from_being_sent() -> None:
    async with live_desk() as desk:
        error = RuntimeError("the engine's own bug")

        def fail(_: Order) -> None:
            raise error

        desk.orders.on_change = fail
        await desk.orders.place_limit_order(SYMBOL, "BUY", "0.010", "60000", client_order_id="sent")
        await desk.until_state("sent", "active")

        await desk.until(lambda: desk.notices(CallbackFailed))
        assert desk.notices(CallbackFailed)[0].error is error
        await desk.is_square()


async def test_on_fill_is_called_although_on_change_raised() -> None:
    async with live_desk() as desk:
        filled: list[Order] = []

        def fail(order: Order) -> None:
            if order.state == "filled":
                raise RuntimeError(order.client_order_id)

        desk.orders.on_change = fail
        desk.orders.on_fill = filled.append
        await desk.orders.place_market_order(SYMBOL, "BUY", "0.010", client_order_id="m")
        await desk.until_state("m", "filled")
        await asyncio.sleep(1)

        assert [order.client_order_id for order in filled] == ["m"]


async def test_slow_on_change_delays_neither_the_order_nor_who_places_it() -> None:
    async with live_desk() as desk:

        async def slow(_: Order) -> None:
            await asyncio.sleep(20)

        desk.orders.on_change = slow
        started = asyncio.get_running_loop().time()
        await desk.orders.place_limit_order(SYMBOL, "BUY", "0.010", "60000", client_order_id="n")

        assert asyncio.get_running_loop().time() - started < 1
        assert len(desk.sim.journal.entries(path="/fapi/v1/order", kind="response", status=200)) == 1
        await desk.until_state("n", "active")


async def test_cancel_all_is_sent_before_a_slow_callback_has_heard_of_it() -> None:
    async with live_desk() as desk:
        await desk.resting("one")
        await desk.resting("two")

        async def slow(order: Order) -> None:
            if order.state == "cancelling":
                await asyncio.sleep(20)

        desk.orders.on_change = slow
        started = asyncio.get_running_loop().time()
        await desk.orders.cancel_all_orders(SYMBOL)

        assert asyncio.get_running_loop().time() - started < 1
        assert len(desk.sim.journal.entries(path="/fapi/v1/allOpenOrders", kind="request")) == 1
        await desk.until_state("one", "cancelled")
        await desk.until_state("two", "cancelled")
        await desk.is_square()
