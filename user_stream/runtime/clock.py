"""The one place where this library asks what time it is."""

from __future__ import annotations

import asyncio
import time
from typing import Protocol

__all__ = ["Clock", "LoopClock"]


class Clock(Protocol):
    """Time as the runtime sees it; what runs on a virtual loop gets virtual time."""

    def time_ms(self) -> int:
        """Return the wall clock, in ms since 1970."""
        ...

    def monotonic(self) -> float:
        """Return seconds that only grow."""
        ...

    def perf(self) -> float:
        """Return seconds that only grow, and that pass while somebody blocks the loop: for how long code runs."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


class LoopClock:
    """The wall clock, anchored once and carried on by the event loop's own.

    So a wall clock that is set while we run does not move our timestamps, and on a virtual loop they follow virtual
    time. `start_ms`: the wall clock at the first question, default the machine's.
    """

    def __init__(self, *, start_ms: int | None = None) -> None:
        self._start_ms = start_ms
        self._loop: asyncio.AbstractEventLoop | None = None
        self._anchor_s = 0.0

    def _anchored(self) -> tuple[asyncio.AbstractEventLoop, int]:
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
            self._anchor_s = self._loop.time()
        if self._start_ms is None:
            self._start_ms = time.time_ns() // 1_000_000
        return self._loop, self._start_ms

    def time_ms(self) -> int:
        """Return the wall clock, in ms since 1970; before any loop runs, the machine's."""
        try:
            loop, start_ms = self._anchored()
        except RuntimeError:
            return time.time_ns() // 1_000_000
        return start_ms + int((loop.time() - self._anchor_s) * 1000)

    def monotonic(self) -> float:
        """Return the loop's seconds."""
        return self._anchored()[0].time()

    def perf(self) -> float:
        """Return the machine's seconds: a virtual loop, and one that reads its clock once a turn, know less."""
        return time.perf_counter()

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)
