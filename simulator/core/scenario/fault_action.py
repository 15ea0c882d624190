"""What a step of a scenario does with fault rules: it installs one, or one of the catalogue, and takes it back.

The fields of `fault` are those of a rule (`core.faults.rule`, `docs/faults.md`); as everywhere in scenarios, numbers
may be texts. `fault: half-open` is short for `fault: {named: half-open}`, and `end_fault` is written alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal, TypeAlias

import msgspec

from simulator.core.faults.rule import Rule
from simulator.core.faults.rule_data import data_of
from simulator.core.scenario.notation import AccountName

__all__ = ["SHORT_FORMS", "EndFault", "Fault", "OnFaults", "fault_of", "said_of"]


@dataclass(frozen=True, kw_only=True)
class Fault:
    """Installs a fault rule, or a fault of the catalogue, from now on."""

    named: str | None = None
    """A fault of the catalogue. Other fields change its rules, and `on` and `verdict` have no place then."""
    on: Literal["request", "response", "frame", "handshake", "ping", "connection"] | None = None
    verdict: Mapping[str, object] | str | None = None
    name: str = ""
    """What `end_fault` calls it; left out, the name in the catalogue."""
    method: str = ""
    path: str = ""
    event: str = ""
    status: str = ""
    execution_type: str = ""
    reason: str = ""
    symbol: str = ""
    order: str = ""
    account: AccountName | None = None
    connection: int | None = None
    where: Mapping[str, str] = field(default_factory=dict)
    nth: int = 1
    times: int | None = None
    probability: str | None = None
    after_s: str | None = None
    for_s: str | None = None


@dataclass(frozen=True, kw_only=True)
class EndFault:
    """Ends the faults that are called so, and sends what they hold; bare, all of them."""

    named: str | None = None


OnFaults: TypeAlias = Fault | EndFault

SHORT_FORMS: Mapping[type, str] = {Fault: "named", EndFault: "named"}
"""Actions that may be written with one text instead of fields, and the field that it is."""


def fault_of(rule: Rule) -> Fault:
    """Return the action that installs this rule."""
    told = data_of(rule)
    for name in ("probability", "after_s", "for_s"):
        if name in told:
            told[name] = f"{told[name]:.12g}"
    return Fault(**told | {"verdict": _texts(told["verdict"])})


def said_of(action: Fault) -> dict[str, Any]:
    """Return what an action says of its rule, as `rule_data` reads it."""
    plain = Fault()
    told = {each.name: getattr(action, each.name) for each in fields(Fault) if each.name != "named"}
    return {name: value for name, value in told.items() if value is not None and value != getattr(plain, name)}


def _texts(value: Any) -> Any:
    """Return free data whose numbers with a point are texts, as a file gives them back."""
    match msgspec.to_builtins(value):
        case dict() as held:
            return {name: _texts(each) for name, each in held.items()}
        case list() as held:
            return [_texts(each) for each in held]
        case float() as number:
            return f"{number:.12g}"
        case other:
            return other
