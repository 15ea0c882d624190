"""Fault rules over HTTP: `Simulator.faults` for clients in other languages.

| request                   | does                                                                                     |
|---------------------------|------------------------------------------------------------------------------------------|
| GET /sim/faults           | the rules that are installed, each with its hits, and how often it still will            |
| POST /sim/faults          | installs the rule in the body (YAML or JSON), or a named fault: `{"named": "half-open"}` |
| DELETE /sim/faults        | ends all rules; `?id=3` only that one, `?name=late-frames` those of that name            |
| GET /sim/faults/catalogue | the faults that have a name                                                              |
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from aiohttp import web

from simulator.core.faults.catalogue import CATALOGUE, table
from simulator.core.faults.rule import Installed
from simulator.core.faults.rule_data import data_of
from simulator.core.scenario.fault_action import Fault
from simulator.core.scenario.fault_reading import meaning_of
from simulator.core.scenario.scenario_error import ScenarioError
from simulator.core.scenario.scenario_rules import check_names
from simulator.core.scenario.scenario_text import parse_fault
from simulator.errors import BadFaultError

if TYPE_CHECKING:
    from simulator.runtime.server import Simulator

__all__ = ["fault_routes"]

_IN_A_STEP: Final = re.compile(r"steps\[0\]\.do\.fault(\.|: )")
"""What stands before a field's name where a fault stands in a scenario."""

Serve = Callable[[web.BaseRequest], Awaitable[Any]]


def fault_routes(simulator: Simulator) -> Mapping[str, Mapping[str, Serve]]:
    """Return what answers requests about faults, by path and method."""

    async def show(_request: web.BaseRequest) -> Any:
        return {"faults": [_told(installed, simulator.time_ms) for installed in simulator.faults.installed]}

    async def install(request: web.BaseRequest) -> Any:
        fault = _read(simulator, await _text(request))
        brought = simulator.faults.bring_about(meaning_of(fault), fault.named or fault.name)
        numbers = [installed.number for installed in brought.rules]
        return {"id": numbers[0] if numbers else None, "ids": numbers, "deeds": brought.deeds}

    async def end(request: web.BaseRequest) -> Any:
        return {"ended": _end(simulator, request.query)}

    async def catalogue(_request: web.BaseRequest) -> Any:
        return {"faults": table()}

    return {
        "/sim/faults": {"GET": show, "POST": install, "DELETE": end},
        "/sim/faults/catalogue": {"GET": catalogue},
    }


def _read(simulator: Simulator, text: str) -> Fault:
    try:
        fault, scenario = parse_fault(text, "body")
        check_names(scenario, simulator.symbols, [account.name for account in simulator.accounts])
    except ScenarioError as error:
        raise BadFaultError(_IN_A_STEP.sub("", str(error)).splitlines()) from error
    return fault


def _told(installed: Installed, now_ms: int) -> dict[str, Any]:
    told = {"id": installed.number, "hits": installed.hits, "left": installed.left}
    return told | {"is_over": installed.is_over(now_ms), "rule": data_of(installed.rule)}


def _end(simulator: Simulator, query: Mapping[str, str]) -> int:
    unknown = [name for name in query if name not in {"id", "name"}]
    if unknown:
        raise BadFaultError([f"{name}: a rule is ended by its id, or its name" for name in unknown])
    if len(query) > 1:
        raise BadFaultError(["id, name: a rule is ended by its id or by its name, not by both"])
    number = query.get("id")
    if number is None:
        return _end_named(simulator, query["name"]) if "name" in query else simulator.faults.end()
    found = simulator.faults.find(int(number)) if number.isascii() and number.isdigit() else None
    if found is None:
        installed = ", ".join(str(each.number) for each in simulator.faults.installed)
        raise BadFaultError([f"id: there is no rule {number}; installed: {installed or 'none'}"])
    found.release()
    return 1


def _end_named(simulator: Simulator, name: str) -> int:
    ended = simulator.faults.end(name)
    if ended:
        return ended
    if name in CATALOGUE and not CATALOGUE[name].rules:
        raise BadFaultError([f"name: {name} is a deed: once done, it cannot be ended"])
    names = dict.fromkeys(each.rule.name for each in simulator.faults.installed if each.rule.name)
    raise BadFaultError([f"name: there is no rule named {name!r}; installed: {', '.join(names) or 'none with a name'}"])


async def _text(request: web.BaseRequest) -> str:
    try:
        return (await request.read()).decode()
    except UnicodeDecodeError as error:
        raise BadFaultError(["body: expected YAML or JSON, as UTF-8 text"]) from error
