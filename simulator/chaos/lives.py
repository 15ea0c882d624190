"""The lives of an engine, one after the other, on one exchange and with one directory.

A life begins when the one before it has ended, properly or by a crash, and it has been down for as long as was asked.
What it finds of its predecessors is what they wrote. `chaos.life` says how a life ends at any await.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from contextvars import copy_context
from dataclasses import dataclass
from typing import Any, Final, Literal

from simulator.chaos.engine import Abandons, Engine
from simulator.chaos.factory import complete_engine
from simulator.chaos.life import Life, mortal_tasks

__all__ = ["Lives", "LivingEngine"]

_BURIAL_STOP_S: Final = 60.0
"""How long an engine that is dead may take to close what it still holds."""


_LAST_TURNS: Final = 4
"""How often the loop goes round until what was closed is closed, and what was cancelled has ended."""


@dataclass(eq=False)
class LivingEngine:
    """One life, and what was seen of it. Times are the exchange's, ms; 0: not yet."""

    life: Life
    began_ms: int
    engine: Engine | None = None
    """None while it is being made."""
    ready_ms: int = 0
    over_ms: int = 0
    sure_ms: int = 0
    """Until when it must know everything, by what it promised last: kept by who watches."""
    end: Literal["", "crash", "stop"] = ""
    down_s: float | None = None
    """How long after its end the next one begins; None: there is none to come."""
    leaving: bool = False
    """True once it was told to stop."""
    left_tasks: tuple[str, ...] = ()
    """Tasks that went on after it had stopped."""
    left_timers: tuple[str, ...] = ()
    left_connections: tuple[str, ...] = ()


class Lives:
    """`make` makes the engine of life 1, 2, ...; `now_ms` tells the exchange's time.

    `on_change` is called when a life was begun, is ready, or is over; `on_death` when one was killed: its connections
    are to be cut.
    """

    def __init__(
        self,
        make: Callable[[int], Engine],
        *,
        now_ms: Callable[[], int],
        on_change: Callable[[], None] = lambda: None,
        on_death: Callable[[Life], None] = lambda _: None,
    ) -> None:
        self.all: list[LivingEngine] = []
        self.raised: list[tuple[str, BaseException]] = []
        """What an engine raised when it was made, started or stopped, or in a task that it forgot."""
        self._make = make
        self._now_ms = now_ms
        self._on_change = on_change
        self._on_death = on_death
        self._outside = copy_context()
        self._next: asyncio.TimerHandle | None = None
        self._stopping: set[asyncio.Task[None]] = set()
        self._mortality = contextlib.ExitStack()
        self._mortality.enter_context(mortal_tasks(asyncio.get_running_loop()))

    @property
    def lives(self) -> int:
        """How many have begun."""
        return len(self.all)

    @property
    def present(self) -> LivingEngine | None:
        """The life that goes on; None while nobody lives."""
        return self.all[-1] if self.all and not self.all[-1].life.over else None

    @property
    def trading(self) -> Engine | None:
        """The present life's engine, once it may be told to trade."""
        present = self.present
        return present.engine if present is not None and present.ready_ms and not present.leaving else None

    def begin(self) -> None:
        """Begin the next life, if nobody lives."""
        self._silence_alarm()
        if self.present is not None:
            return
        number = len(self.all) + 1
        living = LivingEngine(Life(number, lambda: self._outside.copy().run(self._died, living)), self._now_ms())
        self.all.append(living)
        living.life.begin(self._start(living), name=f"life {number}")
        self._on_change()

    async def _start(self, living: LivingEngine) -> None:
        try:
            living.engine = complete_engine(self._make(living.life.number))
            await living.engine.start()
        except Exception as error:  # noqa: BLE001  whatever it raises is told
            if not living.leaving:  # else that is how it says that it will not be ready
                self.raised.append((f"the start of life {living.life.number}", error))
            return
        living.ready_ms = self._now_ms()
        self._on_change()

    def perform(self, deed: Coroutine[Any, Any, None]) -> asyncio.Task[Any]:
        """Let the present life do something. It never ends when the life ends before; `bury` cancels it."""
        if self.present is None:
            deed.close()
            message = "nobody lives who could do this"
            raise RuntimeError(message)
        return self.present.life.begin(deed)

    def crash(self, after_steps: int, down_s: float) -> None:
        """Kill the present life at the so manieth await from now on, 0: at once. The next one begins `down_s` later."""
        present = self.present
        if present is None:
            return
        present.down_s = down_s
        if after_steps:
            present.life.last_step = present.life.steps + after_steps
        else:
            present.life.kill()

    def spare(self) -> None:
        """Kill nobody any more who was to be killed later."""
        if self.present is not None:
            self.present.life.last_step = None

    def restart(self, down_s: float) -> None:
        """Stop the present life as it stops itself. The next one begins `down_s` later."""
        present = self.present
        if present is None or present.leaving:
            return
        present.down_s, present.leaving = down_s, True
        task = self._outside.copy().run(asyncio.get_running_loop().create_task, self._leave(present))
        self._stopping.add(task)
        task.add_done_callback(self._stopping.discard)

    async def stop(self) -> None:
        """End the last life as it ends itself; no other one begins."""
        self._silence_alarm()
        self.spare()
        if self.present is not None and not self.present.leaving:
            self.present.down_s = None
            await self._leave(self.present)
        while self._stopping:
            await asyncio.wait(list(self._stopping))
        self._silence_alarm()

    async def bury(self) -> None:
        """Let go of everything that the dead hold. Nobody lives any more after that."""
        self._silence_alarm()
        for living in self.all:
            living.down_s = None
            await living.life.bury()
            if living.engine is not None and living.end != "stop":
                with contextlib.suppress(Exception):  # it is dead
                    async with asyncio.timeout(_BURIAL_STOP_S):
                        await living.engine.stop()
        self._mortality.close()

    async def _leave(self, living: LivingEngine) -> None:
        living.leaving = True
        self._on_change()
        if living.engine is not None:
            try:
                await living.life.do(living.engine.stop())
            except Exception as error:  # noqa: BLE001  whatever it raises is told
                self.raised.append((f"the stop of life {living.life.number}", error))
        for _ in range(_LAST_TURNS):
            await asyncio.sleep(0)
        if living.life.over:
            return
        living.end = "stop"
        living.left_connections = tuple(map(str, living.life.connections()))
        living.left_tasks = tuple(task.get_name() for task in living.life.tasks)
        living.left_timers = tuple(map(str, living.life.timers()))
        self.raised += [(f"task {name}, unheard", error) for name, error in living.life.unheard()]
        living.life.kill()

    def _died(self, living: LivingEngine) -> None:
        living.over_ms = self._now_ms()
        if not living.end:
            living.end = "crash"
            if isinstance(living.engine, Abandons):
                living.engine.abandon()
        self._on_death(living.life)
        if living.down_s is not None:
            loop = asyncio.get_running_loop()
            self._next = loop.call_later(living.down_s, self.begin, context=self._outside.copy())
        self._on_change()

    def _silence_alarm(self) -> None:
        if self._next is not None:
            self._next.cancel()
            self._next = None
