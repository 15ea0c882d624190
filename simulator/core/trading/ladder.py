"""The house's quotes for one symbol: a ladder of prices on either side of the market's price.

The best bid lies half the spread below the price (rounded down to ticks), the best ask a spread above the best bid;
from there it goes outward in equal steps. A level's size is a function of the seed, the symbol, its price, and how
often it was taken from: a price that stays in sight keeps its size while the ladder moves, and one that was taken
comes back with another. Bids end at the symbol's lowest price.

Nothing is kept per level but what was taken from it, so that moving the ladder costs the same however long it is.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final
from zlib import crc32

from simulator.core.amounts import ZERO
from simulator.core.domain import BUY, SELL, SymbolSpec
from simulator.core.trading.depth import Level
from simulator.core.trading.market_terms import MarketTerms

__all__ = ["Ladder"]

_WORD: Final = (1 << 64) - 1
_THOUSANDTHS: Final = 1600
_SMALLEST_THOUSANDTHS: Final = 200


class Ladder:
    """Both sides of the house's quotes. `side` is that of the quotes: BUY for bids."""

    def __init__(self, spec: SymbolSpec, terms: MarketTerms, seed: int) -> None:
        self._spec = spec
        self._terms = terms
        self._seed = seed ^ crc32(spec.symbol.encode())
        self._first = {BUY: 0, SELL: 0}
        self._usual_steps = 1
        self._gone = {BUY: 0, SELL: 0}
        """How many levels were taken wholly by the taker who is at it."""
        self._bitten = {BUY: ZERO, SELL: ZERO}
        """What he took of the level after those."""
        self._withheld = {BUY: 0, SELL: 0}
        """How many levels are not quoted, because an order that rests would trade with them."""
        self._takings: dict[tuple[str, int], int] = {}
        self._best: dict[str, Level | None] = {}
        self.move(spec.price)

    def move(self, price: Decimal) -> None:
        """Quote around this price."""
        spec, terms = self._spec, self._terms
        self._best.clear()
        bid = int(price // spec.tick_size) - terms.spread_ticks // 2
        self._first = {BUY: bid, SELL: bid + terms.spread_ticks}
        self._usual_steps = max(1, int(terms.level_notional / price / spec.step_size))
        reach = terms.levels * terms.gap_ticks + terms.spread_ticks
        if self._takings:
            self._takings = {key: n for key, n in self._takings.items() if abs(key[1] - bid) <= reach}

    def best(self, side: str) -> Level | None:
        """Return the best level of which something is left, or None."""
        if side not in self._best:
            level = self._level(side, self._withheld[side] + self._gone[side])
            self._best[side] = level and Level(level.quantity - self._bitten[side], level.price)
        return self._best[side]

    def levels(self, side: str) -> list[Level]:
        """Return the side, best first."""
        found = (self._level(side, number) for number in range(self._withheld[side], self._terms.levels))
        return [level for level in found if level is not None]

    def take(self, side: str, quantity: Decimal) -> None:
        """Take from the best level, at most what is left of it."""
        level = self.best(side)
        if level is not None and quantity == level.quantity:
            self._gone[side] += 1
            self._bitten[side] = ZERO
        else:
            self._bitten[side] += quantity
        del self._best[side]

    def replenish(self, side: str) -> None:
        """Quote again what was taken, in other sizes."""
        for number in range(self._gone[side] + bool(self._bitten[side])):
            key = (side, self._ticks(side, self._withheld[side] + number))
            self._takings[key] = self._takings.get(key, 0) + 1
            self._best.pop(side, None)
        self._gone[side] = 0
        self._bitten[side] = ZERO

    def keep_off(self, side: str, price: Decimal | None) -> None:
        """Quote nothing on this side that would trade with an order that rests at this price; None: there is none."""
        inside = -1
        if price is not None:
            ticks = int(price / self._spec.tick_size)
            inside = self._first[side] - ticks if side == BUY else ticks - self._first[side]
        withheld = inside // self._terms.gap_ticks + 1 if inside >= 0 else 0
        if withheld != self._withheld[side]:
            self._withheld[side] = withheld
            self._best.pop(side, None)

    def _ticks(self, side: str, number: int) -> int:
        outward = number * self._terms.gap_ticks
        return self._first[side] - outward if side == BUY else self._first[side] + outward

    def _level(self, side: str, number: int) -> Level | None:
        ticks = self._ticks(side, number)
        price = ticks * self._spec.tick_size
        if number >= self._terms.levels or price < self._spec.min_price:
            return None
        draw = _scrambled(self._seed, ticks * 2 + (side == BUY), self._takings.get((side, ticks), 0))
        share = _SMALLEST_THOUSANDTHS + draw % _THOUSANDTHS
        steps = max(1, self._usual_steps * share // 1000)
        return Level(max(self._spec.min_quantity, steps * self._spec.step_size), price)


def _scrambled(*numbers: int) -> int:
    """Return a number that looks drawn, and depends on these alone (the finalizer of splitmix64)."""
    word = 0
    for number in numbers:
        word = (word ^ number) + 0x9E3779B97F4A7C15 & _WORD
        word = (word ^ word >> 30) * 0xBF58476D1CE4E5B9 & _WORD
        word = (word ^ word >> 27) * 0x94D049BB133111EB & _WORD
        word ^= word >> 31
    return word
