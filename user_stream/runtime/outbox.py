"""Callbacks, called one at a time and in their order, whatever they do and whoever is cancelled meanwhile.

What is put in is called at once, where it was put, as long as callbacks are plain functions. All that follow the first
one that has to be awaited move to a task of the outbox's own, which nobody's end cancels. A callback may put something
in: it comes after everything that is there. One that raises, is cancelled or takes too long is reported, and the next
one is called.

What is awaited runs in a task for itself, so that it may cancel its own task, and nobody else's. One that took too long
is cancelled; one that does not end then either is left behind: it runs on beside those that follow, is held until it
ends, and is cancelled once more by `let_go`.

Everything waits for the one that is running, so each is timed: its plain part by a clock that runs on while the event
loop is blocked, what is awaited by the loop's own, which may be virtual; so the longer of the two counts, and never the
sum. A callback that has returned, failed or been left behind has *ended*, and what it was given counts as delivered;
one that was cut off because the loop is being shut down has not.
"""

from __future__ import annotations

import asyncio
import inspect
from collections import deque
from collections.abc import Awaitable, Callable
from contextvars import ContextVar, copy_context
from functools import partial
from typing import Any, Final, NamedTuple, TypeAlias

from user_stream.runtime.clock import Clock, LoopClock

__all__ = ["AfterEnd", "Callback", "Outbox", "callback_name", "is_inside_callback"]

Callback: TypeAlias = Callable[[Any], Awaitable[None] | None]
AfterEnd: TypeAlias = Callable[[Callback, Any, float], None]
"""Called with a callback that has ended, what it was given, and how many seconds it took. Must not raise."""

_GRACE_S: Final = 5.0
"""How long a callback may tidy up after it was cancelled for taking too long."""


class _Call:
    """A coroutine callback on its way."""

    is_over = False


_calls: ContextVar[tuple[_Call, ...]] = ContextVar("calls", default=())
"""Within which callbacks this runs: their own tasks, and whatever they have started."""


def is_inside_callback() -> bool:
    """Say whether this runs in a coroutine callback, or in a task that one started and that may be awaited by it: what
    waits for its end would wait for ever.
    """
    return any(not call.is_over for call in _calls.get())


def callback_name(callback: Callable[..., object]) -> str:
    """Return what to call a callback where people read: never its `repr`, which may hold anything."""
    while isinstance(callback, partial):
        callback = callback.func
    return str(getattr(callback, "__qualname__", type(callback).__qualname__))


class _Unfinished(NamedTuple):
    """A callback that is being awaited since `started_s`; its plain part took `seconds`."""

    callback: Callback
    argument: object
    call: _Call
    task: asyncio.Task[None]
    seconds: float
    started_s: float


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
        self._running: asyncio.Task[None] | None = None
        self._left_behind: set[asyncio.Task[None]] = set()

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
        while self._awaiting is not None and asyncio.current_task() not in (self._awaiting, self._running):
            await asyncio.wait([self._awaiting])

    def let_go(self) -> None:
        """Cancel what was left behind once more; nobody waits for it."""
        for task in self._left_behind:
            task.cancel()

    def _call_plain_ones(self) -> None:
        while self._waiting:
            unfinished = self._start(*self._waiting.popleft())
            if unfinished is not None:
                self._awaiting = asyncio.create_task(self._call_the_rest(unfinished), name="outbox")
                self._awaiting.add_done_callback(partial(self._forget, unfinished.task))
                return

    def _forget(self, first: asyncio.Task[None], task: asyncio.Task[None]) -> None:
        """End what a task was made for that may have been cancelled before its first step."""
        if self._awaiting is task:
            self._awaiting = None
        if task.cancelled():
            first.cancel()

    async def _call_the_rest(self, unfinished: _Unfinished | None) -> None:
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
            call = _Call()
            self._running = _run(call, result)
            return _Unfinished(callback, argument, call, self._running, seconds, self._clock.monotonic())
        self._after_end(callback, argument, seconds)
        return None

    async def _finish(self, unfinished: _Unfinished) -> None:
        callback, argument, call, task, seconds, started_s = unfinished
        try:
            error = await self._failure_at_the_end(task)
        finally:
            call.is_over = True
            self._running = None
        if error is not None:
            self._report(callback, argument, error)
        self._after_end(callback, argument, max(seconds, self._clock.monotonic() - started_s))

    async def _failure_at_the_end(self, task: asyncio.Task[None]) -> BaseException | None:
        """Wait until a callback ends, or is to be left behind; return what it failed with."""
        try:
            await asyncio.wait([task], timeout=self._timeout_s)
            if task.done():
                return _failure(task)
            task.cancel()
            await asyncio.wait([task], timeout=_GRACE_S)
        except asyncio.CancelledError:  # the loop is being shut down
            task.cancel()
            raise
        if task.done():
            failure = _failure(task)
            return TimeoutError() if failure is None or isinstance(failure, asyncio.CancelledError) else failure
        self._left_behind.add(task)
        task.add_done_callback(self._note_late_end)
        return TimeoutError("it goes on although it was cancelled, and is left behind")

    def _note_late_end(self, task: asyncio.Task[None]) -> None:
        self._left_behind.discard(task)
        _failure(task)  # it was reported as failed


def _run(call: _Call, awaitable: Awaitable[None]) -> asyncio.Task[None]:
    """Await something in a task for itself, which knows that it is a callback's."""
    context = copy_context()
    context.run(_calls.set, (*(each for each in _calls.get() if not each.is_over), call))
    work = awaitable if inspect.iscoroutine(awaitable) else _awaited(awaitable)
    return asyncio.create_task(work, name="callback", context=context)


async def _awaited(awaitable: Awaitable[None]) -> None:
    await awaitable


def _failure(ended: asyncio.Task[None]) -> BaseException | None:
    try:
        ended.result()
    except BaseException as error:  # noqa: BLE001  a callback may raise anything
        return error
    return None
