"""Open interest: how much of each symbol is held, long and short, now and at the end of each five minutes of 30 days.

The two sums differ by what the market itself holds, who is the other side of whatever the accounts leave open: open
interest is the greater one.
"""

from __future__ import annotations

from bisect import bisect_left
from decimal import Decimal
from typing import Final

from simulator.core.amounts import ZERO

__all__ = ["OpenInterest"]

_PERIOD_MS: Final = 300_000
_KEPT: Final = 30 * 288


class OpenInterest:
    """What all accounts hold. They keep it up."""

    def __init__(self) -> None:
        self._longs: dict[str, Decimal] = {}
        self._shorts: dict[str, Decimal] = {}
        self._ends: dict[str, dict[int, Decimal]] = {}

    def note(self, symbol: str, before: Decimal, after: Decimal, time_ms: int) -> None:
        """Note that a position got another amount. Both are signed."""
        longs, shorts = self._longs.get(symbol, ZERO), self._shorts.get(symbol, ZERO)
        for amount, sign in ((before, -1), (after, 1)):
            if amount > 0:
                longs += sign * amount
            else:
                shorts -= sign * amount
        self._longs[symbol], self._shorts[symbol] = longs, shorts
        ends = self._ends.setdefault(symbol, {})
        ends[time_ms // _PERIOD_MS] = max(longs, shorts)
        if len(ends) > _KEPT:
            del ends[next(iter(ends))]

    def now(self, symbol: str) -> Decimal:
        """Return what is held."""
        return max(self._longs.get(symbol, ZERO), self._shorts.get(symbol, ZERO))

    def at(self, symbol: str, time_ms: int) -> Decimal:
        """Return what was held at a time, a multiple of five minutes; 0 when that is not remembered."""
        ends = self._ends.get(symbol, {})
        periods = list(ends)
        place = bisect_left(periods, time_ms // _PERIOD_MS)
        return ends[periods[place - 1]] if place else ZERO
