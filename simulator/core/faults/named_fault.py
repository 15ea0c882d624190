"""One fault of the catalogue: a name, a line, and the rules or the deeds that it is made of."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Collection, Mapping
from typing import Any, Final

import msgspec

from simulator.core.faults.rule import Rule
from simulator.core.faults.rule_check import FILTERS
from simulator.core.scenario.action import Deed
from simulator.errors import BadFaultError

__all__ = ["NamedFault"]

_OF_THE_FAULT: Final = frozenset({"on", "verdict"})


class NamedFault(msgspec.Struct, frozen=True, kw_only=True):
    """A fault that is known by a name. `rows` are those of the list of ways in which such clients fail (1 to 25)."""

    name: str
    rows: tuple[int, ...]
    does: str
    """What it does, in a line."""
    rules: tuple[Rule, ...] = ()
    deeds: tuple[Deed, ...] = ()
    """What is done to the exchange at once, after the rules are installed."""

    def rules_with(self, changes: Mapping[str, Any]) -> tuple[Rule, ...]:
        """Return the rules, with these fields otherwise, each where a rule has such a filter.

        Raises `BadFaultError` for a field that the fault does not have.
        """
        known = set(Rule.__struct_fields__) - _OF_THE_FAULT
        if self.deeds and not self.rules:
            known = {field.name for deed in self.deeds for field in dataclasses.fields(deed)}
        wrong = [name for name in changes if name not in known]
        if wrong:
            raise BadFaultError([f"{name}: {self.name} has no such field{_instead_of(name, known)}" for name in wrong])
        filters = set().union(*FILTERS.values())
        return tuple(
            msgspec.structs.replace(
                rule,
                **{"name": self.name}
                | {name: value for name, value in changes.items() if name not in filters or name in FILTERS[rule.on]},
            )
            for rule in self.rules
        )

    def deeds_with(self, changes: Mapping[str, Any]) -> tuple[Deed, ...]:
        """Return the deeds, with these fields otherwise, each where a deed has such a field."""
        return tuple(
            dataclasses.replace(deed, **{name: value for name, value in changes.items() if hasattr(deed, name)})
            for deed in self.deeds
        )


def _instead_of(name: str, known: Collection[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    if near:
        return f": did you mean {near[0]}?"
    return f": what may be otherwise is {', '.join(sorted(known))}" if known else ", and nothing may be otherwise"
