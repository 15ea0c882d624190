"""The service can be stopped, or cancelled from outside, at any moment; it then ends, and leaves nothing running."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from simulator import Simulator
from tests.scenarios.desk import SYMBOL, Desk, live_desk, open_desk
from tests.scenarios.test_fatal import Engine
from user_stream import ApiKeyFormatError, Environment, Order, UserStreamService
from user_stream.core.events import Event
from user_stream.core.lifecycle import ListenKeyKept, Notice, Stopped


@asynccontextmanager
async def running(desk: Desk) -> AsyncIterator[asyncio.Task[None]]:
    """Run the service as a task; whatever becomes of it, nothing is left over."""
    task = asyncio.create_task(desk.service.start())
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.wait([task])


async def has_ended(*tasks: asyncio.Task[None], within_s: float = 600) -> bool:
    """Say whether all of them end in time; those that do not are cancelled."""
    _, pending = await asyncio.wait(tasks, timeout=within_s)
    for task in pending:
        task.cancel()
        await asyncio.wait([task])
    return not pending


async def ticks(count: int) -> None:
    """Let the loop turn so many times."""
    for _ in range(count):
        await asyncio.sleep(0)


@pytest.mark.parametrize("count", range(24))
async def test_stop_at_the_moment_the_connection_is_lost_stops(count: int) -> None:
    async with open_desk() as desk, running(desk) as service:
        await desk.service.wait_until_ready()
        desk.sim.cut_connections()
        await ticks(count)

        assert await has_ended(service, asyncio.create_task(desk.service.stop()))
        assert desk.service.state == Stopped("")


@pytest.mark.parametrize("count", range(12))
async def test_cancellation_at_the_moment_the_connection_is_lost_is_not_swallowed(count: int) -> None:
    async with open_desk() as desk, running(desk) as service:
        await desk.service.wait_until_ready()
        desk.sim.cut_connections()
        await ticks(count)

        service.cancel()

        assert await has_ended(service)
        assert service.cancelled()


async def test_stop_while_a_listener_tidies_up_after_a_lost_connection_stops() -> None:
    async with open_desk() as desk:

        async def tidy(item: Event | Notice) -> None:
            if not isinstance(item, ListenKeyKept):
                return
            try:
                await asyncio.sleep(3600)
            finally:
                await asyncio.sleep(1)

        desk.service.add_listener(tidy)
        async with running(desk) as service:
            await desk.service.wait_until_ready()
            await asyncio.sleep(1810)
            desk.sim.cut_connections()
            await asyncio.sleep(0.5)

            assert await has_ended(service, asyncio.create_task(desk.service.stop()))


async def test_second_stop_waits_for_the_end_too() -> None:
    async with open_desk() as desk:

        async def slowly(item: Event | Notice) -> None:
            if isinstance(item, Stopped):
                await asyncio.sleep(1)

        desk.service.add_listener(slowly)
        async with running(desk) as service:
            await desk.service.wait_until_ready()
            first = asyncio.create_task(desk.service.stop())
            await asyncio.sleep(0.5)
            assert not first.done()

            await desk.service.stop()
            await ticks(2)  # those who wait for the end hear of it before the task itself is done

            assert first.done()
            assert service.done()


async def test_stop_before_the_first_step_of_start_is_not_forgotten() -> None:
    async with open_desk() as desk, running(desk) as service:
        await desk.service.stop()

        assert await has_ended(service)
        assert desk.sim.connections == []


async def test_callback_that_stops_the_service_is_finished_first() -> None:
    async with live_desk() as desk:
        finished: list[str] = []

        async def on_fill(order: Order) -> None:
            await desk.service.stop()
            await asyncio.sleep(1)  # saves something
            finished.append(order.client_order_id)

        desk.orders.on_fill = on_fill
        await desk.orders.place_market_order("BTCUSDT", "BUY", "0.010", client_order_id="last")
        await desk.until(lambda: isinstance(desk.service.state, Stopped))

        await desk.service.stop()

        assert finished == ["last"]


async def test_context_manager_that_cannot_be_entered_leaves_no_exception_unretrieved() -> None:
    reported: list[str] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: reported.append(context["message"]))
    async with Simulator() as sim:
        environment = Environment.simulator(sim.rest_url, sim.ws_url)
        service = UserStreamService("short", "x", Engine(), environment=environment)
        with pytest.raises(ApiKeyFormatError):
            async with service:
                pytest.fail("the body must not run")
        del service
        for _ in range(3):
            gc.collect()
            await asyncio.sleep(0.1)

    assert reported == []


@pytest.mark.no_cover
async def test_cancellation_at_any_tick_of_a_start_ends_everything() -> None:
    for count in range(0, 400, 3):
        async with open_desk() as desk:
            before = asyncio.all_tasks()
            async with running(desk) as service:
                await ticks(count)
                service.cancel()

                assert await has_ended(service, within_s=60), count
                assert service.cancelled(), count
            left = [task for task in asyncio.all_tasks() - before if "user_stream" in repr(task)]
            assert left == [], count


@pytest.mark.no_cover
async def test_stop_at_any_tick_of_a_start_ends_it_without_an_error() -> None:
    for count in range(1, 400, 3):
        async with open_desk() as desk, running(desk) as service:
            await ticks(count)

            assert await has_ended(service, asyncio.create_task(desk.service.stop()), within_s=60), count
            assert service.exception() is None, count


async def test_second_cancellation_during_the_end_leaves_nothing_open_and_nobody_waiting() -> None:
    async with open_desk() as desk:

        async def slowly(item: object) -> None:
            if isinstance(item, Stopped):
                await asyncio.sleep(1)

        desk.service.add_listener(slowly)
        running = asyncio.create_task(desk.service.start())
        await desk.service.wait_until_ready()
        stopping = asyncio.create_task(desk.service.stop())
        await asyncio.sleep(0.5)

        running.cancel()
        async with asyncio.timeout(5):
            await stopping

        assert running.done()
        await asyncio.sleep(2)


async def test_task_that_a_callback_starts_waits_for_the_end_when_it_stops_the_service() -> None:
    async with live_desk() as desk:
        ended: list[bool] = []

        async def shut_down() -> None:
            await desk.service.stop()
            ended.append(isinstance(desk.service.state, Stopped))

        tasks: list[asyncio.Task[None]] = []

        async def on_fill(_: object) -> None:
            tasks.append(asyncio.create_task(shut_down()))

        desk.orders.on_fill = on_fill
        await desk.orders.place_market_order(SYMBOL, "BUY", "0.010", client_order_id="last")
        await desk.until(lambda: ended)

        assert ended == [True]
