"""A process of its own that runs what it is told, one run after the other: `python -m simulator.chaos.worker`.

A task is a line of JSON on stdin, its answer a line on what was stdout when it began; whatever an engine prints goes to
stderr instead. It ends when stdin does, so that none is left when whoever gives the tasks is killed.

Nothing but the task decides how a run ends: the interpreter is started with `PYTHONHASHSEED=0`. A run that takes longer
than `limit_s` of real time hangs where no virtual clock helps, in a loop or in a call that blocks. Its position is
written to stderr then, and the process is given up.
"""

from __future__ import annotations

import contextlib
import faulthandler
import gc
import importlib
import os
import pickle
import signal
import sys
import time
import traceback
from collections.abc import Callable
from typing import Any, BinaryIO, Final

import msgspec

from simulator.chaos.engine import EngineFactory
from simulator.chaos.factory import engine_factory
from simulator.chaos.leaks import SteadyGrowth
from simulator.chaos.result import Divergence, RunResult
from simulator.chaos.witness import Witness
from simulator.errors import SimulatorError

__all__ = ["Answer", "Beginning", "Task", "serve"]

_COLLECTION: Final = (50_000, 20, 100)
"""How seldom the collector of garbage looks around."""

_NOT_THE_SAME: Final = (
    "played again, it went otherwise: something in it is neither the scenario's nor drawn from the engine's seed"
)


class Beginning(msgspec.Struct, frozen=True, kw_only=True):
    """The first line: what every run has in common."""

    engine: str
    world: str
    """The module that has `draw_scenario` and `run_scenario`."""
    limit_s: float
    """Real time that a run may take."""


class Task(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Any other line: the run of a seed, or of a scenario."""

    seed: int = 0
    hours: float = 1
    scenario: bytes = b""
    """Pickled."""
    timeline: bool = False
    """Whether a failure is played again for its timeline."""


class Answer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a run ended, or why it cannot be."""

    result: RunResult | None = None
    refusal: str = ""


def main() -> None:
    """Answer until there are no tasks any more."""
    with contextlib.suppress(ValueError):
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for whoever gives the tasks
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    faulthandler.enable()
    serve(sys.stdin.buffer, answers)


def serve(tasks: BinaryIO, answers: BinaryIO) -> None:
    """Read the beginning and then tasks, and answer each in a line."""
    first = tasks.readline()
    if not first:
        return
    beginning = msgspec.json.decode(first, type=Beginning)
    run = _runner(importlib.import_module(beginning.world), engine_factory(beginning.engine))
    gc.collect()
    gc.freeze()  # what was imported stays for good: no collection has to look at it again
    gc.set_threshold(*_COLLECTION)
    memory = SteadyGrowth()
    for line in tasks:
        faulthandler.dump_traceback_later(beginning.limit_s, exit=True)
        answer = _answer(run, msgspec.json.decode(line, type=Task))
        faulthandler.cancel_dump_traceback_later()
        answer = _with_leak(answer, memory.note())
        answers.write(msgspec.json.encode(answer) + b"\n")
        answers.flush()


def _runner(world: Any, factory: EngineFactory) -> Callable[[Task], RunResult]:
    def run(task: Task) -> RunResult:
        began_s = time.process_time()
        drawn = None if task.scenario else world.draw_scenario(task.seed, task.hours)
        scenario = drawn or pickle.loads(task.scenario)  # noqa: S301  from the process that started this one
        result: RunResult = world.run_scenario(scenario, factory)
        result = msgspec.structs.replace(result, cpu_s=time.process_time() - began_s)
        if result.passed or not task.timeline:
            return result
        again = world.run_scenario(scenario, factory, Witness())
        return msgspec.structs.replace(result, timeline=_told(result, again))

    return run


def _told(result: RunResult, again: RunResult) -> tuple[str, ...]:
    """Return the timeline, and a warning in front of it if it is of another run."""
    if again.journal_digest == result.journal_digest:
        return again.timeline
    return (_NOT_THE_SAME, *again.timeline)


def _answer(run: Callable[[Task], RunResult], task: Task) -> Answer:
    began_s = time.perf_counter()
    try:
        return Answer(result=run(task))
    except SimulatorError as error:
        return Answer(refusal=str(error))
    except Exception as error:  # noqa: BLE001  a defect is the failure of its run alone
        told = traceback.format_exception(error)
        what = f"the run broke off: {traceback.format_exception_only(_innermost(error))[-1].strip()}"
        broken = Divergence(rule="raised", what=what, at_ms=0)
        lines = tuple("".join(told).splitlines())
        real_s = time.perf_counter() - began_s
        return Answer(
            result=RunResult(seed=task.seed, virtual_s=0, real_s=real_s, divergences=(broken,), timeline=lines)
        )


def _with_leak(answer: Answer, growth: float) -> Answer:
    """Return the answer; where it is sure that runs leave memory behind, its run has failed of it."""
    if not growth or answer.result is None:
        return answer
    what = (
        f"this process holds {growth:.0f} blocks of memory more after each of its runs; "
        "it takes some fifty runs to see it, and no single seed shows it"
    )
    leak = Divergence(rule="leak", what=what, at_ms=0)
    result = msgspec.structs.replace(answer.result, divergences=(*answer.result.divergences, leak))
    return msgspec.structs.replace(answer, result=result)


def _innermost(error: Exception) -> Exception:
    """Return the first that is no group of others."""
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    return error


if __name__ == "__main__":
    main()
