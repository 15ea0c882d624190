"""What we hold of one order: the fills that we can prove, and what others claim about it.

*Booked* is the sum of the fills that we know one by one, plus the *baseline*: the quantity that was executed before we
met the order, which is known and never delivered. *Claimed* is the largest cumulative quantity that anyone asserted.
The two are kept apart: their difference is a hole, and a hole is repaired with trades, never closed by arithmetic.

A fill's identity within its order is its trade id. Liquidations, ADL and settlements may carry trade id 0; such a fill
stands under the cumulative quantity that it reached, until a REST trade covers it and gives it its name.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeAlias

from user_stream.contracts import MappedOrderUpdate
from user_stream.core.mapping import ENDED

__all__ = ["ZERO", "OrderKey", "OrderRecord", "status_rank"]

ZERO = Decimal(0)

OrderKey: TypeAlias = tuple[str, str]
"""(symbol, order id): the identity of an order within an account."""


def status_rank(status: str) -> int:
    """Return how far along an order is: nothing known, NEW, PARTIALLY_FILLED, or any end. It only grows."""
    if status in ENDED:
        return 3
    return ("", "NEW", "PARTIALLY_FILLED").index(status)


@dataclass(slots=True)
class OrderRecord:
    """One order's facts. Quantities are in the base asset, `notional` in the quote asset, times in exchange ms."""

    key: OrderKey
    facts: MappedOrderUpdate
    """The latest attributes: what "" or an early TRADE_LITE leaves open is answered from here."""
    fills: dict[int, Decimal] = field(default_factory=dict)
    """Quantity by trade id; zero where the baseline holds it."""
    unnamed: dict[Decimal, Decimal] = field(default_factory=dict)
    """Quantity of fills without a trade id, by the cumulative quantity that each reached."""
    undetailed: set[int] = field(default_factory=set)
    """Trades told by TRADE_LITE alone: commission and realized profit are still to come."""
    awaited: set[int] = field(default_factory=set)
    """Trades whose TRADE_LITE was left to its ORDER_TRADE_UPDATE: no later one may overtake them."""
    baseline: Decimal = ZERO
    booked: Decimal = ZERO
    notional: Decimal = ZERO
    claimed: Decimal = ZERO
    status: str = ""
    """The status that was delivered last."""
    cumulative: Decimal = ZERO
    """The cumulative quantity that was delivered last."""
    first_fill_time: int = 0
    last_time: int = 0
    base_epoch: int = 0
    """The epoch in which this order's fills are known from its first on; 0 when they are not."""
    met_from_start: bool = False
    """True when no fill of this order can be older than our knowledge of it."""
    held: list[MappedOrderUpdate] = field(default_factory=list)
    """Facts that wait for missing fills."""

    @property
    def ended(self) -> bool:
        """True once a status was delivered after which nothing but a late fill can come."""
        return self.status in ENDED

    @property
    def original_quantity(self) -> Decimal:
        """The quantity that the order asks for, as last heard."""
        return Decimal(self.facts["orig_qty"])

    def set_baseline(self, quantity: Decimal, notional: Decimal) -> None:
        """Take as known, and never to be delivered, what was executed before we met the order."""
        self.baseline = quantity
        self.booked += quantity
        self.notional += notional
        self.cumulative = max(self.cumulative, quantity)

    def knows(self, update: MappedOrderUpdate) -> bool:
        """Say whether this fill is booked, or lies within the baseline."""
        reached = Decimal(update["accumulated_filled_qty"])
        if ZERO < reached <= self.baseline:
            return True
        if update["trade_id"]:
            return update["trade_id"] in self.fills
        return reached <= self.booked  # fills are booked without holes, so whatever ends there is among them

    def missing_before(self, update: MappedOrderUpdate) -> Decimal:
        """Return how much was executed before this fill that we do not hold."""
        before = Decimal(update["accumulated_filled_qty"]) - Decimal(update["last_filled_qty"])
        if before <= self.baseline:
            return ZERO
        trade_id = update["trade_id"]
        known = sum((quantity for reached, quantity in self.unnamed.items() if reached <= before), self.baseline)
        known += sum((quantity for fill, quantity in self.fills.items() if fill < trade_id or not trade_id), ZERO)
        return before - known

    def book(self, update: MappedOrderUpdate) -> None:
        """Book a fill that is not known yet."""
        quantity = Decimal(update["last_filled_qty"])
        reached = Decimal(update["accumulated_filled_qty"])
        if update["trade_id"]:
            self.fills[update["trade_id"]] = quantity
        else:
            self.unnamed[reached] = quantity
        self.awaited.discard(update["trade_id"])
        self.booked += quantity
        self.notional += quantity * Decimal(update["last_filled_price"])
        self.claimed = max(self.claimed, self.booked, reached)
        self.first_fill_time = self.first_fill_time or update["order_trade_time"]

    def recognise(self, trade_id: int) -> None:
        """Keep the id of a trade that is known by the quantity it reached: TRADE_LITE does not say that."""
        if trade_id:
            self.fills.setdefault(trade_id, ZERO)
            self.awaited.discard(trade_id)

    def name_fill(self, trade_id: int, start: Decimal, end: Decimal) -> None:
        """Give an unnamed fill within (start, end], which this REST trade covers, its trade id."""
        for reached, quantity in self.unnamed.items():
            if start <= reached - quantity and reached <= end:
                self.fills[trade_id] = self.unnamed.pop(reached)
                return

    def status_with(self, update: MappedOrderUpdate) -> str:
        """Return the status that the delivery of this fill, which is booked, carries; an end that was told stays.

        FILLED is inferred only where the sender had no status to tell, and only from quantities that are all known.
        """
        if self.ended:
            return self.status
        if update["order_status"] in {"", "NEW"}:
            quantity = max(self.original_quantity, Decimal(update["orig_qty"]))
            return "FILLED" if self.booked == quantity else "PARTIALLY_FILLED"
        if update["order_status"] == "FILLED" and self.booked < self.claimed:
            return "PARTIALLY_FILLED"
        return update["order_status"]

    def average_price(self) -> str:
        """Return the average price of what is booked, in the quote asset, to 8 decimals."""
        if not self.booked:
            return "0"
        return format(round(self.notional / self.booked, 8).normalize(), "f")
