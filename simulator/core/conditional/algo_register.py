"""The records of conditional orders, and the ways to find those that something may have happened to.

A market with thousands of waiting orders cannot look at each of them whenever something happens. What makes an order
that waits go on is a price that meets it (`conditional.trigger_index`), its date, or, if it closes a position, its
account's position; what makes one go on that has triggered is its child, or the moment at which the exchange says so.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator

from simulator.core.accounts.past import Past
from simulator.core.conditional.algo_orders import AlgoOrder
from simulator.core.conditional.trigger_index import TriggerIndex

__all__ = ["AlgoRegister"]


class AlgoRegister:
    """The newest record of every conditional order, and what it was a while ago.

    `living` are those that have not ended, by algo id; `triggers` finds by price those that wait.
    """

    def __init__(self) -> None:
        self._orders: defaultdict[str, dict[int, AlgoOrder]] = defaultdict(dict)
        self._pasts: defaultdict[str, Past[int, AlgoOrder]] = defaultdict(Past)
        self._named: dict[tuple[str, str], int] = {}
        self._waiting: defaultdict[str, dict[int, AlgoOrder]] = defaultdict(dict)
        self._bound: defaultdict[str, dict[int, AlgoOrder]] = defaultdict(dict)
        self.living: dict[int, AlgoOrder] = {}
        self.triggers = TriggerIndex()
        self._dates: dict[int, tuple[int, str]] = {}

    def keep(self, algo: AlgoOrder, now_ms: int) -> None:
        """Store the order's newest record."""
        orders = self._orders[algo.account]
        self._pasts[algo.account].note(algo.algo_id, orders.get(algo.algo_id), now_ms)
        orders[algo.algo_id] = algo
        self._named[algo.account, algo.client_algo_id] = algo.algo_id
        is_bound = algo.terms.close_position if algo.is_waiting else not algo.has_ended
        _store(self.living, algo, present=not algo.has_ended)
        _store(self._waiting[algo.account], algo, present=algo.is_waiting)
        _store(self._bound[algo.account], algo, present=is_bound)
        if not algo.is_waiting:
            self.triggers.remove(algo)
            self._dates.pop(algo.algo_id, None)
            return
        self.triggers.add(algo)
        if algo.terms.good_till_ms:
            self._dates[algo.algo_id] = (algo.terms.good_till_ms, algo.account)

    def orders(self, account: str, as_of_ms: int | None = None) -> list[AlgoOrder]:
        """Return all orders of an account, oldest first; as they were at a moment, unless that is None."""
        orders = self._orders[account]
        return list((orders if as_of_ms is None else self._pasts[account].rewind(orders, as_of_ms)).values())

    def order(self, account: str, algo_id: int) -> AlgoOrder | None:
        """Return an order of an account."""
        return self._orders[account].get(algo_id)

    def order_named(self, account: str, client_algo_id: str) -> AlgoOrder | None:
        """Return the newest order of this client id: it may be used again when its order waits no more."""
        algo_id = self._named.get((account, client_algo_id))
        return None if algo_id is None else self._orders[account].get(algo_id)

    def waiting(self, account: str) -> list[AlgoOrder]:
        """Return the orders of an account that wait for their price, oldest first."""
        return list(self._waiting[account].values())

    def bound(self, account: str) -> Iterator[AlgoOrder]:
        """Yield the orders that what happens to their account may make go on: by its position, or by their child."""
        yield from self._bound[account].values()

    def overdue(self, now_ms: int) -> Iterator[AlgoOrder]:
        """Yield the orders that wait although their date has come."""
        for algo_id, (date_ms, account) in list(self._dates.items()):
            if date_ms <= now_ms:
                yield self._orders[account][algo_id]

    def next_date_ms(self) -> int | None:
        """Return the next date of an order that waits, or None."""
        return min((date_ms for date_ms, _ in self._dates.values()), default=None)

    def forget(self, is_kept: Callable[[AlgoOrder], bool], most: int, now_ms: int) -> None:
        """Forget the orders that have ended and are not kept, and of each account the oldest that are too many."""
        for account, orders in self._orders.items():
            left = {i: algo for i, algo in orders.items() if not algo.has_ended or is_kept(algo)}
            ended = [i for i, algo in left.items() if algo.has_ended]
            for algo_id in ended[: max(0, len(ended) - most)]:
                del left[algo_id]
            self._orders[account] = left
            self._pasts[account].trim(now_ms)
        self._named = {key: algo_id for key, algo_id in self._named.items() if algo_id in self._orders[key[0]]}


def _store(orders: dict[int, AlgoOrder], algo: AlgoOrder, *, present: bool) -> None:
    if present:
        orders[algo.algo_id] = algo
    else:
        orders.pop(algo.algo_id, None)
