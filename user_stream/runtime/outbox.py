"""Callbacks, called one at a time and in their order, whatever they do and whoever is cancelled meanwhile.

What is put in is called at once, where it was put, as long as callbacks are plain functions. The first one that has to
be awaited moves itself and all that follow to a task of the outbox's own, which nobody's end cancels. A callback may
put something in: it comes after everything that is there. One that raises, is cancelled or takes too long is reported,
and the next one is called.
"""

from __future__ import annotations

import asyncio
import inspect
from collections import deque
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, TypeAlias
from weakref import WeakSet

__all__ = ["Callback", "Outbox", "is_inside_callback"]

Callback: TypeAlias = Callable[[Any], Awaitable[None] | None]

_calling: WeakSet[asyncio.Task[Any]] = WeakSet()


def is_inside_callback() -> bool:
    """Say whether a coroutine callback is running in this task: what waits for its end would wait for ever."""
    return asyncio.current_task() in _calling


class Outbox:
    """`timeout_s`: how long a coroutine callback may take; `report` hears which callback failed, at what, and how."""

    def __init__(self, *, timeout_s: float, report: Callable[[Callback, object, BaseException], None]) -> None:
        self._timeout_s = timeout_s
        self._report = report
        self._waiting: deque[tuple[Callback, object]] = deque()
        self._calling = False
        self._awaiting: asyncio.Task[None] | None = None

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
            callback, argument = self._waiting.popleft()
            awaitable = self._start(callback, argument)
            if awaitable is not None:
                self._awaiting = asyncio.create_task(self._call_the_rest(callback, argument, awaitable), name="outbox")
                self._awaiting.add_done_callback(partial(self._forget, awaitable))
                return

    def _forget(self, awaitable: Awaitable[None], task: asyncio.Task[None]) -> None:
        """End what a task was made for that may have been cancelled before its first step."""
        if self._awaiting is task:
            self._awaiting = None
        if inspect.iscoroutine(awaitable):
            awaitable.close()

    async def _call_the_rest(self, callback: Callback, argument: object, awaitable: Awaitable[None] | None) -> None:
        task = asyncio.current_task()
        if task is not None:
            _calling.add(task)
        try:
            while True:
                if awaitable is not None:
                    await self._wait_for(callback, argument, awaitable)
                if not self._waiting:
                    return
                callback, argument = self._waiting.popleft()
                awaitable = self._start(callback, argument)
        finally:
            self._awaiting = None

    def _start(self, callback: Callback, argument: object) -> Awaitable[None] | None:
        try:
            result = callback(argument)
        except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001  a callback may raise anything
            self._report(callback, argument, error)
            return None
        return result if inspect.isawaitable(result) else None

    async def _wait_for(self, callback: Callback, argument: object, awaitable: Awaitable[None]) -> None:
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
