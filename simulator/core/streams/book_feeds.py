"""Feeds of the book: its best levels, and what changed in it.

Ids are those of `rest.market_bodies`: `u` of one event is `pu` of the next, and every REST snapshot lies between two.
A newcomer to the changes is told the best levels as if they had been the last change: whoever keeps a book from a
snapshot drops that as too old.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from simulator.core.amounts import ZERO
from simulator.core.domain import BUY, SELL
from simulator.core.rest.market_bodies import stream_id
from simulator.core.streams.market_events import best_event, depth_event
from simulator.core.streams.market_feed import Feed, Moment
from simulator.core.trading.depth import Level
from simulator.core.trading.exchange import Exchange
from simulator.core.trading.order_books import Best

__all__ = ["BestFeed", "DepthChangesFeed", "DepthFeed"]


class BestFeed(Feed):
    """`bookTicker` of a symbol, at once, or of all."""

    def __init__(self, symbol: str, period_ms: int) -> None:
        super().__init__(symbol, period_ms)
        self._told: dict[str, Best] = {}

    def bodies(self, moment: Moment) -> list[Any]:
        """Return the best levels of the symbols where they are others than were told."""
        best = {symbol: moment.exchange.best(symbol) for symbol in sorted(moment.changed)}
        moved = [symbol for symbol in best if self._told.get(symbol) != best[symbol]]
        self._told |= best
        return [_best(moment, symbol) for symbol in moved]

    def greeting(self, moment: Moment) -> list[Any]:
        """Return the best levels."""
        symbols = [self.symbol] if self.symbol else list(moment.exchange.symbols)
        self._told = {symbol: moment.exchange.best(symbol) for symbol in symbols} | self._told
        return [_best(moment, symbol) for symbol in symbols]


class DepthFeed(Feed):
    """The best `levels` of either side, whenever the book changed."""

    def __init__(self, symbol: str, period_ms: int, levels: int) -> None:
        super().__init__(symbol, period_ms)
        self._levels = levels
        self._before: int | None = None

    def bodies(self, moment: Moment) -> list[Any]:
        """Return the levels, if the book changed."""
        last = stream_id(moment.exchange, self.symbol)
        if last == self._before:
            return []
        before = last - 2 if self._before is None else self._before
        self._before = last
        return [self._event(moment, before)]

    def greeting(self, moment: Moment) -> list[Any]:
        """Return the levels."""
        last = stream_id(moment.exchange, self.symbol)
        self._before = self._before or last
        return [self._event(moment, last - 2)]

    def _event(self, moment: Moment, before: int) -> dict[str, Any]:
        exchange = moment.exchange
        bids, asks = (exchange.levels(self.symbol, side, self._levels) for side in (BUY, SELL))
        ids = (before + 1, stream_id(exchange, self.symbol), before)
        return depth_event(exchange.symbols[self.symbol], ids, bids, asks, moment.now_ms)


class DepthChangesFeed(Feed):
    """The levels that changed, with what is there now; 0 where nothing is left."""

    def __init__(self, symbol: str, period_ms: int) -> None:
        super().__init__(symbol, period_ms)
        self._before: int | None = None
        self._told: dict[str, dict[Decimal, Decimal]] = {}

    def bodies(self, moment: Moment) -> list[Any]:
        """Return what changed since it was told last, if anything did."""
        last = stream_id(moment.exchange, self.symbol)
        if self._before is None or last == self._before:
            return []
        bids, asks = (self._changes(moment.exchange, side, self._before) for side in (BUY, SELL))
        if not bids and not asks:
            return []
        ids = (self._before + 1, last, self._before)
        self._before = last
        return [depth_event(moment.exchange.symbols[self.symbol], ids, bids, asks, moment.now_ms)]

    def greeting(self, moment: Moment) -> list[Any]:
        """Return the best levels, as the last change."""
        if self._before is None:
            self._before = stream_id(moment.exchange, self.symbol)
            for side in (BUY, SELL):
                self._changes(moment.exchange, side, self._before)
        ids = (self._before - 1, self._before, self._before - 2)
        bids, asks = ([Level(q, price) for price, q in list(self._told[side].items())[:1]] for side in (BUY, SELL))
        return [depth_event(moment.exchange.symbols[self.symbol], ids, bids, asks, moment.now_ms)]

    def _changes(self, exchange: Exchange, side: str, last_id: int) -> list[Level]:
        """Return what is now others than was told, or than a snapshot has shown since; remember it as told."""
        seen = [self._told.get(side, {}), *exchange.snapshots.after(self.symbol, side, last_id)]
        now = self._told[side] = {level.price: level.quantity for level in exchange.levels(self.symbol, side)}
        gone = dict.fromkeys(price for levels in seen for price in levels if price not in now)
        changed = [price for price in now if any(levels.get(price) != now[price] for levels in seen)]
        return [Level(now[price], price) for price in changed] + [Level(ZERO, price) for price in gone]


def _best(moment: Moment, symbol: str) -> dict[str, Any]:
    return best_event(moment.exchange, symbol, stream_id(moment.exchange, symbol), moment.now_ms)
