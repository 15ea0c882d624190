"""The exchange's clock as a time machine: stand, jump, step, hurry.

A jump is lived through, not skipped. Whatever is due on the way happens in its order, each at its own moment: the clock
stands at that moment while it happens, and goes on when it is over. It is over when

- the loop has had a turn, so that what has arrived is answered at that moment;
- those who were pinged have answered, or have had `PATIENCE_S`: a healthy client is never closed for a pong that it had
  no time to send. Whoever lets that pass has `QUIET_S` each later time, and is closed at its pong's deadline;
- and, when anything was written into the journal, nothing more was for `QUIET_S`, or `PATIENCE_S` have passed. Who has
  lost a key or a connection has `PATIENCE_S` until something is heard again: so a client that is told of its key's end
  makes another at that moment, and not an hour later.

All are counted on the event loop's clock, which for clients in other processes is real time. Moves of the market and
its streams are not journaled: they are not waited for, and a day of them passes as fast as it is computed.

One jump at a time: one that is asked for meanwhile waits for its turn.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from typing import Any, Final, Literal, TypeAlias

from simulator.core.journal import JournalEntry
from simulator.core.streams.account_events import LISTEN_KEY_EXPIRED
from simulator.errors import BadClockError
from simulator.runtime.chronicle import Chronicle
from simulator.runtime.clock import Clock, Timer

__all__ = ["ClockControl", "Mode", "parse_pace"]

PATIENCE_S: Final = 2.0
"""How long clients are waited for, in s of the loop."""
QUIET_S: Final = 0.05
"""How long nothing has to happen before a moment is over, in s of the loop."""
AGAIN_S: Final = 10.0
"""How often who let a wait pass is waited for again, in s of the exchange."""
MOST_MS: Final = 366 * 86_400_000
FASTEST: Final = 10_000.0

_POLL_S: Final = 0.001

Mode: TypeAlias = Literal["running", "frozen", "stepped"]
_MODES: Final[Mapping[str, Mode]] = {"running": "running", "frozen": "frozen", "stepped": "stepped"}


class ClockControl:
    """Bends the exchange's time. `unanswered` tells which connections have not answered a ping yet, and still might."""

    def __init__(self, clock: Clock, chronicle: Chronicle, unanswered: Callable[[], Collection[object]]) -> None:
        self._clock = clock
        self._chronicle = chronicle
        self._unanswered = unanswered
        self._mode: Mode = "running"
        self._scale = 1.0
        self._turn = asyncio.Lock()
        self._begun: set[asyncio.Task[int]] = set()

    def __repr__(self) -> str:
        return f"<ClockControl {self._mode} at {self.time_ms}>"

    @property
    def mode(self) -> Mode:
        """Whether time runs, stands still, or stands still between steps. During a jump: how it will be after it."""
        return self._mode

    @property
    def scale(self) -> float:
        """How many seconds of the exchange pass in a second of the loop while time runs."""
        return self._scale

    @property
    def time_ms(self) -> int:
        """The exchange's time now."""
        return self._clock.time_ms()

    @property
    def next_due_ms(self) -> int | None:
        """When the next thing is due that time brings by itself; None when nothing is."""
        return self._clock.next_due_ms

    @property
    def ahead_ms(self) -> int:
        """How far the exchange's time is ahead of that of clients who have gone by their own clocks."""
        return self._clock.ahead_ms

    @property
    def waiting(self) -> int:
        """How many timers wait."""
        return self._clock.waiting

    def state(self) -> dict[str, Any]:
        """Return all of this as plain data."""
        return {
            "mode": self._mode,
            "scale": self._scale,
            "time_ms": self.time_ms,
            "next_due_ms": self.next_due_ms,
            "ahead_ms": self.ahead_ms,
            "is_advancing": self._turn.locked(),
        }

    def call_at(self, time_ms: int, callback: Callable[[], None]) -> Timer:
        """Call back when the exchange's time is `time_ms`, or as soon as the loop is free when it has passed."""
        return self._clock.call_at(time_ms, callback)

    def freeze(self) -> None:
        """Let time stand still: nothing is due any more, while requests are served."""
        self.change("frozen")

    def run(self, scale: float = 1.0) -> None:
        """Let time run, `scale` seconds in a second of the loop: pings and deadlines too. Raises `BadClockError`."""
        self.change("running", scale)

    def change(self, mode: Mode, scale: float | None = None) -> None:
        """Let time pass in another way; a `scale` is for time that runs. Raises `BadClockError`."""
        if mode not in _MODES:
            message = f"mode: expected one of {', '.join(_MODES)}, got {mode!r}"
            raise BadClockError(message)
        if mode != "running" and scale is not None:
            message = f"scale: only time that runs has one, and the mode is {mode!r}"
            raise BadClockError(message)
        scale = 1.0 if scale is None else _checked_scale(scale)
        self._mode, self._scale = mode, scale
        if not self._turn.locked():
            self._resume()
        summary = f"time runs {scale:g} times as fast as the loop's" if mode == "running" else f"time is {mode}"
        self._chronicle.record("action", summary=summary)

    async def step(self) -> int:
        """Go to the next thing that is due, do it, and stand still there; return the time, in ms.

        Where nothing is due, nothing happens. Time goes on in steps from then on.
        """
        async with self._turn:
            if self._mode != "stepped":
                self.change("stepped")
            self._clock.stop()
            next_s = self._clock.next_s
            try:
                if next_s is not None:
                    await self._live_until(next_s, self._clock.stand_at)
            finally:
                self._resume()
        return self.time_ms

    async def advance(
        self,
        *,
        hours: float = 0,
        minutes: float = 0,
        seconds: float = 0,
        ms: float = 0,
        shift_server_time: bool = False,
    ) -> int:
        """Let so much time pass now, with all that it brings; return the time after it, in ms.

        Afterwards time runs or stands as before. Clients may go on to sign with their own clocks, unless
        `shift_server_time`: then only the exchange's time counts, and a client has to ask for it first (-1021).

        Raises `BadClockError`.
        """
        span_ms = _span_ms(hours=hours, minutes=minutes, seconds=seconds, ms=ms)
        stand_at = self._stand_with_clients if shift_server_time else self._clock.stand_at
        async with self._turn:
            self._clock.stop()
            try:
                told = ", and clients' clocks with it" if shift_server_time else ""
                self._chronicle.record("action", summary=f"time is advanced by {span_ms / 1000:g} s{told}")
                await self._live_until(self._clock.now_s + span_ms / 1000, stand_at)
            finally:
                self._resume()
        return self.time_ms

    def begin_advance(self, **span: float) -> None:
        """Begin to `advance`, and do not wait for the end. What fails is raised when the simulator stops."""
        _span_ms(**span)
        task = asyncio.get_running_loop().create_task(self.advance(**span))  # type: ignore[arg-type]  # no flag is a span
        self._begun.add(task)
        task.add_done_callback(self._ended)

    def close(self) -> None:
        """End the jumps that were begun, where they are."""
        for task in self._begun:
            task.cancel()

    def _ended(self, task: asyncio.Task[int]) -> None:
        self._begun.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._chronicle.fail(error if isinstance(error, Exception) else RuntimeError(str(error)), "a jump in time")

    def _resume(self) -> None:
        if self._mode == "running":
            self._clock.go_on(self._scale)
        else:
            self._clock.stop()

    def _stand_with_clients(self, time_s: float) -> None:
        self._clock.stand_at(time_s)
        self._clock.take_clients_along()

    async def _live_until(self, end_s: float, stand_at: Callable[[float], None]) -> None:
        """Stand at each moment at which something is due, one after the other, and at last at the end."""
        in_vain: dict[object, float] = {}
        while (next_s := self._clock.next_s) is not None and next_s <= end_s:
            stand_at(next_s)
            ear = _Ear()
            unsubscribe = self._chronicle.subscribe(ear.hear)
            try:
                self._clock.fire()
                await asyncio.sleep(0)
                await ear.until_quiet()
            finally:
                unsubscribe()
            await self._until_answered(in_vain)
        stand_at(end_s)

    async def _until_answered(self, in_vain: dict[object, float]) -> None:
        """Wait for the pongs of all who were pinged; but a moment for those who let a wait pass, and since when."""
        loop, now_s = asyncio.get_running_loop(), self._clock.now_s
        missing = {found for found in self._unanswered() if now_s - in_vain.get(found, -math.inf) >= AGAIN_S}
        began_s = loop.time()
        while missing:
            await asyncio.sleep(_POLL_S)
            missing.intersection_update(self._unanswered())
            waited_s = loop.time() - began_s
            late = {found for found in missing if waited_s >= (QUIET_S if found in in_vain else PATIENCE_S)}
            in_vain.update(dict.fromkeys(late, now_s))
            missing -= late


