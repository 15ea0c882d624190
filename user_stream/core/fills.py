"""The last fill of each symbol: its price, side and time.

Bounded twice, because a price that is old or that nobody asks for is worse than none: at most so many symbols, of which
the one whose fill came longest ago goes first, and an age after which an entry is stale and no longer an answer. Age is
measured on the exchange's clock: the caller passes its estimate of the exchange's time.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from decimal import Decimal

__all__ = ["FillPriceCache", "LastFill"]


@dataclass(frozen=True, slots=True)
class LastFill:
    """A fill: `price` in the quote asset as the exchange sent it, `side` BUY or SELL, `time_ms` its transaction
    time.
    """

    symbol: str
    price: Decimal
    side: str
    time_ms: int


class FillPriceCache:
    """Last fills by symbol: at most `max_symbols` of them, none older than `max_age_s` unless asked for."""

    def __init__(self, *, max_symbols: int = 500, max_age_s: float = 60.0) -> None:
        self._max_symbols = max_symbols
        self._max_age_ms = max_age_s * 1000
        self._fills: OrderedDict[str, LastFill] = OrderedDict()

    def __len__(self) -> int:
        return len(self._fills)

    def __contains__(self, symbol: str) -> bool:
        return symbol in self._fills

    def record(self, fill: LastFill) -> LastFill | None:
        """Remember a fill. Return the one that was evicted for it, or None.

        A fill older than what is held, as recovery brings them, changes nothing.
        """
        held = self._fills.get(fill.symbol)
        if held is not None and held.time_ms > fill.time_ms:
            return None
        self._fills[fill.symbol] = fill
        self._fills.move_to_end(fill.symbol)
        if len(self._fills) <= self._max_symbols:
            return None
        return self._fills.popitem(last=False)[1]

    def last_fill(self, symbol: str, *, now_ms: int) -> LastFill | None:
        """Return the symbol's last fill, or None when there is none, or none young enough."""
        fill = self._fills.get(symbol)
        return None if fill is None or self.is_stale(fill, now_ms=now_ms) else fill

    def last_fill_of_any_age(self, symbol: str) -> LastFill | None:
        """Return the symbol's last fill, stale or not."""
        return self._fills.get(symbol)

    def is_stale(self, fill: LastFill, *, now_ms: int) -> bool:
        """Say whether a fill is too old to be an answer."""
        return now_ms - fill.time_ms >= self._max_age_ms
