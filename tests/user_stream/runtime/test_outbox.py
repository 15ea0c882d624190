"""The outbox: callbacks in their order and one at a time, whatever they do and whoever is cancelled."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import Any

import pytest

from user_stream.runtime.clock import LoopClock
from user_stream.runtime.outbox import Outbox, callback_name, is_inside_callback

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


# --- ends, and how long they took ---------------------------------------------------------------------------------


class BusyClock(LoopClock):
    """A clock whose machine is busy as long as a test says."""

    busy_s = 0.0

    def perf(self) -> float:
        return self.busy_s

    def block(self, seconds: float) -> None:
        self.busy_s += seconds


class Ends:
    """Keeps what ended, in order, and how long it took."""

    def __init__(self) -> None:
        self.heard: list[tuple[object, float]] = []

    def __call__(self, _: object, argument: object, seconds: float) -> None:
        self.heard.append((argument, seconds))


async def test_every_callback_ends_once_whether_it_returns_raises_or_is_cut_off() -> None:
    ends, reports = Ends(), Reports()
    outbox = Outbox(timeout_s=TIMEOUT_S, report=reports, after_end=ends, clock=BusyClock())

    async def hang(_: object) -> None:
        await asyncio.Event().wait()

    for argument, callback in enumerate([print_nothing, fail, fail_later, hang, print_nothing]):
        outbox.put(callback, argument)
    await outbox.idle()

    assert ends.heard == [(0, 0.0), (1, 0.0), (2, 1.0), (3, TIMEOUT_S), (4, 0.0)]
    assert [argument for argument, _ in reports.heard] == [1, 2, 3]


def print_nothing(_: object) -> None:
    """Return at once."""


async def test_failure_is_reported_before_its_end_is_told() -> None:
    told: list[str] = []
    outbox = Outbox(timeout_s=1, report=lambda *_: told.append("failed"), after_end=lambda *_: told.append("ended"))

    outbox.put(fail, None)
    outbox.put(fail_later, None)
    await outbox.idle()

    assert told == ["failed", "ended", "failed", "ended"]


async def test_plain_callback_that_blocks_is_timed_although_the_loops_clock_stands_still() -> None:
    clock, ends = BusyClock(), Ends()
    outbox = Outbox(timeout_s=1, report=Reports(), after_end=ends, clock=clock)

    outbox.put(clock.block, 7.0)

    assert ends.heard == [(7.0, 7.0)]


async def test_callback_that_blocks_and_then_waits_took_the_longer_of_the_two() -> None:
    clock, ends = BusyClock(), Ends()
    outbox = Outbox(timeout_s=TIMEOUT_S, report=Reports(), after_end=ends, clock=clock)

    def block_then_wait(times: tuple[float, float]) -> Awaitable[None]:
        clock.block(times[0])
        return asyncio.sleep(times[1])

    outbox.put(block_then_wait, (2.0, 5.0))
    outbox.put(block_then_wait, (5.0, 3.0))
    await outbox.idle()

    assert [seconds for _, seconds in ends.heard] == [5.0, 5.0]


async def test_waiting_for_its_turn_is_not_counted_as_a_callbacks_own_time() -> None:
    ends = Ends()
    outbox = Outbox(timeout_s=TIMEOUT_S, report=Reports(), after_end=ends, clock=BusyClock())

    outbox.put(lambda _: asyncio.sleep(20), "slow")
    outbox.put(lambda _: asyncio.sleep(1), "quick")
    await outbox.idle()

    assert ends.heard == [("slow", 20.0), ("quick", 1.0)]


async def test_length_is_how_many_wait_for_the_one_that_runs(outbox: Outbox) -> None:
    lengths: list[int] = []

    async def look(_: object) -> None:
        await asyncio.sleep(1)
        lengths.append(len(outbox))

    for number in range(3):
        outbox.put(look, number)
    await outbox.idle()

    assert lengths == [2, 1, 0]


async def test_callback_that_the_loops_end_cut_off_has_not_ended() -> None:
    ends = Ends()
    outbox = Outbox(timeout_s=TIMEOUT_S, report=Reports(), after_end=ends)

    before = asyncio.all_tasks()
    outbox.put(lambda _: asyncio.sleep(20), None)
    await asyncio.sleep(1)
    tasks = asyncio.all_tasks() - before
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)

    assert ends.heard == []


async def test_what_an_end_puts_in_is_called_after_everything_that_is_there() -> None:
    heard: list[object] = []

    def again(_: object, argument: object, __: float) -> None:
        if argument in {1, 2}:
            made.put(heard.append, f"{argument} ended")

    made = Outbox(timeout_s=TIMEOUT_S, report=Reports(), after_end=again)
    made.put(fail_later, 1)
    made.put(heard.append, 2)
    made.put(heard.append, 3)
    await made.idle()

    assert heard == [2, 3, "1 ended", "2 ended"]


class Engine:
    def __call__(self, _: object) -> None: ...

    def __repr__(self) -> str:
        return "Engine(secret)"

    def on_fill(self, secret: str, _: object) -> None: ...


@pytest.mark.parametrize(
    ("callback", "name"),
    [
        (Engine(), "Engine"),
        (partial(partial(Engine().on_fill, "secret")), "Engine.on_fill"),
        (print_nothing, "print_nothing"),
        ([].append, "list.append"),
    ],
)
def test_name_of_a_callback_is_its_place_in_the_code_and_never_what_it_holds(
    callback: Callable[[Any], None], name: str
) -> None:
    assert callback_name(callback) == name
