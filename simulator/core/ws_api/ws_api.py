"""The WebSocket API's requests and responses, and which REST endpoint answers which method.

A request is one text frame, `{"id": …, "method": "order.place", "params": {…}}`; its response repeats the id and has
the status that REST would have had, with `result` or `error`. Every method but those of the session is the twin of a
REST endpoint (`TWINS`): same parameters, same checks, same weight, same order counts, and a result that differs in few
keys (`ws_api_bodies`). So nothing is executed here. A method may be asked with any version before it
(`v1/order.place`); of few methods `v2/` is another one.

Integers are documented as JSON integers, decimals as JSON strings. Either is read in either form, and a number keeps
the text in which it was written, for that text is what was signed. A parameter that is null counts as not sent.

What is wrong with a frame is said with -1135, as captured from Binance's other WebSocket APIs; the documentation of
this one is silent about it, as it is about an unknown method, which is refused as an unsupported operation (-1020).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import msgspec

from simulator.core.rest import venue_error
from simulator.core.rest.venue_error import VenueError
from simulator.core.security.rate_limits import Limits

__all__ = ["SESSION_METHODS", "TWINS", "ApiRequest", "BadFrame", "Twin", "known_method", "rate_limits", "read_request"]

RequestId = int | str | None


class Twin(NamedTuple):
    """The REST endpoint that a method is the twin of."""

    http_method: str
    path: str


TWINS: Final[Mapping[str, Twin]] = {
    "order.place": Twin("POST", "/fapi/v1/order"),
    "order.modify": Twin("PUT", "/fapi/v1/order"),
    "order.cancel": Twin("DELETE", "/fapi/v1/order"),
    "order.status": Twin("GET", "/fapi/v1/order"),
    "algoOrder.place": Twin("POST", "/fapi/v1/algoOrder"),
    "algoOrder.cancel": Twin("DELETE", "/fapi/v1/algoOrder"),
    "account.position": Twin("GET", "/fapi/v2/positionRisk"),
    "v2/account.position": Twin("GET", "/fapi/v3/positionRisk"),
    "account.balance": Twin("GET", "/fapi/v2/balance"),
    "v2/account.balance": Twin("GET", "/fapi/v3/balance"),
    "account.status": Twin("GET", "/fapi/v2/account"),
    "v2/account.status": Twin("GET", "/fapi/v3/account"),
    "userDataStream.start": Twin("POST", "/fapi/v1/listenKey"),
    "userDataStream.ping": Twin("PUT", "/fapi/v1/listenKey"),
    "userDataStream.stop": Twin("DELETE", "/fapi/v1/listenKey"),
    "ticker.price": Twin("GET", "/fapi/v1/ticker/price"),
    "ticker.book": Twin("GET", "/fapi/v1/ticker/bookTicker"),
    "depth": Twin("GET", "/fapi/v1/depth"),
}
"""Every method with a REST twin, by the name that it is documented under."""

SESSION_METHODS: Final = frozenset({"session.logon", "session.status", "session.logout"})
SESSION_WEIGHT: Final = 2
HANDSHAKE_WEIGHT: Final = 5

_VERSION: Final = re.compile(r"v[0-9]+/")
_HALF_CHARACTER: Final = re.compile(r"\\u[dD][89a-fA-F]")
_INTEGER: Final = re.compile(r"-?[0-9]{1,20}")


class ApiRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One request. `method` is a name of `TWINS` or `SESSION_METHODS`; `params` are texts, as REST has them."""

    id: RequestId
    method: str
    params: dict[str, str]

    @property
    def returns_rate_limits(self) -> bool | None:
        """What the request itself says about `rateLimits` in its response; None leaves it to the connection."""
        return {"true": True, "false": False}.get(self.params.get("returnRateLimits", "").lower())


class BadFrame(VenueError):  # noqa: N818  a refusal like every `VenueError`, named by what it refuses
    """A frame that is no request. `id` is what could be read of it."""

    def __init__(self, cause: tuple[int, str], request_id: RequestId = None) -> None:
        super().__init__(*cause)
        self.id = request_id


class _Number(str):
    """A JSON number as it was written."""

    __slots__ = ()


def read_request(text: str) -> ApiRequest:
    """Return the request of a text frame. Raises `BadFrame`."""
    try:
        frame = json.loads(text, parse_int=_Number, parse_float=_Number, parse_constant=_refuse_constant)
        if _HALF_CHARACTER.search(text):
            json.dumps(frame, ensure_ascii=False).encode()  # what no response could repeat is no JSON
    except (ValueError, RecursionError):
        raise BadFrame(venue_error.INVALID_JSON) from None
    if not isinstance(frame, dict):
        raise BadFrame(venue_error.INVALID_JSON)
    request_id = _request_id(frame.get("id"))
    method, params = frame.get("method"), frame.get("params")
    if type(method) is not str:
        raise BadFrame(venue_error.invalid_in_json("method", "a string"), request_id)
    if not isinstance(params, dict | None):
        raise BadFrame(venue_error.invalid_in_json("params", "an object"), request_id)
    known = known_method(method)
    if known is None:
        raise BadFrame(venue_error.UNSUPPORTED_OPERATION, request_id)
    sent = {name: _text(value) for name, value in (params or {}).items() if value is not None}
    return ApiRequest(id=request_id, method=known, params=sent)


def known_method(name: str) -> str | None:
    """Return the name under which a method is documented, or None for one that is not."""
    for candidate in (name, _VERSION.sub("", name, count=1) if _VERSION.match(name) else name):
        if candidate in TWINS or candidate in SESSION_METHODS:
            return candidate
    return None


def rate_limits(limits: Limits, weight: int, orders: tuple[int, int] | None) -> list[dict[str, Any]]:
    """Return the `rateLimits` of a response: the weight that is used, and of a method that counts orders, those too."""
    shown = [_limit("REQUEST_WEIGHT", "MINUTE", 1, limits.weight, weight)]
    if orders is not None:
        ten_seconds, minute = orders
        shown.append(_limit("ORDERS", "SECOND", 10, limits.orders_10s, ten_seconds))
        shown.append(_limit("ORDERS", "MINUTE", 1, limits.orders_1m, minute))
    return shown


def _limit(kind: str, interval: str, number: int, limit: int, count: int) -> dict[str, Any]:
    return {"rateLimitType": kind, "interval": interval, "intervalNum": number, "limit": limit, "count": count}


def _request_id(value: object) -> RequestId:
    if isinstance(value, _Number) and _INTEGER.fullmatch(value):
        return int(value)
    if value is None or type(value) is str:
        return value
    raise BadFrame(venue_error.invalid_in_json("id", "an integer, a string or null"))


def _text(value: object) -> str:
    match value:
        case str():
            return str(value)
        case bool():
            return "true" if value else "false"
        case _:
            return json.dumps(value, separators=(",", ":"))


def _refuse_constant(name: str) -> object:
    raise ValueError(name)
