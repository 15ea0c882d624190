"""In which keys the WebSocket API's results differ from the answers of their REST twins, by Binance's samples.

`account.status` has `breakEvenPrice` in each position and no `feeBurn`; `v2/account.status` has `marginAvailable` in
each asset; `order.modify` has no `pair`; `algoOrder.place` has `activatePrice` and `callbackRate` of trailing stops
only; `ticker.book` has the book's `lastUpdateId`. All other results are the answers as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from simulator.core.rest.account_endpoints import positions_v2
from simulator.core.rest.market_bodies import snapshot_id
from simulator.core.venue import Call, Venue

__all__ = ["result_of"]

Body = Any
"""JSON data."""


def result_of(method: str, body: Body, venue: Venue, call: Call) -> Body:
    """Return the result of a method whose REST twin answered so."""
    change = _CHANGES.get(method)
    return body if change is None else change(body, venue, call)


def _account_status(body: Body, venue: Venue, call: Call) -> Body:
    risks: Body = positions_v2(venue, msgspec.structs.replace(call, params={})).body
    break_even = {(risk["symbol"], risk["positionSide"]): risk["breakEvenPrice"] for risk in risks}
    positions = [
        position | {"breakEvenPrice": break_even.get((position["symbol"], position["positionSide"]), "0.0")}
        for position in body["positions"]
    ]
    return _without(body, "feeBurn") | {"positions": positions}


def _account_status_v2(body: Body, _venue: Venue, _call: Call) -> Body:
    return body | {"assets": [asset | {"marginAvailable": True} for asset in body["assets"]]}


def _modified(body: Body, _venue: Venue, _call: Call) -> Body:
    return _without(body, "pair")


def _algo_placed(body: Body, _venue: Venue, _call: Call) -> Body:
    return _without(body, *(name for name in ("activatePrice", "callbackRate") if not body.get(name)))


def _book_ticker(body: Body, venue: Venue, call: Call) -> Body:
    if isinstance(body, list):
        return [_book_ticker(ticker, venue, call) for ticker in body]
    return {"lastUpdateId": snapshot_id(venue.exchange, body["symbol"])} | body


def _without(body: Body, *names: str) -> Body:
    return {name: value for name, value in body.items() if name not in names}


_CHANGES: Final[Mapping[str, Callable[[Body, Venue, Call], Body]]] = {
    "account.status": _account_status,
    "v2/account.status": _account_status_v2,
    "order.modify": _modified,
    "algoOrder.place": _algo_placed,
    "ticker.book": _book_ticker,
}
