"""The outbox: callbacks in their order and one at a time, whatever they do and whoever is cancelled."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from user_stream.runtime.outbox import Outbox, is_inside_callback

TIMEOUT_S = 30.0


class Reports:
    """Keeps what an outbox reports."""

    def __init__(self) -> None:
        self.heard: list[tuple[object, BaseException]] = []

    def __call__(self, _: object, argument: object, error: BaseException) -> None:
        self.heard.append((argument, error))


@pytest.fixture
def reports() -> Reports:
    return Reports()


@pytest.fixture
async def outbox(reports: Reports) -> AsyncIterator[Outbox]:
    made = Outbox(timeout_s=TIMEOUT_S, report=reports)
    yield made
    await made.idle()


def fail(argument: object) -> None:
    raise ValueError(argument)


async def fail_later(argument: object) -> None:
    await asyncio.sleep(1)
    raise ValueError(argument)


async def test_plain_callbacks_are_called_at_once(outbox: Outbox) -> None:
    heard: list[object] = []

    outbox.put(heard.append, 1)
    outbox.put(heard.append, 2)

    assert heard == [1, 2]
    assert not outbox.busy


async def test_what_a_plain_callback_puts_in_comes_after_it(outbox: Outbox) -> None:
    heard: list[object] = []

    def first(argument: object) -> None:
        outbox.put(heard.append, "later")
        heard.append(argument)

    outbox.put(first, "first")

    assert heard == ["first", "later"]


async def test_everything_behind_a_coroutine_waits_for_its_end(outbox: Outbox) -> None:
    heard: list[object] = []

    async def slowly(argument: object) -> None:
        await asyncio.sleep(1)
        heard.append(argument)

    outbox.put(slowly, "slow")
    outbox.put(heard.append, "plain")
    outbox.put(slowly, "slow again")
    assert (heard, outbox.busy) == ([], True)
    await outbox.idle()

    assert heard == ["slow", "plain", "slow again"]
    assert not outbox.busy


async def test_what_a_coroutine_puts_in_comes_after_everything_that_is_there(outbox: Outbox) -> None:
    heard: list[object] = []

    async def first(argument: object) -> None:
        await asyncio.sleep(1)
        outbox.put(heard.append, "put in")
        await asyncio.sleep(1)
        heard.append(argument)

    outbox.put(first, "first")
    outbox.put(heard.append, "there before")
    await outbox.idle()

    assert heard == ["first", "there before", "put in"]


@pytest.mark.parametrize("callback", [fail, fail_later])
async def test_callback_that_raises_is_reported_and_the_next_is_called(
    outbox: Outbox, reports: Reports, callback: Callable[[object], None]
) -> None:
    heard: list[object] = []

    outbox.put(callback, 1)
    outbox.put(heard.append, 2)
    await outbox.idle()

    assert [(argument, str(error)) for argument, error in reports.heard] == [(1, "1")]
    assert heard == [2]


async def test_cancelled_error_of_a_callback_is_reported_and_cancels_nobody(outbox: Outbox, reports: Reports) -> None:
    heard: list[object] = []

    def plain(_: object) -> None:
        raise asyncio.CancelledError

    async def later(_: object) -> None:
        task = asyncio.create_task(asyncio.sleep(60))
        task.cancel()
        await task

    outbox.put(plain, 1)
    outbox.put(later, 2)
    outbox.put(plain, 3)
    outbox.put(heard.append, 4)
    await outbox.idle()

    assert [(argument, type(error)) for argument, error in reports.heard] == [
        (argument, asyncio.CancelledError) for argument in (1, 2, 3)
    ]
    assert heard == [4]


async def test_callback_that_takes_too_long_is_cancelled_and_reported_on_time(outbox: Outbox, reports: Reports) -> None:
    heard: list[object] = []
    started = asyncio.get_running_loop().time()

    async def hang(_: object) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            heard.append("cancelled")

    outbox.put(hang, 1)
    outbox.put(heard.append, 2)
    await outbox.idle()

    assert asyncio.get_running_loop().time() - started == TIMEOUT_S
    assert [(argument, type(error)) for argument, error in reports.heard] == [(1, TimeoutError)]
    assert heard == ["cancelled", 2]


async def test_each_callback_has_the_whole_time_for_itself(outbox: Outbox, reports: Reports) -> None:
    done: list[object] = []

    async def slowly(argument: object) -> None:
        await asyncio.sleep(TIMEOUT_S - 1)
        done.append(argument)

    for number in range(3):
        outbox.put(slowly, number)
    await outbox.idle()

    assert done == [0, 1, 2]
    assert reports.heard == []


async def test_who_waits_may_be_cancelled_and_the_calling_goes_on(outbox: Outbox, reports: Reports) -> None:
    heard: list[object] = []

    async def slowly(argument: object) -> None:
        await asyncio.sleep(5)
        heard.append(argument)

    async def put_and_wait() -> None:
        outbox.put(slowly, 1)
        outbox.put(slowly, 2)
        await outbox.idle()

    waiting = asyncio.create_task(put_and_wait())
    await asyncio.sleep(1)
    waiting.cancel()
    await asyncio.wait([waiting])
    assert (waiting.cancelled(), heard) == (True, [])
    await outbox.idle()

    assert heard == [1, 2]
    assert reports.heard == []


async def test_callback_that_waits_for_the_outbox_does_not_wait_for_itself(outbox: Outbox, reports: Reports) -> None:
    done: list[object] = []

    async def wait(argument: object) -> None:
        await outbox.idle()
        done.append(argument)

    started = asyncio.get_running_loop().time()
    outbox.put(wait, 1)
    await outbox.idle()

    assert done == [1]
    assert asyncio.get_running_loop().time() == started
    assert reports.heard == []


async def test_idle_covers_what_is_put_in_meanwhile(outbox: Outbox) -> None:
    done: list[object] = []

    async def again(left: int) -> None:
        await asyncio.sleep(1)
        done.append(left)
        if left:
            outbox.put(again, left - 1)

    outbox.put(again, 2)
    await outbox.idle()

    assert done == [2, 1, 0]


async def test_outbox_is_used_again_after_it_was_idle(outbox: Outbox) -> None:
    heard: list[object] = []

    async def slowly(argument: object) -> None:
        await asyncio.sleep(1)
        heard.append(argument)

    for number in range(2):
        outbox.put(slowly, number)
        await outbox.idle()
    outbox.put(heard.append, "at once")

    assert heard == [0, 1, "at once"]


async def test_coroutine_callback_knows_that_it_is_one_and_nobody_else_does(outbox: Outbox) -> None:
    heard: list[tuple[str, bool]] = []

    async def callback(_: object) -> None:
        await asyncio.sleep(1)
        heard.append(("callback", is_inside_callback()))

    async def somebody_else() -> None:
        await asyncio.sleep(0.5)
        heard.append(("somebody else", is_inside_callback()))

    other = asyncio.create_task(somebody_else())
    outbox.put(callback, None)
    await outbox.idle()
    await other
    heard.append(("who put it in", is_inside_callback()))

    assert heard == [("somebody else", False), ("callback", True), ("who put it in", False)]


async def test_outbox_whose_task_is_cancelled_before_its_first_step_is_idle_and_goes_on() -> None:
    heard: list[int] = []
    outbox = Outbox(timeout_s=30, report=lambda *_: None)

    async def never_started(_: object) -> None:
        heard.append(0)

    before = asyncio.all_tasks()
    outbox.put(never_started, None)
    for task in asyncio.all_tasks() - before:
        task.cancel()
    async with asyncio.timeout(5):
        await outbox.idle()
    outbox.put(heard.append, 1)

    assert heard == [1]
