"""Do the fills explain the position?

A position is what the exchange says it is; fills never move it here. But they should explain it: what it was, plus
every fill since, is what it is now. What they leave over is a liquidation, an auto-deleveraging, a settlement or a fill
that nobody told, and a risk engine wants to hear of it. The question makes sense only at *quiescence*, because a fill
and the account update that it caused come one after the other, and only once the trades are confirmed, because a
missing one would look like somebody else's deed.

A fill that does not say its position side, as TRADE_LITE's do not, explains whichever side of its symbol moved its way.
"""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

from user_stream.contracts import MappedOrderUpdate
from user_stream.core.lifecycle import PositionUnexplained
from user_stream.core.order_record import ZERO
from user_stream.core.positions import PositionBook, PositionKey

__all__ = ["Explanation"]


class Explanation:
    """One account's positions when they were last explained, and the fills since. Amounts are in the base asset."""

    def __init__(self) -> None:
        self._known: dict[PositionKey, Decimal] | None = None
        self._filled: dict[PositionKey, Decimal] = defaultdict(Decimal)

    def add(self, update: MappedOrderUpdate) -> None:
        """Note the fill that a delivery brings, if any."""
        if update["last_filled_qty"] != "0":
            signed = Decimal(update["last_filled_qty"]) * (1 if update["side"] == "BUY" else -1)
            self._filled[update["symbol"], update["position_side"]] += signed

    def unexplained(self, book: PositionBook) -> list[PositionUnexplained]:
        """Return the positions that moved by more, or less, than their fills; none before `settle` was called once."""
        if self._known is None:
            return []
        now = _amounts(book)
        left_over: dict[PositionKey, Decimal] = defaultdict(Decimal)
        for key in {*now, *self._known, *self._filled}:
            if key[1]:
                left_over[key] = now.get(key, ZERO) - self._known.get(key, ZERO) - self._filled.get(key, ZERO)
        for (symbol, side), amount in self._filled.items():
            if not side:
                _explain_any_side(left_over, symbol, amount)
        return [PositionUnexplained(*key, format(amount, "f")) for key, amount in sorted(left_over.items()) if amount]

    def settle(self, book: PositionBook) -> list[PositionUnexplained]:
        """Return what is unexplained, and take the positions as known from here on."""
        left_over = self.unexplained(book)
        self._known = _amounts(book)
        self._filled.clear()
        return left_over


def _explain_any_side(left_over: dict[PositionKey, Decimal], symbol: str, amount: Decimal) -> None:
    for key in sorted(key for key in left_over if key[0] == symbol):
        moved = left_over[key]
        if moved * amount > 0:
            explained = min(moved, amount, key=abs)
            left_over[key] -= explained
            amount -= explained
    left_over[symbol, "BOTH"] -= amount


def _amounts(book: PositionBook) -> dict[PositionKey, Decimal]:
    return {key: Decimal(position["position_amount"]) for key, position in book.positions.items()}
