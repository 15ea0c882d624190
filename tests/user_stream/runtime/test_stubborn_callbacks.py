"""The outbox and callbacks that will not end, or end themselves: each costs its own time, and no more."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from user_stream.runtime.outbox import Outbox, is_inside_callback

TIMEOUT_S = 7.0
GRACE_S = 5.0


class Watched:
    """An outbox, with what it reported and what ended, in order."""

    def __init__(self) -> None:
        self.failed: list[tuple[object, type[BaseException]]] = []
        self.ended: list[object] = []
        self.outbox = Outbox(timeout_s=TIMEOUT_S, report=self._note_failure, after_end=self._note_end)

    def _note_failure(self, _: object, argument: object, error: BaseException) -> None:
        self.failed.append((argument, type(error)))

    def _note_end(self, _: object, argument: object, __: float) -> None:
        self.ended.append(argument)


@pytest.fixture
def watched() -> Watched:
    return Watched()


class Stubborn:
    """Ends when it is allowed to, however often it is cancelled before."""

    def __init__(self) -> None:
        self.may_end = asyncio.Event()
        self.cancellations = 0

    async def __call__(self, _: object) -> None:
        while not self.may_end.is_set():
            try:
                await self.may_end.wait()
            except asyncio.CancelledError:
                self.cancellations += 1


async def test_callback_that_swallows_its_cancellation_is_left_behind_and_reported_once(watched: Watched) -> None:
    stubborn, heard = Stubborn(), list[object]()
    started = asyncio.get_running_loop().time()
    watched.outbox.put(stubborn, 1)
    watched.outbox.put(heard.append, 2)
    await watched.outbox.idle()

    assert asyncio.get_running_loop().time() - started == TIMEOUT_S + GRACE_S
    assert watched.failed == [(1, TimeoutError)]
    assert watched.ended == [1, 2]
    assert heard == [2]
    stubborn.may_end.set()
    await asyncio.sleep(1)
    assert (watched.failed, watched.ended) == ([(1, TimeoutError)], [1, 2])


async def test_what_was_left_behind_is_cancelled_once_more_at_the_end(watched: Watched) -> None:
    stubborn = Stubborn()
    watched.outbox.put(stubborn, 1)
    await watched.outbox.idle()

    watched.outbox.let_go()
    await asyncio.sleep(1)
    assert stubborn.cancellations == 2
    stubborn.may_end.set()
    await asyncio.sleep(1)
    watched.outbox.let_go()


async def test_failure_of_what_was_left_behind_is_nobodys_surprise(watched: Watched) -> None:
    surprises: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: surprises.append(context))
    stubborn = Stubborn()

    async def fail_in_the_end(argument: object) -> None:
        await stubborn(argument)
        raise ValueError(argument)

    watched.outbox.put(fail_in_the_end, 1)
    await watched.outbox.idle()
    stubborn.may_end.set()
    await asyncio.sleep(1)

    assert surprises == []
    assert watched.failed == [(1, TimeoutError)]


async def test_callback_that_tidies_up_within_the_grace_is_waited_for(watched: Watched) -> None:
    heard: list[object] = []

    async def tidy(_: object) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(GRACE_S - 1)
            heard.append("tidy")

    watched.outbox.put(tidy, 1)
    watched.outbox.put(heard.append, "next")
    await watched.outbox.idle()

    assert heard == ["tidy", "next"]
    assert watched.failed == [(1, TimeoutError)]


async def test_callback_that_returns_when_it_is_cancelled_took_too_long_all_the_same(watched: Watched) -> None:
    async def give_in(_: object) -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return

    watched.outbox.put(give_in, 1)
    await watched.outbox.idle()

    assert (watched.failed, watched.ended) == ([(1, TimeoutError)], [1])


async def test_callback_that_cancels_its_own_task_is_reported_and_ends_and_the_next_is_called(watched: Watched) -> None:
    heard: list[object] = []

    async def cancel_itself(_: object) -> None:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        await asyncio.sleep(0)

    watched.outbox.put(cancel_itself, 1)
    watched.outbox.put(heard.append, 2)
    await watched.outbox.idle()

    assert watched.failed == [(1, asyncio.CancelledError)]
    assert watched.ended == [1, 2]
    assert heard == [2]


async def test_awaitable_that_is_no_coroutine_is_awaited_and_timed(watched: Watched) -> None:
    never: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    later: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_later(3, later.set_result, None)
    callbacks: dict[str, Callable[[Any], Awaitable[None]]] = {"never": lambda _: never, "later": lambda _: later}
    for name, callback in callbacks.items():
        watched.outbox.put(callback, name)
    await watched.outbox.idle()

    assert watched.failed == [("never", TimeoutError)]
    assert never.cancelled()
    assert watched.ended == ["never", "later"]


async def test_task_of_a_callback_is_inside_it_as_long_as_it_runs(watched: Watched) -> None:
    heard: list[tuple[str, bool]] = []
    tasks: list[asyncio.Task[None]] = []

    async def look(what: str, after_s: float) -> None:
        await asyncio.sleep(after_s)
        heard.append((what, is_inside_callback()))

    async def callback(_: object) -> None:
        tasks.append(asyncio.create_task(look("left over", 5)))
        await asyncio.wait_for(look("awaited", 1), 3)

    watched.outbox.put(callback, 1)
    await watched.outbox.idle()
    await asyncio.wait(tasks)

    assert heard == [("awaited", True), ("left over", False)]
