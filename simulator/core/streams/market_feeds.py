"""The names of market streams, and the feed behind each.

| name | root | speaks |
|---|---|---|
| `<symbol>@bookTicker`, `!bookTicker` | public | at once; of all every 5 s, what changed |
| `<symbol>@depth<5/10/20>[@100ms/@250ms/@500ms]` | public | every 250 ms, if the book changed |
| `<symbol>@depth[@100ms/@250ms/@500ms]` | public | every 250 ms, what changed |
| `<symbol>@rpiDepth@500ms` | public | every 500 ms, what changed |
| `<symbol>@aggTrade` | market | every 100 ms, what was traded |
| `<symbol>@trade` (not documented; clients ask `/public` for it) | public | at once |
| `<symbol>@kline_<interval>` | market | every 250 ms if it changed, and at its end |
| `<pair>_<contract type>@continuousKline_<interval>` | market | the same |
| `<symbol>@markPrice[@1s]`, `!markPrice@arr[@1s]` | market | every 3 s, or every second |
| `<symbol>@miniTicker`, `<symbol>@ticker` | market | every 2 s |
| `!miniTicker@arr`, `!ticker@arr` | market | every second, what changed |
| `<symbol>@forceOrder`, `!forceOrder@arr` | market | every second, the largest liquidation of a symbol |
| `!contractInfo` | market | at once |
| `<symbol>@compositeIndex` | market | every second; of index contracts |
| `<asset>usd@assetIndex`, `!assetIndex@arr` | market | every second |
| `tradingSession` | market | every second |

Symbols and pairs are in lower case. A name that is none of these is a subscription to silence.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from simulator.core.domain import SymbolSpec
from simulator.core.market.klines import INTERVALS
from simulator.core.rest.market_bodies import margin_assets
from simulator.core.streams.book_feeds import BestFeed, DepthChangesFeed, DepthFeed
from simulator.core.streams.market_events import (
    composite_index_event,
    continuous_kline_event,
    kline_event,
    mark_price_event,
    mini_ticker_event,
    ticker_event,
)
from simulator.core.streams.market_feed import Feed
from simulator.core.streams.ticker_feeds import AssetIndexFeed, ChangesFeed, RegularFeed, SessionFeed, WholeMarketFeed
from simulator.core.streams.trade_feeds import AggregateFeed, ContractFeed, ForceOrderFeed, KlineFeed, TradeFeed
from simulator.core.trading.exchange import Exchange

__all__ = ["open_feed"]

_DEPTH: Final = re.compile(r"depth(5|10|20)?(?:@(100|250|500)ms)?")
_DEFAULT_DEPTH_MS: Final = 250
_ALL: Final[dict[str, Callable[[], Feed]]] = {
    "!bookTicker": lambda: BestFeed("", 5000),
    "!markPrice@arr": lambda: WholeMarketFeed(3000, mark_price_event),
    "!markPrice@arr@1s": lambda: WholeMarketFeed(1000, mark_price_event),
    "!miniTicker@arr": lambda: ChangesFeed(1000, mini_ticker_event),
    "!ticker@arr": lambda: ChangesFeed(1000, ticker_event),
    "!forceOrder@arr": lambda: ForceOrderFeed(""),
    "!contractInfo": ContractFeed,
    "!assetIndex@arr": lambda: AssetIndexFeed(""),
    "tradingSession": SessionFeed,
}
_OF_SYMBOL: Final[dict[str, Callable[[str], Feed]]] = {
    "bookTicker": lambda symbol: BestFeed(symbol, 0),
    "rpiDepth@500ms": lambda symbol: DepthChangesFeed(symbol, 500),
    "aggTrade": AggregateFeed,
    "trade": TradeFeed,
    "markPrice": lambda symbol: RegularFeed(symbol, 3000, mark_price_event),
    "markPrice@1s": lambda symbol: RegularFeed(symbol, 1000, mark_price_event),
    "miniTicker": lambda symbol: RegularFeed(symbol, 2000, mini_ticker_event),
    "ticker": lambda symbol: RegularFeed(symbol, 2000, ticker_event),
    "forceOrder": ForceOrderFeed,
}


def open_feed(name: str, exchange: Exchange) -> Feed | None:
    """Return a new feed for a stream's name, or None when there is no such stream."""
    if name in _ALL:
        return _ALL[name]()
    subject, _, kind = name.partition("@")
    if kind == "assetIndex":
        assets = {f"{asset.lower()}usd": asset for asset in margin_assets(exchange)}
        return AssetIndexFeed(assets[subject]) if subject in assets else None
    if kind.startswith("continuousKline_"):
        return _continuous(subject, kind.removeprefix("continuousKline_"), exchange)
    spec = _symbol(subject, exchange)
    return None if spec is None else _of_symbol(spec, kind)


def _of_symbol(spec: SymbolSpec, kind: str) -> Feed | None:
    if kind in _OF_SYMBOL:
        return _OF_SYMBOL[kind](spec.symbol)
    if kind == "compositeIndex":
        is_index = spec.underlying_type == "INDEX"
        return RegularFeed(spec.symbol, 1000, composite_index_event) if is_index else None
    if kind.startswith("kline_"):
        interval = kind.removeprefix("kline_")
        return KlineFeed(spec.symbol, interval, kline_event) if interval in INTERVALS else None
    depth = _DEPTH.fullmatch(kind)
    if depth is None:
        return None
    period_ms = int(depth[2] or _DEFAULT_DEPTH_MS)
    return DepthFeed(spec.symbol, period_ms, int(depth[1])) if depth[1] else DepthChangesFeed(spec.symbol, period_ms)


def _continuous(subject: str, interval: str, exchange: Exchange) -> Feed | None:
    pair, _, contract_type = subject.partition("_")
    for spec in exchange.symbols.values():
        if (spec.pair.lower(), spec.contract_type.lower()) == (pair, contract_type) and interval in INTERVALS:
            return KlineFeed(spec.symbol, interval, continuous_kline_event)
    return None


def _symbol(subject: str, exchange: Exchange) -> SymbolSpec | None:
    spec = exchange.symbols.get(subject.upper())
    return spec if spec is not None and spec.symbol.lower() == subject else None
