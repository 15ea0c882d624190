"""The events of market streams, field by field. Prices and quantities are padded texts, as everywhere in the market.

Which events carry `st` (1: a USDⓈ-M contract) and `ps` (its pair) is as the samples have it: not all do.
"""

from __future__ import annotations

from typing import Any, Final

from simulator.core.accounts.asset_index import asset_index
from simulator.core.accounts.brackets import brackets_of
from simulator.core.amounts import eight, padded, trimmed
from simulator.core.domain import SymbolSpec
from simulator.core.facts import OrderFilled
from simulator.core.market.klines import Candle, end_of
from simulator.core.market.public_trade import PublicTrade
from simulator.core.market.tape import Aggregate
from simulator.core.market.trading_sessions import SESSION_EVENTS, session_at
from simulator.core.rest.market_bodies import book_ticker, composite_index, day_ticker, level_rows
from simulator.core.risk.funding_rates import is_perpetual, last_rate, next_funding_ms
from simulator.core.trading.depth import Level
from simulator.core.trading.exchange import Exchange

__all__ = [
    "aggregate_event",
    "asset_index_event",
    "best_event",
    "composite_index_event",
    "continuous_kline_event",
    "contract_event",
    "depth_event",
    "force_order_event",
    "kline_event",
    "mark_price_event",
    "mini_ticker_event",
    "session_event",
    "ticker_event",
    "trade_event",
]

_USD_M: Final = 1


def aggregate_event(aggregate: Aggregate, spec: SymbolSpec, now_ms: int) -> dict[str, Any]:
    """Return `aggTrade`. No trade here is against an RPI order, so that all of it is `nq`."""
    quantity = padded(aggregate.quantity, spec.quantity_precision)
    return {
        "e": "aggTrade",
        "E": now_ms,
        "s": spec.symbol,
        "a": aggregate.aggregate_id,
        "p": padded(aggregate.price, spec.price_precision),
        "q": quantity,
        "nq": quantity,
        "f": aggregate.first_id,
        "l": aggregate.last_id,
        "T": aggregate.time_ms,
        "m": aggregate.is_buyer_maker,
        "st": _USD_M,
    }


def trade_event(trade: PublicTrade, spec: SymbolSpec, now_ms: int) -> dict[str, Any]:
    """Return `trade`, which is not documented, and which clients use."""
    return {
        "e": "trade",
        "E": now_ms,
        "T": trade.time_ms,
        "s": spec.symbol,
        "t": trade.trade_id,
        "p": padded(trade.price, spec.price_precision),
        "q": padded(trade.quantity, spec.quantity_precision),
        "X": "MARKET",
        "m": trade.is_buyer_maker,
        "st": _USD_M,
    }


def depth_event(
    spec: SymbolSpec, ids: tuple[int, int, int], bids: list[Level], asks: list[Level], now_ms: int
) -> dict[str, Any]:
    """Return `depthUpdate`. `ids` are its first and last update id, and the last one of the event before."""
    first, last, before = ids
    return {
        "e": "depthUpdate",
        "E": now_ms,
        "T": now_ms,
        "s": spec.symbol,
        "U": first,
        "u": last,
        "pu": before,
        "b": level_rows(spec, bids),
        "a": level_rows(spec, asks),
        "ps": spec.pair,
        "st": _USD_M,
    }


def best_event(exchange: Exchange, symbol: str, update_id: int, now_ms: int) -> dict[str, Any]:
    """Return `bookTicker`."""
    row = book_ticker(exchange, symbol, now_ms)
    return {
        "e": "bookTicker",
        "u": update_id,
        "E": now_ms,
        "T": now_ms,
        "s": symbol,
        "ps": exchange.symbols[symbol].pair,
        "b": row["bidPrice"],
        "B": row["bidQty"],
        "a": row["askPrice"],
        "A": row["askQty"],
        "st": _USD_M,
    }


def mark_price_event(exchange: Exchange, symbol: str, now_ms: int) -> dict[str, Any]:
    """Return `markPriceUpdate`. What a delivery contract has instead of a funding rate is the empty text."""
    is_funded = is_perpetual(exchange.symbols[symbol])
    mark, index = eight(exchange.marks[symbol]), eight(exchange.indexes[symbol])
    return {
        "e": "markPriceUpdate",
        "E": now_ms,
        "s": symbol,
        "p": mark,
        "i": index,
        "P": index,
        "r": eight(last_rate(exchange, symbol)) if is_funded else "",
        "ap": mark,
        "T": next_funding_ms(now_ms) if is_funded else 0,
        "st": _USD_M,
    }


def kline_event(candle: Candle, spec: SymbolSpec, interval: str, now_ms: int) -> dict[str, Any]:
    """Return `kline`; a candle that is over is final."""
    content = {"t": candle.open_ms, "T": end_of(interval, candle.open_ms) - 1, "s": spec.symbol, "i": interval}
    return {"e": "kline", "E": now_ms, "s": spec.symbol, "k": content | _candle(candle, spec, interval, now_ms)}


def continuous_kline_event(candle: Candle, spec: SymbolSpec, interval: str, now_ms: int) -> dict[str, Any]:
    """Return `continuous_kline`."""
    content = {"t": candle.open_ms, "T": end_of(interval, candle.open_ms) - 1, "i": interval}
    return {
        "e": "continuous_kline",
        "E": now_ms,
        "ps": spec.pair,
        "ct": spec.contract_type,
        "k": content | _candle(candle, spec, interval, now_ms),
    }


