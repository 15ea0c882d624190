"""The endpoints of several orders in one request.

`batchOrders` is a JSON list of up to 5 orders, each an object with the parameters of POST or PUT order. Values may be
texts, numbers or booleans; null is a parameter that was not sent. The request itself is refused when the list is
missing (-1102), is no JSON list of objects (-1130), or is empty or too long (-4082). DELETE takes a symbol (-1102,
-1121) and `orderIdList`, or else `origClientOrderIdList`: JSON lists (-1102 neither, -1130 unreadable) of up to 10
(-4032). One widely used client sends the names of these two in lower case, and is understood.

After that the answer is 200 with one item per order, in their order: what the endpoint of one order answers, or
`{"code", "msg"}`. Orders are executed one after the other, so that each sees what those before it did. Conditional
orders follow when all are done.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from simulator.core.facts import Fact
from simulator.core.rest import venue_error
from simulator.core.rest.params import Params, text
from simulator.core.rest.trading_endpoints import amend_order, cancel_order, new_order
from simulator.core.rest.venue_error import VenueError, invalid_parameter, refusal
from simulator.core.trading.validation import known_symbol
from simulator.core.venue import Answer, Call, Endpoint, Route, Venue

__all__ = ["ROUTES"]

MOST_ORDERS: Final = 5
MOST_CANCELS: Final = 10


def new_orders(venue: Venue, call: Call) -> Answer:
    """POST /fapi/v1/batchOrders."""
    return _each(venue, call, new_order, _read_orders(call.params))


def amend_orders(venue: Venue, call: Call) -> Answer:
    """PUT /fapi/v1/batchOrders."""
    return _each(venue, call, amend_order, _read_orders(call.params))


def cancel_orders(venue: Venue, call: Call) -> Answer:
    """DELETE /fapi/v1/batchOrders."""
    symbol = known_symbol(call.params, venue.exchange.symbols).symbol
    return _each(venue, call, cancel_order, [{"symbol": symbol} | named for named in _read_names(call.params)])


def _each(venue: Venue, call: Call, endpoint: Endpoint, orders: Iterable[dict[str, str]]) -> Answer:
    bodies: list[object] = []
    facts: list[Fact] = []
    for params in orders:
        try:
            answer = endpoint(venue, Call(params, call.account, call.now_ms))
        except VenueError as error:
            bodies.append({"code": error.code, "msg": error.message})
        else:
            bodies.append(answer.body)
            facts += answer.facts
    return Answer(bodies, facts, is_order=endpoint is not cancel_order)


def _read_orders(params: Params) -> list[dict[str, str]]:
    items = _read_list(params, "batchOrders")
    if not 1 <= len(items) <= MOST_ORDERS:
        raise refusal(venue_error.BAD_BATCH_SIZE)
    if not all(isinstance(item, dict) for item in items):
        raise invalid_parameter("batchOrders")
    return [{name: _as_sent(value) for name, value in item.items() if value is not None} for item in items]


def _read_names(params: Params) -> list[dict[str, str]]:
    for list_name, name in (("orderIdList", "orderId"), ("origClientOrderIdList", "origClientOrderId")):
        sent_name = list_name if params.get(list_name) else list_name.lower()
        if params.get(sent_name):
            items = _read_list(params, sent_name)
            if len(items) > MOST_CANCELS:
                raise refusal(venue_error.TOO_MANY_CANCELS)
            if not items or not all(isinstance(item, str) for item in items):
                raise invalid_parameter(list_name)
            return [{name: item} for item in items]
    message = "Param 'origClientOrderIdList' or 'orderIdList' must be sent, but both were empty/null!"
    raise VenueError(-1102, message)


def _read_list(params: Params, name: str) -> list[Any]:
    """Return a parameter that is a JSON list. Numbers in it stay the texts that they were sent as."""
    try:
        value = json.loads(text(params, name), parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        raise invalid_parameter(name) from None
    if not isinstance(value, list):
        raise invalid_parameter(name)
    return value


def _as_sent(value: object) -> str:
    """Return a JSON value as the form parameter that would mean the same."""
    return value if isinstance(value, str) else json.dumps(value)


ROUTES: Final[Mapping[tuple[str, str], Route]] = {
    ("POST", "/fapi/v1/batchOrders"): Route(new_orders, "signed", 5, orders=(5, 1)),
    ("PUT", "/fapi/v1/batchOrders"): Route(amend_orders, "signed", 5, orders=(5, 1)),
    ("DELETE", "/fapi/v1/batchOrders"): Route(cancel_orders, "signed"),
}
