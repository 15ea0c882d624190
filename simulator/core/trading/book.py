"""The resting orders of one symbol, in the order in which they trade: the best price first, at a price the oldest
first.

The book knows of an order what its place depends on, and how much of it is left; its record is the account's. Finding
the best order is O(1); adding and removing one is a binary search in the list of prices, and nothing scans the orders.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator
from decimal import Decimal
from itertools import takewhile

from simulator.core.amounts import ZERO
from simulator.core.domain import BUY, SELL
from simulator.core.trading.depth import Level
from simulator.core.trading.matching import is_met
from simulator.core.trading.orders import Order

__all__ = ["Book"]


class _Side:
    """The resting orders of one side."""

    def __init__(self, sign: int) -> None:
        self._sign = sign
        self._ranks: list[Decimal] = []
        """sign × price of every level, ascending: the best one is the last."""
        self._queues: dict[Decimal, dict[int, str]] = {}
        self._quantities: dict[Decimal, Decimal] = {}

    def add(self, order: Order) -> None:
        if order.price not in self._queues:
            self._queues[order.price] = {}
            self._quantities[order.price] = ZERO
            insort(self._ranks, self._sign * order.price)
        self._queues[order.price][order.order_id] = order.account
        self._quantities[order.price] += order.remaining

    def shrink(self, price: Decimal, quantity: Decimal) -> None:
        self._quantities[price] -= quantity

    def remove(self, order: Order) -> None:
        queue = self._queues[order.price]
        del queue[order.order_id]
        self._quantities[order.price] -= order.remaining
        if not queue:
            del self._queues[order.price], self._quantities[order.price]
            del self._ranks[bisect_left(self._ranks, self._sign * order.price)]

    def best_price(self) -> Decimal | None:
        return self._sign * self._ranks[-1] if self._ranks else None

    def first(self) -> tuple[str, int]:
        """Return account and order id of the order that trades first; there is one."""
        order_id, account = next(iter(self._queues[self._sign * self._ranks[-1]].items()))
        return account, order_id

    def levels(self) -> Iterator[Level]:
        for rank in reversed(self._ranks):
            price = self._sign * rank
            yield Level(self._quantities[price], price)

    def orders(self) -> Iterator[tuple[Decimal, str, int]]:
        for rank in reversed(self._ranks):
            price = self._sign * rank
            for order_id, account in self._queues[price].items():
                yield price, account, order_id


class Book:
    """Both sides. A `side` is that of the resting orders: BUY for bids."""

    def __init__(self) -> None:
        self._sides = {BUY: _Side(1), SELL: _Side(-1)}
        self._shown: dict[int, Order] = {}

    def put(self, order: Order) -> None:
        """Let an open order rest, behind the others of its price."""
        self._sides[order.side].add(order)
        self._shown[order.order_id] = order

    def pull(self, order_id: int) -> None:
        """Take an order out, if it rests."""
        shown = self._shown.pop(order_id, None)
        if shown is not None:
            self._sides[shown.side].remove(shown)

    def follow(self, order: Order) -> None:
        """Show an order as it is now, if it rests: less of it is left, or it has ended."""
        shown = self._shown.get(order.order_id)
        if shown is None:
            return
        if not order.is_open:
            self.pull(order.order_id)
            return
        self._sides[order.side].shrink(order.price, shown.remaining - order.remaining)
        self._shown[order.order_id] = order

    def best_price(self, side: str) -> Decimal | None:
        """Return the best price of a side, or None when it is empty."""
        return self._sides[side].best_price()

    def first(self, side: str) -> tuple[str, int]:
        """Return account and order id of the order that trades first; the side must not be empty."""
        return self._sides[side].first()

    def levels(self, side: str) -> Iterator[Level]:
        """Yield what is offered at each price, best first."""
        return self._sides[side].levels()

    def met_by(self, price: Decimal) -> list[tuple[str, int]]:
        """Return account and order id of those that trade when the market is at this price, in their order."""
        return [
            (account, order_id)
            for side in (BUY, SELL)
            for _, account, order_id in takewhile(
                lambda resting, side=side: is_met(side, resting[0], price),  # type: ignore[misc]  # a loop's variable
                self._sides[side].orders(),
            )
        ]
