"""The endpoints that cancel everything on a symbol: now, or when a countdown is not renewed (`trading.countdown`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from simulator.core.rest.params import integer
from simulator.core.rest.venue_error import invalid_parameter
from simulator.core.trading.validation import known_symbol
from simulator.core.venue import Answer, Call, Route, Venue

__all__ = ["ROUTES"]


def cancel_all_orders(venue: Venue, call: Call) -> Answer:
    """DELETE /fapi/v1/allOpenOrders."""
    symbol = known_symbol(call.params, venue.exchange.symbols).symbol
    facts = venue.cancel_all(call.account, symbol, call.now_ms)
    return Answer({"code": 200, "msg": "The operation of cancel all open order is done."}, facts)


def cancel_all_later(venue: Venue, call: Call) -> Answer:
    """POST /fapi/v1/countdownCancelAll. Refused: symbol (-1102, -1121), countdownTime (-1102, -1130 below 0)."""
    symbol = known_symbol(call.params, venue.exchange.symbols).symbol
    countdown_ms = integer(call.params, "countdownTime")
    if countdown_ms < 0:
        raise invalid_parameter("countdownTime")
    if countdown_ms:
        venue.countdowns.start(call.account, symbol, call.now_ms + countdown_ms)
    else:
        venue.countdowns.stop(call.account, symbol)
    return Answer({"symbol": symbol, "countdownTime": str(countdown_ms)})


ROUTES: Final[Mapping[tuple[str, str], Route]] = {
    ("DELETE", "/fapi/v1/allOpenOrders"): Route(cancel_all_orders, "signed"),
    ("POST", "/fapi/v1/countdownCancelAll"): Route(cancel_all_later, "signed", 10),
}
