"""The virtual clock that the other tests stand on."""

from __future__ import annotations

import asyncio
import hashlib
import random
import socket
import threading
import time
from typing import NoReturn

import pytest

from simulator.runtime import virtual_time
from simulator.runtime.memory_network import MemoryLoop
from simulator.runtime.virtual_time import (
    DeadlockError,
    LivelockError,
    NumberedTask,
    VirtualTimeLoop,
    positions,
    virtual_wall_clock,
)
from tests.conftest import START_MS, NetworkForbiddenError


def virtual_loop() -> VirtualTimeLoop:
    """Return the loop of the running test."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualTimeLoop)
    return loop


def work() -> None:
    """Keep a thread busy for a while."""
    hashlib.pbkdf2_hmac("sha256", b"", b"", 20_000)


async def test_a_day_passes_without_waiting() -> None:
    loop = asyncio.get_running_loop()

    await asyncio.sleep(86_400)

    assert loop.time() == pytest.approx(86_400)


async def test_bytes_on_a_loopback_socket_arrive_before_the_clock_moves() -> None:
    loop = asyncio.get_running_loop()

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(100):
            writer.write(data)
        writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    for _ in range(100):
        writer.write(b"ping")
        async with asyncio.timeout(0.001):
            assert await reader.readexactly(4) == b"ping"
    assert loop.time() == 0
    writer.close()
    await writer.wait_closed()
    server.close()


def test_a_run_that_can_never_go_on_is_raised_with_every_tasks_position() -> None:
    async def wait_for_ever() -> None:
        await asyncio.get_running_loop().create_future()

    with (
        asyncio.Runner(loop_factory=VirtualTimeLoop) as runner,
        pytest.raises(DeadlockError, match="wait_for_ever"),
    ):
        runner.run(wait_for_ever())


def test_a_deadlock_tells_of_every_task_down_to_what_it_waits_for() -> None:
    async def inner() -> NoReturn:
        await asyncio.Event().wait()
        raise AssertionError

    async def outer() -> None:
        await inner()

    async def run() -> None:
        first = asyncio.create_task(outer(), name="the first")
        await asyncio.gather(first, asyncio.create_task(outer(), name="the second"))

    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner, pytest.raises(DeadlockError) as raised:
        runner.run(run())

    told = str(raised.value)
    assert told.index("in run") < told.index("the first:") < told.index("in outer") < told.index("in inner")
    assert told.index("in inner") < told.index("in wait") < told.index("the second:")


@pytest.mark.parametrize("kind", [VirtualTimeLoop, MemoryLoop])
def test_a_run_in_which_only_timers_go_on_is_raised_with_every_tasks_position(kind: type[VirtualTimeLoop]) -> None:
    ended = []

    async def tick() -> None:
        try:
            while True:  # noqa: ASYNC110  as an exchange that pings
                await asyncio.sleep(1)
        finally:
            await asyncio.sleep(10)  # an end that takes time is not cut short
            ended.append(asyncio.get_running_loop().time())

    async def wait_for_ever() -> None:
        ticking = asyncio.create_task(tick())
        await asyncio.get_running_loop().create_future()
        await ticking

    with (
        asyncio.Runner(loop_factory=lambda: kind(most_s=3600)) as runner,
        pytest.raises(DeadlockError, match=r"not over after 3600 s(?s:.*)in wait_for_ever"),
    ):
        runner.run(wait_for_ever())
    assert ended == [3610]


def test_a_run_that_goes_round_while_no_time_passes_is_raised_with_every_tasks_position() -> None:
    async def spin() -> None:
        while True:  # noqa: ASYNC110  no event would do it
            await asyncio.sleep(0)

    async def run() -> None:
        spinning = asyncio.create_task(spin())
        await asyncio.sleep(1)
        await spinning

    with (
        asyncio.Runner(loop_factory=lambda: VirtualTimeLoop(most_turns=1_000)) as runner,
        pytest.raises(LivelockError, match=r"1000 times(?s:.*)in spin"),
    ):
        runner.run(run())


def test_a_loop_may_go_round_for_ever_while_time_passes() -> None:
    async def tick() -> None:
        for _ in range(5_000):
            await asyncio.sleep(0.001)

    with asyncio.Runner(loop_factory=lambda: VirtualTimeLoop(most_turns=100)) as runner:
        runner.run(tick())


async def test_positions_say_for_which_task_another_waits() -> None:
    waited_for = asyncio.create_task(asyncio.sleep(60), name="the long sleep")

    async def wait() -> None:
        await waited_for

    waiting = asyncio.create_task(wait(), name="the patient one")
    await asyncio.sleep(1)

    assert "the patient one, waits for the long sleep:" in positions(asyncio.get_running_loop())
    await waiting


async def test_timers_for_one_time_run_in_the_order_in_which_they_were_set() -> None:
    loop = asyncio.get_running_loop()
    order: list[tuple[int, int]] = []
    expected: list[tuple[int, int]] = []
    draw = random.Random(1)  # noqa: S311  the same timers in every run
    for number in range(500):
        when = draw.randrange(20)
        timer = loop.call_at(when, order.append, (when, number))
        if draw.random() < 0.5:
            timer.cancel()
        else:
            expected.append((when, number))

    await asyncio.sleep(20)

    assert order == sorted(expected)


async def test_timers_that_were_cancelled_are_forgotten_long_before_their_time() -> None:
    loop = virtual_loop()
    for _ in range(10_000):
        loop.call_later(86_400, work).cancel()

    assert len(loop._scheduled) < 200  # noqa: SLF001  nothing public tells


async def test_a_task_has_the_same_place_in_a_set_in_every_process() -> None:
    tasks = [asyncio.create_task(asyncio.sleep(0)) for _ in range(100)]
    numbers = [task.number for task in tasks if isinstance(task, NumberedTask)]

    done, _ = await asyncio.wait(tasks)

    assert numbers == list(range(numbers[0], numbers[0] + 100))
    assert [getattr(task, "number", 0) for task in done] == list(set(numbers))


async def test_time_stands_still_while_a_thread_works() -> None:
    loop = asyncio.get_running_loop()
    sleeping = asyncio.create_task(asyncio.sleep(3_600))

    await asyncio.to_thread(work)

    assert loop.time() == 0
    await sleeping


async def test_a_thread_that_works_while_nothing_is_scheduled_is_no_deadlock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(virtual_time, "_GRACE_S", 0.0)

    await asyncio.to_thread(work)


async def test_a_thread_may_wait_for_the_loops_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(virtual_time, "PATIENCE_S", 0.01)
    loop = asyncio.get_running_loop()

    await asyncio.to_thread(lambda: asyncio.run_coroutine_threadsafe(asyncio.sleep(60), loop).result())

    assert loop.time() == pytest.approx(60)


async def test_a_call_from_another_thread_is_heard() -> None:
    loop = asyncio.get_running_loop()
    called = asyncio.Event()
    thread = threading.Thread(target=loop.call_soon_threadsafe, args=(called.set,))

    thread.start()

    await called.wait()
    thread.join()


async def test_time_that_work_took_makes_timers_late() -> None:
    loop = virtual_loop()
    seen: list[float] = []
    loop.call_later(1, lambda: seen.append(loop.time()))

    loop.pass_time(5)
    await asyncio.sleep(0)  # the timer is seen to be due, and comes after this
    await asyncio.sleep(0)

    assert seen == [5]


async def test_the_wall_clock_is_the_loops_within_it_and_the_machines_elsewhere() -> None:
    began = time.time_ns()
    assert began == START_MS * 1_000_000

    await asyncio.sleep(3_600)

    assert time.time_ns() == began + 3_600_000_000_000
    assert time.time() == pytest.approx(START_MS / 1000 + 3_600)
    assert time.monotonic() == asyncio.get_running_loop().time()
    assert time.monotonic_ns() == 3_600_000_000_000
    assert await asyncio.to_thread(time.time_ns) != time.time_ns()


def test_the_clocks_are_the_machines_again_afterwards() -> None:
    before = time.time, time.time_ns, time.monotonic, time.monotonic_ns
    with virtual_wall_clock(0):
        assert time.time is not before[0]
        assert time.time() > 1_700_000_000

    assert (time.time, time.time_ns, time.monotonic, time.monotonic_ns) == before


def test_no_test_can_leave_this_machine() -> None:
    with pytest.raises(NetworkForbiddenError, match=r"fapi\.binance\.com"):
        socket.getaddrinfo("fapi.binance.com", 443)
    with socket.socket() as outward, pytest.raises(NetworkForbiddenError, match=r"192\.0\.2\.1"):
        outward.connect(("192.0.2.1", 443))
