"""Shrinks what failed with a worker, and writes what is left down: `chaos-SEED.yaml`, to be read and to be replayed."""

from __future__ import annotations

from pathlib import Path

import click

from simulator.chaos.progress import shrinking
from simulator.chaos.report import failure_text, scenario_command
from simulator.chaos.result import RunResult
from simulator.chaos.shrink import MOST_RUNS, Fails, Shrunk, shrink
from simulator.chaos.worker_process import WorkerProcess
from simulator.core.scenario.scenario import Scenario
from simulator.core.scenario.writing import scenario_text

__all__ = ["shrink_to_file"]


def shrink_to_file(worker: WorkerProcess, scenario: Scenario, result: RunResult, replay: str, engine: str) -> Path:
    """Shrink a scenario that failed as `result` tells, and tell how what is left fails; return its file.

    `replay` is the command that had the result. Ctrl-C ends it with what is left by then.
    """
    rule = result.divergences[0].rule
    shrunk = _shrunk(scenario, lambda candidate: worker.still_fails(candidate, rule), result.seed)
    file = Path(f"chaos-{result.seed}.yaml")
    again = scenario_command(file, engine)
    left = worker.run_scenario(shrunk.scenario)
    remark = "\n".join([*_how(left, rule), f"Played by: {again}", f"It is what is left of: {replay}"])
    file.write_text(scenario_text(shrunk.scenario, remark), encoding="utf-8")
    more = "" if shrunk.finished else "; more runs might leave less"
    steps = f"{len(scenario.steps)} steps are {len(shrunk.scenario.steps)} in {file}, after {shrunk.runs} runs{more}"
    click.echo(f"\n{steps}\n\n{failure_text(left, again)}" if left.divergences else f"\n{steps}: {again}")
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


def _how(left: RunResult, rule: str) -> list[str]:
    """Return what is broken, the rule that was looked for first."""
    broken = sorted(left.divergences, key=lambda divergence: divergence.rule != rule)
    return [f"{divergence.rule}: {divergence.what.partition(chr(10))[0]}" for divergence in broken[:3]]