def mini_ticker_event(exchange: Exchange, symbol: str, now_ms: int) -> dict[str, Any]:
    """Return `24hrMiniTicker`."""
    row = day_ticker(exchange, symbol, now_ms)
    return {
        "e": "24hrMiniTicker",
        "E": now_ms,
        "s": symbol,
        "c": row["lastPrice"],
        "o": row["openPrice"],
        "h": row["highPrice"],
        "l": row["lowPrice"],
        "v": row["volume"],
        "q": row["quoteVolume"],
        "ps": exchange.symbols[symbol].pair,
        "st": _USD_M,
    }


def ticker_event(exchange: Exchange, symbol: str, now_ms: int) -> dict[str, Any]:
    """Return `24hrTicker`."""
    row = day_ticker(exchange, symbol, now_ms)
    return {
        "e": "24hrTicker",
        "E": now_ms,
        "s": symbol,
        "p": row["priceChange"],
        "P": row["priceChangePercent"],
        "w": row["weightedAvgPrice"],
        "c": row["lastPrice"],
        "Q": row["lastQty"],
        "o": row["openPrice"],
        "h": row["highPrice"],
        "l": row["lowPrice"],
        "v": row["volume"],
        "q": row["quoteVolume"],
        "O": row["openTime"],
        "C": row["closeTime"],
        "F": row["firstId"],
        "L": row["lastId"],
        "n": row["count"],
        "ps": exchange.symbols[symbol].pair,
        "st": _USD_M,
    }


def force_order_event(filled: OrderFilled, spec: SymbolSpec, now_ms: int) -> dict[str, Any]:
    """Return `forceOrder`: a liquidation, as much of it as was filled."""
    order, fill = filled.order, filled.fill
    return {
        "e": "forceOrder",
        "E": now_ms,
        "o": {
            "s": order.symbol,
            "S": order.side,
            "o": "LIMIT",
            "f": "IOC",
            "q": padded(order.quantity, spec.quantity_precision),
            "p": padded(order.price or fill.price, spec.price_precision),
            "ap": padded(order.average_price, spec.price_precision),
            "X": order.status,
            "l": padded(fill.quantity, spec.quantity_precision),
            "z": padded(order.executed, spec.quantity_precision),
            "T": fill.time_ms,
        },
    }


def contract_event(spec: SymbolSpec, now_ms: int) -> dict[str, Any]:
    """Return `contractInfo`."""
    return {
        "e": "contractInfo",
        "E": now_ms,
        "s": spec.symbol,
        "ct": spec.contract_type,
        "dt": spec.delivery_ms,
        "ot": spec.onboard_ms,
        "cs": spec.status,
        "bks": _brackets(spec),
        "st": _USD_M,
    }


def composite_index_event(exchange: Exchange, symbol: str, now_ms: int) -> dict[str, Any]:
    """Return `compositeIndex`."""
    row = composite_index(exchange, symbol, now_ms)
    price = eight(exchange.indexes[symbol])
    return {
        "e": "compositeIndex",
        "E": now_ms,
        "s": symbol,
        "p": price,
        "C": row["component"],
        "c": [
            {
                "b": part["baseAsset"],
                "q": part["quoteAsset"],
                "w": part["weightInQuantity"],
                "W": part["weightInPercentage"],
                "i": price,
            }
            for part in row["baseAssetList"]
        ],
    }


def asset_index_event(exchange: Exchange, asset: str, now_ms: int) -> dict[str, Any]:
    """Return `assetIndexUpdate` of an asset."""
    found = asset_index(asset, exchange.marks)
    return {
        "e": "assetIndexUpdate",
        "E": now_ms,
        "s": f"{asset}USD",
        "i": eight(found.index),
        "b": eight(found.buffer),
        "a": eight(found.buffer),
        "B": eight(found.bid_rate),
        "A": eight(found.ask_rate),
        "q": eight(found.exchange_buffer),
        "g": eight(found.exchange_buffer),
        "Q": eight(found.index * (1 - found.exchange_buffer)),
        "G": eight(found.index * (1 + found.exchange_buffer)),
    }


def session_event(market: str, now_ms: int) -> dict[str, Any]:
    """Return `EquityUpdate` or `CommodityUpdate`: the session that a market is in."""
    session = session_at(market, now_ms)
    return {
        "e": SESSION_EVENTS[market],
        "E": now_ms,
        "t": session.start_ms,
        "T": session.end_ms,
        "S": session.type,
    }


def _candle(candle: Candle, spec: SymbolSpec, interval: str, now_ms: int) -> dict[str, Any]:
    price, quantity = spec.price_precision, spec.quantity_precision
    return {
        "f": candle.first_id or -1,
        "L": candle.last_id or -1,
        "o": padded(candle.open, price),
        "c": padded(candle.close, price),
        "h": padded(candle.high, price),
        "l": padded(candle.low, price),
        "v": padded(candle.volume, quantity),
        "n": candle.count,
        "x": now_ms >= end_of(interval, candle.open_ms),
        "q": trimmed(candle.quote_volume),
        "V": padded(candle.buy_volume, quantity),
        "Q": trimmed(candle.buy_quote_volume),
        "B": "0",
    }


def _brackets(spec: SymbolSpec) -> list[dict[str, Any]]:
    """Return the leverage brackets. The least leverage of one is the next one's highest and one more."""
    brackets = brackets_of(spec)
    lowest = [bracket.leverage + 1 for bracket in brackets[1:]] + [1]
    return [
        {
            "bs": bracket.number,
            "bnf": int(bracket.floor),
            "bnc": int(bracket.cap),
            "mmr": float(bracket.ratio),
            "cf": int(bracket.cum) if bracket.cum == bracket.cum.to_integral_value() else float(bracket.cum),
            "mi": least,
            "ma": bracket.leverage,
        }
        for bracket, least in zip(brackets, lowest, strict=True)
    ]
