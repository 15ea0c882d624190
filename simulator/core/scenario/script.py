"""One run of a scenario: which step is due when, and whether the run has passed, failed, or goes on.

Entries of the journal go in, steps to do come out, each with its time and the order that it is about; whoever executes
them says when a step was done, so that what hangs on it can follow. Nothing here acts, and time is an argument.

    pending ──trigger──▶ due at now + delay ──▶ begun ──performed──▶ done ──▶ steps `after` it
                                                  │  └────failed────▶ the run has failed
                                                  └──▶ counts and times `since` it

The run is over as soon as its outcome is certain: passed, when every step was done and every expectation has held for
`settle` (held *and kept on holding*: one request too many must have its chance to come); failed, when an action could
not be done or an expectation is broken for good; and when `timeout` is over, as it then stands.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from simulator.core.journal import JournalEntry
from simulator.core.scenario.expectation import EventsSent, RequestsSeen
from simulator.core.scenario.judgement import Finding, Standing, Truth, Watch
from simulator.core.scenario.notation import milliseconds
from simulator.core.scenario.observation import NOTHING, Subject, fits_connection, fits_event, fits_request, subject
from simulator.core.scenario.scenario import Scenario, Step
from simulator.core.scenario.scenario_rules import place_of_expectation
from simulator.core.scenario.trigger import Connection, Event, Request, Trigger

__all__ = ["Due", "Outcome", "Script"]


class Due(NamedTuple):
    """A step that is to be done at a time (ms of the exchange), about an order and an account."""

    number: int
    at_ms: int
    subject: Subject


@dataclass(frozen=True)
class Outcome:
    """How a run ended. `shortfalls` has one line for each thing that was not as expected, with its place."""

    shortfalls: tuple[str, ...]
    elapsed_ms: int

    @property
    def passed(self) -> bool:
        """Whether everything was as expected."""
        return not self.shortfalls


class _Progress:
    """How far one step is."""

    def __init__(self, step: Step) -> None:
        self.step = step
        self.seen = 0
        self.fired = 0
        self.begun = 0
        self.performed = 0
        self.unanswered: dict[int, Subject] = {}

    @property
    def times(self) -> int:
        """How often the step's trigger fires: an answer may be for several requests."""
        return max((getattr(action, "times", 1) for action in self.step.actions if self.step.on), default=1)

    @property
    def done(self) -> bool:
        return self.performed == self.times

    @property
    def trigger(self) -> Trigger | None:
        found = self.step.on or self.step.after
        return None if isinstance(found, str) else found


