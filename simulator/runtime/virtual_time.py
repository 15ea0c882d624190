"""An event loop on which waiting costs nothing, and on which the same program does the same in the same order.

**Time.** The loop's clock stands still while anything is ready to run, and jumps to the next timer when nothing is.
Sockets stay real here: a frame sent over loopback is readable before the loop looks for it, so client and exchange may
talk over real ports while a day passes in a second (`memory_network` has a loop that needs none). Work in the loop's
executors is waited for: the clock stands still until it is done, unless that takes `PATIENCE_S` real seconds, because a
thread may wait for the loop's time itself. Any other thread, and any other process, is not waited for, and would see
the clock run away from it.

**Order.** What is ready runs in the order in which it became so; timers for the same time run in the order in which
they were set; a task is hashed by its number rather than by its address, because asyncio itself keeps tasks in sets.

**Ends.** A run in which nothing is ready, nothing is scheduled and nothing outside can wake anything is a deadlock; one
that goes round and round while no time passes is a livelock. Either is raised, with every task's position, instead of
hanging until somebody's patience ends. Where something always has a timer (an exchange that pings, a market that moves)
the first never shows: there `most_s` says after how long a run that is not over is called a deadlock.
"""

from __future__ import annotations

import asyncio
import math
import selectors
import time
import traceback
from collections import deque
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from contextvars import Context
from heapq import heapify, heappop, heappush
from itertools import count
from types import FrameType
from typing import Any, Final, TypeVar

__all__ = ["DeadlockError", "LivelockError", "NumberedTask", "VirtualTimeLoop", "positions", "virtual_wall_clock"]

PATIENCE_S: Final = 5.0
"""Real seconds for which the clock stands still while an executor works and nothing else can run."""
MOST_TURNS: Final = 200_000
"""How often the loop may go round while no time passes."""
_GRACE_S: Final = 0.05
"""Real seconds to wait for a loopback socket before a run without timers is called a deadlock."""
_JUMPS_UNTIL_LOOK: Final = 100
_CANCELLED_KEPT: Final = 100

_T = TypeVar("_T")


class DeadlockError(RuntimeError):
    """Nothing can ever run again in this loop. The message lists where every task stands."""


class LivelockError(DeadlockError):
    """The loop goes round and round, and no time passes. The message lists where every task stands."""


