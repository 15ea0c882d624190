"""One order and its life: accepted, filled in parts, amended, ended. Records never change; a change is a new record."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import msgspec
from msgspec.structs import replace

from simulator.core.amounts import ZERO
from simulator.core.domain import BOTH, BUY, FILLED, GTC, LIMIT, NEW, PARTIALLY_FILLED

__all__ = ["Fill", "Order", "OrderIntent", "accept", "after_amendment", "after_end", "after_fill"]

OPEN_STATUSES: Final = frozenset({NEW, PARTIALLY_FILLED})


class OrderIntent(msgspec.Struct, frozen=True, kw_only=True):
    """An order as its sender wants it, checked against the symbol's filters. `client_order_id` "" asks for one.

    `original_type` is the type that it is said to have had before, "" when it is the same.
    """

    symbol: str
    side: str
    type: str = LIMIT
    original_type: str = ""
    time_in_force: str = GTC
    quantity: Decimal
    price: Decimal = ZERO
    position_side: str = BOTH
    reduce_only: bool = False
    client_order_id: str = ""
    good_till_ms: int = 0
    self_trade_prevention: str = "NONE"
    price_match: str = "NONE"

    @property
    def sign(self) -> int:
        """1 for BUY, -1 for SELL."""
        return 1 if self.side == BUY else -1


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """An order as the exchange knows it. `quote`: Σ price × quantity of its fills; `expiry_reason`: the wire's `er`."""

    account: str
    symbol: str
    order_id: int
    client_order_id: str
    side: str
    position_side: str
    type: str
    original_type: str
    time_in_force: str
    quantity: Decimal
    price: Decimal
    reduce_only: bool
    good_till_ms: int
    self_trade_prevention: str
    time_ms: int
    update_ms: int
    status: str = NEW
    executed: Decimal = ZERO
    quote: Decimal = ZERO
    amendments: int = 0
    expiry_reason: str = "0"
    price_match: str = "NONE"

    @property
    def is_open(self) -> bool:
        """Whether the order can still be filled."""
        return self.status in OPEN_STATUSES

    @property
    def remaining(self) -> Decimal:
        """The quantity that is not filled."""
        return self.quantity - self.executed

    @property
    def average_price(self) -> Decimal:
        """The average price of the fills so far; 0 before the first."""
        return self.quote / self.executed if self.executed else ZERO

    @property
    def sign(self) -> int:
        """1 for BUY, -1 for SELL."""
        return 1 if self.side == BUY else -1


class Fill(msgspec.Struct, frozen=True, kw_only=True):
    """One trade of one order. Commission and realized profit are in the margin asset, 8 decimals."""

    symbol: str
    trade_id: int
    order_id: int
    side: str
    position_side: str
    price: Decimal
    quantity: Decimal
    commission: Decimal
    commission_asset: str
    realized_profit: Decimal
    is_maker: bool
    time_ms: int

    @property
    def quote(self) -> Decimal:
        """Price × quantity."""
        return self.price * self.quantity


def accept(intent: OrderIntent, *, account: str, order_id: int, client_order_id: str, time_ms: int) -> Order:
    """Return the order that an intent becomes."""
    return Order(
        account=account,
        symbol=intent.symbol,
        order_id=order_id,
        client_order_id=client_order_id,
        side=intent.side,
        position_side=intent.position_side,
        type=intent.type,
        original_type=intent.original_type or intent.type,
        time_in_force=intent.time_in_force,
        quantity=intent.quantity,
        price=intent.price,
        reduce_only=intent.reduce_only,
        good_till_ms=intent.good_till_ms,
        self_trade_prevention=intent.self_trade_prevention,
        price_match=intent.price_match,
        time_ms=time_ms,
        update_ms=time_ms,
    )


def after_fill(order: Order, quantity: Decimal, price: Decimal, time_ms: int) -> Order:
    """Return the order after a fill of `quantity`, which is at most what remains."""
    executed = order.executed + quantity
    return replace(
        order,
        executed=executed,
        quote=order.quote + quantity * price,
        status=FILLED if executed == order.quantity else PARTIALLY_FILLED,
        update_ms=time_ms,
    )


def after_end(order: Order, status: str, reason: str, time_ms: int) -> Order:
    """Return the order after its end without a fill. `reason` is the wire's `er`."""
    return replace(order, status=status, expiry_reason=reason, update_ms=time_ms)


def after_amendment(order: Order, quantity: Decimal, price: Decimal, time_ms: int, price_match: str = "NONE") -> Order:
    """Return the order after an amendment, which also resets self-trade prevention, and how its price was matched."""
    return replace(
        order,
        quantity=quantity,
        price=price,
        price_match=price_match,
        self_trade_prevention="NONE",
        amendments=order.amendments + 1,
        update_ms=time_ms,
    )
