"""The exchange's clock over HTTP: `Simulator.clock` for clients in other languages. Answers are its state.

What is sent is JSON; curl's `-d` alone does, for no content type is asked for.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, TypeVar, get_args

import msgspec
from aiohttp import web

from simulator.errors import BadClockError
from simulator.runtime.clock_control import Mode

if TYPE_CHECKING:
    from simulator.runtime.server import Simulator

__all__ = ["clock_routes"]

_OF_A_PACE: Final = f"mode ({', '.join(get_args(Mode))}) and scale (a number)"
_OF_A_SPAN: Final = "hours, minutes, seconds, ms (numbers) and shift_server_time (true or false)"

T = TypeVar("T", bound=msgspec.Struct)
Serve = Callable[[web.BaseRequest], Awaitable[Any]]


class Pace(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of POST /sim/clock. Time that runs does so at the loop's pace unless there is a `scale`."""

    mode: Mode
    scale: float | None = None


class Span(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of POST /sim/clock/advance."""

    hours: float = 0
    minutes: float = 0
    seconds: float = 0
    ms: float = 0
    shift_server_time: bool = False


def clock_routes(simulator: Simulator) -> Mapping[str, Mapping[str, Serve]]:
    """Return what answers requests to the clock, by path and method."""

    async def show(_request: web.BaseRequest) -> Any:
        return simulator.clock.state()

    async def change(request: web.BaseRequest) -> Any:
        pace = await _read(request, Pace, '{"mode": "running", "scale": 60}', _OF_A_PACE)
        simulator.clock.change(pace.mode, pace.scale)
        return simulator.clock.state()

    async def advance(request: web.BaseRequest) -> Any:
        span = await _read(request, Span, '{"minutes": 61, "shift_server_time": false}', _OF_A_SPAN)
        await simulator.clock.advance(**msgspec.structs.asdict(span))
        return simulator.clock.state()

    async def step(_request: web.BaseRequest) -> Any:
        await simulator.clock.step()
        return simulator.clock.state()

    return {
        "/sim/clock": {"GET": show, "POST": change},
        "/sim/clock/advance": {"POST": advance},
        "/sim/clock/step": {"POST": step},
    }


async def _read(request: web.BaseRequest, wanted: type[T], example: str, fields: str) -> T:
    body = await request.read()
    expected = f"expected a body such as {example}, as JSON"
    if not body.strip():
        message = f"the body is empty: {expected}; there are {fields}"
        raise BadClockError(message)
    try:
        return msgspec.json.decode(body, type=wanted)
    except msgspec.DecodeError as error:
        message = f"{expected}: {error}; there are {fields}"
        raise BadClockError(message) from error
