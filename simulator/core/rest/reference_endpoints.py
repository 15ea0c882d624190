"""What the exchange publishes about its contracts: funding, open interest, indexes, insurance, sessions, statistics.

Everything is reckoned from what happens here. An index has one constituent, this simulator's own index price; the risk
of auto-deleverage is high as soon as the insurance fund of the symbol's asset is used up; statistics over periods come
from the charts. Not served, because nothing here would be behind it: long/short ratios of accounts and top traders.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from simulator.core.accounts.asset_index import AssetIndex, asset_index
from simulator.core.amounts import eight, padded, trimmed
from simulator.core.domain import SymbolSpec
from simulator.core.market.klines import HOUR_MS, INTERVALS, Candle, end_of
from simulator.core.market.statistics import open_interest
from simulator.core.market.symbols import deliveries
from simulator.core.market.synthetic_past import KEPT
from simulator.core.market.tape import ChartKind
from simulator.core.market.trading_sessions import trading_schedule
from simulator.core.rest import venue_error
from simulator.core.rest.kline_endpoints import read_times
from simulator.core.rest.market_bodies import composite_index, margin_assets, quote_assets
from simulator.core.rest.market_endpoints import one_or_all, read_limit
from simulator.core.rest.params import text
from simulator.core.rest.venue_error import refusal
from simulator.core.risk.funding_rates import FUNDING_INTERVAL_MS, funding_rates, is_perpetual
from simulator.core.trading.exchange import Exchange
from simulator.core.trading.validation import known_symbol
from simulator.core.venue import Answer, Call, Route, Venue

__all__ = ["ROUTES"]

_FUNDING_CAP: Final = Decimal("0.02")
_PERIODS: Final = frozenset({"5m", "15m", "30m", "1h", "2h", "4h", "6h", "12h", "1d"})


def funding_rate(venue: Venue, call: Call) -> Answer:
    """GET /fapi/v1/fundingRate: of a symbol or of all, oldest first; without times the latest."""
    exchange = venue.exchange
    limit = read_limit(call.params, 100, 1_000)
    start_ms, end_ms = read_times(call.params)
    symbols = [known_symbol(call.params, exchange.symbols).symbol] if call.params.get("symbol") else exchange.symbols
    last_ms = call.now_ms if end_ms is None else min(end_ms, call.now_ms)
    found = [
        (rate, symbol)
        for symbol in symbols
        if is_perpetual(exchange.symbols[symbol])
        for rate in funding_rates(exchange, symbol, start_ms, last_ms, limit=limit, now_ms=call.now_ms)
    ]
    found.sort(key=lambda row: (row[0].time_ms, row[1]))
    rows = [
        {
            "symbol": symbol,
            "fundingRate": padded(rate.rate, 8),
            "fundingTime": rate.time_ms,
            "markPrice": padded(rate.mark, 8),
            "rateType": "Regular",
        }
        for rate, symbol in found
    ]
    return Answer(rows[-limit:] if start_ms is None else rows[:limit])


def funding_info(venue: Venue, _call: Call) -> Answer:
    """GET /fapi/v1/fundingInfo."""
    return Answer(
        [
            {
                "symbol": spec.symbol,
                "adjustedFundingRateCap": padded(_FUNDING_CAP, 8),
                "adjustedFundingRateFloor": padded(-_FUNDING_CAP, 8),
                "fundingIntervalHours": FUNDING_INTERVAL_MS // HOUR_MS,
                "disclaimer": False,
            }
            for spec in venue.exchange.symbols.values()
            if is_perpetual(spec)
        ]
    )


def interest(venue: Venue, call: Call) -> Answer:
    """GET /fapi/v1/openInterest."""
    spec = known_symbol(call.params, venue.exchange.symbols)
    amount = padded(open_interest(venue.exchange, spec.symbol), spec.quantity_precision)
    return Answer({"openInterest": amount, "symbol": spec.symbol, "time": call.now_ms})


def index_info(venue: Venue, call: Call) -> Answer:
    """GET /fapi/v1/indexInfo: of one index contract, or of all that there are. Raises `VenueError` -1121."""
    exchange = venue.exchange
    if call.params.get("symbol"):
        spec = known_symbol(call.params, exchange.symbols)
        if spec.underlying_type != "INDEX":
            raise refusal(venue_error.INVALID_SYMBOL)
        return Answer(composite_index(exchange, spec.symbol, call.now_ms))
    indexes = [spec.symbol for spec in exchange.symbols.values() if spec.underlying_type == "INDEX"]
    return Answer([composite_index(exchange, symbol, call.now_ms) for symbol in indexes])


def asset_indexes(venue: Venue, call: Call) -> Answer:
    """GET /fapi/v1/assetIndex: of one asset (`BTCUSD`), or of all that serve as margin. Raises `VenueError` -1121."""
    exchange = venue.exchange
    rows = {
        f"{asset}USD": _asset_row(asset_index(asset, exchange.marks), call.now_ms) for asset in margin_assets(exchange)
    }
    wanted = call.params.get("symbol")
    if not wanted:
        return Answer(list(rows.values()))
    if wanted not in rows:
        raise refusal(venue_error.INVALID_SYMBOL)
    return Answer(rows[wanted])


def constituents(venue: Venue, call: Call) -> Answer:
    """GET /fapi/v1/constituents."""
    spec = known_symbol(call.params, venue.exchange.symbols)
    price = padded(venue.exchange.indexes[spec.symbol], 8)
    own = {"exchange": "simulator", "symbol": spec.symbol, "price": price, "weight": "1.00000000"}
    return Answer({"symbol": spec.symbol, "time": call.now_ms, "constituents": [own]})


def insurance_balance(venue: Venue, call: Call) -> Answer:
    """GET /fapi/v1/insuranceBalance: the fund of a symbol's asset with its symbols, or all funds."""
    exchange = venue.exchange
    wanted = known_symbol(call.params, exchange.symbols).quote_asset if call.params.get("symbol") else None
    funds = [_fund(exchange, asset, call.now_ms) for asset in quote_assets(exchange) if wanted in {None, asset}]
    return Answer(funds[0] if wanted else funds)


