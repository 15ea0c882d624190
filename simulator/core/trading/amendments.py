"""What was changed of orders, for GET orderAmendment: each amendment with the order before and after it.

An order remembers how often it was amended, not what it was. The history is kept as long as REST shows it (`forget`),
and of one order at most as many amendments as an order may have.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec

from simulator.core.trading.orders import Order

__all__ = ["Amendment", "Amendments"]


class Amendment(msgspec.Struct, frozen=True):
    """One change of an order. `modify_id` is the sender's name for it, "" when it gave none."""

    amendment_id: int
    before: Order
    after: Order
    modify_id: str
    time_ms: int


class Amendments:
    """The amendments of every account's orders."""

    def __init__(self) -> None:
        self._last_id = 0
        self._of_orders: dict[int, list[Amendment]] = {}

    def note(self, before: Order, after: Order, modify_id: str, now_ms: int) -> None:
        """Remember an amendment."""
        self._last_id += 1
        amendment = Amendment(self._last_id, before, after, modify_id, now_ms)
        self._of_orders.setdefault(before.order_id, []).append(amendment)

    def of_order(self, order: Order) -> Iterator[Amendment]:
        """Yield the amendments of an order, oldest first."""
        yield from self._of_orders.get(order.order_id, ())

    def forget(self, is_known: Callable[[Order], bool]) -> None:
        """Forget what was changed of orders that are not known any more."""
        self._of_orders = {order_id: noted for order_id, noted in self._of_orders.items() if is_known(noted[0].after)}
