"""Plays the steps of a scenario in the laboratory: on the exchange, and through the engine.

A step happens at its time, on a clock that nothing else moves. What the exchange does, it does at once. What the engine
does becomes a task of its present life, and nobody waits for it: an engine that waits for an answer may be told to do
other things meanwhile, and what it raises is its answer. A step that cannot be done (its order has ended, no life is
there to trade) is skipped and counted: whoever draws a day, or leaves steps of one out to find the one that matters,
cannot know what will be left to be done.

What an engine cannot do, because it lacks the methods, another client of its account does instead.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import fields
from functools import partial
from typing import Any, Final, Protocol

from simulator.chaos.engine import Amends, CancelsAll, Engine, PlacesAlgo
from simulator.core.journal import JournalEntry
from simulator.core.rest.venue_error import VenueError
from simulator.core.scenario.action import Action, Amend, Answer, Deed
from simulator.core.scenario.engine_action import (
    EngineAmend,
    EngineCancel,
    EngineCancelAlgo,
    EngineCancelAll,
    EngineCrash,
    EnginePlace,
    EnginePlaceAlgo,
    EngineRestart,
    OnEngine,
)
from simulator.core.scenario.fault_action import Fault
from simulator.core.scenario.notation import milliseconds, snake_case
from simulator.core.scenario.observation import NOTHING, Subject
from simulator.core.scenario.scenario import Scenario, Step
from simulator.errors import SimulatorError
from simulator.runtime.action import perform
from simulator.runtime.script import ScenarioRun
from simulator.runtime.server import Simulator

__all__ = ["Player", "Stage"]

_DEFECTS: Final = (AssertionError, AttributeError, NameError, TypeError)
"""What no engine raises to refuse an order, but by a slip of its author."""


class Stage(Protocol):
    """The engine as the player sees it: whoever lives now, and how to end that."""

    @property
    def trading(self) -> Engine | None:
        """The present life, once it may be told to trade."""

    def perform(self, deed: Coroutine[Any, Any, None]) -> asyncio.Task[Any]:
        """Let the present life do something."""

    def crash(self, after_steps: int, down_s: float) -> None:
        """End the present life without a word, and begin the next one later."""

    def restart(self, down_s: float) -> None:
        """Stop the present life as it stops itself, and begin the next one later."""


class Player:
    """One performance of a scenario's steps."""

    def __init__(self, simulator: Simulator, stage: Stage, scenario: Scenario) -> None:
        self.happened: Counter[str] = Counter()
        self.skipped = 0
        self.asked: dict[asyncio.Task[Any], tuple[Engine, str]] = {}
        """What an engine was told to do and has not done yet; one whose life is over never will."""
        self.raised: list[tuple[str, BaseException]] = []
        """What an engine raises by mistake only, and at which deed."""
        self.refusal: BaseException | None = None
        """What an engine raised last instead of doing what it was told."""
        self.simulator = simulator
        self.scenario = scenario
        self._triggered: ScenarioRun | None = None
        self._stage = stage
        self._steps = sorted((_time_ms(step), number) for number, step in enumerate(scenario.steps) if step.at)

    async def play(self) -> None:
        """Do every step at its time, and return after the last one. Steps that wait for something go on until then."""
        if any(step.at is None for step in self.scenario.steps):
            self._triggered = _TriggeredRun(self)
            return
        begun_ms = self.simulator.time_ms
        for time_ms, number in self._steps:
            wait_ms = begun_ms + time_ms - self.simulator.time_ms
            if wait_ms > 0:
                await asyncio.sleep(wait_ms / 1000)
            self._do(self.scenario.steps[number])

    def end(self) -> None:
        """Do nothing more."""
        if self._triggered is not None:
            self._triggered.stop()

    def _do(self, step: Step) -> None:
        about = NOTHING
        for action in step.actions:
            if not isinstance(action, Answer):  # one needs a request, and was refused by the check
                about = self.act(action, about)

    def act(self, action: Deed, about: Subject) -> Subject:
        """Do an action, or skip it when it cannot be done; return what it was about."""
        try:
            about = self._act(action, about)
        except (SimulatorError, VenueError):
            self.skipped += 1
        else:
            self.happened[_name_of(action)] += 1
        return about

    def _act(self, action: Deed, about: Subject) -> Subject:
        if not isinstance(action, OnEngine):
            return perform(self.simulator, action, about)
        match action:
            case EngineCrash():
                self._stage.crash(action.after_steps, milliseconds(action.down) / 1000)
            case EngineRestart():
                self._stage.restart(milliseconds(action.down) / 1000)
            case _:
                self._tell(action)
        return about

    def _tell(self, action: OnEngine) -> None:
        engine = self._stage.trading
        if engine is None:
            raise NobodyTradesError
        deed = _deed(engine, action)
        if deed is None:
            self._somebody_else(action)
            return
        name = f"{snake_case(type(action).__name__)} {getattr(action, 'client_order_id', '') or action}"
        task = self._stage.perform(_awaited(deed))
        self.asked[task] = engine, name
        task.add_done_callback(lambda done: self._heard(name, done))

    def _heard(self, name: str, task: asyncio.Task[Any]) -> None:
        self.asked.pop(task, None)
        error = None if task.cancelled() else task.exception()
        self.refusal = error or self.refusal
        if isinstance(error, _DEFECTS):
            self.raised.append((name, error))

    def _somebody_else(self, action: OnEngine) -> None:
        simulator = self.simulator
        match action:
            case EngineAmend():
                terms = Amend(order=action.order, quantity=action.quantity, price=action.price)
                perform(simulator, terms, NOTHING)
            case EngineCancelAll():
                simulator.request_external("DELETE", "/fapi/v1/allOpenOrders", symbol=action.symbol)
                simulator.request_external("DELETE", "/fapi/v1/algoOpenOrders", symbol=action.symbol)
            case EnginePlaceAlgo():
                simulator.place_external_algo(**_algo_terms(action))
            case EngineCancelAlgo():
                simulator.request_external("DELETE", "/fapi/v1/algoOrder", clientAlgoId=action.order)
            case _:
                raise NobodyTradesError