class Script:
    """The course of one run, which began at `started_ms` with the exchange knowing `truth`."""

    def __init__(self, scenario: Scenario, started_ms: int, truth: Truth) -> None:
        self._scenario = scenario
        self._started_ms = started_ms
        self._ends_ms = started_ms + milliseconds(scenario.timeout)
        self._settle_ms = milliseconds(scenario.settle)
        self._before = {(order.account, order.symbol, order.order_id) for order in truth.orders}
        self._steps = [_Progress(step) for step in scenario.steps]
        self._watches = [Watch(expectation) for expectation in scenario.expect]
        self._begun_names: set[str] = set()
        self._failures: list[str] = []
        self._all_hold_since_ms: int | None = None
        for watch in self._watches:
            if watch.expectation.since is None:
                watch.begin(started_ms)

    def begin(self) -> list[Due]:
        """Return the steps that have a time of their own."""
        return [self._due(number, self._started_ms) for number, p in enumerate(self._steps) if p.step.at is not None]

    def observe(self, entry: JournalEntry) -> list[Due]:
        """Take note of something that happened, and return the steps that follow from it.

        The steps `on` a request come out of the entry of its arrival: do them before the request is executed.
        """
        for watch in self._watches:
            expectation = watch.expectation
            if not watch.has_begun:
                continue
            if isinstance(expectation, EventsSent) and fits_event(expectation, entry):
                watch.counted += 1
            if isinstance(expectation, RequestsSeen) and fits_request(expectation, entry):
                watch.counted += 1
        return [
            self._due(number, entry.time_ms, _subject(progress, entry))
            for number, progress in enumerate(self._steps)
            if self._fires(progress, entry)
        ]

    def begin_step(self, due: Due, now_ms: int) -> None:
        """Note that a step is about to be done: what it causes is already since it."""
        progress = self._steps[due.number]
        progress.begun += 1
        name = progress.step.name
        if name is None or progress.begun < progress.times:
            return
        self._begun_names.add(name)
        for watch in self._watches:
            if watch.expectation.since == name:
                watch.begin(now_ms)

    def performed(self, due: Due, now_ms: int, about: Subject) -> list[Due]:
        """Note that a step was done, `about` this order at last, and return the steps that follow from it."""
        progress = self._steps[due.number]
        progress.performed += 1
        name = progress.step.name
        if name is None or not progress.done:
            return []
        return [self._due(number, now_ms, about) for number, p in enumerate(self._steps) if p.step.after == name]

    def failed(self, place: str, reason: str) -> None:
        """Note that an action could not be done; the run has failed."""
        self._failures.append(f"{self._scenario.origin.locate(place)}: {reason}")

    def judge(self, truth: Truth, now_ms: int) -> Outcome | None:
        """Return how the run ended, or None when it goes on."""
        findings = self._findings(truth, now_ms)
        holds = all(p.done for p in self._steps) and all(f.standing is Standing.MET for f in findings)
        if not holds:
            self._all_hold_since_ms = None
        elif self._all_hold_since_ms is None:
            self._all_hold_since_ms = now_ms
        settled = self._all_hold_since_ms is not None and now_ms - self._all_hold_since_ms >= self._settle_ms
        broken = bool(self._failures) or any(f.standing is Standing.BROKEN for f in findings)
        if settled or broken or now_ms >= self._ends_ms:
            return self._outcome(findings, now_ms)
        return None

    def conclude(self, truth: Truth, now_ms: int) -> Outcome:
        """Return how the run ends when it is ended now, as everything stands."""
        return self._outcome(self._findings(truth, now_ms), now_ms)

    def next_judgement_ms(self) -> int:
        """Return when to judge again even if nothing happens until then."""
        times = [self._ends_ms]
        times += [watch.deadline_ms + 1 for watch in self._watches if watch.deadline_ms is not None]
        if self._all_hold_since_ms is not None:
            times.append(self._all_hold_since_ms + self._settle_ms)
        return min(times)

    def _fires(self, progress: _Progress, entry: JournalEntry) -> bool:
        trigger = progress.trigger
        if trigger is None or (trigger.since is not None and trigger.since not in self._begun_names):
            return False
        if isinstance(trigger, Request) and progress.step.after is not None:
            return self._is_answer(progress, trigger, entry)
        if not _fits(trigger, entry):
            return False
        progress.seen += 1
        return self._is_wanted(progress, trigger)

    def _is_answer(self, progress: _Progress, trigger: Request, entry: JournalEntry) -> bool:
        """Say whether an entry is the answer to the wanted request; which one that is, its arrival decided."""
        if fits_request(trigger, entry):
            progress.seen += 1
            if self._is_wanted(progress, trigger):
                progress.unanswered[entry.seq] = subject(entry)
        return entry.kind == "response" and entry.about in progress.unanswered

    @staticmethod
    def _is_wanted(progress: _Progress, trigger: Trigger) -> bool:
        return trigger.nth <= progress.seen < trigger.nth + progress.times

    def _due(self, number: int, now_ms: int, about: Subject = NOTHING) -> Due:
        progress = self._steps[number]
        progress.fired += 1
        wait_ms = milliseconds(progress.step.at or "0s") + milliseconds(progress.step.delay)
        return Due(number, now_ms + wait_ms, about)

    def _findings(self, truth: Truth, now_ms: int) -> list[Finding]:
        placed = [o for o in truth.orders if (o.account, o.symbol, o.order_id) not in self._before]
        return [watch.judge(truth, placed, now_ms) for watch in self._watches]

    def _outcome(self, findings: Sequence[Finding], now_ms: int) -> Outcome:
        shortfalls = [*self._failures, *self._steps_missed(), *self._expectations_unmet(findings)]
        return Outcome(tuple(shortfalls), now_ms - self._started_ms)

    def _steps_missed(self) -> Iterable[str]:
        if self._failures:
            return
        for number, progress in enumerate(self._steps):
            if not progress.done:
                yield f"{self._scenario.origin.locate(f'steps[{number}]')}: {_waiting_for(progress)}"

    def _expectations_unmet(self, findings: Sequence[Finding]) -> Iterable[str]:
        for number, (watch, finding) in enumerate(zip(self._watches, findings, strict=True)):
            if finding.standing is not Standing.MET:
                place = place_of_expectation(watch.expectation, number)
                yield f"{self._scenario.origin.locate(place)}: {finding.words}"


def _fits(trigger: Trigger, entry: JournalEntry) -> bool:
    match trigger:
        case Event():
            return fits_event(trigger, entry)
        case Request():
            return fits_request(trigger, entry)
        case Connection():
            return fits_connection(trigger, entry)


def _subject(progress: _Progress, entry: JournalEntry) -> Subject:
    """Return what an entry is about; an answer that names no order (a refusal) is about its request's."""
    about = subject(entry)
    asked = progress.unanswered.get(entry.about, NOTHING)
    return Subject(about.order or asked.order, about.account or asked.account)


def _waiting_for(progress: _Progress) -> str:
    step, trigger = progress.step, progress.trigger
    if progress.fired and step.at is None:
        return f"not done: its delay of {step.delay} was not over"
    if trigger is None:
        moment = f'step "{step.after}"' if step.after else f"its time, {step.at}"
        return f"not done: the run ended before {moment}"
    since = f' since "{trigger.since}"' if trigger.since else ""
    return f"not done: waited for {_awaited(trigger, step)} number {trigger.nth}{since}, saw {progress.seen} that fit"


def _awaited(trigger: Trigger, step: Step) -> str:
    match trigger:
        case Event(event=event):
            return f"event {event}"
        case Request(request=request):
            return f"{'request' if step.on else 'the answer to'} {request}"
        case Connection(connection=connection):
            return f"connection {connection}"
