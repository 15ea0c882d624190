"""The exchange's time advances with the event loop's."""

from __future__ import annotations

import asyncio

from freezegun import freeze_time

from simulator.runtime.clock import Clock

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
