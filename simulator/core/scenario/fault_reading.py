"""What a `fault` of a scenario means: rules to install and deeds to do, or everything that is wrong in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from simulator.core.faults.catalogue import find_fault
from simulator.core.faults.rule import Rule
from simulator.core.faults.rule_check import mistakes
from simulator.core.faults.rule_data import read_fields, read_rule
from simulator.core.scenario.action import Deed
from simulator.core.scenario.fault_action import Fault, said_of
from simulator.core.scenario.scenario_error import Problem
from simulator.errors import BadFaultError

__all__ = ["Meaning", "fault_problems", "meaning_of", "named_meaning"]


class Meaning(msgspec.Struct, frozen=True):
    """The rules that a fault installs, and then the deeds that it does."""

    rules: tuple[Rule, ...] = ()
    deeds: tuple[Deed, ...] = ()


_NOTHING_SAID: Final = "what fails? say `named`, or `on` and `verdict`"


def meaning_of(fault: Fault) -> Meaning:
    """Return what a fault does. Raises `BadFaultError`."""
    found, problems = _read(fault, "")
    if problems:
        raise BadFaultError([": ".join(filter(None, (problem.path, problem.message))) for problem in problems])
    return found


def fault_problems(fault: Fault, path: str) -> list[Problem]:
    """Return what is wrong in a fault that stands at this path."""
    return _read(fault, path)[1]


def named_meaning(name: str, changes: Mapping[str, Any]) -> Meaning:
    """Return what a fault of the catalogue does, with these fields of its rules, or deeds, otherwise.

    Raises `BadFaultError` for a name or a field that is not there.
    """
    found = find_fault(name)
    return Meaning(found.rules_with(changes), found.deeds_with(changes))


def _read(fault: Fault, path: str) -> tuple[Meaning, list[Problem]]:
    said = said_of(fault)
    if fault.named is None:
        if not said:
            return Meaning(), [Problem(path, _NOTHING_SAID)]
        rule, problems = read_rule(said, path)
        return Meaning((rule,) if rule else ()), problems
    changes, problems = read_fields(Rule, said, path)
    if problems:
        return Meaning(), problems
    try:
        found = named_meaning(fault.named, changes)
    except BadFaultError as error:
        return Meaning(), [_problem(path, line) for line in error.mistakes]
    lines = dict.fromkeys(f"{each.path}: {each.message}" for rule in found.rules for each in mistakes(rule))
    return found, [_problem(path, line) for line in lines]


def _problem(path: str, line: str) -> Problem:
    field, _, message = line.partition(": ")
    return Problem(f"{path}.{field}" if path else field, message)
