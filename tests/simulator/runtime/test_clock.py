"""The exchange's time advances with the event loop's."""

from __future__ import annotations

import asyncio

from freezegun import freeze_time

from simulator.runtime.clock import MOST_TOLD, Clock

DAY_MS = 86_400_000


async def test_time_advances_with_the_loop() -> None:
    clock = Clock(1_000_000)

    await asyncio.sleep(86_400)

    assert clock.time_ms() == 1_000_000 + DAY_MS


async def test_a_call_happens_at_its_exchange_time() -> None:
    clock = Clock(1_000_000)
    times: list[int] = []
    clock.call_at(1_060_000, lambda: times.append(clock.time_ms()))
    clock.call_later(30, lambda: times.append(clock.time_ms()))

    await clock.sleep(120)

    assert times == [1_030_000, 1_060_000]


@freeze_time("2026-10-23 12:00:00", real_asyncio=True)
async def test_the_wall_clock_gives_the_start() -> None:
    assert Clock().time_ms() == 1_792_756_800_000


async def test_calls_for_the_same_time_come_in_the_order_of_their_asking() -> None:
    clock = Clock(0)
    order: list[int] = []
    for number in range(20):
        clock.call_at(1000, lambda number=number: order.append(number))  # type: ignore[misc]  # bound here
    await asyncio.sleep(1)

    assert order == list(range(20))


async def test_a_call_that_fails_is_told_to_the_loop_and_holds_nobody_up() -> None:
    clock = Clock(0)
    told: list[str] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(repr(context["exception"])))
    clock.call_later(1, lambda: told.remove("nobody"))
    clock.call_later(1, lambda: told.append("the next"))
    await asyncio.sleep(1)

    assert told == ["ValueError('list.remove(x): x not in list')", "the next"]


async def test_a_sleeper_that_is_cancelled_leaves_no_timer() -> None:
    clock = Clock(0)
    sleeper = asyncio.create_task(clock.sleep(1000))
    await asyncio.sleep(0)
    assert clock.waiting == 1
    sleeper.cancel()
    await asyncio.sleep(0)

    assert clock.waiting == 0
    await clock.sleep(0)


async def test_where_time_stands_only_what_needs_no_time_happens() -> None:
    clock = Clock(5_000)
    done: list[str] = []
    clock.call_later(1, lambda: done.append("in a second"))
    clock.stop()
    clock.call_at(4_000, lambda: done.append("long due"))
    clock.call_later(0, lambda: done.append("at once"))
    await asyncio.sleep(3600)

    assert (done, clock.time_ms(), clock.next_due_ms) == (["long due", "at once"], 5_000, 6_000)
    clock.go_on(1.0)
    await asyncio.sleep(1)
    assert done[2:] == ["in a second"]


async def test_time_goes_on_from_where_it_stood_and_never_back() -> None:
    clock = Clock(0)
    await asyncio.sleep(10)
    clock.stand_at(clock.now_s + 50)
    clock.stand_at(clock.now_s - 50)
    assert clock.time_ms() == 60_000
    clock.go_on(60.0)
    await asyncio.sleep(2)

    assert clock.time_ms() == 180_000


async def test_clients_who_go_by_their_own_clocks_are_left_behind_until_they_are_taken_along() -> None:
    clock = Clock(0)
    await asyncio.sleep(7)
    assert clock.ahead_ms == 0
    clock.stand_at(clock.now_s + 60)
    clock.go_on(1.0)
    await asyncio.sleep(7)
    assert clock.ahead_ms == 60_000
    clock.take_clients_along()

    assert clock.ahead_ms == 0


async def test_patience_with_a_client_passes_even_where_time_stands() -> None:
    clock = Clock(0)
    over: list[bool] = []
    clock.stop()
    clock.call_after_patience(1, lambda: over.append(True))
    await asyncio.sleep(1)

    assert over


async def test_what_clients_were_told_of_the_time_is_remembered_but_not_without_end() -> None:
    clock = Clock(0)
    clock.tell()
    before = clock.aheads_ms
    clock.go_on(60.0)
    for _ in range(200):
        await asyncio.sleep(1)
        clock.tell()
        clock.tell()

    assert clock.aheads_ms[0] == clock.ahead_ms
    assert len(clock.aheads_ms) == MOST_TOLD + 1
    assert (before, clock.aheads_ms[-1]) == ((), 0)
