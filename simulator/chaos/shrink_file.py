"""Shrinks what failed with a worker, and writes what is left down: `chaos-SEED.yaml`, to be read and to be replayed."""

from __future__ import annotations

import importlib
from pathlib import Path

import click

from simulator.chaos.progress import shrinking
from simulator.chaos.result import RunResult
from simulator.chaos.shrink import MOST_RUNS, Fails, Shrunk, shrink
from simulator.chaos.worker_process import WorkerProcess
from simulator.core.scenario.scenario import Scenario
from simulator.core.scenario.writing import scenario_text

__all__ = ["shrink_scenario", "shrink_seed"]


def shrink_seed(worker: WorkerProcess, result: RunResult, hours: float, world: str) -> Path:
    """Shrink the run of a seed that failed; return the file."""
    scenario = importlib.import_module(world).draw_scenario(result.seed, hours)
    return shrink_scenario(worker, scenario, result, replay=f"simulator chaos --seed {result.seed} --hours {hours:g}")


def shrink_scenario(worker: WorkerProcess, scenario: Scenario, result: RunResult, *, replay: str) -> Path:
    """Shrink a scenario that failed as `result` tells; return the file. Ctrl-C ends it with what is left by then."""
    rule = result.divergences[0].rule
    shrunk = _shrunk(scenario, lambda candidate: worker.still_fails(candidate, rule), result.seed)
    file = Path(f"chaos-{result.seed}.yaml")
    file.write_text(scenario_text(shrunk.scenario, _remark(result, replay, file)), encoding="utf-8")
    click.echo(
        f"\n{len(scenario.steps)} steps are {len(shrunk.scenario.steps)} in {file}, after {shrunk.runs} runs"
        f"{'' if shrunk.finished else '; more runs might leave less'}: simulator chaos --scenario {file}"
    )
    return file


def _shrunk(scenario: Scenario, fails: Fails, seed: int) -> Shrunk:
    smallest = Shrunk(scenario, runs=0, finished=False)
    with shrinking(seed, MOST_RUNS) as show:

        def told(runs: int, left: Scenario) -> None:
            nonlocal smallest
            smallest = Shrunk(left, runs, finished=False)
            show(runs, len(left.steps))

        try:
            return shrink(scenario, fails, told=told)
        except KeyboardInterrupt:
            return smallest


def _remark(result: RunResult, replay: str, file: Path) -> str:
    first = result.divergences[0]
    return (
        f"Broke the rule of {first.rule!r}: {first.what.partition(chr(10))[0]}\n"
        f"It is what is left of: {replay}\n"
        f"It fails the same way: simulator chaos --scenario {file}"
    )
