"""Every ordering of the few messages of a dangerous moment, not a sample of them.

A *window* is such a moment: it says what happens, and which messages are kept at the gate. Then one of those that wait
is let through, the engine does what it does, maybe asks for more, and again one of those that wait by then is let
through, until none is left. All these choices are a tree, and each path through it is one ordering; a run is made anew
for each, with an exchange and an engine of its own, on virtual time. So no ordering is tried that cannot happen, such
as an answer before its request. What the exchange or the engine does inside the window (a *move*) is a choice like a
message.

Two laws. `tcp`: of each connection only the message that came first may be let through, so that all connections keep
their order. `any`: any of them may; no correct exchange does that to events of one type, and there an engine has to
survive and to heal, no more: in which order it was told is not asked then.

When the window is over and some time has passed, engine and exchange must agree, as `oracle` sees it.

A window has an end: an ordering that has taken `_MOST` choices and could go on is cut there, and does not pass, because
the rest came in one order only.
"""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
import traceback
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias, cast

from simulator.chaos.engine import Engine, EngineFactory, Exchange
from simulator.chaos.exchange_view import view_of
from simulator.chaos.gate import Gate, GatedLoop
from simulator.chaos.opening import new_exchange, start_ms
from simulator.chaos.oracle import EngineView, divergences, life_view
from simulator.chaos.result import Divergence
from simulator.core.scenario.laboratory import Laboratory
from simulator.runtime.server import Simulator
from simulator.runtime.virtual_time import DeadlockError, virtual_wall_clock

__all__ = ["Bench", "Law", "Ordering", "Window", "orderings", "try_ordering"]

Law: TypeAlias = Literal["tcp", "any"]

_WAIT: Final = "(wait for a message)"
_MOST: Final = 20
"""Messages, moves and waits of a window; more is no window any more, and its orderings are too many to try. A pause of
3 s is long enough for our engine to compare once more within "snapshot, fill", which then takes up to 18."""
_PATIENCE_S: Final = 8.0
"""How long the engine may take to ask for more when nothing waits."""
_LOOK_AGAIN_S: Final = 0.25
_CALM_S: Final = 130.0
"""How long it has until it must agree with the exchange: REST's lag, a comparison, a repair, and its confirmation."""
_STOP_S: Final = 60.0
_OF_ORDER: Final = frozenset({"fill order", "delivery"})


@dataclass(eq=False)
class Bench:
    """Where an ordering is tried. `raised`: what the engine's deeds raised, which is its answer."""

    sim: Simulator
    engine: Engine
    raised: list[Exception] = field(default_factory=list)
    _deeds: set[asyncio.Task[None]] = field(default_factory=set)

    def engine_does(self, deed: Coroutine[Any, Any, None]) -> None:
        """Let the engine do something, and do not wait for it."""
        task = asyncio.get_running_loop().create_task(self._heard(deed))
        self._deeds.add(task)
        task.add_done_callback(self._deeds.discard)

    async def _heard(self, deed: Coroutine[Any, Any, None]) -> None:
        try:
            await deed
        except Exception as error:  # noqa: BLE001  an engine may raise whatever it likes
            self.raised.append(error)

    @property
    def unfinished(self) -> int:
        """How many deeds have not ended."""
        return len(self._deeds)


Move: TypeAlias = Callable[[Bench], None]


@dataclass(frozen=True, kw_only=True)
class Window:
    """A dangerous moment. Everything happens on one account, whose engine has been started."""

    name: str
    about: str
    messages: Sequence[str]
    """Which ones are kept: labels as `gate` has them, `*` for any text."""
    begin: Move
    """What happens as the window opens."""
    moves: Mapping[str, Move] = field(default_factory=dict)
    """What happens at some moment within it."""
    before: Callable[[Bench], Awaitable[None]] | None = None
    """What has to be there already."""
    laboratory: Laboratory = field(default_factory=Laboratory)


