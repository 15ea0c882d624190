"""Orders that were sent, or are about to be, and of which nothing was heard yet.

A client order id is no identity: the exchange lets it be used again once its order has ended, and other processes of
the account choose theirs as they like. So the first fact under an id is taken for the order that was meant only if
symbol, side, type and quantity match and it is not older than the sending. Each intent is claimed once.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from user_stream.contracts import MappedOrderUpdate, OrderIntent

__all__ = ["Intents"]


class Intents:
    """Intents by client order id. `bind_tolerance_ms`: how much older than its sending an order may look."""

    def __init__(self, *, bind_tolerance_ms: int) -> None:
        self._bind_tolerance_ms = bind_tolerance_ms
        self._pending: dict[str, tuple[OrderIntent, int]] = {}

    def __iter__(self) -> Iterator[OrderIntent]:
        return iter([intent for intent, _ in self._pending.values()])

    def __contains__(self, client_order_id: str) -> bool:
        return client_order_id in self._pending

    def register(self, intent: OrderIntent, *, epoch: int) -> None:
        """Expect an order, sent in this epoch of the stream."""
        self._pending[intent.client_order_id] = (intent, epoch)

    def withdraw(self, client_order_id: str) -> None:
        """Expect it no longer: the exchange refused it."""
        self._pending.pop(client_order_id, None)

    def claim(self, update: MappedOrderUpdate, *, made: int) -> tuple[OrderIntent, int] | None:
        """Return the intent of which this is the first fact, and its epoch; None when nobody here meant this order.

        `made`: when the order was made, in exchange ms; 0 when that is not said.
        """
        entry = self._pending.get(update["client_order_id"])
        if entry is None or not self._is_meant(entry[0], update, made=made):
            return None
        return self._pending.pop(update["client_order_id"])

    def _is_meant(self, intent: OrderIntent, update: MappedOrderUpdate, *, made: int) -> bool:
        return (
            update["symbol"] == intent.symbol
            and update["side"] == intent.side
            and update["order_type"] in {"", intent.order_type}
            and Decimal(update["orig_qty"]) == Decimal(intent.quantity)
            and (not made or made >= intent.sent_at_ms - self._bind_tolerance_ms)
        )
