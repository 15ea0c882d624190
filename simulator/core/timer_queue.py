"""What is to happen at which time: a heap of timers, in which those of the same time keep the order of their setting.

A timer that is cancelled stays in the heap, and is passed over, until it comes up or until most of them are such.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from typing import Final

__all__ = ["Timer", "TimerQueue"]

_FEW: Final = 100
"""So many cancelled timers are not worth looking for."""


class Timer:
    """A callback that waits for `due_s`."""

    __slots__ = ("_callback", "_queue", "due_s", "is_queued")

    def __init__(self, due_s: float, callback: Callable[[], None], queue: TimerQueue) -> None:
        self.due_s = due_s
        self.is_queued = True
        self._callback: Callable[[], None] | None = callback
        self._queue = queue

    def __repr__(self) -> str:
        return f"<Timer {self.due_s:g} s{'' if self.is_pending else ' over'}>"

    @property
    def is_pending(self) -> bool:
        """Whether it was neither fired nor cancelled."""
        return self._callback is not None

    def cancel(self) -> None:
        """Never call back. One that was fired, or cancelled before, stays as it is."""
        if self._callback is not None:
            self._callback = None
            self._queue.passed_over(self)

    def fire(self) -> None:
        """Call back now, unless it was cancelled."""
        callback, self._callback = self._callback, None
        if callback is not None:
            callback()


class TimerQueue:
    """The timers that wait. `head_cancelled` is called when the earliest one was cancelled."""

    def __init__(self, head_cancelled: Callable[[], None]) -> None:
        self._heap: list[tuple[float, int, Timer]] = []
        self._head_cancelled = head_cancelled
        self._set = 0
        self._passed_over = 0

    def add(self, due_s: float, callback: Callable[[], None]) -> Timer:
        """Let a callback wait for `due_s`."""
        self._set += 1
        timer = Timer(due_s, callback, self)
        heapq.heappush(self._heap, (due_s, self._set, timer))
        return timer

    def __len__(self) -> int:
        """How many timers wait."""
        return len(self._heap) - self._passed_over

    @property
    def next_s(self) -> float | None:
        """When the earliest is due, or None when nothing waits."""
        heap = self._heap
        while heap and not heap[0][2].is_pending:
            self._pop()
        return heap[0][0] if heap else None

    def take_due(self, now_s: float) -> list[Timer]:
        """Take out what is due at `now_s` or before, in its order. What is set while it fires is not among it."""
        due: list[Timer] = []
        while self._heap and self._heap[0][0] <= now_s:
            timer = self._pop()
            if timer.is_pending:
                due.append(timer)
        return due

    def passed_over(self, timer: Timer) -> None:
        """Learn that a timer was cancelled."""
        if not timer.is_queued:
            return
        self._passed_over += 1
        if self._heap[0][2] is timer:
            self._head_cancelled()
        if self._passed_over > _FEW and self._passed_over * 2 > len(self._heap):
            self._heap = [entry for entry in self._heap if entry[2].is_pending]
            heapq.heapify(self._heap)
            self._passed_over = 0

    def _pop(self) -> Timer:
        timer = heapq.heappop(self._heap)[2]
        timer.is_queued = False
        if not timer.is_pending:
            self._passed_over -= 1
        return timer
