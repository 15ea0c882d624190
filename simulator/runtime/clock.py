"""The exchange's clock. All waiting and all telling of time goes through it.

It advances with the event loop's time, so on a virtual loop it is virtual. The wall clock is read once, at the start,
unless a start time is given.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

__all__ = ["Clock", "wall_clock_ms"]


def wall_clock_ms() -> int:
    """Return the time of this machine, in ms since 1970."""
    return time.time_ns() // 1_000_000


class Clock:
    """Exchange time in ms since 1970. Has to be made inside the running loop."""

    def __init__(self, start_ms: int | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        self._now_s = self._loop.time
        self._start_s = self._now_s()
        self._start_ms = wall_clock_ms() if start_ms is None else start_ms

    def time_ms(self) -> int:
        """Return the exchange's time now."""
        return self._start_ms + round((self._now_s() - self._start_s) * 1000)

    def call_at(self, time_ms: int, callback: Callable[[], None]) -> asyncio.TimerHandle:
        """Call back when the exchange's time is `time_ms`, or later."""
        return self._loop.call_at(self._start_s + (time_ms - self._start_ms) / 1000, callback)

    def call_later(self, delay_s: float, callback: Callable[[], None]) -> asyncio.TimerHandle:
        """Call back after `delay_s` seconds."""
        return self._loop.call_later(delay_s, callback)

    async def sleep(self, delay_s: float) -> None:
        """Wait `delay_s` seconds."""
        await asyncio.sleep(delay_s)
