"""A worker as the campaign has it: it is given a run and answers how it ended, also when it dies of it.

A worker that dies, or that gave itself up because a run hung, is a failed run and nothing more: the next run gets a new
one. Its last words (stderr: where it hung, what its engine printed) go into the result.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import subprocess
import sys
import tempfile
import threading
import time
from typing import Final

import msgspec

from simulator.chaos.result import Divergence, Rule, RunResult
from simulator.chaos.worker import Answer, Beginning, Task
from simulator.core.scenario.scenario import Scenario
from simulator.errors import SimulatorError

__all__ = ["RefusedError", "WorkerProcess", "default_limit_s"]

WORLD: Final = "simulator.chaos.world"
_RUNS: Final = 250
"""After so many a worker is replaced: what engines leave behind does not pile up."""
_GRACE_S: Final = 15.0
"""How much longer than its limit a worker is waited for, real time."""
_LAST_WORDS: Final = 60
"""Lines."""


def default_limit_s(hours: float) -> float:
    """Return how much real time a run may take: a hundred times what it takes."""
    return 60 + 60 * hours


class RefusedError(SimulatorError):
    """A run cannot be as it is described. The message says why."""


class WorkerProcess:
    """One process at a time, started when it is needed. For one thread; `end` may be called from any."""

    def __init__(self, engine: str, limit_s: float, world: str = WORLD) -> None:
        self._beginning = Beginning(engine=engine, world=world, limit_s=limit_s)
        self._process: subprocess.Popen[bytes] | None = None
        self._words = tempfile.TemporaryFile()  # noqa: SIM115  closed by `end`
        self._runs = 0
        self._ended = False

    def run_seed(self, seed: int, hours: float) -> RunResult:
        """Run a seed; a failure has its timeline. Raises `RefusedError`."""
        return self._run(Task(seed=seed, hours=hours, timeline=True))

    def run_scenario(self, scenario: Scenario) -> RunResult:
        """Run a scenario; a failure has its timeline. Raises `RefusedError`."""
        return self._run(_task(scenario, timeline=True))

    def still_fails(self, scenario: Scenario, rule: str) -> bool:
        """Say whether a scenario breaks a rule, whatever else it breaks. One that cannot be played breaks none."""
        try:
            result = self._run(_task(scenario, timeline=False))
        except RefusedError:
            return False
        return any(divergence.rule == rule for divergence in result.divergences)

    def end(self) -> None:
        """Kill the process, whatever it is doing. What waits for its answer has a failed run."""
        self._ended = True
        if self._process is not None:
            self._process.kill()

    def close(self) -> None:
        """End, and leave nothing behind."""
        self.end()
        self._bury()
        self._words.close()

    def _run(self, task: Task) -> RunResult:
        began_s = time.monotonic()
        answer = self._ask(task)
        if answer is None:
            result = self._failure(task.seed, time.monotonic() - began_s)
            self._bury()
            return result
        if answer.result is None:
            raise RefusedError(answer.refusal)
        self._runs += 1
        if self._runs == _RUNS:
            self._bury()
        return answer.result

    def _ask(self, task: Task) -> Answer | None:
        """Return the answer; None when the process died of it."""
        process = self._living()
        if process.stdin is None or process.stdout is None:
            raise AssertionError  # both are pipes
        patience = threading.Timer(self._beginning.limit_s + _GRACE_S, process.kill)
        patience.start()
        try:
            process.stdin.write(msgspec.json.encode(task) + b"\n")
            process.stdin.flush()
            line = process.stdout.readline()
        except BrokenPipeError:
            return None
        finally:
            patience.cancel()
        return msgspec.json.decode(line, type=Answer) if line.endswith(b"\n") else None

    def _living(self) -> subprocess.Popen[bytes]:
        self._words.seek(0)
        self._words.truncate()
        if self._process is None:
            self._process = self._start()
            self._runs = 0
        return self._process

    def _start(self) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-m", "simulator.chaos.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._words,
            env=os.environ | {"PYTHONHASHSEED": "0", "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            start_new_session=True,
        )
        if process.stdin is not None:
            process.stdin.write(msgspec.json.encode(self._beginning) + b"\n")
        if self._ended:
            process.kill()
        return process

    def _failure(self, seed: int, real_s: float) -> RunResult:
        hung = real_s >= self._beginning.limit_s
        rule: Rule = "hung" if hung else "raised"
        code = self._process.wait() if self._process is not None else 0
        what = f"no answer within {self._beginning.limit_s:g} s of real time" if hung else f"its process died ({code})"
        divergence = Divergence(rule=rule, what=what, at_ms=0)
        return RunResult(seed=seed, virtual_s=0, real_s=real_s, divergences=(divergence,), timeline=self._last_words())

    def _last_words(self) -> tuple[str, ...]:
        self._words.seek(0)
        return tuple(self._words.read().decode(errors="replace").splitlines()[-_LAST_WORDS:])

    def _bury(self) -> None:
        if self._process is None:
            return
        self._process.kill()
        with contextlib.suppress(BrokenPipeError), self._process:
            pass
        self._process = None


def _task(scenario: Scenario, *, timeline: bool) -> Task:
    seed = scenario.laboratory.seed if scenario.laboratory else 0
    return Task(seed=seed, scenario=pickle.dumps(scenario), timeline=timeline)
