"""How much has been asked: request weight per minute, orders per 10 seconds and per minute.

Windows are fixed and aligned: the minute ends when the exchange's clock shows the next one. Only the current window is
remembered. Limits are counted and reported, not enforced.
"""

from __future__ import annotations

from typing import Final

__all__ = ["RateCounters"]

TEN_SECONDS_MS: Final = 10_000
MINUTE_MS: Final = 60_000


class RateCounters:
    """The counters of one address (weight) and of every account (orders)."""

    def __init__(self) -> None:
        self._weight = _Window(MINUTE_MS)
        self._orders = (_Window(TEN_SECONDS_MS), _Window(MINUTE_MS))

    def add_weight(self, weight: int, now_ms: int) -> int:
        """Count request weight; return what this minute has used."""
        return self._weight.add("", weight, now_ms)

    def add_order(self, account: str, now_ms: int) -> tuple[int, int]:
        """Count one order; return the account's count of these 10 seconds, and of this minute."""
        ten_seconds, minute = self._orders
        return ten_seconds.add(account, 1, now_ms), minute.add(account, 1, now_ms)


class _Window:
    def __init__(self, width_ms: int) -> None:
        self._width_ms = width_ms
        self._number = -1
        self._counts: dict[str, int] = {}

    def add(self, name: str, amount: int, now_ms: int) -> int:
        number = now_ms // self._width_ms
        if number != self._number:
            self._number = number
            self._counts = {}
        self._counts[name] = self._counts.get(name, 0) + amount
        return self._counts[name]