class NumberedTask(asyncio.Task[_T]):
    """A task whose place in a set is the same in every process. For task factories of a virtual loop, too."""

    def __init__(self, work: Coroutine[Any, Any, _T], *, loop: VirtualTimeLoop, **options: Any) -> None:
        self.number = next(loop.task_numbers)  # first: asyncio puts the task into a set while it is made
        super().__init__(work, loop=loop, **options)

    def __hash__(self) -> int:
        return self.number


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """A selector loop whose `time()` starts at 0 s and advances only when every task waits.

    `most_turns` is how often it may go round without that, before `LivelockError` is raised; `most_s` is how many
    seconds of its time may pass before `DeadlockError` is, once, so that what ends the run may take its time.
    """

    # what BaseEventLoop has, in Python 3.11 to 3.13
    _ready: deque[asyncio.Handle]
    _scheduled: list[tuple[float, int, asyncio.TimerHandle]]  # with a number, which it has not
    _stopping: bool
    _closed: bool
    _clock_resolution: float
    _check_closed: Callable[[], None]
    _process_events: Callable[[list[tuple[selectors.SelectorKey, int]]], None]

    def __init__(self, *, most_turns: int = MOST_TURNS, most_s: float = math.inf) -> None:
        self.task_numbers = count(1)
        self._now = 0.0
        self._turns = 0
        self._jumps = 0
        self._jobs = 0
        self._cancelled_timers = 0
        self._timer_numbers = count(1)
        self._most_turns = most_turns
        self._most_s = most_s
        self._real = selectors.DefaultSelector()
        super().__init__(self._real)
        self._sources = self._real.get_map()
        self._own_sources = len(self._sources)

    def time(self) -> float:
        """Return virtual seconds since the loop was made."""
        return self._now

    def pass_time(self, seconds: float) -> None:
        """Let time pass at once, as if what runs now took so long: timers that are due run later than they should."""
        self._now += seconds
        self._turns = 0

    def create_task(self, coro: Any, **options: Any) -> asyncio.Task[Any]:
        """Make a task, which has a number, unless a task factory makes another kind."""
        if self.get_task_factory() is not None:
            return super().create_task(coro, **options)
        self._check_closed()
        return NumberedTask(coro, loop=self, **options)

    def call_soon(  # type: ignore[override]  # callback and arguments are passed on as they are
        self, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.Handle:
        """Call back when what is ready already has run."""
        if self._closed:
            self._check_closed()
        handle = asyncio.Handle(callback, args, self, context)
        self._ready.append(handle)
        return handle

    def call_at(  # type: ignore[override]  # as above
        self, when: float, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        """Call back at a time of this loop; of several callbacks for one time, the first first."""
        self._check_closed()
        timer = asyncio.TimerHandle(when, callback, args, self, context)
        timer._scheduled = True  # type: ignore[attr-defined]  # noqa: SLF001  the loop's part of a handle
        heappush(self._scheduled, (when, next(self._timer_numbers), timer))
        return timer

    def run_in_executor(  # type: ignore[override]  # as above
        self, executor: Any, func: Callable[..., Any], *args: Any
    ) -> asyncio.Future[Any]:
        """Let a thread work, and the clock stand still meanwhile."""
        future: asyncio.Future[Any] = super().run_in_executor(executor, func, *args)
        self._jobs += 1
        future.add_done_callback(self._on_job_done)
        return future

    async def shutdown_default_executor(self, *args: Any) -> None:
        """Wait for the threads of the default executor."""
        self._jobs += 1
        try:
            await super().shutdown_default_executor(*args)
        finally:
            self._jobs -= 1

    def _on_job_done(self, _future: asyncio.Future[Any]) -> None:
        self._jobs -= 1

    def _timer_handle_cancelled(self, _timer: asyncio.TimerHandle) -> None:
        self._cancelled_timers += 1
        if self._cancelled_timers > max(_CANCELLED_KEPT, len(self._scheduled) // 2):
            self._scheduled[:] = [entry for entry in self._scheduled if not entry[2].cancelled()]
            heapify(self._scheduled)
            self._cancelled_timers = 0

    def _run_once(self) -> None:
        """Go round once. This is BaseEventLoop's, without what costs and gains nothing here."""
        ready = self._ready
        if len(self._sources) > self._own_sources:
            self._look(0)
        if not ready and not self._stopping:
            self._move_on()
        if self._scheduled and self._scheduled[0][0] < self._now + self._clock_resolution:
            self._take_due(self._now + self._clock_resolution)
        self._turns += 1
        if self._turns > self._most_turns:
            self._give_up()
        for _ in range(len(ready)):
            handle = ready.popleft()
            if not handle._cancelled:  # noqa: SLF001  the loop's part of a handle; a call costs more than the rest
                handle._run()  # noqa: SLF001

    def _give_up(self) -> None:
        self._turns = 0
        message = f"livelock: the loop went round {self._most_turns} times, and no time passed\n{positions(self)}"
        raise LivelockError(message)

    def _take_due(self, end: float) -> None:
        timers = self._scheduled
        while timers and timers[0][0] < end:
            timer = heappop(timers)[2]
            timer._scheduled = False  # type: ignore[attr-defined]  # noqa: SLF001  as above
            if timer.cancelled():
                self._cancelled_timers -= 1
            else:
                self._ready.append(timer)

    def _move_on(self) -> None:
        """Make something ready, or let time pass until the next timer is due."""
        if self._jobs:
            self._look(PATIENCE_S)
        timers = self._scheduled
        while timers and timers[0][2].cancelled():
            heappop(timers)
            self._cancelled_timers -= 1
        if self._ready:
            return
        if timers:
            self._jump(timers[0][0])
        else:
            self._wait()

    def _jump(self, when: float) -> None:
        self._jumps += 1
        if not self._jumps % _JUMPS_UNTIL_LOOK:
            self._look(0)  # for signals
        if when > self._now:
            if when > self._most_s:
                self._end_patience()
            self._now = when
            self._turns = 0

    def _end_patience(self) -> None:
        most_s, self._now, self._most_s = self._most_s, max(self._now, self._most_s), math.inf
        message = f"deadlock: the run is not over after {most_s:g} s of its time\n{positions(self)}"
        raise DeadlockError(message)

    def _wait(self) -> None:
        self._look(_GRACE_S)
        while self._jobs and not self._ready:
            self._look(None)
        if not self._ready:
            message = f"deadlock: no task can run, and no timer is set\n{positions(self)}"
            raise DeadlockError(message)

    def _look(self, timeout: float | None) -> None:
        self._process_events(self._real.select(timeout))


def positions(loop: asyncio.AbstractEventLoop) -> str:
    """Return where every task of a loop stands, each from its own coroutine down to what it waits for."""
    tasks = sorted(asyncio.all_tasks(loop), key=lambda task: getattr(task, "number", 0))
    return "".join(line for task in tasks for line in _position(task))


def _position(task: asyncio.Task[Any]) -> Iterator[str]:
    waits_for = getattr(task, "_fut_waiter", None)
    object_of = f", waits for {waits_for.get_name()}" if isinstance(waits_for, asyncio.Task) else ""
    yield f"{task.get_name()}{object_of}:\n"
    frames = ((frame, frame.f_lineno) for frame in _frames(task.get_coro()))
    yield from traceback.StackSummary.extract(frames).format()


def _frames(awaited: Any) -> Iterator[FrameType]:
    """Follow a coroutine, a generator or an asynchronous generator to what it awaits."""
    while awaited is not None:
        for frame, inner in (("cr_frame", "cr_await"), ("gi_frame", "gi_yieldfrom"), ("ag_frame", "ag_await")):
            if getattr(awaited, frame, None) is not None:
                yield getattr(awaited, frame)
                awaited = getattr(awaited, inner)
                break
        else:
            return


@contextmanager
def virtual_wall_clock(start_ms: int) -> Iterator[None]:
    """Inside a virtual loop, let the clocks of `time` tell its time, and everywhere else the machine's.

    `time.time` and `time.time_ns` tell `start_ms` (ms since 1970) when a loop begins, `time.monotonic` and
    `time.monotonic_ns` what the loop's own clock does. `time.perf_counter` stays real: it is for what a program costs.
    What has imported a clock by its own name (`from time import time`) before keeps the machine's.
    """
    start_ns = start_ms * 1_000_000
    clocks: dict[str, Callable[[VirtualTimeLoop], float]] = {
        "time": lambda loop: start_ms / 1000 + loop.time(),
        "time_ns": lambda loop: start_ns + round(loop.time() * 1e9),
        "monotonic": lambda loop: loop.time(),
        "monotonic_ns": lambda loop: round(loop.time() * 1e9),
    }
    machines = {name: getattr(time, name) for name in clocks}
    for name, clock in clocks.items():
        setattr(time, name, _clock(clock, machines[name]))
    try:
        yield
    finally:
        for name, clock in machines.items():
            setattr(time, name, clock)


def _clock(virtual: Callable[[VirtualTimeLoop], float], machines: Callable[[], float]) -> Callable[[], float]:
    def tell() -> float:
        loop = asyncio._get_running_loop()  # noqa: SLF001  documented; an exception for none would cost more
        return virtual(loop) if isinstance(loop, VirtualTimeLoop) else machines()

    return tell