class _TriggeredRun(ScenarioRun):
    """The same for a scenario of which not every step has a time. It lasts as long as the scenario may."""

    def __init__(self, player: Player) -> None:
        self._player = player
        super().__init__(player.simulator, player.scenario)

    def _act(self, action: Action, about: Subject, request: JournalEntry | None) -> Subject:
        if isinstance(action, Answer):
            return super()._act(action, about, request)
        return self._player.act(action, about)


class NobodyTradesError(SimulatorError):
    """A deed of the engine came while none of its lives was ready for it."""

    def __init__(self) -> None:
        super().__init__("no life of the engine is there to do this")


def _deed(engine: Engine, action: OnEngine) -> Callable[[], Awaitable[None]] | None:
    """Return what the engine does; None when it cannot."""
    deed: Callable[[], Awaitable[None]] | None = None
    match action:
        case EnginePlace():
            deed = partial(engine.place, action)
        case EngineCancel():
            deed = partial(engine.cancel, action.symbol, action.order)
        case EngineAmend() if isinstance(engine, Amends):
            deed = partial(engine.amend, action)
        case EngineCancelAll() if isinstance(engine, CancelsAll):
            deed = partial(engine.cancel_all, action.symbol)
        case EnginePlaceAlgo() if isinstance(engine, PlacesAlgo):
            deed = partial(engine.place_algo, action)
        case EngineCancelAlgo() if isinstance(engine, PlacesAlgo):
            deed = partial(engine.cancel_algo, action.symbol, action.order)
    return deed


async def _awaited(deed: Callable[[], Awaitable[None]]) -> None:
    await deed()


def _algo_terms(action: EnginePlaceAlgo) -> dict[str, Any]:
    terms = {field.name: getattr(action, field.name) for field in fields(action)}
    terms["client_algo_id"] = terms.pop("client_order_id")
    if action.close_position == "false":
        del terms["close_position"]
    if action.reduce_only == "false":
        del terms["reduce_only"]
    if action.position_side == "BOTH":
        del terms["position_side"]
    if action.type == "TRAILING_STOP_MARKET":
        terms["activate_price"] = terms.pop("trigger_price")
    return terms


def _name_of(action: Action) -> str:
    """Return what to count an action as: a fault by what it is about and what it does."""
    name = snake_case(type(action).__name__)
    if not isinstance(action, Fault):
        return name
    verdict = action.verdict if isinstance(action.verdict, str) else next(iter(action.verdict or {}), "")
    return f"{name} {action.named or f'{action.on} {verdict}'}"


def _time_ms(step: Step) -> int:
    return milliseconds(step.at or "0s") + milliseconds(step.delay)
