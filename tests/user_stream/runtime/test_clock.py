"""The one clock."""

from __future__ import annotations

import asyncio
import time

from freezegun import freeze_time

from user_stream.runtime.clock import LoopClock


async def test_wall_clock_is_anchored_once_and_follows_the_loop() -> None:
    clock = LoopClock(start_ms=1_700_000_000_000)

    assert clock.time_ms() == 1_700_000_000_000
    await clock.sleep(90.5)

    assert clock.time_ms() == 1_700_000_090_500


async def test_clock_starts_at_the_machines_time() -> None:
    with freeze_time("2026-11-22 12:00:00", real_asyncio=True):
        assert LoopClock().time_ms() == 1_795_348_800_000


async def test_wall_clock_that_is_set_while_we_run_moves_nothing() -> None:
    with freeze_time("2026-11-22 12:00:00", real_asyncio=True) as frozen:
        clock = LoopClock()
        before = clock.time_ms()
        frozen.move_to("2031-01-01")

        assert time.time() > 1_900_000_000
        assert clock.time_ms() == before


async def test_monotonic_time_is_the_loops() -> None:
    clock = LoopClock()
    before = clock.monotonic()
    await asyncio.sleep(10)

    assert clock.monotonic() - before == 10
