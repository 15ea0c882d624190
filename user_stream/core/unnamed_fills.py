"""Fills without a trade id, which liquidations, ADL and settlements may bring.

Such a fill stands under the cumulative quantity z that it reached. A REST trade, which has an id, takes the place of
the fill that is its equal in time, price and quantity, else of what it covers of the spans (z - l, z]. Of several
equals it may take the wrong one's, which changes no sum. A span that was told once stays told, whoever tells it again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

__all__ = ["UnnamedFills"]

_ZERO = Decimal(0)
_NOWHERE = Decimal(-1)


@dataclass(slots=True)
class _Fill:
    """`quantity` at `price` reached `reached`, at `time` (exchange ms); `left` of it has no trade id yet."""

    reached: Decimal
    quantity: Decimal
    price: Decimal
    time: int
    left: Decimal


@dataclass(slots=True)
class UnnamedFills:
    """One order's fills without a trade id. Quantities are in the base asset."""

    _fills: list[_Fill] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self._fills)

    def knows(self, reached: Decimal, quantity: Decimal, *, price: Decimal, time: int) -> bool:
        """Say whether a fill was told, named meanwhile or not: by what it reached, or as a trade that came alone."""
        said = (_NOWHERE, quantity, price, time)
        return any(
            fill.reached == reached or (fill.reached, fill.quantity, fill.price, fill.time) == said
            for fill in self._fills
        )

    def add(self, reached: Decimal, quantity: Decimal, *, price: Decimal, time: int) -> None:
        """Keep a fill that was told."""
        self._fills.append(_Fill(reached, quantity, price, time, quantity))

    def add_trade(self, quantity: Decimal, *, price: Decimal, time: int) -> None:
        """Keep a trade that REST told alone: which cumulative quantity it reached, nobody knows."""
        self._fills.append(_Fill(_NOWHERE, quantity, price, time, _ZERO))

    def within(self, reached: Decimal) -> Decimal:
        """Return how much of what has no trade id lies at or below this cumulative quantity."""
        return sum((fill.left for fill in self._fills if fill.reached <= reached), _ZERO)

    def name(self, quantity: Decimal, *, price: Decimal, time: int, end: Decimal) -> Decimal:
        """Let a REST trade that reached `end` take the place of its equal, or of what it covers; return how much."""
        for fill in self._fills:
            if (fill.left, fill.quantity, fill.price, fill.time) == (quantity, quantity, price, time):
                fill.left = _ZERO
                return quantity
        taken = _ZERO
        for fill in self._fills:
            overlap = min(end, fill.reached) - max(end - quantity, fill.reached - fill.quantity)
            part = max(min(overlap, fill.left), _ZERO)
            fill.left -= part
            taken += part
        return taken
