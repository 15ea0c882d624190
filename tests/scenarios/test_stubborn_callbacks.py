"""Engines whose callbacks do to tasks what they should not; the stream goes on, and the service still stops."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.scenarios.desk import SYMBOL, Desk, live_desk, open_desk
from user_stream import MappedOrderUpdate, Metric, Order, Settings, UserStreamService
from user_stream.core.lifecycle import CallbackFailed, Stopped

TIMEOUT_S = 7.0


class StubbornEngine:
    """Takes its first update until it may end, whoever cancels it; the later ones at once."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.may_end = asyncio.Event()

    async def on_order_update(self, data: MappedOrderUpdate) -> None:
        self.heard.append(data["client_order_id"])
        while len(self.heard) == 1 and not self.may_end.is_set():
            with contextlib.suppress(asyncio.CancelledError):
                await self.may_end.wait()


def service_of(desk: Desk, engine: Any, **more: Any) -> UserStreamService:
    account = desk.sim.account
    return UserStreamService(
        account.api_key, account.api_secret, engine, environment=desk.environment,
        settings=Settings(callback_timeout_s=TIMEOUT_S), draw=lambda: 0.5, **more,
    )  # fmt: skip


def place(desk: Desk, name: str) -> None:
    desk.sim.place_external(
        symbol=SYMBOL, side="BUY", type="LIMIT", quantity="0.010", price="60000", client_order_id=name
    )


async def test_callback_that_ignores_its_cancellation_is_given_up_and_the_stream_goes_on() -> None:
    engine = StubbornEngine()
    async with open_desk() as desk:
        service = service_of(desk, engine)
        said: list[Any] = []
        service.add_listener(said.append)
        async with service:
            for name in ("web_1", "web_2"):
                place(desk, name)
                await asyncio.sleep(1)
            await asyncio.sleep(3 * TIMEOUT_S)

            assert engine.heard == ["web_1", "web_2"]
            failures = [item for item in said if isinstance(item, CallbackFailed)]
            assert [type(failure.error) for failure in failures] == [TimeoutError]
            engine.may_end.set()


async def test_service_stops_although_a_callback_never_ends() -> None:
    engine = StubbornEngine()
    async with open_desk() as desk:
        service = service_of(desk, engine)
        async with service:
            place(desk, "web_1")
            await asyncio.sleep(1)
            async with asyncio.timeout(2 * TIMEOUT_S):
                await service.stop()

            assert service.state == Stopped("")
        engine.may_end.set()


class Latencies:
    """An observer of how long deliveries took."""

    def __init__(self) -> None:
        self.seen: list[float] = []

    def count(self, *_: Any, **__: Any) -> None: ...

    def gauge(self, *_: Any, **__: Any) -> None: ...

    def observe(self, metric: Metric, value: float, /, **_: str) -> None:
        if metric is Metric.DELIVERY_LATENCY:
            self.seen.append(value)


class SelfCancelling:
    """Cancels its own task at its first updates."""

    def __init__(self, times: int) -> None:
        self.times = times
        self.heard: list[str] = []

    async def on_order_update(self, data: MappedOrderUpdate) -> None:
        self.heard.append(data["client_order_id"])
        if len(self.heard) <= self.times:
            await cancel_itself(data)


async def cancel_itself(_: object) -> None:
    task = asyncio.current_task()
    assert task is not None
    task.cancel()
    await asyncio.sleep(0)


@pytest.mark.parametrize("times", [1, 3])
async def test_callback_that_cancels_its_own_task_is_reported_and_each_delivery_measured(times: int) -> None:
    engine, latencies = SelfCancelling(times), Latencies()
    names = [f"web_{number}" for number in range(times + 2)]
    async with open_desk() as desk:
        service = service_of(desk, engine, observer=latencies)
        said: list[Any] = []
        service.add_listener(said.append)
        async with service:
            for name in names:
                place(desk, name)
                await asyncio.sleep(1)

    assert engine.heard == names
    failures = [item.error for item in said if isinstance(item, CallbackFailed)]
    assert [type(error) for error in failures] == [asyncio.CancelledError] * times
    assert len(latencies.seen) == len(names)
    assert max(latencies.seen) < 1


async def test_on_fill_that_cancels_its_own_task_is_reported_and_the_next_fill_is_told() -> None:
    async with live_desk() as desk:
        await desk.resting("first")
        await desk.resting("second")

        desk.orders.on_fill = cancel_itself
        desk.sim.fill("first", "0.010")
        await asyncio.sleep(1)
        desk.orders.on_fill = None
        desk.sim.fill("second", "0.010")
        await desk.until_state("second", "filled")

        assert [type(notice.error) for notice in desk.notices(CallbackFailed)] == [asyncio.CancelledError]
        await desk.is_square()


@dataclass
class Printer:
    """A callable dataclass has no hash, and equals its twin."""

    heard: list[object] = field(default_factory=list)
    is_deaf: bool = False

    def __call__(self, item: object) -> None:
        if not self.is_deaf:
            self.heard.append(item)


async def test_listener_without_a_hash_does_not_end_the_service() -> None:
    printer = Printer()
    async with open_desk() as desk:
        desk.service.add_listener(printer)
        async with desk.service:
            await desk.resting("order")

    assert printer.heard


async def test_listener_that_is_taken_off_is_that_one_and_not_its_twin() -> None:
    first, second = Printer(is_deaf=True), Printer(is_deaf=True)
    async with open_desk() as desk:
        desk.service.add_listener(first)
        desk.service.add_listener(second)()
        first.is_deaf = second.is_deaf = False
        async with desk.service:
            pass

    assert first.heard
    assert not second.heard


async def test_callback_that_awaits_the_stop_through_another_task_does_not_wait_for_itself() -> None:
    async with live_desk() as desk:
        await desk.resting("first")
        loop = asyncio.get_running_loop()
        took: list[float] = []

        async def on_fill(_: Order) -> None:
            started = loop.time()
            await asyncio.wait_for(desk.service.stop(), 20)
            await asyncio.gather(desk.service.stop(), desk.service.stop())
            took.append(loop.time() - started)

        desk.orders.on_fill = on_fill
        desk.sim.fill("first", "0.010")
        await desk.until(lambda: took)

        assert took[0] < 1
        await desk.service.stop()
        assert desk.service.state == Stopped("")


async def test_wait_for_a_service_that_was_stopped_before_it_started_says_so() -> None:
    async with open_desk() as desk:
        waiting = asyncio.create_task(desk.service.wait_until_ready(timeout=3600))
        await asyncio.sleep(1)
        await desk.service.stop()

        with pytest.raises(RuntimeError, match="stopped before"):
            await waiting
        with pytest.raises(RuntimeError, match="stopped before"):
            await desk.service.wait_until_ready(timeout=3600)
