"""The one door to the engine: one thing at a time, and nothing that the engine does can break it."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest

from user_stream import FillPriceCache, OrderIntent
from user_stream.core.journal_rows import Resumption
from user_stream.core.ledger import Told
from user_stream.core.lifecycle import CallbackFailed, CallbackSlow, OrderLost, Stopped
from user_stream.core.metrics import Metric
from user_stream.observer import Metrics
from user_stream.runtime.delivery import Delivery
from user_stream.runtime.memory import Memory


class Engine:
    """An order manager that keeps what it hears, and fails when it is told to."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, object]] = []
        self.error: Exception | None = None

    async def on_order_update(self, data: Any) -> None:
        self.heard.append(("update", data["delivery_id"]))
        if self.error is not None:
            raise self.error

    def on_fill_details(self, data: Any) -> None:
        self.heard.append(("details", data["trade_id"]))

    def on_order_lost(self, client_order_id: str) -> None:
        self.heard.append(("lost", client_order_id))


def update(**fields: Any) -> Any:
    return {
        "symbol": "BTCUSDT", "side": "BUY", "position_side": "BOTH", "last_filled_qty": "0", "last_filled_price": "0",
        "trade_id": 0, "order_trade_time": 5, "delivery_id": 1, **fields,
    }  # fmt: skip


async def test_engine_hears_updates_details_and_losses_by_their_own_callbacks() -> None:
    engine = Engine()
    delivery = Delivery(engine, None, FillPriceCache())

    delivery.tell([Told("delivery", update()), Told("details", update(trade_id=7))])
    delivery.tell_lost("x")
    await delivery.idle()

    assert engine.heard == [("update", 1), ("details", 7), ("lost", "x")]


async def test_fill_is_in_the_cache_when_the_engine_hears_of_it() -> None:
    fills = FillPriceCache()
    seen: list[bool] = []

    class Watching:
        def on_order_update(self, data: Any) -> None:
            seen.append(data["symbol"] in fills)

    delivery = Delivery(Watching(), None, fills)
    delivery.tell([Told("delivery", update())])
    delivery.tell([Told("delivery", update(last_filled_qty="1", last_filled_price="60000"))])

    assert seen == [False, True]


async def test_error_of_a_callback_is_logged_published_and_stops_nothing(caplog: pytest.LogCaptureFixture) -> None:
    engine = Engine()
    engine.error = ValueError("the engine's own")
    said: list[object] = []
    delivery = Delivery(engine, None, FillPriceCache())
    delivery.add_listener(said.append)

    with caplog.at_level(logging.ERROR, "user_stream"):
        delivery.tell([Told("delivery", update(delivery_id=1)), Told("delivery", update(delivery_id=2))])
        await delivery.idle()

    assert engine.heard == [("update", 1), ("update", 2)]
    assert [type(item) for item in said] == [CallbackFailed, CallbackFailed]
    assert "Engine.on_order_update" in caplog.text


async def test_listener_that_fails_at_failures_is_not_asked_for_ever() -> None:
    calls = 0

    def fail(_: object) -> None:
        nonlocal calls
        calls += 1
        raise ValueError

    delivery = Delivery(Engine(), None, FillPriceCache())
    delivery.add_listener(fail)

    delivery.publish(Stopped(""))

    assert calls == 2


async def test_engine_without_a_use_for_losses_is_not_asked() -> None:
    class Plain:
        def on_order_update(self, data: Any) -> None:
            """Hear."""

    said: list[object] = []
    delivery = Delivery(Plain(), None, FillPriceCache())
    delivery.add_listener(said.append)

    delivery.tell([Told("details", update(trade_id=7))])
    delivery.tell_lost("x")

    assert said == [OrderLost("x")]


# --- slow ones ----------------------------------------------------------------------------------------------------


async def test_slow_callback_is_named_with_its_seconds_and_the_order_is_kept(caplog: pytest.LogCaptureFixture) -> None:
    heard: list[object] = []

    class Slow:
        async def on_order_update(self, data: Any) -> None:
            await asyncio.sleep(7)
            heard.append(data["delivery_id"])

    delivery = Delivery(Slow(), None, FillPriceCache(), callback_slow_s=5)
    delivery.add_listener(heard.append)
    delivery.tell([Told("delivery", update(delivery_id=1))])
    delivery.publish(Stopped(""))
    with caplog.at_level(logging.WARNING, "user_stream"):
        await delivery.idle()

    name = f"{Slow.__qualname__}.on_order_update"
    assert heard == [1, Stopped(""), CallbackSlow(name, 7.0)]
    (record,) = caplog.records
    assert (record.__dict__["event"], record.__dict__["callback"]) == ("callback_slow", name)


