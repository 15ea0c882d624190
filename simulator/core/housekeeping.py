"""What the exchange forgets, so that weeks of trading do not take the memory of weeks.

Forgotten is what REST does not show any more (`rest.retention`): orders that ended without a fill after 3 days, other
orders, conditional orders, trades, incomes and amendments after 90 days. And, because 90 days are long for a fast
trader, of each account whatever exceeds `MOST_KEPT` ended orders, conditional orders, incomes, or trades of a symbol,
the oldest first. That bound is the simulator's own. Open orders and waiting conditional orders are never forgotten.

The exchange looks for it every hour of its own time, and after every `MOST_FACTS` facts.
"""

from __future__ import annotations

from typing import Final

from simulator.core.conditional.algo_book import AlgoBook
from simulator.core.rest.retention import HISTORY_MS, is_order_kept
from simulator.core.trading.exchange import Exchange
from simulator.core.trading.orders import Order

__all__ = ["Housekeeping", "forget"]

MOST_KEPT: Final = 100_000
MOST_FACTS: Final = 50_000
_EVERY_MS: Final = 3_600_000


class Housekeeping:
    """When it is time to forget."""

    def __init__(self) -> None:
        self._facts = 0
        self._due_ms: int | None = None

    def is_due(self, facts: int, now_ms: int) -> bool:
        """Return whether it is time, now that so many more facts were told."""
        self._facts += facts
        if self._due_ms is None:
            self._due_ms = now_ms + _EVERY_MS
        if self._facts < MOST_FACTS and now_ms < self._due_ms:
            return False
        self._facts, self._due_ms = 0, now_ms + _EVERY_MS
        return True


def forget(exchange: Exchange, algos: AlgoBook, now_ms: int, most: int = MOST_KEPT) -> None:
    """Forget what is not shown any more, and of each account what is more than `most`."""

    def is_kept(order: Order) -> bool:
        return is_order_kept(order, now_ms)

    algos.forget(now_ms, most)
    for account in exchange.accounts.values():
        account.forget(is_kept, now_ms - HISTORY_MS, most, now_ms)
    exchange.amendments.forget(lambda order: order.order_id in exchange.accounts[order.account].orders)
