"""What we hold of one order: the fills that we can prove, and what others claim about it.

*Booked* is the sum of the fills that we know one by one, plus the *baseline*: the quantity that was executed before we
met the order, which is known and never delivered. *Claimed* is the largest cumulative quantity that anyone asserted.
The two are kept apart: their difference is a hole, and a hole is repaired with trades, never closed by arithmetic. What
was looked for in vain is *forgiven*: nothing waits for it any more, though it is still missing.

A fill's identity within its order is its trade id. Liquidations, ADL and settlements may carry trade id 0; such a fill
stands under the cumulative quantity that it reached, until a REST trade covers it and gives it its name.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeAlias

from user_stream.contracts import MappedOrderUpdate
from user_stream.core.epochs import NO_EPOCH
from user_stream.core.mapping import ENDED
from user_stream.core.rest_rows import TradeRow
from user_stream.core.unnamed_fills import UnnamedFills

__all__ = ["ZERO", "OrderKey", "OrderRecord", "Terms", "has_fill", "status_rank"]

ZERO = Decimal(0)

OrderKey: TypeAlias = tuple[str, str]
"""(symbol, order id): the identity of an order within an account."""

Terms: TypeAlias = tuple[str, str]
"""Price and quantity that an order asks for."""

_BY_THE_EXCHANGE = ("autoclose-", "adl_autoclose", "settlement_autoclose")
"""Client order ids of orders that the exchange makes. Not all their fills may have a TRADE_LITE."""


def status_rank(status: str) -> int:
    """Return how far along an order is: nothing known, NEW, PARTIALLY_FILLED, or any end. It only grows."""
    if status in ENDED:
        return 3
    return ("", "NEW", "PARTIALLY_FILLED").index(status)


def has_fill(update: MappedOrderUpdate) -> bool:
    """Say whether an update brings a fill, whatever its execution type is."""
    return update["last_filled_qty"] != "0" and Decimal(update["last_filled_qty"]) > 0


@dataclass(slots=True)
class OrderRecord:
    """One order's facts. Quantities are in the base asset, `notional` in the quote asset, times in exchange ms."""

    key: OrderKey
    facts: MappedOrderUpdate
    """The latest attributes: what "" or an early TRADE_LITE leaves open is answered from here."""
    fills: dict[int, Decimal] = field(default_factory=dict)
    """Quantity by trade id; zero where the baseline holds it."""
    unnamed: UnnamedFills = field(default_factory=UnnamedFills)
    undetailed: dict[int, int] = field(default_factory=dict)
    """When trades were made, by id, that TRADE_LITE alone has told: commission and profit are still to come."""
    awaited: set[int] = field(default_factory=set)
    """Trades whose TRADE_LITE was left to its ORDER_TRADE_UPDATE: no later one may overtake them."""
    held: list[MappedOrderUpdate] = field(default_factory=list)
    """Facts that wait for missing fills; not empty means that there is a hole."""
    baseline: Decimal = ZERO
    baseline_until: int = 0
    """Trades before this time are the baseline's; 0 when every fill of the order is to be told."""
    begun: bool = False
    """True once it is settled what of this order is baseline and what is to be told."""
    booked: Decimal = ZERO
    notional: Decimal = ZERO
    claimed: Decimal = ZERO
    said_average: tuple[Decimal, str] = (ZERO, "0")
    """The exchange's own average price, and the cumulative quantity that it is of: the largest that it said one of."""
    price_decimals: int = 0
    """How many its fills' prices have."""
    forgiven: Decimal = ZERO
    """How much may be missing without anything waiting for it: it was looked for in vain."""
    listed: Decimal = ZERO
    """Up to this cumulative quantity REST has listed every trade: what is told of it can be no other."""
    covered: Decimal = ZERO
    """Up to this cumulative quantity everything is known, be it without the trades' ids."""
    status: str = ""
    """The status that was delivered last."""
    ended_at: int = 0
    """When it ended, as delivered; 0 while it is open."""
    cumulative: Decimal = ZERO
    """The cumulative quantity that was delivered last."""
    average: str = "0"
    """The average price that was delivered last."""
    first_fill_time: int = 0
    last_time: int = 0
    """When the exchange last moved the order, as far as we know its terms."""
    terms: set[Terms] = field(default_factory=set)
    """Those of the amendments that were made at `last_time`."""
    told_terms: Terms | None = None
    """Those that were delivered last; those of a TRADE_LITE do not count, which is no telling of an amendment."""
    amending: int = 0
    """Amendments that were asked for and neither told nor refused yet."""
    newest_trade: int = 0
    newest_time: int = 0
    is_expected: bool = False
    """True once it was found to be an order that we announced."""
    sent_epoch: int = NO_EPOCH
    """The youngest epoch that had begun when the order was sent."""
    proven_epochs: frozenset[int] = frozenset()
    """Epochs on which every later fill is certain to be told."""

    @property
    def ended(self) -> bool:
        """True once a status was delivered after which nothing but a late fill can come."""
        return self.status in ENDED

    def is_over(self, before: int) -> bool:
        """Say whether the order ended before this time, complete and in detail: nothing new can be told of it."""
        is_whole = self.booked >= self.claimed and not self.held and not self.undetailed
        return 0 < self.ended_at < before > self.newest_time and is_whole

    @property
    def original_quantity(self) -> Decimal:
        """The quantity that the order asks for, as last heard."""
        return Decimal(self.facts["orig_qty"])

    # --- fills ----------------------------------------------------------------------------------------------------

    def claim(self, update: MappedOrderUpdate) -> None:
        """Keep what the exchange says of everything that was executed: how much, and at which average price."""
        reached = Decimal(update["accumulated_filled_qty"])
        self.claimed = max(self.claimed, reached)
        if reached > self.said_average[0] and Decimal(update["avg_price"]):
            self.said_average = (reached, update["avg_price"])

    def grow_baseline(self, quantity: Decimal, notional: Decimal) -> None:
        """Take as known, and never to be delivered, what was executed before we met the order."""
        self.baseline += quantity
        self.booked += quantity
        self.notional += notional
        self.claimed = max(self.claimed, self.booked)
        self.forgive(at_most=self.forgiven)

    def knows(self, update: MappedOrderUpdate) -> bool:
        """Say whether this fill is booked, or lies within the baseline."""
        if update["trade_id"] in self.fills:
            return True
        reached = Decimal(update["accumulated_filled_qty"])
        if ZERO < reached <= max(self.listed, self.covered):
            return True
        return not update["trade_id"] and self._knows_unnamed(update)

    def _knows_unnamed(self, update: MappedOrderUpdate) -> bool:
        reached, quantity = Decimal(update["accumulated_filled_qty"]), Decimal(update["last_filled_qty"])
        price = Decimal(update["last_filled_price"])
        return self.unnamed.knows(reached, quantity, price=price, time=update["order_trade_time"])

    def missing_before(self, update: MappedOrderUpdate) -> Decimal:
        """Return how much was executed before this fill that we do not hold."""
        before = Decimal(update["accumulated_filled_qty"]) - Decimal(update["last_filled_qty"])
        if before <= self.covered:
            return ZERO
        trade_id = update["trade_id"]
        if trade_id > self.newest_trade and not self.unnamed:
            return before - self.booked
        known = sum((quantity for fill, quantity in self.fills.items() if fill < trade_id or not trade_id), ZERO)
        return before - known - self.baseline - self.unnamed.within(before)

    def book(self, update: MappedOrderUpdate) -> None:
        """Book a fill that is not known yet."""
        quantity = Decimal(update["last_filled_qty"])
        reached = Decimal(update["accumulated_filled_qty"])
        price = Decimal(update["last_filled_price"])
        trade_id, time = update["trade_id"], update["order_trade_time"]
        if trade_id:
            self.fills[trade_id] = self.fills.get(trade_id, ZERO) + quantity
            self.awaited.discard(trade_id)
        else:
            self.unnamed.add(reached, quantity, price=price, time=time)
        self.booked += quantity
        self.notional += quantity * price
        self.price_decimals = max(self.price_decimals, len(update["last_filled_price"].partition(".")[2]))
        self.claimed = max(self.claimed, self.booked, reached)
        self.forgive(at_most=self.forgiven)
        self.first_fill_time = self.first_fill_time or time
        self.newest_trade = max(self.newest_trade, trade_id)
        self.newest_time = max(self.newest_time, time)

    def recognise(self, trade_id: int) -> None:
        """Keep the id of a trade that is known by the quantity it reached: TRADE_LITE does not say that."""
        if trade_id:
            self.fills.setdefault(trade_id, ZERO)
            self.awaited.discard(trade_id)

    def lacks(self, trade: TradeRow) -> bool:
        """Say whether a trade is not booked, or not all of it."""
        return self.fills.get(trade.id, ZERO) < Decimal(trade.qty)

    def forgive(self, *, at_most: Decimal | None = None) -> None:
        """Let nothing wait any longer for what is missing now."""
        missing = max(self.claimed - self.booked, ZERO)
        self.forgiven = missing if at_most is None else min(missing, at_most)

    # --- what may be told -----------------------------------------------------------------------------------------

    def is_due(self, update: MappedOrderUpdate) -> bool:
        """Say whether a fact of the stream, or a row, need wait for no earlier fill."""
        if has_fill(update):
            return self.knows(update) or self.missing_before(update) <= self.forgiven
        return Decimal(update["accumulated_filled_qty"]) <= self.booked + self.forgiven

    def prove(self, update: MappedOrderUpdate, epoch: int) -> None:
        """Learn from an event of this epoch whether the order's later fills are all told by it."""
        if epoch <= self.sent_epoch or epoch in self.proven_epochs:
            return
        has_ids = self.covered <= self.listed  # else a TRADE_LITE of what is covered would look new
        if has_fill(update):
            follows_all = has_ids or Decimal(update["accumulated_filled_qty"]) >= self.covered
            is_proof = follows_all and self.missing_before(update) == 0
        else:
            is_proof = update["execution_type"] == "NEW" and has_ids
        if is_proof:
            self.proven_epochs |= {epoch}

    def follows(self, update: MappedOrderUpdate, epoch: int) -> bool:
        """Say whether every fill before this TRADE_LITE, which this epoch tells, is known.

        The epoch has told them all, so it is enough that none of them was left waiting.
        """
        trade_id = update["trade_id"]
        if not trade_id or (not NO_EPOCH < epoch <= self.sent_epoch and epoch not in self.proven_epochs):
            return False
        if self.forgiven or update["client_order_id"].startswith(_BY_THE_EXCHANGE):
            return False
        if not self.awaited and not self.held:
            return True
        waiting = (held["trade_id"] for held in self.held if has_fill(held))
        return all(other >= trade_id for other in self.awaited) and all(other > trade_id for other in waiting)

    def status_with(self, update: MappedOrderUpdate) -> str:
        """Return the status that the delivery of this fill, which is booked, carries; an end that was told stays.

        FILLED is inferred only where the sender had no status to tell, and only from quantities that are all known.
        """
        if self.ended:
            return self.status
        said = update["order_status"]
        if self.held and self._is_closed():
            return "FILLED"
        if said in {"", "NEW"}:
            return "FILLED" if update["source"] != "rest" and self._must_be_filled(update) else "PARTIALLY_FILLED"
        if said in ENDED and Decimal(update["accumulated_filled_qty"]) > self.booked + self.forgiven:
            return "PARTIALLY_FILLED"
        return said

    def _is_closed(self) -> bool:
        """Say whether FILLED was told already, and waited for the fill that is booked now."""
        return any(
            held["order_status"] == "FILLED" and Decimal(held["accumulated_filled_qty"]) == self.booked
            for held in self.held
        )

    def _must_be_filled(self, update: MappedOrderUpdate) -> bool:
        quantities = [Decimal(told["orig_qty"]) for told in (self.facts, update, *self.held)]
        return not self.amending and self.booked == max(quantities)

    def average_price(self) -> str:
        """Return the average price of what is booked, in the quote asset: the exchange's own when it said it, else one
        with its number of decimals, as far as that is known (5 where prices have 2).
        """
        if not self.booked:
            return "0"
        reached, said = self.said_average
        if reached == self.booked:
            return said
        decimals = max(self.price_decimals + 3, 5)
        return format(round(self.notional / self.booked, decimals).normalize(), "f")
