"""The public endpoints of the market: clock, symbols, prices."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from simulator.core.amounts import padded
from simulator.core.exchange_info import exchange_info
from simulator.core.validation import known_symbol
from simulator.core.venue import Answer, Call, Route, Venue

__all__ = ["ROUTES"]


def ping(_venue: Venue, _call: Call) -> Answer:
    """GET /fapi/v1/ping."""
    return Answer({})


def server_time(_venue: Venue, call: Call) -> Answer:
    """GET /fapi/v1/time."""
    return Answer({"serverTime": call.now_ms})


def market(venue: Venue, call: Call) -> Answer:
    """GET /fapi/v1/exchangeInfo."""
    symbols, limits = venue.exchange.symbols.values(), venue.counters.limits
    return Answer(exchange_info(symbols, limits, venue.profile, call.now_ms))


def ticker_price(venue: Venue, call: Call) -> Answer:
    """GET /fapi/v1/ticker/price and /fapi/v2/ticker/price, of one symbol or of all."""
    if call.params.get("symbol"):
        return Answer(_ticker(venue, known_symbol(call.params, venue.exchange.symbols).symbol, call.now_ms))
    return Answer([_ticker(venue, symbol, call.now_ms) for symbol in venue.exchange.symbols])


def _ticker(venue: Venue, symbol: str, now_ms: int) -> dict[str, Any]:
    spec = venue.exchange.symbols[symbol]
    price = padded(venue.exchange.prices[symbol], spec.price_precision)
    return {"symbol": symbol, "price": price, "time": now_ms}


ROUTES: Final[Mapping[tuple[str, str], Route]] = {
    ("GET", "/fapi/v1/ping"): Route(ping, "none"),
    ("GET", "/fapi/v1/time"): Route(server_time, "none"),
    ("GET", "/fapi/v1/exchangeInfo"): Route(market, "none"),
    ("GET", "/fapi/v1/ticker/price"): Route(ticker_price, "none", 1, 2),
    ("GET", "/fapi/v2/ticker/price"): Route(ticker_price, "none", 1, 2),
}
