"""Do the fills explain the position?

A position is what the exchange says it is; fills never move it here. But they should explain it: what it was, plus
every fill since, is what it is now. What they leave over is a liquidation, an auto-deleveraging, a settlement or a fill
that nobody told, and a risk engine wants to hear of it. The question makes sense only at *quiescence*, because a fill
and the account update that it caused come one after the other, and only once the trades are confirmed, because a
missing one would look like somebody else's deed.
"""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

from user_stream.contracts import MappedOrderUpdate
from user_stream.core.lifecycle import PositionUnexplained
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
            self._filled[update["symbol"], update["position_side"] or "BOTH"] += signed

    def unexplained(self, book: PositionBook) -> list[PositionUnexplained]:
        """Return the positions that moved by more, or less, than their fills; none before `settle` was called once."""
        if self._known is None:
            return []
        now = _amounts(book)
        left_over = {
            key: now.get(key, Decimal(0)) - self._known.get(key, Decimal(0)) - self._filled.get(key, Decimal(0))
            for key in sorted({*now, *self._known, *self._filled})
        }
        return [PositionUnexplained(*key, format(amount, "f")) for key, amount in left_over.items() if amount]

    def settle(self, book: PositionBook) -> list[PositionUnexplained]:
        """Return what is unexplained, and take the positions as known from here on."""
        left_over = self.unexplained(book)
        self._known = _amounts(book)
        self._filled.clear()
        return left_over


def _amounts(book: PositionBook) -> dict[PositionKey, Decimal]:
    return {key: Decimal(position["position_amount"]) for key, position in book.positions.items()}
