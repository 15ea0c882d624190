"""What the market did before the simulator started: invented, the same for the same seed, and leading to the start.

Clients ask for candles before they do anything else, and compute with them. So there is a past: four years of days, the
last year of them in hours, the last week in minutes. It is made from above. A walk back from the start gives each day's
first and last price; a day has a high and a low around them; it is divided into hours that begin, end, and have their
extremes inside it, and an hour into minutes. So any candle is found alone, and candles of different intervals agree on
every price. At the minute of the start the price is the market's.

Volume is even over a day, half of it bought by takers. Nothing of this has trade ids: no trade was ever made.
"""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Final, NamedTuple

from simulator.core.amounts import ZERO
from simulator.core.domain import SymbolSpec
from simulator.core.market.draw import drawn
from simulator.core.market.klines import DAY_MS, HOUR_MS, MINUTE_MS, Candle

__all__ = ["KEPT", "SyntheticPast"]

KEPT: Final = {MINUTE_MS: 7 * 1_440, HOUR_MS: 366 * 24, DAY_MS: 1_500}
"""How many candles of each grain are remembered, of the past and of the present."""

_UNIT: Final = 10**9
_MILLION: Final = 10**6
_DAILY_MOVE: Final = 25_000
_DAILY_WICK: Final = 12_000
_TRADES_PER_MINUTE: Final = 12
_NOTIONAL_PER_MINUTE: Final = Decimal(20_000)
_DIVISIONS: Final = {HOUR_MS: 24, MINUTE_MS: 60}


class _Span(NamedTuple):
    """Prices of a stretch of time, in a unit of their own."""

    open: int
    high: int
    low: int
    close: int


