"""The faults that have a name: what fails with user streams, order tracking and reconnection in production.

Each has a line, and the rows of the table of failure modes (1 to 25) that it comes from; every row has at least one. A
rule here holds for everything that fits, until it is taken back, unless its line says how often or how long. Where
nothing is seen that a rule could be about, as when a key dies, the fault is a deed.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any, Final

from simulator.core.faults.catalogue_requests import ON_REQUESTS
from simulator.core.faults.catalogue_streams import ON_STREAMS
from simulator.core.faults.named_fault import NamedFault
from simulator.errors import BadFaultError

__all__ = ["CATALOGUE", "ROWS", "find_fault", "table"]

ROWS: Final = range(1, 26)
"""The numbers of the failure modes."""

CATALOGUE: Final[Mapping[str, NamedFault]] = {fault.name: fault for fault in (*ON_REQUESTS, *ON_STREAMS)}
"""Every fault that has a name, those of requests first."""


def find_fault(name: str) -> NamedFault:
    """Return the fault of this name. Raises `BadFaultError` with the nearest names."""
    found = CATALOGUE.get(name)
    if found is None:
        near = difflib.get_close_matches(name, CATALOGUE, n=3)
        hint = f"did you mean {' or '.join(near)}?" if near else "`simulator faults list` shows all"
        raise BadFaultError([f"named: there is no fault {name!r}: {hint}"])
    return found


def table() -> list[dict[str, Any]]:
    """Return the catalogue as rows of plain data: name, failure rows, kind and line."""
    return [
        {"name": fault.name, "rows": list(fault.rows), "on": _kinds(fault), "does": fault.does}
        for fault in CATALOGUE.values()
    ]


def _kinds(fault: NamedFault) -> str:
    kinds = list(dict.fromkeys(rule.on for rule in fault.rules))
    return ", ".join([*kinds, *(["deed"] if fault.deeds else [])])
