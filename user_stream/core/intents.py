"""Orders that were sent, or are about to be, and of which nothing was heard yet.

A client order id is no identity: the exchange lets it be used again once its order has ended, and other processes of
the account choose theirs as they like. So the first fact under an id is taken for the order that was meant only if
symbol, side, type and quantity match and it is not older than the sending. Each intent is claimed once.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from decimal import Decimal

from user_stream.contracts import MappedOrderUpdate, OrderIntent
from user_stream.core.orders import fits_type

__all__ = ["BIND_TOLERANCE_MS", "Intents", "is_meant"]

BIND_TOLERANCE_MS = 2_000
"""How much older than its sending an order may look, because clocks err."""
_KEEP_GIVEN_UP = 1000


class Intents:
    """Intents by client order id. `bind_tolerance_ms`: how much older than its sending an order may look."""

    def __init__(self, *, bind_tolerance_ms: int) -> None:
        self._bind_tolerance_ms = bind_tolerance_ms
        self._pending: dict[str, tuple[OrderIntent, int]] = {}
        self._given_up: deque[str] = deque()

    def __iter__(self) -> Iterator[OrderIntent]:
        """Iterate over those that are still worth a question."""
        given_up = set(self._given_up)
        return iter([intent for name, (intent, _) in self._pending.items() if name not in given_up])

    def __contains__(self, client_order_id: str) -> bool:
        return client_order_id in self._pending

    def register(self, intent: OrderIntent, *, epoch: int) -> None:
        """Expect an order, sent in this epoch of the stream."""
        self._pending[intent.client_order_id] = (intent, epoch)

    def withdraw(self, client_order_id: str) -> None:
        """Expect it no longer: the exchange refused it."""
        self._pending.pop(client_order_id, None)

    def give_up(self, client_order_id: str) -> None:
        """Ask for it no longer, past every bound. It can still turn up, unless `_KEEP_GIVEN_UP` others were
        lost since.
        """
        self._given_up.append(client_order_id)
        if len(self._given_up) > _KEEP_GIVEN_UP:
            self._pending.pop(self._given_up.popleft(), None)

    def claim(self, update: MappedOrderUpdate, *, made: int) -> tuple[OrderIntent, int] | None:
        """Return the intent of which this is the first fact, and its epoch; None when nobody here meant this order.

        `made`: when the order was made, in exchange ms; 0 when that is not said.
        """
        entry = self._pending.get(update["client_order_id"])
        if entry is None or not is_meant(entry[0], update, made=made, tolerance_ms=self._bind_tolerance_ms):
            return None
        return self._pending.pop(update["client_order_id"])


def is_meant(
    intent: OrderIntent, update: MappedOrderUpdate, *, made: int, tolerance_ms: int = BIND_TOLERANCE_MS
) -> bool:
    """Say whether an order that bears an intent's name, made at `made` (exchange ms; 0: not said), is that order."""
    return (
        update["symbol"] == intent.symbol
        and update["side"] == intent.side
        and fits_type(update["order_type"], intent.order_type)
        and Decimal(update["orig_qty"]) == Decimal(intent.quantity)
        and (not made or made >= intent.sent_at_ms - tolerance_ms)
    )
