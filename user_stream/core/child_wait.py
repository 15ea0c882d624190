"""Facts of orders that may be the child of a conditional order, kept back until its parent is known.

They wait before the ledger, so that nothing of them is numbered or told. They go on, in their order, once the parent is
known, once no conditional order can be their parent any more, or once they have waited long enough: then they are told
as an order of its own, and linked late.
"""

from __future__ import annotations

from typing import NamedTuple

from user_stream.contracts import MappedOrderUpdate
from user_stream.core.conditional_orders import ConditionalOrders
from user_stream.core.order_record import OrderKey

__all__ = ["ChildWait", "Parked"]


class Parked(NamedTuple):
    """A fact that waits, and the epoch of the connection that told it."""

    update: MappedOrderUpdate
    epoch: int


class ChildWait:
    """`wait_s`: how long an order's facts wait at most, from its first on. Times are seconds that only grow."""

    def __init__(self, conditionals: ConditionalOrders, *, wait_s: float) -> None:
        self._conditionals = conditionals
        self._wait_s = wait_s
        self._parked: dict[OrderKey, list[Parked]] = {}
        self._deadlines: dict[OrderKey, float] = {}

    def __bool__(self) -> bool:
        return bool(self._parked)

    def take(self, update: MappedOrderUpdate, epoch: int, *, now_s: float) -> bool:
        """Keep a fact back if its order may be a child. Return whether it was kept."""
        key = (update["symbol"], update["order_id"])
        if key not in self._parked:
            if not self._conditionals.may_be_child(update):
                return False
            self._parked[key] = []
            self._deadlines[key] = now_s + self._wait_s
        self._parked[key].append(Parked(update, epoch))
        return True

    def likely_parents(self) -> set[int]:
        """Return the algo ids of those that may have become an order whose facts wait."""
        first = [facts[0].update for facts in self._parked.values()]
        return {algo_id for update in first for algo_id in self._conditionals.likely_parents(update)}

    def next_deadline(self) -> float | None:
        """Return when the next order has waited long enough."""
        return min(self._deadlines.values(), default=None)

    def release(self, *, now_s: float) -> list[Parked]:
        """Let go of what need not wait any more, order by order."""
        free = [
            key
            for key, facts in self._parked.items()
            if now_s >= self._deadlines[key] or not self._conditionals.may_be_child(facts[0].update)
        ]
        return [fact for key in free for fact in self._let_go(key)]

    def release_all(self) -> list[Parked]:
        """Let go of everything: nothing more will be heard."""
        return [fact for key in list(self._parked) for fact in self._let_go(key)]

    def _let_go(self, key: OrderKey) -> list[Parked]:
        del self._deadlines[key]
        return self._parked.pop(key)
