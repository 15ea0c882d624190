"""The control plane: what a test in another language does to the exchange, over HTTP under `/sim/`.

| request             | does                                                                                          |
|---------------------|-----------------------------------------------------------------------------------------------|
| GET /sim/state      | the exchange's truth                                                                          |
| GET /sim/journal    | what went in and out; query: kind, path, event, method, account, since (a seq), limit         |
| POST /sim/price     | `{"symbol": "BTCUSDT", "price": "65000.0"}` moves the market                                  |
| POST /sim/path      | `{"symbol": "BTCUSDT", "path": "walk"}`: moves by itself (`market.price_path`)                |
| POST /sim/do        | does at once what the body says, as a step's `do` does: `{"cancel": {"order": "web_1"}}`      |
| POST /sim/scenario  | plays the scenario in the body (YAML or JSON); answers with the number of its run             |
| GET /sim/scenario   | every run and its outcome; `?run=1` only that one                                             |
| GET /sim/clock      | the exchange's time, how it passes, and when the next thing is due                            |
| POST /sim/clock     | `{"mode": "frozen"}`, "stepped", or "running" with a `"scale": 60`                            |
| .../clock/advance   | POST `{"minutes": 61}`: lives through that time at once, then answers (docs/clock.md)         |
| .../clock/step      | POST: goes to the next thing that is due                                                      |
| /sim/faults         | GET, POST, DELETE: fault rules (`runtime.fault_routes`, docs/faults.md)                       |
| POST /sim/reset     | back to the start; ends every run                                                             |

It serves this machine alone (see `core.loopback`). Errors are `{"error": "..."}` with a 4xx status.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import msgspec
from aiohttp import web

from simulator.core.loopback import why_refused
from simulator.core.market.price_path import parse_path
from simulator.core.rest.venue_error import VenueError
from simulator.core.scenario.record import suggestion
from simulator.core.scenario.scenario import Scenario
from simulator.core.scenario.scenario_text import parse_actions, parse_scenario
from simulator.core.scenario.script import Outcome
from simulator.errors import SimulatorError
from simulator.runtime.clock_routes import clock_routes
from simulator.runtime.fault_routes import fault_routes
from simulator.runtime.script import ScenarioRun, do_at_once, play

if TYPE_CHECKING:
    from simulator.runtime.server import Simulator

__all__ = ["Control"]

RUNS_KEPT: Final = 100
JOURNAL_LIMIT: Final = 1_000

_TEXT_FILTERS: Final = ("kind", "path", "event", "method", "account")
_NUMBER_FILTERS: Final = ("since", "limit")
_NUMBER: Final = re.compile(r"[0-9]{1,15}")


class BadRequestError(Exception):
    """The request cannot be served as it is; the message says why."""


class PriceChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of POST /sim/price. `price` is in the quote asset."""

    symbol: str
    price: Decimal


