"""The fewest steps that still fail: delta debugging over a scenario.

Whole kinds of actions are left out first (most faults of a run have nothing to do with its failure), then stretches of
steps, halved down to single ones, the last first; then single actions. What is left is made simpler: the plain world
instead of the drawn one, a shorter run, no waiting between steps, fields as they are by themselves. Each of that may
let more be left out, so it goes round until nothing changes any more, or so many runs are over.

Whether a scenario still fails is asked of whoever runs it. A scenario that cannot be played (it names a step that was
left out) is not asked about. The same question is never asked twice, and nothing here is drawn: the same failure is
shrunk to the same scenario.
"""

from __future__ import annotations

import functools
import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from dataclasses import replace as changed
from typing import Any, Final, TypeAlias, TypeVar

from simulator.core.scenario.action import Action
from simulator.core.scenario.laboratory import Laboratory
from simulator.core.scenario.notation import milliseconds
from simulator.core.scenario.record import field_types
from simulator.core.scenario.scenario import Scenario, Step
from simulator.core.scenario.scenario_error import ScenarioError
from simulator.core.scenario.scenario_rules import check

__all__ = ["MOST_RUNS", "Fails", "Shrunk", "shrink"]

MOST_RUNS: Final = 500
_NOT_SIMPLER: Final = frozenset({"seed", "length", "calm", "faults"})
"""Terms of the laboratory that say what the run is, or what is asked of the engine."""
_MAPPINGS: Final = ("profile", "engine")
"""Terms of the laboratory that have parts."""
_WHO: Final = frozenset({"order", "account", "symbol", "client_order_id", "client_algo_id", "connection"})
"""Fields that say who is meant: without them, it would be another one."""
_FEW_STEPS: Final = 40
"""Up to how many steps each field of each action is tried."""
_GAPS_MS: Final = (60_000, 10_000, 1_000)
_ROUND_MS: Final = (60_000, 1_000, 100)

Fails: TypeAlias = Callable[[Scenario], bool]
"""Whether a scenario still fails in the same way."""

Item = TypeVar("Item")


@dataclass(frozen=True)
class Shrunk:
    """What is left."""

    scenario: Scenario
    runs: int
    """How many it took."""
    finished: bool
    """Whether no part of it can be left out any more, as opposed to no run being left."""


def shrink(
    scenario: Scenario,
    fails: Fails,
    most_runs: int = MOST_RUNS,
    told: Callable[[int, Scenario], None] = lambda _runs, _scenario: None,
) -> Shrunk:
    """Return the smallest scenario found that still fails, as `scenario` does.

    `told` hears how many runs there were, and what is left, after each.
    """
    search = _Search(changed(scenario, steps=list(scenario.steps)), fails, most_runs, told)
    try:
        while True:
            before = search.scenario
            for reduce in (_kinds, _steps, _actions, _world, _times, _fields):
                reduce(search)
            if search.scenario is before:
                break
    except _NoRunsLeftError:
        return Shrunk(search.scenario, search.runs, finished=False)
    return Shrunk(search.scenario, search.runs, finished=True)


class _NoRunsLeftError(Exception):
    pass


class _Search:
    """The smallest scenario so far, and what was asked already."""

    def __init__(self, scenario: Scenario, fails: Fails, most_runs: int, told: Callable[[int, Scenario], None]) -> None:
        self.scenario = scenario
        self.runs = 0
        self._fails = fails
        self._most_runs = most_runs
        self._told = told
        self._asked = {_digest(scenario)}

    def accepts(self, candidate: Scenario) -> bool:
        """Say whether a candidate still fails; it is the smallest one then."""
        digest = _digest(candidate)
        if digest in self._asked or not _is_playable(candidate):
            return False
        if self.runs >= self._most_runs:
            raise _NoRunsLeftError
        self._asked.add(digest)
        self.runs += 1
        failed = self._fails(candidate)
        if failed:
            self.scenario = candidate
        self._told(self.runs, self.scenario)
        return failed


def _digest(scenario: Scenario) -> bytes:
    return hashlib.sha256(repr(scenario).encode()).digest()


def _is_playable(scenario: Scenario) -> bool:
    try:
        check(scenario)
    except ScenarioError:
        return False
    return True


# --- less ---------------------------------------------------------------------------------------------------------


def _kinds(search: _Search) -> None:
    counts = Counter(type(action) for step in search.scenario.steps for action in step.actions)
    kinds = sorted(counts, key=lambda kind: (-counts[kind], kind.__name__))
    scenario = search.scenario
    _fewest(kinds, lambda kept: search.accepts(_only(scenario, kept)))


def _steps(search: _Search) -> None:
    scenario = search.scenario
    _fewest(scenario.steps, lambda kept: search.accepts(changed(scenario, steps=list(kept))))


def _actions(search: _Search) -> None:
    """Leave out single actions of the steps that have several."""
    for number, step in enumerate(search.scenario.steps):
        _fewest(step.actions, functools.partial(_do_only, search, number))


def _fewest(items: Sequence[Item], suffices: Callable[[Sequence[Item]], bool]) -> None:
    """Leave out as many items as it takes, the last first, in ever smaller stretches."""
    kept = list(items)
    size = len(kept) // 2
    while size:
        end = len(kept)
        while end > 0:
            fewer = kept[: max(0, end - size)] + kept[end:]
            if suffices(fewer):
                kept = fewer
            end -= size
        size //= 2


