"""A chart: one price of one symbol through time, as candles of any interval.

What happens updates three candles, the minute's, the hour's and the day's; others are put together when asked for. As
many of each grain are remembered as `synthetic_past.KEPT` says, present and past alike: a week of minutes, a year of
hours, four years of days. Before the start there is the synthetic past.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from simulator.core.market.klines import DAY_MS, GRAINS, HOUR_MS, MINUTE_MS, Candle, end_of, grain_of, start_of
from simulator.core.market.public_trade import PublicTrade
from simulator.core.market.synthetic_past import KEPT, SyntheticPast

__all__ = ["Chart"]


class Chart:
    """Candles of one price. Without volume it is a mark or index price, whose past candles tell prices only."""

    def __init__(self, past: SyntheticPast, price: Decimal, begin_ms: int, *, has_volume: bool = True) -> None:
        self.last = price
        self.last_quantity = Decimal(0)
        self.last_id = 0
        self._past = past
        self._has_volume = has_volume
        self._series: dict[int, dict[int, Candle]] = {grain: {} for grain in GRAINS}
        for grain, series in self._series.items():
            open_ms = begin_ms // grain * grain
            candle = self._told(past.partial(grain)) or Candle(open_ms, price, price, price, price)
            candle.move(price)
            series[open_ms] = candle
        self._present: tuple[Candle, ...] = tuple(series[begin_ms // g * g] for g, series in self._series.items())
        self._minute_ends_ms = begin_ms // MINUTE_MS * MINUTE_MS + MINUTE_MS

    def trade(self, trade: PublicTrade) -> None:
        """Take in a trade."""
        quantity, quote = trade.quantity, trade.price * trade.quantity
        for candle in self._candles_at(trade.time_ms):
            candle.move(trade.price)
            candle.volume += quantity
            candle.quote_volume += quote
            candle.count += 1
            candle.first_id = candle.first_id or trade.trade_id
            candle.last_id = trade.trade_id
            if not trade.is_buyer_maker:
                candle.buy_volume += quantity
                candle.buy_quote_volume += quote
        self.last, self.last_quantity, self.last_id = trade.price, quantity, trade.trade_id

    def move(self, price: Decimal, time_ms: int) -> None:
        """Take in another price."""
        for candle in self._candles_at(time_ms):
            candle.move(price)
        self.last = price

    def candle(self, interval: str, open_ms: int, now_ms: int) -> Candle | None:
        """Return the candle of an interval that began then, as far as it is now; None when that is not remembered."""
        return next(self.candles(interval, open_ms, open_ms, now_ms), None)

    def candles(self, interval: str, first_ms: int, last_ms: int, now_ms: int) -> Iterator[Candle]:
        """Give the candles of an interval that began from `first_ms` to `last_ms`, oldest first, none after now."""
        grain = grain_of(interval)
        first_ms = max(first_ms, self._begin_of(grain, now_ms))
        open_ms = start_of(interval, first_ms)
        if open_ms < first_ms:
            open_ms = end_of(interval, open_ms)
        close = self._price_before(grain, open_ms)
        while open_ms <= min(last_ms, now_ms):
            next_ms = end_of(interval, open_ms)
            found = self._joined(grain, open_ms, min(next_ms, now_ms + 1), close)
            if found is not None:
                close = found.close
                yield found
            open_ms = next_ms

    def last_day(self, now_ms: int) -> Candle:
        """Return what the last 24 hours come to, as one candle; it begins with a minute."""
        begin_ms = (now_ms - DAY_MS) // MINUTE_MS * MINUTE_MS + MINUTE_MS
        hour_ms = -(-begin_ms // HOUR_MS) * HOUR_MS
        close = self._price_before(MINUTE_MS, begin_ms) or self.last
        whole = Candle(begin_ms, close, close, close, close)
        if begin_ms < hour_ms:
            whole = self._joined(MINUTE_MS, begin_ms, min(hour_ms, now_ms + 1), close) or whole
        later = self._joined(HOUR_MS, hour_ms, now_ms + 1, whole.close)
        if later is not None:
            whole.add(later)
        return whole

    def _joined(self, grain: int, begin_ms: int, end_ms: int, close: Decimal | None) -> Candle | None:
        """Return one candle of those from `begin_ms` to before `end_ms`; `close` is the price before them."""
        present_ms = min(max(self._past.end_ms // grain * grain, begin_ms), end_ms)
        whole = self._told(self._past.joined(grain, begin_ms, present_ms)) if begin_ms < present_ms else None
        for open_ms in range(present_ms, end_ms, grain):
            candle = self._candle(grain, open_ms, whole.close if whole else close)
            if whole is None:
                whole = candle
            elif candle is not None:
                whole.add(candle)
        return whole

    def _candle(self, grain: int, open_ms: int, close: Decimal | None) -> Candle | None:
        """Return a candle that the caller may change: what happened, what is invented, or that nothing did."""
        known = self._series[grain].get(open_ms)
        if known is not None:
            return _copy(known)
        if open_ms + grain <= self._past.end_ms:
            return self._told(self._past.candle(grain, open_ms))
        return None if close is None else Candle(open_ms, close, close, close, close)

    def _price_before(self, grain: int, time_ms: int) -> Decimal | None:
        """Return the price when a candle of this grain begins, None when nobody remembers."""
        before = self._candle(grain, time_ms - grain, None)
        if before is not None:
            return before.close
        earlier = [candle.close for open_ms, candle in self._series[grain].items() if open_ms < time_ms]
        return earlier[-1] if earlier else None

    def _begin_of(self, grain: int, now_ms: int) -> int:
        return (now_ms // grain - KEPT[grain]) * grain

    def _candles_at(self, time_ms: int) -> tuple[Candle, ...]:
        """Return minute, hour and day of now, for what happens to them."""
        if time_ms >= self._minute_ends_ms:
            self._present = tuple(self._opened(grain, time_ms) for grain in GRAINS)
            self._minute_ends_ms = time_ms // MINUTE_MS * MINUTE_MS + MINUTE_MS
        return self._present

    def _opened(self, grain: int, time_ms: int) -> Candle:
        series = self._series[grain]
        open_ms = time_ms // grain * grain
        candle = series.get(open_ms)
        if candle is None:
            candle = series[open_ms] = Candle(open_ms, self.last, self.last, self.last, self.last)
            if len(series) > KEPT[grain]:
                del series[next(iter(series))]
        return candle

    def _told(self, candle: Candle | None) -> Candle | None:
        """Return a past candle as this chart tells it."""
        if candle is None or self._has_volume:
            return candle
        return Candle(candle.open_ms, candle.open, candle.high, candle.low, candle.close, count=candle.count)


def _copy(candle: Candle) -> Candle:
    return Candle(*[getattr(candle, name) for name in Candle.__struct_fields__])