class PriceCourse(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of POST /sim/path: a price path as text, not from a file."""

    symbol: str
    path: str


class Control:
    """Answers every request under `/sim/` for one simulator, and keeps its runs of scenarios."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator
        self._runs: deque[tuple[int, ScenarioRun]] = deque(maxlen=RUNS_KEPT)
        self._started = 0
        self._routes: Mapping[str, Mapping[str, Callable[[web.BaseRequest], Awaitable[Any]]]] = {
            "/sim/state": {"GET": self._state},
            "/sim/journal": {"GET": self._journal},
            "/sim/price": {"POST": self._price},
            "/sim/path": {"POST": self._path},
            "/sim/do": {"POST": self._do},
            "/sim/scenario": {"GET": self._outcomes, "POST": self._play},
            "/sim/reset": {"POST": self._reset},
            **clock_routes(simulator),
            **fault_routes(simulator),
        }

    async def handle(self, request: web.BaseRequest) -> web.Response:
        """Answer a request whose path begins with `/sim/`."""
        refused = why_refused(request.remote or "", request.headers)
        if refused:
            return _error(403, refused)
        methods = self._routes.get(request.path)
        if methods is None:
            return _error(404, f"there is no {request.path}: there are {', '.join(self._routes)}")
        serve = methods.get(request.method)
        if serve is None:
            return _error(405, f"{request.path} takes {' and '.join(methods)}", {"Allow": ", ".join(methods)})
        try:
            return _json(200, await serve(request))
        except (BadRequestError, SimulatorError, VenueError) as error:
            return _error(400, str(error))
        except web.HTTPRequestEntityTooLarge as error:
            return _error(413, str(error.text))

    def play(self, scenario: Scenario) -> tuple[int, ScenarioRun]:
        """Start a scenario; return its number and its run. Raises `ScenarioError` when it cannot be played."""
        run = play(self._simulator, scenario)
        if len(self._runs) == RUNS_KEPT:
            self._runs[0][1].stop()
        self._started += 1
        self._runs.append((self._started, run))
        return self._started, run

    def stop(self) -> None:
        """End every run that goes on, as it stands."""
        for _, run in self._runs:
            run.stop()

    async def _state(self, _request: web.BaseRequest) -> Any:
        return self._simulator.state()

    async def _journal(self, request: web.BaseRequest) -> Any:
        wanted = _filters(request.query)
        journal = self._simulator.journal
        return {"entries": journal.entries(**wanted), "forgotten": journal.forgotten}

    async def _price(self, request: web.BaseRequest) -> Any:
        try:
            change = msgspec.json.decode(await request.read(), type=PriceChange)
        except msgspec.DecodeError as error:
            message = f'expected a body such as {{"symbol": "BTCUSDT", "price": "65000.0"}}: {error}'
            raise BadRequestError(message) from error
        if not (change.price.is_finite() and change.price > 0):
            message = f"price: expected a positive number, got {change.price}"
            raise BadRequestError(message)
        self._simulator.set_price(change.symbol, change.price)
        return {"symbol": change.symbol, "price": str(change.price)}

    async def _path(self, request: web.BaseRequest) -> Any:
        try:
            course = msgspec.json.decode(await request.read(), type=PriceCourse)
        except msgspec.DecodeError as error:
            message = f'expected a body such as {{"symbol": "BTCUSDT", "path": "walk:every=1s,by=0.05"}}: {error}'
            raise BadRequestError(message) from error
        self._simulator.follow_path(course.symbol, parse_path(course.path))
        return {"symbol": course.symbol, "path": course.path}

    async def _do(self, request: web.BaseRequest) -> Any:
        done = do_at_once(self._simulator, parse_actions(await _text(request), "body"))
        return {} if done.order is None else {"order": done.order}

    async def _play(self, request: web.BaseRequest) -> Any:
        return _told(*self.play(parse_scenario(await _text(request), "body", "scenario")))

    async def _outcomes(self, request: web.BaseRequest) -> Any:
        wanted = request.query.get("run")
        runs = [_told(number, run) for number, run in self._runs]
        if wanted is None:
            return {"runs": runs}
        found = [told for told in runs if str(told["run"]) == wanted]
        if not found:
            message = f"there is no run {wanted}: the last {RUNS_KEPT} are kept, and {self._started} were started"
            raise BadRequestError(message)
        return found[0]

    async def _reset(self, _request: web.BaseRequest) -> Any:
        self.stop()
        self._simulator.reset()
        return {}


async def _text(request: web.BaseRequest) -> str:
    try:
        return (await request.read()).decode()
    except UnicodeDecodeError as error:
        message = "expected YAML or JSON, as UTF-8 text"
        raise BadRequestError(message) from error


def _told(number: int, run: ScenarioRun) -> dict[str, Any]:
    outcome = run.outcome
    told: dict[str, Any] = {"run": number, "name": run.scenario.name, "status": _status(outcome)}
    if outcome is not None:
        told |= {"shortfalls": outcome.shortfalls, "elapsed_ms": outcome.elapsed_ms}
    return told


def _status(outcome: Outcome | None) -> str:
    if outcome is None:
        return "running"
    return "passed" if outcome.passed else "failed"


def _filters(query: Mapping[str, str]) -> dict[str, Any]:
    known = (*_TEXT_FILTERS, *_NUMBER_FILTERS)
    wanted: dict[str, Any] = {"limit": JOURNAL_LIMIT}
    for name, value in query.items():
        if name not in known:
            message = f"unknown filter {name!r}{suggestion(name, known) or ': there are ' + ', '.join(known)}"
            raise BadRequestError(message)
        if name in _NUMBER_FILTERS and not _NUMBER.fullmatch(value):
            message = f"{name}: expected a whole number below 10^15, got {value!r}"
            raise BadRequestError(message)
        wanted[name] = int(value) if name in _NUMBER_FILTERS else value
    return wanted


def _json(status: int, body: Any, headers: Mapping[str, str] | None = None) -> web.Response:
    return web.Response(status=status, body=msgspec.json.encode(body), content_type="application/json", headers=headers)


def _error(status: int, message: str, headers: Mapping[str, str] | None = None) -> web.Response:
    return _json(status, {"error": message}, headers)
