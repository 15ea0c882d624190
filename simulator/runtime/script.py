"""Plays a scenario on a running simulator: hears what happens, does the steps that are due, and knows the outcome.

A run is a subscription to the journal and a few timers. It has no task of its own: whatever happens in it happens in a
callback of the loop, so a step `on` a request is done between that request's arrival and its execution.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from simulator.core.journal import JournalEntry
from simulator.core.rest.venue_error import VenueError
from simulator.core.scenario.action import Action, Answer
from simulator.core.scenario.answer import verdict
from simulator.core.scenario.observation import NOTHING, Subject
from simulator.core.scenario.scenario import Scenario
from simulator.core.scenario.scenario_error import Origin, Problem, ScenarioError
from simulator.core.scenario.scenario_rules import check, check_names, place_of_action
from simulator.core.scenario.scenario_text import parse_scenario
from simulator.core.scenario.script import Due, Outcome, Script
from simulator.errors import SimulatorError
from simulator.runtime.action import perform
from simulator.runtime.clock import Timer
from simulator.runtime.truth import truth_of

if TYPE_CHECKING:
    from simulator.runtime.server import Simulator

__all__ = ["ExpectationUnmetError", "ScenarioRun", "do_at_once", "load_scenario", "play"]


class ExpectationUnmetError(SimulatorError):
    """A scenario did not end as it expected. The message has one line for each thing that was otherwise."""

    def __init__(self, name: str, outcome: Outcome) -> None:
        self.outcome = outcome
        heading = f"scenario {name!r} failed after {outcome.elapsed_ms / 1000:g} s:"
        super().__init__("\n  ".join([heading, *outcome.shortfalls]))


def load_scenario(path: str | os.PathLike[str]) -> Scenario:
    """Return the scenario of a YAML or JSON file. Raises `ScenarioError` with everything that is wrong in it."""
    file = Path(path)
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        raise ScenarioError([Problem("", f"cannot be read: {error.strerror}")], Origin(str(path))) from error
    except UnicodeDecodeError as error:
        raise ScenarioError([Problem("", f"is not UTF-8 text: {error.reason}")], Origin(str(path))) from error
    return parse_scenario(text, str(path), file.stem)


def play(simulator: Simulator, scenario: Scenario) -> ScenarioRun:
    """Start a scenario on a running simulator, in its event loop. `Simulator.play` also ends it with the simulator.

    Raises `ScenarioError` when it cannot be played, an unknown symbol or account included.
    """
    _check_for(simulator, scenario)
    return ScenarioRun(simulator, scenario)


def do_at_once(simulator: Simulator, scenario: Scenario) -> Subject:
    """Do the actions of a scenario's first step now, in their order; return what the last one was about.

    Raises `ScenarioError` when they cannot be done as they are written, and nothing is done then; `SimulatorError` or
    `VenueError` of the first that cannot be done, and those before it are.
    """
    _check_for(simulator, scenario)
    about = NOTHING
    for action in scenario.steps[0].actions:
        if not isinstance(action, Answer):  # one needs a request, and was refused by the check
            about = perform(simulator, action, about)
    return about


def _check_for(simulator: Simulator, scenario: Scenario) -> None:
    check(scenario)
    check_names(scenario, simulator.symbols, [account.name for account in simulator.accounts])


class ScenarioRun:
    """One run of a scenario. It ends by itself; `stop` ends it earlier."""

    def __init__(self, simulator: Simulator, scenario: Scenario) -> None:
        self.scenario = scenario
        self._simulator = simulator
        self._loop = asyncio.get_running_loop()
        self._script = Script(scenario, simulator.time_ms, truth_of(simulator))
        self._finished: asyncio.Future[Outcome] = self._loop.create_future()
        self._timers: set[Timer] = set()
        self._soon: asyncio.Handle | None = None
        self._next_judgement: Timer | None = None
        self._unsubscribe = simulator.subscribe(self._hear)
        self._schedule(self._script.begin())
        self._judge_soon()

    @property
    def outcome(self) -> Outcome | None:
        """How the run ended, or None while it goes on."""
        return self._finished.result() if self._finished.done() else None

    async def finished(self) -> Outcome:
        """Wait until the run has ended, and return how."""
        return await asyncio.shield(self._finished)

    def check(self) -> None:
        """Raise `ExpectationUnmetError` unless all was as expected. A run that goes on is judged as it stands."""
        outcome = self.outcome or self._script.conclude(truth_of(self._simulator), self._simulator.time_ms)
        if not outcome.passed:
            raise ExpectationUnmetError(self.scenario.name, outcome)

    def stop(self) -> Outcome:
        """End the run now, as everything stands, and return how."""
        if not self._finished.done():
            self._end(self._script.conclude(truth_of(self._simulator), self._simulator.time_ms))
        return self._finished.result()

    def _hear(self, entry: JournalEntry) -> None:
        if self._finished.done():
            return
        later = []
        for due in self._script.observe(entry):
            if self.scenario.steps[due.number].on is not None and due.at_ms <= entry.time_ms:
                self._do(due, entry)  # the request is executed as soon as this returns
            else:
                later.append(due)
        self._schedule(later)
        self._judge_soon()

    def _schedule(self, dues: Iterable[Due]) -> None:
        for due in dues:
            self._later(due.at_ms, self._do, due, None)

    def _do(self, due: Due, request: JournalEntry | None) -> None:
        step = self.scenario.steps[due.number]
        about = due.subject
        self._script.begin_step(due, self._simulator.time_ms)
        for index, action in enumerate(step.actions):
            try:
                about = self._act(action, about, request)
            except (SimulatorError, VenueError) as error:
                self._script.failed(place_of_action(step, due.number, index), str(error))
                break
        self._schedule(self._script.performed(due, self._simulator.time_ms, about))
        self._judge_soon()

    def _act(self, action: Action, about: Subject, request: JournalEntry | None) -> Subject:
        if not isinstance(action, Answer):
            return perform(self._simulator, action, about)
        if request is not None:
            rule = self._simulator.on_request(request.method, request.path, verdict(action))
            # Were an older rule to take the request, this one would be left for the next.
            self._later(0, rule.cancel)
        return about

    def _judge_soon(self) -> None:
        """Judge once everything that is happening now has happened."""
        if self._soon is None and not self._finished.done():
            self._soon = self._loop.call_soon(self._judge)

    def _judge(self) -> None:
        self._soon = None
        self._forget(self._next_judgement)
        outcome = self._script.judge(truth_of(self._simulator), self._simulator.time_ms)
        if outcome is None:
            self._next_judgement = self._later(self._script.next_judgement_ms(), self._judge_soon)
        else:
            self._end(outcome)

    def _end(self, outcome: Outcome) -> None:
        self._unsubscribe()
        for waiting in (self._soon, *self._timers):
            if waiting is not None:
                waiting.cancel()
        self._timers.clear()
        self._finished.set_result(outcome)

    def _later(self, time_ms: int, callback: Callable[..., None], *args: object) -> Timer:
        """Call back at a time of the exchange; one that is over means: as soon as the loop is free."""

        def call() -> None:
            self._timers.discard(timer)
            callback(*args)

        timer = self._simulator.clock.call_at(time_ms, call)
        self._timers.add(timer)
        return timer

    def _forget(self, timer: Timer | None) -> None:
        if timer is not None:
            timer.cancel()
            self._timers.discard(timer)