@dataclass(frozen=True, kw_only=True)
class Ordering:
    """One ordering, and what came of it.

    `options`: between how many there was to choose at each step; `cut`: what could still be chosen when there had been
    as many choices as a window may have.
    """

    window: str
    law: Law
    released: tuple[str, ...]
    choices: tuple[int, ...]
    options: tuple[int, ...]
    cut: tuple[str, ...] = ()
    divergences: tuple[Divergence, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether all was let through by choice, and engine and exchange agreed in the end."""
        return not (self.cut or self.divergences)


def orderings(window: Window, factory: EngineFactory, *, law: Law = "tcp", pause_s: float = 0.01) -> Iterator[Ordering]:
    """Try every ordering of a window. `pause_s`: how long the engine has between two of its messages."""
    choices: Sequence[int] | None = ()
    while choices is not None:
        ordering = try_ordering(window, factory, choices, law=law, pause_s=pause_s)
        yield ordering
        choices = _next(ordering)


def _next(ordering: Ordering) -> Sequence[int] | None:
    """Return the choices of the next path: the last one that can be another is the next one. None: there is none."""
    pairs = list(zip(ordering.choices, ordering.options, strict=True))
    while pairs:
        choice, options = pairs.pop()
        if choice + 1 < options:
            return [*(earlier for earlier, _ in pairs), choice + 1]
    return None


def try_ordering(
    window: Window, factory: EngineFactory, choices: Sequence[int], *, law: Law = "tcp", pause_s: float = 0.01
) -> Ordering:
    """Try the ordering of these choices; where they end, the first option is taken."""
    trial = _Trial(window, factory, choices, law, pause_s)
    with (
        tempfile.TemporaryDirectory(prefix="interleaving-") as directory,
        virtual_wall_clock(start_ms(window.laboratory.seed)),
    ):
        try:
            with asyncio.Runner(loop_factory=GatedLoop) as runner:
                runner.run(trial.run(Path(directory)))
        except DeadlockError as error:
            trial.diverge("hung", str(error))
    return trial.ordering


class _Trial:
    """One run of a window."""

    def __init__(
        self, window: Window, factory: EngineFactory, choices: Sequence[int], law: Law, pause_s: float
    ) -> None:
        self._window = window
        self._factory = factory
        self._choices = choices
        self._law: Law = law
        self._pause_s = pause_s
        self._left = dict(window.moves)
        self._has_waited = False
        self._released: list[str] = []
        self._taken: list[int] = []
        self._options: list[int] = []
        self._cut: tuple[str, ...] = ()
        self._divergences: list[Divergence] = []

    @property
    def ordering(self) -> Ordering:
        """What came of it."""
        return Ordering(
            window=self._window.name,
            law=self._law,
            released=tuple(self._released),
            choices=tuple(self._taken),
            options=tuple(self._options),
            cut=self._cut,
            divergences=tuple(self._divergences),
        )

    async def run(self, directory: Path) -> None:
        """Prepare, let the messages through, and judge."""
        loop = cast("GatedLoop", asyncio.get_running_loop())
        loop.set_exception_handler(lambda _, context: self._unheard(context))
        async with new_exchange(self._window.laboratory) as sim:
            engine = self._factory(_exchange(sim, self._window.laboratory, directory))
            await engine.start()
            bench, ready_ms = Bench(sim, engine), sim.time_ms
            try:
                if self._window.before is not None:
                    await self._window.before(bench)
                    await asyncio.sleep(_PATIENCE_S)
                await self._play(bench, loop.gate)
                await asyncio.sleep(_CALM_S)
                self._judge(bench, ready_ms)
            finally:
                loop.gate.open()
                await self._stop(engine)

    async def _play(self, bench: Bench, gate: Gate) -> None:
        gate.close(self._window.messages)
        self._window.begin(bench)
        await asyncio.sleep(self._pause_s)
        while options := await self._open_to(bench, gate):
            number = len(self._taken)
            if number == _MOST:
                self._cut = tuple(label for label, _ in options)
                break
            choice = self._choices[number] if number < len(self._choices) else 0
            label, take = options[choice]
            self._taken.append(choice)
            self._options.append(len(options))
            self._released.append(label)
            take()
            await asyncio.sleep(self._pause_s)
        gate.open()

    async def _open_to(self, bench: Bench, gate: Gate) -> list[tuple[str, Callable[[], None]]]:
        """Return what may happen next. While nothing waits a move may come now, or after the next message has come."""
        moves = [(label, partial(self._move, label, bench)) for label in self._left]
        if not gate.waiting and (not moves or self._has_waited):
            await self._for_a_message(gate)
        if not gate.waiting and moves and not self._has_waited:
            return [*moves, (_WAIT, self._wait)]
        self._has_waited = False
        waiting = [message for message in gate.waiting if self._law == "any" or not message.behind]
        return [*((message.label, message.let_through) for message in waiting), *moves]

    async def _for_a_message(self, gate: Gate) -> None:
        for _ in range(round(_PATIENCE_S / _LOOK_AGAIN_S)):
            if gate.waiting:
                return
            await asyncio.sleep(_LOOK_AGAIN_S)

    def _wait(self) -> None:
        self._has_waited = True

    def _move(self, label: str, bench: Bench) -> None:
        self._left.pop(label)(bench)

    def _judge(self, bench: Bench, ready_ms: int) -> None:
        if bench.unfinished:
            self.diverge("hung", f"{bench.unfinished} deeds of the engine have not ended")
        seen = EngineView.of(bench.engine, [life_view(bench.engine, ready_ms=ready_ms)])
        found = divergences(view_of(bench.sim), seen)
        self._divergences += [each for each in found if self._law == "tcp" or each.rule not in _OF_ORDER]

    async def _stop(self, engine: Engine) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_STOP_S):
                await engine.stop()
                return
        self.diverge("hung", "the engine does not stop")

    def _unheard(self, context: Mapping[str, Any]) -> None:
        error = context.get("exception")
        told = "" if error is None else "".join(traceback.format_exception(error)).rstrip()
        self.diverge("raised", f"{context.get('message', '')} {told}")

    def diverge(self, rule: Literal["hung", "raised"], what: str) -> None:
        """Note what must not be."""
        self._divergences.append(Divergence(rule=rule, what=what, at_ms=0))


def _exchange(sim: Simulator, laboratory: Laboratory, directory: Path) -> Exchange:
    account = sim.account
    return Exchange(
        rest_url=sim.rest_url,
        ws_url=sim.ws_url,
        api_key=account.api_key,
        api_secret=account.api_secret,
        directory=directory,
        life=1,
        seed=laboratory.seed,
        settings=laboratory.engine,
    )
