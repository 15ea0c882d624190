"""Candles: what trades and price moves of a stretch of time come to, and which stretches there are.

A candle's prices follow the last price: a trade's, and what the price became without one. A stretch in which nothing
happened has the price before it, and no volume. Every interval is a number of steps of its *grain*, a minute, an hour
or a day, so that three series per symbol answer for all fifteen intervals.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

import msgspec

from simulator.core.amounts import ZERO

__all__ = ["DAY_MS", "GRAINS", "HOUR_MS", "INTERVALS", "MINUTE_MS", "Candle", "end_of", "grain_of", "start_of"]

MINUTE_MS: Final = 60_000
HOUR_MS: Final = 60 * MINUTE_MS
DAY_MS: Final = 24 * HOUR_MS
GRAINS: Final = (MINUTE_MS, HOUR_MS, DAY_MS)

INTERVALS: Final[dict[str, int]] = {
    "1m": MINUTE_MS,
    "3m": 3 * MINUTE_MS,
    "5m": 5 * MINUTE_MS,
    "15m": 15 * MINUTE_MS,
    "30m": 30 * MINUTE_MS,
    "1h": HOUR_MS,
    "2h": 2 * HOUR_MS,
    "4h": 4 * HOUR_MS,
    "6h": 6 * HOUR_MS,
    "8h": 8 * HOUR_MS,
    "12h": 12 * HOUR_MS,
    "1d": DAY_MS,
    "3d": 3 * DAY_MS,
    "1w": 7 * DAY_MS,
    "1M": 31 * DAY_MS,
}
"""The intervals and their length in ms; a month's is its longest."""

_FIRST_MONDAY_MS: Final = 4 * DAY_MS


class Candle(msgspec.Struct, gc=False):
    """One stretch of time, from `open_ms`. Volumes in the base asset and in the quote asset; `buy_` is the takers'."""

    open_ms: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal = ZERO
    quote_volume: Decimal = ZERO
    count: int = 0
    buy_volume: Decimal = ZERO
    buy_quote_volume: Decimal = ZERO
    first_id: int = 0
    last_id: int = 0

    def move(self, price: Decimal) -> None:
        """Let the price become another."""
        self.close = price
        if price > self.high:
            self.high = price
        elif price < self.low:
            self.low = price

    def add(self, later: Candle) -> None:
        """Take in what happened next."""
        self.high = max(self.high, later.high)
        self.low = min(self.low, later.low)
        self.close = later.close
        self.volume += later.volume
        self.quote_volume += later.quote_volume
        self.count += later.count
        self.buy_volume += later.buy_volume
        self.buy_quote_volume += later.buy_quote_volume
        self.first_id = self.first_id or later.first_id
        self.last_id = later.last_id or self.last_id


def grain_of(interval: str) -> int:
    """Return the longest grain, in ms, that the interval is a number of."""
    length = INTERVALS[interval]
    return next(grain for grain in reversed(GRAINS) if length >= grain)


def start_of(interval: str, time_ms: int) -> int:
    """Return when the candle of this interval began that a time belongs to, in ms."""
    if interval == "1w":
        return (time_ms - _FIRST_MONDAY_MS) // INTERVALS["1w"] * INTERVALS["1w"] + _FIRST_MONDAY_MS
    if interval == "1M":
        moment = datetime.fromtimestamp(time_ms / 1000, UTC)
        return round(datetime(moment.year, moment.month, 1, tzinfo=UTC).timestamp()) * 1000
    return time_ms // INTERVALS[interval] * INTERVALS[interval]


def end_of(interval: str, open_ms: int) -> int:
    """Return when the next candle begins, in ms."""
    if interval == "1M":
        return start_of(interval, open_ms + INTERVALS["1M"] + DAY_MS)
    return open_ms + INTERVALS[interval]
