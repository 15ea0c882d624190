"""The tape: every trade of the market, once, as everybody may see it; and what it says about prices.

A trade has one line here, whoever took part. Lines within a window of 100 ms that follow each other at one price, from
one side, are one *aggregate*. The latest of both are kept, `MOST_TRADES` of each symbol; what they come to lives on in
charts (`market.chart`): of the last price, and of mark and index price. So memory does not grow with trading.

Trade ids are the exchange's: they grow, and of one symbol need not be consecutive.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final, Literal

import msgspec

from simulator.core.domain import SymbolSpec
from simulator.core.market.chart import Chart
from simulator.core.market.public_trade import PublicTrade
from simulator.core.market.synthetic_past import SyntheticPast

__all__ = ["AGGREGATE_MS", "MOST_TRADES", "Aggregate", "ChartKind", "PublicTrade", "Tape"]

MOST_TRADES: Final = 1_000
AGGREGATE_MS: Final = 100
_FIRST_AGGREGATE_ID: Final = 3_000_001

ChartKind = Literal["last", "mark", "index"]


class Aggregate(msgspec.Struct, gc=False):
    """Trades that are told as one. `time_ms` is the first one's."""

    aggregate_id: int
    price: Decimal
    quantity: Decimal
    first_id: int
    last_id: int
    time_ms: int
    is_buyer_maker: bool

    def takes(self, trade: PublicTrade) -> bool:
        """Return whether the trade belongs to it."""
        return (
            trade.price == self.price
            and trade.is_buyer_maker == self.is_buyer_maker
            and trade.time_ms // AGGREGATE_MS == self.time_ms // AGGREGATE_MS
        )


class _Reel:
    """The tape of one symbol."""

    def __init__(self, past: SyntheticPast, charts: dict[ChartKind, Chart]) -> None:
        self.past = past
        self.trades: deque[PublicTrade] = deque(maxlen=MOST_TRADES)
        self.aggregates: deque[Aggregate] = deque(maxlen=MOST_TRADES)
        self.charts = charts
        self.last_aggregate_id = _FIRST_AGGREGATE_ID - 1


class Tape:
    """The trades and prices of all symbols."""

    def __init__(self, symbols: Mapping[str, SymbolSpec], seed: int) -> None:
        self.changed: set[str] = set()
        """Symbols of which something was noted since this was last emptied."""
        self._symbols = symbols
        self._seed = seed
        self._prices = {symbol: spec.price for symbol, spec in symbols.items()}
        self._begin_ms: int | None = None
        self._reels: dict[str, _Reel] = {}

    def begin(self, now_ms: int, prices: Mapping[str, Decimal]) -> None:
        """Say when the market opened, and at which prices. What lies before is invented. Only the first call counts."""
        if self._begin_ms is None:
            self._begin_ms = now_ms
            self._prices = dict(prices)

    def begin_ms(self, now_ms: int) -> int:
        """Return when the market opened."""
        return now_ms if self._begin_ms is None else self._begin_ms

    def past_price(self, symbol: str, time_ms: int, now_ms: int) -> Decimal:
        """Return what the price is said to have been before the market opened."""
        return self._reel(symbol, now_ms).past.price_at(time_ms)

    def note(self, trade: PublicTrade) -> None:
        """Write down a trade. The symbol's last price is its price from now on."""
        reel = self._reel(trade.symbol, trade.time_ms)
        reel.trades.append(trade)
        self._aggregate(reel, trade)
        reel.charts["last"].trade(trade)
        self.changed.add(trade.symbol)

    def note_prices(self, symbol: str, last: Decimal, mark: Decimal, index: Decimal, now_ms: int) -> None:
        """Write down what the prices of a symbol are, when they moved without a trade."""
        charts = self._reel(symbol, now_ms).charts
        charts["last"].move(last, now_ms)
        charts["mark"].move(mark, now_ms)
        charts["index"].move(index, now_ms)
        self.changed.add(symbol)

    def trades(self, symbol: str) -> Sequence[PublicTrade]:
        """Return the latest trades of a symbol, oldest first."""
        reel = self._reels.get(symbol)
        return reel.trades if reel else ()

    def aggregates(self, symbol: str) -> Sequence[Aggregate]:
        """Return the latest aggregates of a symbol, oldest first. The last one may still grow."""
        reel = self._reels.get(symbol)
        return reel.aggregates if reel else ()

    def chart(self, symbol: str, now_ms: int, kind: ChartKind = "last") -> Chart:
        """Return the chart of one of the symbol's prices."""
        return self._reel(symbol, now_ms).charts[kind]

    def _reel(self, symbol: str, now_ms: int) -> _Reel:
        reel = self._reels.get(symbol)
        if reel is None:
            begin_ms = self.begin_ms(now_ms)
            price = self._prices[symbol]
            past = SyntheticPast(self._symbols[symbol], price, begin_ms, self._seed)
            charts: dict[ChartKind, Chart] = {
                "last": Chart(past, price, begin_ms),
                "mark": Chart(past, price, begin_ms, has_volume=False),
                "index": Chart(past, price, begin_ms, has_volume=False),
            }
            reel = self._reels[symbol] = _Reel(past, charts)
        return reel

    def _aggregate(self, reel: _Reel, trade: PublicTrade) -> None:
        last = reel.aggregates[-1] if reel.aggregates else None
        if last is not None and last.takes(trade):
            last.quantity += trade.quantity
            last.last_id = trade.trade_id
            return
        reel.last_aggregate_id += 1
        reel.aggregates.append(
            Aggregate(
                reel.last_aggregate_id,
                trade.price,
                trade.quantity,
                trade.trade_id,
                trade.trade_id,
                trade.time_ms,
                trade.is_buyer_maker,
            )
        )
