"""Trades and candles: what was traded, and how each price went.

Candles of the mark and the index price have prices only; those of the premium index are the mark price's distance from
the index price, in shares of it. History reaches as far back as `market.chart` and `market.tape` say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any, Final, NamedTuple

from simulator.core.amounts import padded
from simulator.core.domain import PERPETUAL, SymbolSpec
from simulator.core.market.klines import INTERVALS, Candle, end_of
from simulator.core.market.tape import Aggregate, ChartKind, PublicTrade
from simulator.core.rest import venue_error
from simulator.core.rest.market_bodies import candle_row
from simulator.core.rest.market_endpoints import read_limit
from simulator.core.rest.params import Params, integer_or, optional_integer, text
from simulator.core.rest.venue_error import refusal
from simulator.core.trading.validation import known_symbol
from simulator.core.venue import Answer, Call, Route, Venue

__all__ = ["ROUTES", "read_times"]

_DEFAULT_KLINES: Final = 500
_MOST_KLINES: Final = 1_500
_DEFAULT_TRADES: Final = 500
_AGGREGATES_KEPT_MS: Final = 48 * 3_600_000


class _Wanted(NamedTuple):
    """What a request for candles asks for."""

    interval: str
    first_ms: int | None
    last_ms: int
    limit: int


def recent_trades(venue: Venue, call: Call) -> Answer:
    """GET /fapi/v1/trades."""
    spec = known_symbol(call.params, venue.exchange.symbols)
    limit = read_limit(call.params, _DEFAULT_TRADES, 1_000)
    return Answer([_trade_row(trade, spec) for trade in list(venue.exchange.tape.trades(spec.symbol))[-limit:]])


def old_trades(venue: Venue, call: Call) -> Answer:
    """GET /fapi/v1/historicalTrades: from an id on, or the latest."""
    spec = known_symbol(call.params, venue.exchange.symbols)
    limit = read_limit(call.params, 100, 500)
    from_id = optional_integer(call.params, "fromId")
    trades = list(venue.exchange.tape.trades(spec.symbol))
    chosen = trades[-limit:] if from_id is None else [t for t in trades if t.trade_id >= from_id][:limit]
    return Answer([_trade_row(trade, spec) for trade in chosen])


def aggregate_trades(venue: Venue, call: Call) -> Answer:
    """GET /fapi/v1/aggTrades: from an id on, of a time, or the latest. Raises `VenueError` -1128 for id and time."""
    spec = known_symbol(call.params, venue.exchange.symbols)
    limit = read_limit(call.params, _DEFAULT_TRADES, 1_000)
    from_id = optional_integer(call.params, "fromId")
    start_ms, end_ms = read_times(call.params)
    if from_id is not None and (start_ms is not None or end_ms is not None):
        raise refusal(venue_error.BAD_COMBINATION)
    oldest_ms = max(start_ms or 0, call.now_ms - _AGGREGATES_KEPT_MS)
    found = [
        aggregate
        for aggregate in venue.exchange.tape.aggregates(spec.symbol)
        if aggregate.aggregate_id >= (from_id or 0) and oldest_ms <= aggregate.time_ms <= (end_ms or call.now_ms)
    ]
    is_from_start = from_id is not None or start_ms is not None
    return Answer([_aggregate_row(a, spec) for a in (found[:limit] if is_from_start else found[-limit:])])


def klines(venue: Venue, call: Call) -> Answer:
    """GET /fapi/v1/klines. Raises `VenueError` -1120 for an interval that there is not."""
    spec = known_symbol(call.params, venue.exchange.symbols)
    return _rows(venue, call, spec, "last")


def mark_price_klines(venue: Venue, call: Call) -> Answer:
    """GET /fapi/v1/markPriceKlines."""
    spec = known_symbol(call.params, venue.exchange.symbols)
    return _rows(venue, call, spec, "mark")


def index_price_klines(venue: Venue, call: Call) -> Answer:
    """GET /fapi/v1/indexPriceKlines, of a pair."""
    return _rows(venue, call, _of_pair(venue, call.params, PERPETUAL), "index")


def continuous_klines(venue: Venue, call: Call) -> Answer:
    """GET /fapi/v1/continuousKlines, of a pair and contract type. Raises `VenueError` -4144 or -4104."""
    return _rows(venue, call, _of_pair(venue, call.params, text(call.params, "contractType")), "last")


def premium_index_klines(venue: Venue, call: Call) -> Answer:
    """GET /fapi/v1/premiumIndexKlines."""
    spec = known_symbol(call.params, venue.exchange.symbols)
    wanted = _read_wanted(call.params, call.now_ms)
    marks, indexes = (_candles(venue, spec, kind, wanted, call.now_ms) for kind in ("mark", "index"))
    return Answer([_premium_row(m, i, wanted.interval) for m, i in zip(marks, indexes, strict=True)])


def read_times(params: Params) -> tuple[int | None, int | None]:
    """Return startTime and endTime. Raises `VenueError` -1023 when one is after the other."""
    start_ms, end_ms = optional_integer(params, "startTime"), optional_integer(params, "endTime")
    if start_ms is not None and end_ms is not None and start_ms > end_ms:
        raise refusal(venue_error.START_AFTER_END)
    return start_ms, end_ms


def _rows(venue: Venue, call: Call, spec: SymbolSpec, kind: ChartKind) -> Answer:
    wanted = _read_wanted(call.params, call.now_ms)
    candles = _candles(venue, spec, kind, wanted, call.now_ms)
    close = _closer(wanted.interval)
    if kind == "last":
        return Answer([candle_row(candle, spec, close(candle)) for candle in candles])
    return Answer([_price_row(candle, 8, close(candle)) for candle in candles])


def _read_wanted(params: Params, now_ms: int) -> _Wanted:
    interval = text(params, "interval")
    if interval not in INTERVALS:
        raise refusal(venue_error.BAD_KLINE_INTERVAL)
    limit = read_limit(params, _DEFAULT_KLINES, _MOST_KLINES)
    start_ms, end_ms = read_times(params)
    return _Wanted(interval, start_ms, now_ms if end_ms is None else end_ms, limit)


def _candles(venue: Venue, spec: SymbolSpec, kind: ChartKind, wanted: _Wanted, now_ms: int) -> list[Candle]:
    """Return the first ones from a time on, or the latest ones."""
    chart = venue.exchange.tape.chart(spec.symbol, now_ms, kind)
    length = INTERVALS[wanted.interval]
    last_ms = min(wanted.last_ms, now_ms)
    if wanted.first_ms is None:
        first_ms = max(last_ms - (wanted.limit + 1) * length, 0)
        return list(chart.candles(wanted.interval, first_ms, last_ms, now_ms))[-wanted.limit :]
    if wanted.first_ms > last_ms:
        return []
    last_ms = min(last_ms, wanted.first_ms + (wanted.limit + 1) * length)
    return list(chart.candles(wanted.interval, wanted.first_ms, last_ms, now_ms))[: wanted.limit]


def _of_pair(venue: Venue, params: Params, contract_type: str) -> SymbolSpec:
    pair = text(params, "pair")
    contracts = [spec for spec in venue.exchange.symbols.values() if spec.pair == pair]
    if not contracts:
        raise refusal(venue_error.BAD_PAIR)
    for spec in contracts:
        if spec.contract_type == contract_type:
            return spec
    raise refusal(venue_error.BAD_CONTRACT_TYPE)


def _closer(interval: str) -> Callable[[Candle], int]:
    return lambda candle: end_of(interval, candle.open_ms) - 1


def _price_row(candle: Candle, decimals: int, close_ms: int) -> list[Any]:
    prices = [padded(price, decimals) for price in (candle.open, candle.high, candle.low, candle.close)]
    return [candle.open_ms, *prices, "0", close_ms, "0", candle.count, "0", "0", "0"]


def _premium_row(mark: Candle, index: Candle, interval: str) -> list[Any]:
    """Return how far the mark price stood from the index price. The extremes are those of both ends."""
    first = (mark.open - index.open) / index.open
    last = (mark.close - index.close) / index.close
    premium = Candle(mark.open_ms, first, max(first, last), min(first, last), last, count=mark.count)
    return _price_row(premium, 8, end_of(interval, mark.open_ms) - 1)


def _trade_row(trade: PublicTrade, spec: SymbolSpec) -> dict[str, Any]:
    return {
        "id": trade.trade_id,
        "price": padded(trade.price, spec.price_precision),
        "qty": padded(trade.quantity, spec.quantity_precision),
        "quoteQty": _quote(trade.price * trade.quantity),
        "time": trade.time_ms,
        "isBuyerMaker": trade.is_buyer_maker,
        "isRPITrade": False,
    }


def _aggregate_row(aggregate: Aggregate, spec: SymbolSpec) -> dict[str, Any]:
    quantity = padded(aggregate.quantity, spec.quantity_precision)
    return {
        "a": aggregate.aggregate_id,
        "p": padded(aggregate.price, spec.price_precision),
        "q": quantity,
        "nq": quantity,
        "f": aggregate.first_id,
        "l": aggregate.last_id,
        "T": aggregate.time_ms,
        "m": aggregate.is_buyer_maker,
    }


def _quote(amount: Decimal) -> str:
    return padded(amount, 2)


def _kline_weight(params: Mapping[str, str]) -> int:
    limit = integer_or(params, "limit", _DEFAULT_KLINES)
    bounds: Iterable[tuple[int, int]] = ((100, 1), (500, 2), (1_001, 5))
    return next((weight for bound, weight in bounds if limit < bound), 10)


ROUTES: Final[Mapping[tuple[str, str], Route]] = {
    ("GET", "/fapi/v1/trades"): Route(recent_trades, "none", 5),
    ("GET", "/fapi/v1/historicalTrades"): Route(old_trades, "key", 200),
    ("GET", "/fapi/v1/aggTrades"): Route(aggregate_trades, "none", 20),
    ("GET", "/fapi/v1/klines"): Route(klines, "none", _kline_weight),
    ("GET", "/fapi/v1/continuousKlines"): Route(continuous_klines, "none", _kline_weight),
    ("GET", "/fapi/v1/indexPriceKlines"): Route(index_price_klines, "none", _kline_weight),
    ("GET", "/fapi/v1/markPriceKlines"): Route(mark_price_klines, "none", _kline_weight),
    ("GET", "/fapi/v1/premiumIndexKlines"): Route(premium_index_klines, "none", _kline_weight),
}