class SyntheticPast:
    """The past of one symbol, up to the minute of `begin_ms`, at which the price is `price`."""

    def __init__(self, spec: SymbolSpec, price: Decimal, begin_ms: int, seed: int) -> None:
        self.end_ms = begin_ms // MINUTE_MS * MINUTE_MS
        self._spec = spec
        self._price = price
        self._ticks = int(price / spec.tick_size)
        self._seed = drawn(seed, *spec.symbol.encode())
        self._last_day = self.end_ms // DAY_MS
        self._bounds = [_UNIT]
        self._day_of_volume = (-1, ZERO)
        self._divided: dict[tuple[int, int], list[_Span]] = {}
        hour_ms = self.end_ms // HOUR_MS * HOUR_MS
        self._at_end = self._divide(MINUTE_MS, hour_ms)[(self.end_ms - hour_ms) // MINUTE_MS].open

    def candle(self, grain: int, open_ms: int) -> Candle | None:
        """Return the candle of a grain that begins then, or None: it is not past, or too long ago."""
        return self.joined(grain, open_ms, open_ms + grain)

    def joined(self, grain: int, begin_ms: int, end_ms: int) -> Candle | None:
        """Return one candle of those of a grain that begin then and later and end by `end_ms`; None without any."""
        begin_ms = max(begin_ms, (self.end_ms // grain - KEPT[grain]) * grain)
        starts = range(begin_ms, min(end_ms, self.end_ms) - grain + 1, grain)
        if not starts:
            return None
        spans = [self._day(start) if grain == DAY_MS else self._part(grain, start) for start in starts]
        first, last = self._priced(spans[0].open), self._priced(spans[-1].close)
        high, low = self._priced(max(span.high for span in spans)), self._priced(min(span.low for span in spans))
        minutes = grain // MINUTE_MS
        volume = self._volume_of(starts) * minutes
        quote = volume * (first + last) / 2
        count = _TRADES_PER_MINUTE * minutes * len(starts)
        return Candle(begin_ms, first, high, low, last, volume, quote, count, volume / 2, quote / 2)

    def partial(self, grain: int) -> Candle | None:
        """Return what is past of the candle of this grain that the start is in the middle of; None when nothing is."""
        hour_ms = self.end_ms // HOUR_MS * HOUR_MS
        minutes = self.joined(MINUTE_MS, hour_ms, self.end_ms) if grain > MINUTE_MS else None
        hours = self.joined(HOUR_MS, self.end_ms // DAY_MS * DAY_MS, hour_ms) if grain == DAY_MS else None
        if hours is None or minutes is None:
            return hours or minutes
        hours.add(minutes)
        return hours

    def price_at(self, time_ms: int) -> Decimal:
        """Return the price at the beginning of the minute, hour or day of a past time, whichever is remembered."""
        for grain in (MINUTE_MS, HOUR_MS, DAY_MS):
            candle = self.candle(grain, time_ms // grain * grain)
            if candle is not None:
                return candle.open
        return self._price

    def _priced(self, value: int) -> Decimal:
        """Return the price of a value: on a tick, and never below the lowest."""
        ticks = (value * self._ticks + self._at_end // 2) // self._at_end
        return max(ticks, 1) * self._spec.tick_size

    def _volume_of(self, starts: range) -> Decimal:
        """Return the sum of what was traded in a minute of each of these times."""
        first, last = starts[0] // DAY_MS, starts[-1] // DAY_MS
        if first == last:
            return self._volume(first) * len(starts)
        return sum((self._volume(day) * number for day, number in Counter(s // DAY_MS for s in starts).items()), ZERO)

    def _volume(self, day: int) -> Decimal:
        """Return what was traded in each minute of a day: an even number of steps."""
        if day != self._day_of_volume[0]:
            self._day_of_volume = (day, self._minute_volume(day))
        return self._day_of_volume[1]

    def _minute_volume(self, day: int) -> Decimal:
        factor = Decimal(50 + drawn(self._seed, 7, day) % 100) / 100
        steps = _NOTIONAL_PER_MINUTE * factor / self._price / self._spec.step_size / 2
        return max(steps.quantize(Decimal(1)), Decimal(1)) * self._spec.step_size * 2

    def _bound(self, day: int) -> int:
        """Return the price at the beginning of a day, walking back from the end of the last one."""
        while len(self._bounds) <= self._last_day + 1 - day:
            move = drawn(self._seed, 1, len(self._bounds)) % (2 * _DAILY_MOVE) - _DAILY_MOVE
            self._bounds.append(self._bounds[-1] * (_MILLION + move) // _MILLION)
        return self._bounds[self._last_day + 1 - day]

    def _day(self, open_ms: int) -> _Span:
        day = open_ms // DAY_MS
        first, last = self._bound(day), self._bound(day + 1)
        above = drawn(self._seed, 2, day) % _DAILY_WICK + 100
        below = drawn(self._seed, 3, day) % _DAILY_WICK + 100
        high = max(first, last) * (_MILLION + above) // _MILLION
        low = min(first, last) * (_MILLION - below) // _MILLION
        return _Span(first, high, low, last)

    def _part(self, grain: int, open_ms: int) -> _Span:
        whole_ms = _DIVISIONS[grain] * grain
        return self._divide(grain, open_ms // whole_ms * whole_ms)[open_ms % whole_ms // grain]

    def _divide(self, grain: int, whole_ms: int) -> list[_Span]:
        """Return a day's hours, or an hour's minutes. The last few hundred are remembered."""
        key = (grain, whole_ms)
        if key not in self._divided:
            if len(self._divided) >= 200:
                del self._divided[next(iter(self._divided))]
            whole = self._day(whole_ms) if grain == HOUR_MS else self._part(HOUR_MS, whole_ms)
            self._divided[key] = _divided(whole, _DIVISIONS[grain], drawn(self._seed, grain, whole_ms))
        return self._divided[key]


def _divided(whole: _Span, count: int, seed: int) -> list[_Span]:
    """Divide a span into `count` that follow each other: one of them has its high, another its low."""
    high_at = drawn(seed, 1) % count
    low_at = (high_at + 1 + drawn(seed, 2) % (count - 1)) % count
    knots = sorted([(0, whole.open), (2 * high_at + 1, whole.high), (2 * low_at + 1, whole.low)])
    bounds = _bounds(whole, [*knots, (2 * count, whole.close)], count, seed)
    spans = []
    for number in range(count):
        first, last = bounds[number], bounds[number + 1]
        wick = (whole.high - whole.low) // (2 * count) + 1
        high = min(max(first, last) + drawn(seed, 4, number) % wick, whole.high)
        low = max(min(first, last) - drawn(seed, 5, number) % wick, whole.low)
        spans.append(
            _Span(first, whole.high if number == high_at else high, whole.low if number == low_at else low, last)
        )
    return spans


def _bounds(whole: _Span, knots: list[tuple[int, int]], count: int, seed: int) -> list[int]:
    """Return the prices between the parts: along the lines between the knots, roughened, inside the whole's range."""
    rough = (whole.high - whole.low) // 8 + 1
    bounds = [whole.open]
    at = 0
    for place in range(2, 2 * count, 2):
        while knots[at + 1][0] < place:
            at += 1
        (left, from_price), (right, to_price) = knots[at], knots[at + 1]
        straight = from_price + (to_price - from_price) * (place - left) // (right - left)
        rugged = straight + drawn(seed, 3, place) % (2 * rough) - rough
        bounds.append(min(max(rugged, whole.low), whole.high))
    return [*bounds, whole.close]
