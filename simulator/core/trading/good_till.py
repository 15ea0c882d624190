"""Until when resting orders are good: a GTD order until its date, any other for a year."""

from __future__ import annotations

import heapq
from typing import Final

from simulator.core.trading.orders import Order

__all__ = ["GoodTill"]

YEAR_MS: Final = 365 * 24 * 3_600_000
_FEWEST_STALE: Final = 1_000


class GoodTill:
    """The dates of the orders that rest. Those of orders that have ended are swept out before they outnumber them."""

    def __init__(self) -> None:
        self._dates: list[tuple[int, int, str]] = []
        self._resting: set[int] = set()

    def note(self, order: Order) -> None:
        """Remember the date of an order that rests now."""
        date_ms = order.good_till_ms or order.time_ms + YEAR_MS
        if order.order_id not in self._resting:
            self._resting.add(order.order_id)
            heapq.heappush(self._dates, (date_ms, order.order_id, order.account))

    def forget(self, order_id: int) -> None:
        """Forget an order that has ended."""
        self._resting.discard(order_id)
        while self._dates and self._dates[0][1] not in self._resting:
            heapq.heappop(self._dates)
        if len(self._dates) > 2 * len(self._resting) + _FEWEST_STALE:
            self._dates = [date for date in self._dates if date[1] in self._resting]
            heapq.heapify(self._dates)

    def due(self, now_ms: int) -> tuple[str, int] | None:
        """Return account and order id of an order whose date has come, or None."""
        if not self._dates or self._dates[0][0] > now_ms:
            return None
        return self._dates[0][2], self._dates[0][1]

    def next_deadline_ms(self) -> int | None:
        """Return the next date, or None."""
        return self._dates[0][0] if self._dates else None