def adl_risk(venue: Venue, call: Call) -> Answer:
    """GET /fapi/v1/symbolAdlRisk: of a symbol or of all."""
    return one_or_all(venue, call, _adl_risk)


def schedule(_venue: Venue, call: Call) -> Answer:
    """GET /fapi/v1/tradingSchedule."""
    return Answer(trading_schedule(call.now_ms))


def taker_volume(venue: Venue, call: Call) -> Answer:
    """GET /futures/data/takerlongshortRatio: what takers bought and sold in each period."""
    spec = known_symbol(call.params, venue.exchange.symbols)
    return Answer([_taker_row(candle, spec) for candle in _periods(venue, spec, call)])


def basis(venue: Venue, call: Call) -> Answer:
    """GET /futures/data/basis: how far a contract's price stood from its index at the beginning of each period."""
    pair, contract_type = text(call.params, "pair"), text(call.params, "contractType")
    specs = [spec for spec in venue.exchange.symbols.values() if spec.pair == pair]
    if not specs:
        raise refusal(venue_error.BAD_PAIR)
    spec = next((spec for spec in specs if spec.contract_type == contract_type), None)
    if spec is None:
        raise refusal(venue_error.BAD_CONTRACT_TYPE)
    prices = _periods(venue, spec, call)
    indexes = {c.open_ms: c for c in _periods(venue, spec, call, "index")}
    return Answer([_basis_row(price, indexes[price.open_ms], spec) for price in prices])


def past_interest(venue: Venue, call: Call) -> Answer:
    """GET /futures/data/openInterestHist: what was held at the beginning of each period, at the mark price of then."""
    spec, held = known_symbol(call.params, venue.exchange.symbols), venue.exchange.holders.interest
    rows = _periods(venue, spec, call, "mark")
    return Answer([_interest_row(mark, held.at(spec.symbol, mark.open_ms), spec) for mark in rows])


def delivery_price(venue: Venue, call: Call) -> Answer:
    """GET /futures/data/delivery-price: the index at the last year's deliveries of a pair's contracts, latest first.

    A pair without such contracts has none. Raises `VenueError` -1121.
    """
    exchange, pair = venue.exchange, text(call.params, "pair")
    specs = [spec for spec in exchange.symbols.values() if spec.pair == pair]
    if not specs:
        raise refusal(venue_error.BAD_PAIR)
    if all(is_perpetual(spec) for spec in specs):
        return Answer([])
    chart = exchange.tape.chart(specs[0].symbol, call.now_ms, "index")
    hours = [
        chart.candle("1h", end_ms, call.now_ms)
        for end_ms in reversed(deliveries(call.now_ms - KEPT[HOUR_MS] * HOUR_MS, call.now_ms))
    ]
    return Answer([_delivery_row(hour) for hour in hours if hour is not None])


def _periods(venue: Venue, spec: SymbolSpec, call: Call, kind: ChartKind = "last") -> list[Candle]:
    """Return the complete periods that are asked for: by default the latest 30."""
    period = text(call.params, "period")
    if period not in _PERIODS:
        raise refusal(venue_error.BAD_PERIOD)
    limit = read_limit(call.params, 30, 500)
    start_ms, end_ms = read_times(call.params)
    last_ms = min(call.now_ms if end_ms is None else end_ms, call.now_ms)
    first_ms = last_ms - (limit + 1) * INTERVALS[period] if start_ms is None else start_ms
    chart = venue.exchange.tape.chart(spec.symbol, call.now_ms, kind)
    candles = [
        candle
        for candle in chart.candles(period, first_ms, last_ms, call.now_ms)
        if end_of(period, candle.open_ms) <= call.now_ms
    ]
    return candles[-limit:] if start_ms is None else candles[:limit]