class _Ear:
    """Hears what happens at one moment."""

    def __init__(self) -> None:
        self._news = asyncio.Event()
        self._patience_s = 0.0

    def hear(self, entry: JournalEntry) -> None:
        """Hear of one thing: somebody may have lost a connection by it, or know that his key has ended."""
        has_lost = entry.kind == "connection" or (entry.event == LISTEN_KEY_EXPIRED and entry.sockets > 0)
        self._patience_s = max(self._patience_s, PATIENCE_S if has_lost else QUIET_S)
        self._news.set()

    async def until_quiet(self) -> None:
        """Wait until nothing more happens, if anything did."""
        loop = asyncio.get_running_loop()
        end_s = loop.time() + PATIENCE_S
        wait_s = self._patience_s
        while self._news.is_set() and loop.time() < end_s:
            self._news.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self._news.wait()
            wait_s = QUIET_S


def parse_pace(text: str) -> tuple[Mode, float | None]:
    """Return the mode and the scale that a text stands for. Raises `BadClockError`."""
    if text in _MODES:
        return _MODES[text], None
    try:
        scale = float(text.removesuffix("x"))
    except ValueError:
        message = f"expected running, frozen, stepped, or a pace such as 60x, got {text!r}"
        raise BadClockError(message) from None
    return "running", _checked_scale(scale)


def _span_ms(**parts: float) -> int:
    """Return the sum of the parts in ms. Raises `BadClockError` unless it is a span that can be lived through."""
    units = {"hours": 3_600_000, "minutes": 60_000, "seconds": 1000, "ms": 1}
    for name, value in parts.items():
        if not _is_number(value) or value < 0:
            message = f"{name}: expected a number, 0 or more, got {value!r}"
            raise BadClockError(message)
    span_ms = sum(value * units[name] for name, value in parts.items())
    if not (span_ms <= MOST_MS and round(span_ms) > 0):
        message = f"time can be advanced by 1 ms to 366 days at once, such as minutes=61, not by {span_ms:.15g} ms"
        raise BadClockError(message)
    return round(span_ms)


def _checked_scale(scale: float) -> float:
    if not _is_number(scale) or not 0 < scale <= FASTEST:
        message = f"scale: expected a number above 0, at most {FASTEST:g}, got {scale!r}"
        raise BadClockError(message)
    return float(scale)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
