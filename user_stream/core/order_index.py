"""The orders that an order manager knows, found by what names them.

An order has three names, and none of them is enough. Its client order id is there from the start, but may be used again
once the order has ended. Its identity, (symbol, order id), is unique, but comes only with the first news of it. So each
order gets a *handle* of ours, and both names point to handles: a client order id to the newest order that bears it.

A conditional order has a third identity, its algo id, and becomes another order when it is triggered. The two are one
here: whatever names the child points to the conditional order, from the first update on that names both. A child that
was met before anybody said whose it is was taken for an order of its own; it is then joined to its parent, and whoever
holds its handle finds the parent there.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from itertools import islice
from typing import NewType

from user_stream.contracts import MappedOrderUpdate
from user_stream.core.orders import CONDITIONAL_TYPES, Order, OrderState, external_order, fits_type

__all__ = ["Handle", "OrderIndex"]

Handle = NewType("Handle", int)


class OrderIndex:
    """Orders by handle. `keep_ended`: how many that ended, or were lost, stay known; the oldest go first."""

    def __init__(self, *, keep_ended: int) -> None:
        self._keep_ended = keep_ended
        self._orders: dict[Handle, Order] = {}
        self._named: dict[str, Handle] = {}
        self._identified: dict[tuple[str, str], Handle] = {}
        self._algo: dict[int, Handle] = {}
        self._joined: dict[Handle, Handle] = {}
        """From a child's own handle to its parent's, while somebody works on the child."""
        self._over: dict[Handle, None] = {}
        """Orders that ended or were lost, in the order in which they did."""
        self._pinned: dict[Handle, int] = {}
        self._last = 0

    def __len__(self) -> int:
        return len(self._orders)

    @property
    def orders(self) -> list[Order]:
        """All orders, in the order in which they were met."""
        return list(self._orders.values())

    def working(self, symbol: str | None = None) -> list[Handle]:
        """Return the handles of orders that are, or may be, at the exchange."""
        return [handle for handle, order in self._orders.items() if order.working and symbol in {None, order.symbol}]

    def __getitem__(self, handle: Handle) -> Order:
        """Return an order as it stands. Raises `KeyError` when it is forgotten."""
        return self._orders[self._joined.get(handle, handle)]

    def get(self, handle: Handle) -> Order | None:
        """Return an order as it stands, or None when it is forgotten."""
        return self._orders.get(self._joined.get(handle, handle))

    def named(self, client_order_id: str) -> Handle | None:
        """Return the newest order that bears this client order id."""
        return self._named.get(client_order_id)

    def add(self, order: Order) -> Handle:
        """Know a new order. One of somebody else takes no name from one of ours of which nothing was heard yet."""
        self._last += 1
        handle = Handle(self._last)
        self._orders[handle] = order
        namesake = self.named(order.client_order_id)
        if namesake is None or not order.external or not self._orders[namesake].expected:
            self._named[order.client_order_id] = handle
        return handle

    def find(self, update: MappedOrderUpdate) -> Handle:
        """Return the order that an update is about. One that was never met was sent by somebody else, and is
        known now.
        """
        algo_id = update.get("algo_id", 0)
        identity = (update["symbol"], update["order_id"])
        known = self._identified.get(identity) if update["order_id"] else None
        if known is not None and _is_another_venues(self._orders[known], update):
            del self._identified[identity]
            known = None
        if algo_id and update["order_type"] in CONDITIONAL_TYPES:
            known = None  # that would be the child, which may have been met first
        handle = self._algo.get(algo_id) or known or self._meant(update) or self.add(external_order(update))
        if update["order_id"]:
            self._identified.setdefault(identity, handle)
        if algo_id:
            self._algo[algo_id] = handle
        return handle

    def _meant(self, update: MappedOrderUpdate) -> Handle | None:
        handle = self._named.get(update["client_order_id"])
        return handle if handle is not None and _is_meant(self._orders[handle], update) else None

    def take_child(self, parent: Handle, update: MappedOrderUpdate) -> Order | None:
        """Return the order that an update of a conditional one names as its child, if that was an order of its own
        until now. It is none any more.
        """
        child = self._identified.get((update["symbol"], update["order_id"]), parent)
        if child == parent:
            return None
        order = self._orders.pop(child)
        self._over.pop(child, None)
        if child in self._pinned:
            self._joined[child] = parent
        self._identified[(order.symbol, order.order_id)] = parent
        if self._named.get(order.client_order_id) == child:
            del self._named[order.client_order_id]
        self._named.setdefault(self._orders[parent].client_order_id, parent)
        return order

    def put(self, handle: Handle, order: Order) -> None:
        """Set how an order stands now. One that is over may push out the oldest of its kind."""
        handle = self._joined.get(handle, handle)
        before = self._orders.get(handle)
        if before is None:
            return
        self._orders[handle] = order
        if not _is_over(order):
            self._over.pop(handle, None)  # it was lost, and turned up
        elif not _is_over(before):
            self._over[handle] = None
        self._forget_the_oldest()

    @contextmanager
    def pinned(self, handle: Handle) -> Iterator[None]:
        """Keep an order known while somebody works on it."""
        self._pinned[handle] = self._pinned.get(handle, 0) + 1
        try:
            yield
        finally:
            self._pinned[handle] -= 1
            if not self._pinned[handle]:
                del self._pinned[handle]
                self._joined.pop(handle, None)
            self._forget_the_oldest()

    def _forget_the_oldest(self) -> None:
        surplus = len(self._over) - self._keep_ended
        if surplus > 0:
            for handle in [handle for handle in islice(self._over, surplus) if handle not in self._pinned]:
                self._forget(handle)

    def _forget(self, handle: Handle) -> None:
        del self._over[handle]
        order = self._orders.pop(handle)
        self._identified.pop((order.symbol, order.order_id), None)
        self._algo.pop(order.algo_id, None)
        if self._named.get(order.client_order_id) == handle:
            del self._named[order.client_order_id]


def _is_over(order: Order) -> bool:
    return order.ended or order.state is OrderState.LOST


def _is_meant(order: Order, update: MappedOrderUpdate) -> bool:
    """Say whether the first news under an order's client order id is that order's: others may use the id, too.

    A conditional order that is met with its child has the child's quantity.
    """
    return (
        order.expected
        and order.conditional == bool(update.get("algo_id"))
        and order.symbol == update["symbol"]
        and order.side == update["side"]
        and update["position_side"] in {"", order.position_side}
        and fits_type(update["order_type"], order.order_type)
        and (order.quantity == Decimal(update["orig_qty"]) or (order.conditional and update["order_id"] != ""))
    )


def _is_another_venues(order: Order, update: MappedOrderUpdate) -> bool:
    """Say whether an update bears an ended order's id, but not its name: a venue that began anew counts from the
    start again. (A conditional order and its child are one order under two names.)
    """
    names = {order.client_order_id, ""}
    return order.ended and not (order.algo_id or "algo_id" in update) and update["client_order_id"] not in names