async def test_callback_that_is_in_time_is_not_named() -> None:
    said: list[object] = []

    class InTime:
        async def on_order_update(self, _: Any) -> None:
            await asyncio.sleep(1)

    delivery = Delivery(InTime(), None, FillPriceCache(), callback_slow_s=1)
    delivery.add_listener(said.append)
    delivery.tell([Told("delivery", update())])
    await delivery.idle()

    assert said == []


async def test_listener_that_is_slow_at_everything_is_not_told_of_it_for_ever() -> None:
    heard: list[object] = []

    async def slowly(item: object) -> None:
        await asyncio.sleep(9)
        heard.append(item)

    delivery = Delivery(Engine(), None, FillPriceCache(), callback_slow_s=1)
    delivery.add_listener(slowly)
    delivery.publish(Stopped(""))
    await delivery.idle()

    assert [type(item) for item in heard] == [Stopped, CallbackSlow]


# --- what counts as delivered -------------------------------------------------------------------------------------


async def test_update_counts_as_delivered_when_its_callback_has_returned_or_failed_and_not_before() -> None:
    delivered: list[int] = []
    engine = Engine()
    engine.error = ValueError("the engine's own")
    at_the_call: list[list[int]] = []

    class Watching:
        async def on_order_update(self, data: Any) -> None:
            at_the_call.append(list(delivered))
            await engine.on_order_update(data)

    class Noting(Memory):
        def acknowledge(self, delivery_id: int) -> None:
            delivered.append(delivery_id)

    delivery = Delivery(Watching(), None, FillPriceCache(), memory=Noting())
    delivery.tell([Told("delivery", update(delivery_id=1)), Told("delivery", update(delivery_id=2))])
    delivery.tell([Told("details", update(trade_id=7, delivery_id=0))])
    await delivery.idle()

    assert delivered == [1, 2, 0]
    assert at_the_call == [[], [1]]


class Counting:
    """An observer that keeps which metrics it was told, and of whom."""

    def __init__(self) -> None:
        self.told: list[tuple[object, ...]] = []

    def count(self, metric: Metric, _: int = 1, /, **labels: str) -> None:
        self.told.append((metric, *labels.values()))

    def gauge(self, *_: object, **__: str) -> None: ...

    def observe(self, metric: Metric, _: float, /, **labels: str) -> None:
        self.told.append((metric, *labels.values()))


async def test_deliveries_callbacks_and_notices_are_measured() -> None:
    observer = Counting()
    engine = Engine()
    engine.error = ValueError("the engine's own")
    delivery = Delivery(engine, None, FillPriceCache(), metrics=Metrics(observer))

    delivery.tell([Told("delivery", update(source="rest", redelivered=False))])
    await delivery.idle()

    assert observer.told == [
        (Metric.CALLBACKS_FAILED, "Engine.on_order_update"),
        (Metric.DELIVERIES, "rest"),
        (Metric.DELIVERY_LATENCY,),
        (Metric.CALLBACK_DURATION, "Engine.on_order_update"),
    ]


def sent_order(name: str) -> OrderIntent:
    return OrderIntent(client_order_id=name, symbol="BTCUSDT", side="BUY", order_type="LIMIT", quantity="1")


class Resuming(Engine):
    """An engine of its own that takes its orders back, and hears of details when it comes to that."""

    def resume_orders(self, intents: Any, deliveries: Any, ours: Any) -> None:
        self.heard.append(("resumed", ([intent.client_order_id for intent in intents], len(deliveries), set(ours))))

    async def on_fill_details(self, data: Any) -> None:  # type: ignore[override]  # both are allowed
        await asyncio.sleep(0)
        self.heard.append(("details", data["trade_id"]))


async def test_what_an_earlier_process_told_is_given_back_before_what_it_may_not_have_told() -> None:
    """Rule 28: an order of which the engine may have heard nothing is in flight for it."""
    engine = Resuming()
    delivery = Delivery(engine, None, FillPriceCache())
    names = {"order_status": "NEW", "client_order_id": "mine", "last_filled_price": "1", "source": "stream"}
    known = Told("delivery", update(**names, order_id="7"))
    owed = Told("delivery", update(**names, order_id="8", delivery_id=2, redelivered=True))
    sent = {name: sent_order(name) for name in ("known", "owed", "flying")}
    await delivery.resume(
        Resumption(
            watermark=0,
            floor=0,
            intents=(sent["flying"],),
            told=(known, Told("details", update(**names, order_id="7", trade_id=5, delivery_id=0)), owed),
            unacknowledged=(owed,),
            next_delivery_id=3,
            ours={("BTCUSDT", "7"): sent["known"], ("BTCUSDT", "8"): sent["owed"]},
        )
    )
    await delivery.idle()

    assert engine.heard == [
        ("resumed", (["owed", "flying"], 1, {("BTCUSDT", "7"), ("BTCUSDT", "8")})),
        ("details", 5),
        ("update", 2),
    ]