def _only(scenario: Scenario, kinds: Iterable[type[Action]]) -> Scenario:
    wanted = tuple(kinds)
    kept = ((step, [action for action in step.actions if isinstance(action, wanted)]) for step in scenario.steps)
    return changed(scenario, steps=[_doing(step, actions) for step, actions in kept if actions])


def _do_only(search: _Search, number: int, actions: Sequence[Action]) -> bool:
    return search.accepts(_with_step(search.scenario, number, _doing(search.scenario.steps[number], actions)))


def _doing(step: Step, actions: Sequence[Action]) -> Step:
    return changed(step, do=actions[0] if len(actions) == 1 else list(actions))


def _with_step(scenario: Scenario, number: int, step: Step) -> Scenario:
    return changed(scenario, steps=[*scenario.steps[:number], step, *scenario.steps[number + 1 :]])


# --- simpler ------------------------------------------------------------------------------------------------------


def _world(search: _Search) -> None:
    """Put the plain world in the place of the drawn one: all of it, or term by term; then a shorter run."""
    if search.scenario.laboratory is None:
        return
    terms = [name for name in (field.name for field in fields(Laboratory)) if name not in _NOT_SIMPLER]
    for some in (terms, *([name] for name in terms)):
        search.accepts(_plain(search.scenario, some))
    for name in _MAPPINGS:
        _fewest(list(getattr(search.scenario.laboratory, name).items()), functools.partial(_map_only, search, name))
    last_ms = max((_start_ms(step) for step in search.scenario.steps), default=0)
    for more_ms in (60_000, 1_000):
        search.accepts(_shorter(search.scenario, -(-last_ms // 1_000) * 1_000 + more_ms))


def _map_only(search: _Search, name: str, entries: Iterable[tuple[str, str]]) -> bool:
    laboratory = search.scenario.laboratory or Laboratory()
    terms: dict[str, Any] = {name: dict(entries)}
    return search.accepts(changed(search.scenario, laboratory=changed(laboratory, **terms)))


def _plain(scenario: Scenario, terms: Iterable[str]) -> Scenario:
    laboratory = scenario.laboratory or Laboratory()
    plain = {name: getattr(Laboratory(), name) for name in terms}
    return changed(scenario, laboratory=changed(laboratory, **plain))


def _shorter(scenario: Scenario, length_ms: int) -> Scenario:
    laboratory = scenario.laboratory or Laboratory()
    if length_ms >= milliseconds(laboratory.length):
        return scenario
    return changed(scenario, laboratory=changed(laboratory, length=_duration(length_ms)))


def _times(search: _Search) -> None:
    """Shorten the waiting between steps, and make the times round."""
    for gap_ms in _GAPS_MS:
        search.accepts(_closer(search.scenario, gap_ms))
    for round_ms in _ROUND_MS:
        search.accepts(_rounded(search.scenario, round_ms))


def _closer(scenario: Scenario, most_ms: int) -> Scenario:
    steps, time_ms, before_ms = [], 0, 0
    for step in sorted(scenario.steps, key=_start_ms):
        if step.at is not None:
            time_ms += min(most_ms, milliseconds(step.at) - before_ms)
            before_ms = milliseconds(step.at)
        steps.append(step if step.at is None else changed(step, at=_duration(time_ms)))
    return changed(scenario, steps=steps)


def _rounded(scenario: Scenario, to_ms: int) -> Scenario:
    steps = [
        step if step.at is None else changed(step, at=_duration(milliseconds(step.at) // to_ms * to_ms))
        for step in scenario.steps
    ]
    return changed(scenario, steps=steps)


def _start_ms(step: Step) -> int:
    return milliseconds(step.at or "0s")


def _duration(time_ms: int) -> str:
    for unit, size in (("h", 3_600_000), ("m", 60_000), ("s", 1_000)):
        if time_ms and time_ms % size == 0:
            return f"{time_ms // size}{unit}"
    return f"{time_ms}ms" if time_ms else "0s"


def _fields(search: _Search) -> None:
    """Give the fields of actions the values that they have by themselves, one after the other."""
    if len(search.scenario.steps) > _FEW_STEPS:
        return
    for number, step in enumerate(search.scenario.steps):
        for index, action in enumerate(step.actions):
            for name in _written(action):
                search.accepts(_without_field(search.scenario, number, index, name))


def _written(action: Action) -> Iterator[str]:
    types = field_types(type(action))
    for field in fields(action):
        if not types[field.name].required and field.name not in _WHO and getattr(action, field.name) != _default(field):
            yield field.name


def _without_field(scenario: Scenario, number: int, index: int, name: str) -> Scenario:
    step = scenario.steps[number]
    actions: list[Any] = list(step.actions)
    default = next(_default(field) for field in fields(actions[index]) if field.name == name)
    actions[index] = changed(actions[index], **{name: default})
    return _with_step(scenario, number, _doing(step, actions))


def _default(field: Any) -> object:
    return field.default_factory() if callable(field.default_factory) else field.default
