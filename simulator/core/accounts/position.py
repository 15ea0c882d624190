"""What a fill does to a position: averaging, closing, flipping, realized profit, break-even price.

A fill that has the position's sign, or meets none, opens: the entry price becomes the average weighted by quantity.
One against it closes at most what is held: the entry price stays, and (price − entry) × closed is realized. What
exceeds the position flips it: the excess opens anew at the fill's price.

The break-even price counts what the position has cost since it was last flat, commissions included and realized profit
deducted: Σ(price × signed quantity) + Σ commission, divided by the amount. On an opening fill of one it is
entry × (1 + commission rate) for a long, as captured.

The wallet of an isolated position holds the margin that opening bound, quantity × price ÷ leverage, and gives it back
in proportion as the position closes; funding fees and transfers change it too. That of a cross position is empty.

Amounts are in the base asset, signed (short is negative); prices, profit and commission in the quote asset.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from simulator.core.amounts import ZERO, money

__all__ = ["Position", "apply_fill", "isolated_wallet_after"]


class Position(msgspec.Struct, frozen=True):
    """One position: the key is (symbol, position side). `cost` is what the break-even price is made of."""

    symbol: str
    position_side: str
    amount: Decimal = ZERO
    entry_price: Decimal = ZERO
    cost: Decimal = ZERO
    accumulated_realized: Decimal = ZERO
    update_ms: int = 0
    isolated_wallet: Decimal = ZERO

    @property
    def break_even_price(self) -> Decimal:
        """The price at which closing now would leave nothing won or lost since the position was flat."""
        return self.cost / self.amount if self.amount else ZERO

    def unrealized(self, mark: Decimal) -> Decimal:
        """Return the profit that closing at `mark` would realize, rounded to 8 decimals."""
        return money((mark - self.entry_price) * self.amount)


def apply_fill(
    position: Position, signed_quantity: Decimal, price: Decimal, commission: Decimal, time_ms: int
) -> tuple[Position, Decimal]:
    """Return the position after the fill, and the profit that the fill realized (8 decimals, before commission)."""
    held = position.amount
    if held * signed_quantity >= 0:
        return _opened(position, signed_quantity, price, commission, time_ms), ZERO
    closed = -held if abs(signed_quantity) > abs(held) else signed_quantity
    realized = money((position.entry_price - price) * closed)
    share = commission * abs(closed) / abs(signed_quantity)
    rest = _closed(position, closed, price * closed + share, realized, time_ms)
    excess = signed_quantity - closed
    if not excess:
        return rest, realized
    return _opened(rest, excess, price, commission - share, time_ms), realized


def isolated_wallet_after(before: Position, after: Position, price: Decimal, leverage: int) -> Decimal:
    """Return what the wallet of an isolated position holds after a fill at `price` made it `after`."""
    if before.amount * after.amount < 0:
        return money(abs(after.amount) * price / leverage)
    added = abs(after.amount) - abs(before.amount)
    if added >= 0:
        return before.isolated_wallet + money(added * price / leverage)
    return money(before.isolated_wallet * after.amount / before.amount)


def _opened(position: Position, quantity: Decimal, price: Decimal, commission: Decimal, time_ms: int) -> Position:
    amount = position.amount + quantity
    return Position(
        position.symbol,
        position.position_side,
        amount,
        (position.entry_price * position.amount + price * quantity) / amount,
        position.cost + price * quantity + commission,
        position.accumulated_realized,
        time_ms,
    )


def _closed(position: Position, closed: Decimal, cost: Decimal, realized: Decimal, time_ms: int) -> Position:
    amount = position.amount + closed
    return Position(
        position.symbol,
        position.position_side,
        amount,
        position.entry_price if amount else ZERO,
        position.cost + cost if amount else ZERO,
        position.accumulated_realized + realized,
        time_ms,
    )