def _taker_row(candle: Candle, spec: SymbolSpec) -> dict[str, Any]:
    sold = candle.volume - candle.buy_volume
    return {
        "buySellRatio": padded(candle.buy_volume / sold, 4) if sold else "0",
        "buyVol": padded(candle.buy_volume, max(spec.quantity_precision, 4)),
        "sellVol": padded(sold, max(spec.quantity_precision, 4)),
        "timestamp": candle.open_ms,
    }


def _interest_row(mark: Candle, amount: Decimal, spec: SymbolSpec) -> dict[str, Any]:
    return {
        "symbol": spec.symbol,
        "sumOpenInterest": eight(amount),
        "sumOpenInterestValue": eight(amount * mark.open),
        "CMCCirculatingSupply": "0.000",
        "timestamp": mark.open_ms,
    }


def _delivery_row(hour: Candle) -> dict[str, Any]:
    price = hour.open
    return {
        "deliveryTime": hour.open_ms,
        "deliveryPrice": int(price) if price == price.to_integral_value() else float(price),
    }


def _basis_row(price: Candle, index: Candle, spec: SymbolSpec) -> dict[str, Any]:
    difference = price.open - index.open
    return {
        "indexPrice": eight(index.open),
        "contractType": spec.contract_type,
        "basisRate": padded(difference / index.open, 4),
        "futuresPrice": padded(price.open, spec.price_precision),
        "annualizedBasisRate": "",
        "basis": eight(difference),
        "pair": spec.pair,
        "timestamp": price.open_ms,
    }


def _asset_row(index: AssetIndex, now_ms: int) -> dict[str, Any]:
    buffer, exchange_buffer = index.buffer, index.exchange_buffer
    return {
        "symbol": f"{index.asset}USD",
        "time": now_ms,
        "index": eight(index.index),
        "bidBuffer": eight(buffer),
        "askBuffer": eight(buffer),
        "bidRate": eight(index.bid_rate),
        "askRate": eight(index.ask_rate),
        "autoExchangeBidBuffer": eight(exchange_buffer),
        "autoExchangeAskBuffer": eight(exchange_buffer),
        "autoExchangeBidRate": eight(index.index * (1 - exchange_buffer)),
        "autoExchangeAskRate": eight(index.index * (1 + exchange_buffer)),
    }


def _fund(exchange: Exchange, asset: str, now_ms: int) -> dict[str, Any]:
    balance = trimmed(exchange.house.insurance.get(asset, Decimal(0)))
    return {
        "symbols": [spec.symbol for spec in exchange.symbols.values() if spec.quote_asset == asset],
        "assets": [{"asset": asset, "marginBalance": balance, "updateTime": now_ms}],
    }


def _adl_risk(exchange: Exchange, symbol: str, now_ms: int) -> dict[str, Any]:
    fund = exchange.house.insurance.get(exchange.symbols[symbol].quote_asset, Decimal(0))
    return {"symbol": symbol, "adlRisk": "low" if fund >= 0 else "high", "updateTime": now_ms}


ROUTES: Final[Mapping[tuple[str, str], Route]] = {
    ("GET", "/fapi/v1/fundingRate"): Route(funding_rate, "none", 0, bucket="funding"),
    ("GET", "/fapi/v1/fundingInfo"): Route(funding_info, "none", 0, bucket="funding"),
    ("GET", "/fapi/v1/openInterest"): Route(interest, "none"),
    ("GET", "/fapi/v1/indexInfo"): Route(index_info, "none"),
    ("GET", "/fapi/v1/assetIndex"): Route(asset_indexes, "none", 1, 10),
    ("GET", "/fapi/v1/constituents"): Route(constituents, "none", 2),
    ("GET", "/fapi/v1/insuranceBalance"): Route(insurance_balance, "none"),
    ("GET", "/fapi/v1/symbolAdlRisk"): Route(adl_risk, "none"),
    ("GET", "/fapi/v1/tradingSchedule"): Route(schedule, "none", 5),
    ("GET", "/futures/data/takerlongshortRatio"): Route(taker_volume, "none", 0),
    ("GET", "/futures/data/basis"): Route(basis, "none", 0),
    ("GET", "/futures/data/openInterestHist"): Route(past_interest, "none", 0),
    ("GET", "/futures/data/delivery-price"): Route(delivery_price, "none", 0),
}
