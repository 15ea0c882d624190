"""The exchange's clock. All waiting and all telling of time goes through it.

It follows the event loop's time (`core.time_line`), so on a virtual loop it is virtual. The wall clock is read once, at
the start, unless a start time is given. At first it shows the loop's time, no more; `runtime.clock_control` makes it
stand, jump or hurry. So it keeps its own timers, and asks the loop to be woken for the earliest of them only: what is
due at the same time happens in the order in which it was asked for.

Clients have clocks of their own, which no jump of the exchange's moves, and those who have asked for the exchange's
time go by what they were told then. `ahead_ms` is how far the first were left behind, `aheads_ms` how far all were.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Final

from simulator.core.time_line import TimeLine
from simulator.core.timer_queue import Timer, TimerQueue

__all__ = ["Clock", "Timer", "wall_clock_ms"]

MOST_TOLD: Final = 100
"""So many answers to the question for the time are remembered, to within 0.1 s."""
_EARLY_S: Final = 1e-9
"""A loop calls back so much too early: the resolution of its clock."""


def wall_clock_ms() -> int:
    """Return the time of this machine, in ms since 1970."""
    return time.time_ns() // 1_000_000


class Clock:
    """Exchange time in ms since 1970. Has to be made inside the running loop.

    Inside, time is counted in seconds on the loop's scale: until somebody bends it, it is the loop's time.
    """

    def __init__(self, start_ms: int | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        self._loop_s = self._loop.time
        self._start_s = self._loop_s()
        self._start_ms = wall_clock_ms() if start_ms is None else start_ms
        self._line = TimeLine()
        self._is_bent = False
        self._clients_ahead_s = 0.0
        self._told_s: tuple[float, ...] = ()
        self._timers = TimerQueue(self._set_alarm)
        self._alarm: asyncio.TimerHandle | None = None
        self._alarm_s: float | None = None

    def time_ms(self) -> int:
        """Return the exchange's time now."""
        return self._start_ms + round((self._line.at(self._loop_s()) - self._start_s) * 1000)

    def call_at(self, time_ms: int, callback: Callable[[], None]) -> Timer:
        """Call back when the exchange's time is `time_ms`, or later."""
        return self._add(self._start_s + (time_ms - self._start_ms) / 1000, callback)

    def call_later(self, delay_s: float, callback: Callable[[], None]) -> Timer:
        """Call back after `delay_s` seconds."""
        return self._add(self.now_s + delay_s, callback)

    async def sleep(self, delay_s: float) -> None:
        """Wait `delay_s` seconds."""
        if delay_s <= 0:
            await asyncio.sleep(0)
            return
        awake = self._loop.create_future()
        timer = self.call_later(delay_s, lambda: None if awake.done() else awake.set_result(None))
        try:
            await awake
        finally:
            timer.cancel()

    def call_after_patience(self, delay_s: float, callback: Callable[[], None]) -> asyncio.TimerHandle:
        """Call back after `delay_s` seconds of the loop: for patience with a client, which no jump may use up."""
        return self._loop.call_later(delay_s, callback)

    @property
    def ahead_ms(self) -> int:
        """How far the exchange's time is ahead of that of clients who have gone by their own clocks."""
        return round((self._ahead_s - self._clients_ahead_s) * 1000)

    @property
    def aheads_ms(self) -> tuple[int, ...]:
        """How far the exchange's time is ahead of each clock that clients may go by; none while all are the same."""
        if not self._is_bent:
            return ()
        ahead_s = self._ahead_s
        return tuple(round((ahead_s - clock_s) * 1000) for clock_s in (self._clients_ahead_s, *self._told_s))

    def tell(self) -> None:
        """Note that a client was told what time it is: it may go by that until it asks again."""
        if self._is_bent:
            told_s = round(self._ahead_s, 1)
            self._told_s = (*[other_s for other_s in self._told_s if other_s != told_s][1 - MOST_TOLD :], told_s)

    # --- bending time -----------------------------------------------------------------------------------------------

    @property
    def now_s(self) -> float:
        """The exchange's time now, in s."""
        return self._line.at(self._loop_s())

    @property
    def next_s(self) -> float | None:
        """When the next timer is due, in s; None when nothing waits."""
        return self._timers.next_s

    @property
    def next_due_ms(self) -> int | None:
        """When the next timer is due, as the exchange's time; None when nothing waits."""
        next_s = self._timers.next_s
        return None if next_s is None else self._start_ms + round((next_s - self._start_s) * 1000)

    @property
    def waiting(self) -> int:
        """How many timers wait."""
        return len(self._timers)

    def stop(self) -> None:
        """Stand still from now on, at a whole millisecond: only what needs no time to pass still happens."""
        self._stand(self._start_s + round((self.now_s - self._start_s) * 1000) / 1000)

    def stand_at(self, time_s: float) -> None:
        """Stand still at this time, or at the one that is, when that is later."""
        self._stand(max(time_s, self.now_s))

    def go_on(self, pace: float) -> None:
        """Go on from where time stands, with so many seconds per second of the loop."""
        self._bend(TimeLine(self.now_s, self._loop_s(), pace))

    def take_clients_along(self) -> None:
        """Let the clients' own clocks count no more where they differ: who asks the exchange for its time is right."""
        self._clients_ahead_s = self._ahead_s
        self._told_s = ()

    def fire(self) -> None:
        """Do what is due now. What that sets for this very moment is done when the loop is free."""
        self._fire_until(self.now_s)

    def _stand(self, time_s: float) -> None:
        self._bend(TimeLine(time_s, self._loop_s(), 0.0))

    @property
    def _ahead_s(self) -> float:
        loop_s = self._loop_s()
        return self._line.at(loop_s) - loop_s

    def _bend(self, line: TimeLine) -> None:
        self._line, self._is_bent = line, True
        self._set_alarm()

    def _add(self, due_s: float, callback: Callable[[], None]) -> Timer:
        timer = self._timers.add(due_s, callback)
        if self._alarm_s is None or due_s < self._alarm_s:
            self._set_alarm()
        return timer

    def _set_alarm(self) -> None:
        next_s = self._timers.next_s
        wake_s = None if next_s is None else self._line.reaches(next_s)
        if self._alarm is not None:
            if self._alarm_s == next_s and self._alarm.when() == wake_s:
                return
            self._alarm.cancel()
        self._alarm = None if wake_s is None else self._loop.call_at(wake_s, self._ring)
        self._alarm_s = None if wake_s is None else next_s

    def _ring(self) -> None:
        due_s, self._alarm, self._alarm_s = self._alarm_s, None, None
        assert due_s is not None  # noqa: S101  the alarm is set with it
        self._fire_until(max(self.now_s, due_s))

    def _fire_until(self, now_s: float) -> None:
        for timer in self._timers.take_due(now_s + _EARLY_S):
            try:
                timer.fire()
            except Exception as error:  # noqa: BLE001  as with the loop's own timers: the others have to fire
                self._loop.call_exception_handler({"message": "a timer of the exchange failed", "exception": error})
        self._set_alarm()
