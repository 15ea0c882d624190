"""Callbacks, called one at a time and in their order, whatever they do and whoever is cancelled meanwhile.

What is put in is called at once, where it was put, as long as callbacks are plain functions. The first one that has to
be awaited moves itself and all that follow to a task of the outbox's own, which nobody's end cancels. A callback may
put something in: it comes after everything that is there. One that raises, is cancelled or takes too long is reported,
and the next one is called.

Everything waits for the one that is running, so each is timed: its plain part by a clock that runs on while the event
loop is blocked, what is awaited by the loop's own, which may be virtual; so the longer of the two counts, and never the
sum. A callback that has returned or failed has *ended*, and what it was given counts as delivered; one that was cut off
because the loop is being shut down has not.
"""

from __future__ import annotations

import asyncio
import inspect
from collections import deque
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, NamedTuple, TypeAlias
from weakref import WeakSet

from user_stream.runtime.clock import Clock, LoopClock

__all__ = ["AfterEnd", "Callback", "Outbox", "callback_name", "is_inside_callback"]

Callback: TypeAlias = Callable[[Any], Awaitable[None] | None]
AfterEnd: TypeAlias = Callable[[Callback, Any, float], None]
"""Called with a callback that has ended, what it was given, and how many seconds it took. Must not raise."""

_calling: WeakSet[asyncio.Task[Any]] = WeakSet()


def is_inside_callback() -> bool:
    """Say whether a coroutine callback is running in this task: what waits for its end would wait for ever."""
    return asyncio.current_task() in _calling


def callback_name(callback: Callback) -> str:
    """Return what to call a callback where people read: never its `repr`, which may hold anything."""
    while isinstance(callback, partial):
        callback = callback.func
    return str(getattr(callback, "__qualname__", type(callback).__qualname__))


class _Unfinished(NamedTuple):
    """A callback that returned something to await; its plain part took `seconds`."""

    callback: Callback
    argument: object
    awaitable: Awaitable[None]
    seconds: float


class Outbox:
    """`timeout_s`: how long a coroutine callback may take; `report` hears which callback failed, at what, and how;
    `after_end` hears of each that has ended, after it was reported if it failed.
    """

    def __init__(
        self,
        *,
        timeout_s: float,
        report: Callable[[Callback, Any, BaseException], None],
        after_end: AfterEnd = lambda *_: None,
        clock: Clock | None = None,
    ) -> None:
        self._timeout_s = timeout_s
        self._report = report
        self._after_end = after_end
        self._clock = clock or LoopClock()
        self._waiting: deque[tuple[Callback, object]] = deque()
        self._calling = False
        self._awaiting: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        """Return how many callbacks are waiting for the one that is running."""
        return len(self._waiting)

    @property
    def busy(self) -> bool:
        """True while a callback is being awaited."""
        return self._awaiting is not None

    def put(self, callback: Callback, argument: object) -> None:
        """Call back with `argument` after everything that was put in before."""
        self._waiting.append((callback, argument))
        if self._calling or self._awaiting is not None:
            return  # somebody is at it, and will come to this
        self._calling = True
        try:
            self._call_plain_ones()
        finally:
            self._calling = False

    async def idle(self) -> None:
        """Wait until everything was called. Whoever waits may be cancelled; the calling goes on."""
        while self._awaiting is not None and self._awaiting is not asyncio.current_task():
            await asyncio.wait([self._awaiting])

    def _call_plain_ones(self) -> None:
        while self._waiting:
            unfinished = self._start(*self._waiting.popleft())
            if unfinished is not None:
                self._awaiting = asyncio.create_task(self._call_the_rest(unfinished), name="outbox")
                self._awaiting.add_done_callback(partial(self._forget, unfinished.awaitable))
                return

    def _forget(self, awaitable: Awaitable[None], task: asyncio.Task[None]) -> None:
        """End what a task was made for that may have been cancelled before its first step."""
        if self._awaiting is task:
            self._awaiting = None
        if inspect.iscoroutine(awaitable):
            awaitable.close()

    async def _call_the_rest(self, unfinished: _Unfinished | None) -> None:
        task = asyncio.current_task()
        if task is not None:
            _calling.add(task)
        try:
            while True:
                if unfinished is not None:
                    await self._finish(unfinished)
                if not self._waiting:
                    return
                unfinished = self._start(*self._waiting.popleft())
        finally:
            self._awaiting = None

    def _start(self, callback: Callback, argument: object) -> _Unfinished | None:
        """Call a callback; return what is left to await of it, if anything."""
        result = None
        started = self._clock.perf()
        try:
            result = callback(argument)
        except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001  a callback may raise anything
            self._report(callback, argument, error)
        seconds = self._clock.perf() - started
        if result is not None and inspect.isawaitable(result):
            return _Unfinished(callback, argument, result, seconds)
        self._after_end(callback, argument, seconds)
        return None

    async def _finish(self, unfinished: _Unfinished) -> None:
        callback, argument, awaitable, seconds = unfinished
        started = self._clock.monotonic()
        try:
            async with asyncio.timeout(self._timeout_s):
                await awaitable
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise  # not the callback's doing: the loop is being shut down
            self._report(callback, argument, error)
        except Exception as error:  # noqa: BLE001  a callback may raise anything
            self._report(callback, argument, error)
        self._after_end(callback, argument, max(seconds, self._clock.monotonic() - started))
