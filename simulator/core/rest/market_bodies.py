"""What the market says of a symbol, as data for REST and streams alike. Prices and quantities are padded texts.

Update ids on the wire are twice the exchange's own in a stream, and one more in a snapshot of the book. So every
snapshot lies between two updates: the first update that is not older begins at it or before it and ends after it, and
each one names the end of the one before (`pu`), as the instructions for a local book demand, also when nothing happens
between the snapshot and the update.
"""

from __future__ import annotations

from typing import Any

from simulator.core.amounts import padded, trimmed
from simulator.core.domain import BUY, SELL, SymbolSpec
from simulator.core.market.klines import Candle
from simulator.core.market.statistics import day_statistics
from simulator.core.risk.funding_rates import INTEREST_RATE, is_perpetual, last_rate, next_funding_ms
from simulator.core.trading.depth import Level
from simulator.core.trading.exchange import Exchange

__all__ = [
    "book_ticker",
    "candle_row",
    "composite_index",
    "day_ticker",
    "level_rows",
    "margin_assets",
    "order_book",
    "premium_index",
    "price_ticker",
    "quote_assets",
    "snapshot_id",
    "stream_id",
]


def stream_id(exchange: Exchange, symbol: str) -> int:
    """Return the update id of the book as it is, as a stream tells it."""
    return 2 * exchange.update_id(symbol)


def snapshot_id(exchange: Exchange, symbol: str) -> int:
    """Return the update id of the book as it is, as a snapshot tells it."""
    return 2 * exchange.update_id(symbol) + 1


def level_rows(spec: SymbolSpec, levels: list[Level]) -> list[list[str]]:
    """Return levels as pairs of price and quantity."""
    return [
        [padded(level.price, spec.price_precision), padded(level.quantity, spec.quantity_precision)] for level in levels
    ]


def order_book(exchange: Exchange, symbol: str, limit: int, now_ms: int) -> dict[str, Any]:
    """Return the `limit` best levels of either side."""
    spec, shown_id = exchange.symbols[symbol], snapshot_id(exchange, symbol)
    bids, asks = exchange.levels(symbol, BUY, limit), exchange.levels(symbol, SELL, limit)
    exchange.snapshots.note(symbol, BUY, shown_id, bids)
    exchange.snapshots.note(symbol, SELL, shown_id, asks)
    return {
        "lastUpdateId": shown_id,
        "E": now_ms,
        "T": now_ms,
        "bids": level_rows(spec, bids),
        "asks": level_rows(spec, asks),
    }


def book_ticker(exchange: Exchange, symbol: str, now_ms: int) -> dict[str, Any]:
    """Return the best bid and ask."""
    spec, best = exchange.symbols[symbol], exchange.best(symbol)
    return {
        "symbol": symbol,
        "bidPrice": padded(best.bid, spec.price_precision),
        "bidQty": padded(best.bid_quantity, spec.quantity_precision),
        "askPrice": padded(best.ask, spec.price_precision),
        "askQty": padded(best.ask_quantity, spec.quantity_precision),
        "time": now_ms,
    }


def price_ticker(exchange: Exchange, symbol: str, now_ms: int) -> dict[str, Any]:
    """Return the last price."""
    price = padded(exchange.prices[symbol], exchange.symbols[symbol].price_precision)
    return {"symbol": symbol, "price": price, "time": now_ms}


def day_ticker(exchange: Exchange, symbol: str, now_ms: int) -> dict[str, Any]:
    """Return what the last 24 hours came to."""
    spec = exchange.symbols[symbol]
    day = day_statistics(exchange, symbol, now_ms)
    price, quantity = spec.price_precision, spec.quantity_precision
    return {
        "symbol": symbol,
        "priceChange": padded(day.change, price),
        "priceChangePercent": padded(day.change_percent, 3),
        "weightedAvgPrice": padded(day.average, price),
        "lastPrice": padded(day.candle.close, price),
        "lastQty": padded(day.last_quantity, quantity),
        "openPrice": padded(day.candle.open, price),
        "highPrice": padded(day.candle.high, price),
        "lowPrice": padded(day.candle.low, price),
        "volume": padded(day.candle.volume, quantity),
        "quoteVolume": padded(day.candle.quote_volume, 2),
        "openTime": day.candle.open_ms,
        "closeTime": now_ms,
        "firstId": day.first_id,
        "lastId": day.last_id,
        "count": day.candle.count,
    }


def candle_row(candle: Candle, spec: SymbolSpec, close_ms: int) -> list[Any]:
    """Return a candle as the 12 elements of a kline."""
    price, quantity = spec.price_precision, spec.quantity_precision
    return [
        candle.open_ms,
        padded(candle.open, price),
        padded(candle.high, price),
        padded(candle.low, price),
        padded(candle.close, price),
        padded(candle.volume, quantity),
        close_ms,
        trimmed(candle.quote_volume),
        candle.count,
        padded(candle.buy_volume, quantity),
        trimmed(candle.buy_quote_volume),
        "0",
    ]


def premium_index(exchange: Exchange, symbol: str, now_ms: int) -> dict[str, Any]:
    """Return mark and index price, and what the next funding is about. A contract that is delivered has no funding."""
    is_funded = is_perpetual(exchange.symbols[symbol])
    return {
        "symbol": symbol,
        "markPrice": padded(exchange.marks[symbol], 8),
        "indexPrice": padded(exchange.indexes[symbol], 8),
        "estimatedSettlePrice": padded(exchange.indexes[symbol], 8),
        "lastFundingRate": padded(last_rate(exchange, symbol), 8) if is_funded else "",
        "interestRate": padded(INTEREST_RATE, 8) if is_funded else "",
        "nextFundingTime": next_funding_ms(now_ms) if is_funded else 0,
        "time": now_ms,
    }


def composite_index(exchange: Exchange, symbol: str, now_ms: int) -> dict[str, Any]:
    """Return what an index contract is made of: here of itself alone."""
    spec = exchange.symbols[symbol]
    return {
        "symbol": symbol,
        "time": now_ms,
        "component": "baseAsset",
        "baseAssetList": [
            {
                "baseAsset": spec.base_asset,
                "quoteAsset": spec.quote_asset,
                "weightInQuantity": "1.00000000",
                "weightInPercentage": "1.00000000",
            }
        ],
    }


def margin_assets(exchange: Exchange) -> list[str]:
    """Return the assets that serve as margin: what contracts are settled in, and the great coins."""
    coins = [asset for asset in ("BTC", "ETH", "BNB") if f"{asset}USDT" in exchange.symbols]
    return [*quote_assets(exchange), *coins]


def quote_assets(exchange: Exchange) -> list[str]:
    """Return the assets that contracts are settled in."""
    return list(dict.fromkeys(spec.quote_asset for spec in exchange.symbols.values()))
