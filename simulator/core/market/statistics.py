"""What the market comes to: of the last 24 hours, and of all positions that are open."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from simulator.core.amounts import ZERO
from simulator.core.market.klines import Candle
from simulator.core.trading.exchange import Exchange

__all__ = ["DayStatistics", "day_statistics", "open_interest"]


class DayStatistics(msgspec.Struct, frozen=True):
    """The last 24 hours of a symbol as one candle; `last_quantity` and `last_id` are the last trade's.

    Ids are as if one trade had followed the other: the first is as many before the last as there were trades.
    """

    candle: Candle
    last_quantity: Decimal
    last_id: int

    @property
    def first_id(self) -> int:
        """The id of the first trade."""
        return max(self.last_id - self.candle.count + 1, 0)

    @property
    def change(self) -> Decimal:
        """How far the price moved."""
        return self.candle.close - self.candle.open

    @property
    def change_percent(self) -> Decimal:
        """How far the price moved, in per cent of where it was."""
        return self.change / self.candle.open * 100 if self.candle.open else ZERO

    @property
    def average(self) -> Decimal:
        """The average price, weighted by quantity; the last one when nothing was traded."""
        return self.candle.quote_volume / self.candle.volume if self.candle.volume else self.candle.close


def day_statistics(exchange: Exchange, symbol: str, now_ms: int) -> DayStatistics:
    """Return what the last 24 hours of a symbol came to, the invented past included."""
    chart = exchange.tape.chart(symbol, now_ms)
    candle = chart.last_day(now_ms)
    return DayStatistics(candle, chart.last_quantity, max(chart.last_id, candle.count))


def open_interest(exchange: Exchange, symbol: str) -> Decimal:
    """Return the sum of all long positions of a symbol, which is that of all short ones.

    The market itself holds what the accounts' positions leave open.
    """
    return exchange.holders.interest.now(symbol)
