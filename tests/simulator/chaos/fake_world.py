"""A laboratory that runs nothing: the seed alone decides how a run ends. Workers run it, in processes of their own."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

from simulator.chaos.engine import EngineFactory
from simulator.chaos.result import Divergence, RunResult
from simulator.chaos.witness import Witness
from simulator.core.scenario.action import Action, CutConnections, Fill
from simulator.core.scenario.engine_action import EngineCrash, EnginePlace
from simulator.core.scenario.laboratory import Laboratory
from simulator.core.scenario.market_action import SetPrice
from simulator.core.scenario.scenario import Scenario, Step
from simulator.errors import SimulatorError

PASSES = 100
FAILS = 101
DIES = 102
HANGS = 103
RAISES = 104
PRINTS = 105
REFUSES = 106
RAISES_IN_A_GROUP = 107
LEAKS = 108

_DEFECTS = {
    RAISES: RuntimeError("a defect"),
    RAISES_IN_A_GROUP: ExceptionGroup("unhandled", [RuntimeError("a defect of a task")]),
}


_left: list[list[object]] = []


class RefusedByTheWorldError(SimulatorError):
    """This cannot be played."""


def an_engine(_: object) -> object:
    """Make an engine that is never asked anything."""
    return object()


NOT_CALLABLE = 7


def _somewhere() -> None:
    time.sleep(60)  # it is killed long before


_DEEDS: dict[int, Callable[[], object]] = {
    DIES: lambda: os._exit(3),
    HANGS: _somewhere,
    PRINTS: lambda: print("an engine says something"),  # noqa: T201  engines do
    LEAKS: lambda: _left.append([object() for _ in range(1_000)]),
}


def draw_scenario(seed: int, hours: float) -> Scenario:
    """Return twenty steps, those of `FAILS` with an order, a crash and a fill; or end as the seed is called."""
    if seed in _DEEDS:
        _DEEDS[seed]()
    if seed in _DEFECTS:
        raise _DEFECTS[seed]
    if seed == REFUSES:
        message = "no such world"
        raise RefusedByTheWorldError(message)
    steps: list[Step] = []
    for number in range(20):
        deed: Action = CutConnections() if number % 2 else SetPrice(symbol="BTCUSDT", price=str(number + 1))
        steps.append(Step(at=f"{number}m", do=deed))
    if seed == FAILS:
        order = EnginePlace(symbol="BTCUSDT", side="BUY", quantity="1", price="2", client_order_id="c-1")
        steps[3] = Step(at="3m", do=order)
        steps[9] = Step(at="9m", do=EngineCrash(after_steps=4))
        steps[15] = Step(at="15m", do=Fill(order="c-1"))
    laboratory = Laboratory(seed=seed, length=f"{round(hours * 3600)}s", latency="20ms")
    return Scenario(name=f"seed {seed}", steps=steps, laboratory=laboratory, timeout="2h")


def run_scenario(scenario: Scenario, _factory: EngineFactory, witness: Witness | None = None) -> RunResult:
    """Fail when an engine that has an order dies, and the order fills."""
    kinds = {type(action) for step in scenario.steps for action in step.actions}
    seed = scenario.laboratory.seed if scenario.laboratory else 0
    lost = Divergence(rule="fill", what="order c-1: a fill\n  was lost", at_ms=9, about="c-1")
    return RunResult(
        seed=seed,
        virtual_s=3600,
        real_s=0.5,
        divergences=(lost,) if kinds >= {EnginePlace, EngineCrash, Fill} else (),
        happened={"cut_connections": 10, "set_price": 10},
        orders=3,
        fills=2,
        lives=2,
        heal_ms=(100, 2_000),
        timeline=("00:00:09.000  >>> order c-1",) if witness else (),
        journal_digest=f"{seed:064x}-{os.environ.get('PYTHONHASHSEED')}",
    )


def run_seed(seed: int, hours: float) -> RunResult:
    """Run what is drawn, in this process."""
    return run_scenario(draw_scenario(seed, hours), an_engine)  # type: ignore[arg-type]  # it is never asked
