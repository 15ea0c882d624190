"""Feeds of the tape: trades, aggregates, candles, liquidations."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import takewhile
from typing import Any, Final

from simulator.core.domain import SymbolSpec
from simulator.core.facts import ContractChanged, Fact, OrderFilled
from simulator.core.market.klines import Candle, start_of
from simulator.core.market.public_trade import PublicTrade
from simulator.core.market.tape import AGGREGATE_MS
from simulator.core.risk.forced import closing_kind
from simulator.core.streams.market_events import aggregate_event, contract_event, force_order_event, trade_event
from simulator.core.streams.market_feed import Feed, HearingFeed, Moment

__all__ = ["AggregateFeed", "ContractFeed", "ForceOrderFeed", "KlineFeed", "TradeFeed"]

_KLINE_MS: Final = 250

KlineEvent = Callable[[Candle, SymbolSpec, str, int], dict[str, Any]]


class TradeFeed(Feed):
    """Every trade, at once."""

    def __init__(self, symbol: str) -> None:
        super().__init__(symbol, 0)
        self._last: PublicTrade | None = None

    def bodies(self, moment: Moment) -> list[Any]:
        """Return the trades that were not told."""
        spec = moment.exchange.symbols[self.symbol]
        trades = moment.exchange.tape.trades(self.symbol)
        news = list(takewhile(lambda trade: trade is not self._last, reversed(trades)))[::-1]
        self._last = news[-1] if news else self._last
        return [trade_event(trade, spec, moment.now_ms) for trade in news]

    def greeting(self, moment: Moment) -> list[Any]:
        """Begin with the next trade."""
        trades = moment.exchange.tape.trades(self.symbol)
        if self._last is None and trades:
            self._last = trades[-1]
        return []


class AggregateFeed(Feed):
    """Every aggregate, when its window of 100 ms is over."""

    def __init__(self, symbol: str) -> None:
        super().__init__(symbol, AGGREGATE_MS)
        self._last_id: int | None = None
        self._has_incomplete = False

    def wake_ms(self, now_ms: int) -> int | None:
        """Return when the window of an aggregate that could not be told yet is over."""
        return (now_ms // AGGREGATE_MS + 1) * AGGREGATE_MS if self._has_incomplete else None

    def bodies(self, moment: Moment) -> list[Any]:
        """Return the aggregates that are complete and were not told."""
        last_id, spec = self._last_id or 0, moment.exchange.symbols[self.symbol]
        newest_first = reversed(moment.exchange.tape.aggregates(self.symbol))
        news = list(takewhile(lambda found: found.aggregate_id > last_id, newest_first))[::-1]
        complete = [found for found in news if found.time_ms // AGGREGATE_MS < moment.now_ms // AGGREGATE_MS]
        self._has_incomplete = len(complete) < len(news)
        if complete:
            self._last_id = complete[-1].aggregate_id
        return [aggregate_event(found, spec, moment.now_ms) for found in complete]

    def greeting(self, moment: Moment) -> list[Any]:
        """Begin with the next aggregate."""
        if self._last_id is None:
            aggregates = moment.exchange.tape.aggregates(self.symbol)
            self._last_id = aggregates[-1].aggregate_id if aggregates else 0
        return []


class KlineFeed(Feed):
    """The present candle whenever it changed, and once more when it is final."""

    def __init__(self, symbol: str, interval: str, event: KlineEvent) -> None:
        super().__init__(symbol, _KLINE_MS, interval)
        self._event = event
        self._open_ms: int | None = None
        self._told: Candle | None = None

    def bodies(self, moment: Moment) -> list[Any]:
        """Return the candle that has ended since, and the present one if it changed."""
        open_ms = start_of(self.interval, moment.now_ms)
        found: list[Candle | None] = []
        if self._open_ms is not None and self._open_ms < open_ms:
            found.append(self._candle(moment, self._open_ms))
        self._open_ms = open_ms
        present = self._candle(moment, open_ms)
        if moment.changed and present != self._told:
            found.append(present)
            self._told = present
        return self._events(moment, found)

    def greeting(self, moment: Moment) -> list[Any]:
        """Return the present candle."""
        open_ms = start_of(self.interval, moment.now_ms)
        self._open_ms = self._open_ms or open_ms
        return self._events(moment, [self._candle(moment, open_ms)])

    def _candle(self, moment: Moment, open_ms: int) -> Candle | None:
        chart = moment.exchange.tape.chart(self.symbol, moment.now_ms)
        return chart.candle(self.interval, open_ms, moment.now_ms)

    def _events(self, moment: Moment, candles: list[Candle | None]) -> list[Any]:
        spec = moment.exchange.symbols[self.symbol]
        return [self._event(candle, spec, self.interval, moment.now_ms) for candle in candles if candle is not None]


class ForceOrderFeed(HearingFeed):
    """The largest liquidation of each symbol in a second: of one symbol, or of all."""

    def __init__(self, symbol: str) -> None:
        super().__init__(symbol, 1000)
        self._largest: dict[str, OrderFilled] = {}

    def hear(self, facts: Sequence[Fact]) -> bool:
        """Keep the largest liquidation of each symbol."""
        for filled in _liquidations(facts):
            symbol = filled.order.symbol
            largest = self._largest.get(symbol)
            if self.symbol in {"", symbol} and (largest is None or filled.order.quote >= largest.order.quote):
                self._largest[symbol] = filled
        return bool(self._largest)

    def bodies(self, moment: Moment) -> list[Any]:
        """Return what was kept. Only the stream of all symbols says which pair it is."""
        largest, self._largest = self._largest, {}
        found = []
        for symbol, filled in largest.items():
            spec = moment.exchange.symbols[symbol]
            event = force_order_event(filled, spec, moment.now_ms)
            found.append(event if self.symbol else event | {"ps": spec.pair, "st": 1})
        return found


class ContractFeed(HearingFeed):
    """`!contractInfo`: contracts whose status changed, at once."""

    def __init__(self) -> None:
        super().__init__("", 0)
        self._changed: list[SymbolSpec] = []

    def hear(self, facts: Sequence[Fact]) -> bool:
        """Keep the contracts that changed."""
        self._changed += [fact.spec for fact in facts if isinstance(fact, ContractChanged)]
        return bool(self._changed)

    def bodies(self, moment: Moment) -> list[Any]:
        """Return what was kept."""
        found, self._changed = self._changed, []
        return [contract_event(spec, moment.now_ms) for spec in found]


def _liquidations(facts: Iterable[Fact]) -> Iterable[OrderFilled]:
    for fact in facts:
        if isinstance(fact, OrderFilled) and closing_kind(fact.order.client_order_id) == "LIQUIDATION":
            yield fact
