"""What an order manager tells its registry; without one, nothing is told and every call is harmless.

A registry is told of an order before its request is sent, and of every request whose outcome nobody knows. What it need
not know (amendments on their way, a position mode that is not what we thought) is told to those that can hear it.
"""

from __future__ import annotations

from user_stream.contracts import OrderRegistry, ReadsAccountMode, TracksAmendments
from user_stream.core.orders import Order

__all__ = ["Registration"]


class Registration:
    """The way to a registry, if there is one."""

    def __init__(self) -> None:
        self.registry: OrderRegistry | None = None

    @property
    def follows(self) -> bool:
        """True when somebody tells how orders go on."""
        return self.registry is not None

    def announce(self, order: Order, *, sent_at_ms: int) -> None:
        """Announce an order that is about to be sent."""
        if self.registry is not None:
            self.registry.register_intent(order.intent(sent_at_ms=sent_at_ms))

    def withdraw(self, order: Order) -> None:
        """Take an announcement back: the order was refused for certain."""
        if self.registry is not None:
            self.registry.withdraw_intent(order.client_order_id)

    def question(self, order: Order) -> None:
        """Ask what became of an order."""
        if self.registry is not None:
            self.registry.question_order(order.symbol, order.client_order_id)

    def question_account_mode(self) -> None:
        """Say that the exchange takes the account for set up otherwise than we did."""
        if isinstance(self.registry, ReadsAccountMode):
            self.registry.question_account_mode()

    def amendment_requested(self, order: Order) -> None:
        """Say that an order's quantity is about to be in doubt."""
        if isinstance(self.registry, TracksAmendments):
            self.registry.amendment_requested(order.symbol, order.order_id)

    def amendment_settled(self, order: Order) -> None:
        """Say that an amendment was not made, for certain."""
        if isinstance(self.registry, TracksAmendments):
            self.registry.amendment_settled(order.symbol, order.order_id)
