"""The public endpoints of the market: clock, symbols, book, prices, the last 24 hours.

Those that take one symbol or none answer with an object or with a list of all symbols.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from simulator.core.market.exchange_info import exchange_info
from simulator.core.rest import venue_error
from simulator.core.rest.market_bodies import book_ticker, day_ticker, order_book, premium_index, price_ticker
from simulator.core.rest.params import Params, integer_or, optional_integer
from simulator.core.rest.venue_error import VenueError
from simulator.core.trading.exchange import Exchange
from simulator.core.trading.validation import known_symbol
from simulator.core.venue import Answer, Call, Route, Venue

__all__ = ["ROUTES", "one_or_all", "read_limit"]

_DEPTH_WEIGHTS: Final = {5: 2, 10: 2, 20: 2, 50: 2, 100: 5, 500: 10, 1000: 20}
_DEFAULT_DEPTH: Final = 500
_RPI_DEPTH: Final = 1_000


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
    """GET /fapi/v1/ticker/price and /fapi/v2/ticker/price."""
    return one_or_all(venue, call, price_ticker)


def ticker_book(venue: Venue, call: Call) -> Answer:
    """GET /fapi/v1/ticker/bookTicker."""
    return one_or_all(venue, call, book_ticker)


def ticker_day(venue: Venue, call: Call) -> Answer:
    """GET /fapi/v1/ticker/24hr."""
    return one_or_all(venue, call, day_ticker)


def mark_price(venue: Venue, call: Call) -> Answer:
    """GET /fapi/v1/premiumIndex."""
    return one_or_all(venue, call, premium_index)


def depth(venue: Venue, call: Call) -> Answer:
    """GET /fapi/v1/depth. Raises `VenueError` -4021 for a limit that is none of 5, 10, 20, 50, 100, 500, 1000."""
    symbol = known_symbol(call.params, venue.exchange.symbols).symbol
    limit = optional_integer(call.params, "limit") or _DEFAULT_DEPTH
    if limit not in _DEPTH_WEIGHTS:
        code, message = venue_error.BAD_DEPTH_LIMIT
        raise VenueError(code, message.format(limit=limit))
    return Answer(order_book(venue.exchange, symbol, limit, call.now_ms))


def rpi_depth(venue: Venue, call: Call) -> Answer:
    """GET /fapi/v1/rpiDepth: the book with its RPI orders, which this market shows in any case."""
    symbol = known_symbol(call.params, venue.exchange.symbols).symbol
    limit = optional_integer(call.params, "limit") or _RPI_DEPTH
    if limit != _RPI_DEPTH:
        code, message = venue_error.BAD_DEPTH_LIMIT
        raise VenueError(code, message.format(limit=limit))
    return Answer(order_book(venue.exchange, symbol, limit, call.now_ms))


def one_or_all(venue: Venue, call: Call, body: Callable[[Exchange, str, int], dict[str, Any]]) -> Answer:
    """Answer with the body of the symbol that is asked for, or with those of all. Raises `VenueError` -1121."""
    exchange = venue.exchange
    if call.params.get("symbol"):
        return Answer(body(exchange, known_symbol(call.params, exchange.symbols).symbol, call.now_ms))
    return Answer([body(exchange, symbol, call.now_ms) for symbol in exchange.symbols])


def read_limit(params: Params, default: int, most: int) -> int:
    """Return how many are asked for. Raises `VenueError` -1130 for a number that is not 1 to `most`."""
    limit = optional_integer(params, "limit")
    if limit is None:
        return default
    if not 1 <= limit <= most:
        raise venue_error.refusal(venue_error.BAD_LIMIT)
    return limit


def _depth_weight(params: Mapping[str, str]) -> int:
    return _DEPTH_WEIGHTS.get(integer_or(params, "limit", _DEFAULT_DEPTH), 2)


ROUTES: Final[Mapping[tuple[str, str], Route]] = {
    ("GET", "/fapi/v1/ping"): Route(ping, "none"),
    ("GET", "/fapi/v1/time"): Route(server_time, "none"),
    ("GET", "/fapi/v1/exchangeInfo"): Route(market, "none"),
    ("GET", "/fapi/v1/depth"): Route(depth, "none", _depth_weight),
    ("GET", "/fapi/v1/rpiDepth"): Route(rpi_depth, "none", 20),
    ("GET", "/fapi/v1/ticker/price"): Route(ticker_price, "none", 1, 2),
    ("GET", "/fapi/v2/ticker/price"): Route(ticker_price, "none", 1, 2),
    ("GET", "/fapi/v1/ticker/bookTicker"): Route(ticker_book, "none", 2, 5),
    ("GET", "/fapi/v1/ticker/24hr"): Route(ticker_day, "none", 1, 40),
    ("GET", "/fapi/v1/premiumIndex"): Route(mark_price, "none", 1, 10),
}
