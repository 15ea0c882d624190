"""How much there is to take from the market, and at which prices. By default any quantity at the market price, at once.

A test that wants a taker to fill in several trades, or not wholly, says what there is: levels, the best first, each a
quantity at a price. Each level that is taken from is a trade. What is taken is gone, and when all is gone nothing is
left to take, until other levels are said, or the default again. Levels serve buyers and sellers alike.

Depth is for takers: a resting order that the market price reaches fills wholly.

In a market with a book the levels are the house's quotes, and have sides: those below the symbol's price are bids, the
others asks.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from itertools import takewhile
from typing import NamedTuple

from simulator.core.amounts import ZERO
from simulator.core.domain import BUY
from simulator.core.trading.matching import is_met

__all__ = ["Depth", "Level"]


class Level(NamedTuple):
    """A quantity in the base asset at a price in the quote asset."""

    quantity: Decimal
    price: Decimal


class Depth:
    """What there is to take of each symbol."""

    def __init__(self) -> None:
        self._levels: dict[str, list[Level]] = {}

    def set(self, symbol: str, levels: Iterable[Level] | None) -> None:
        """Say what there is from now on; None: any quantity."""
        if levels is None:
            self._levels.pop(symbol, None)
        else:
            self._levels[symbol] = list(levels)

    def is_said(self, symbol: str) -> bool:
        """Return whether it was said what there is."""
        return symbol in self._levels

    def quotes(self, symbol: str, side: str, price: Decimal) -> list[Level]:
        """Return the levels that are bids (BUY) or asks when the market is at this price, best first."""
        if side == BUY:
            return sorted((level for level in self._levels[symbol] if level.price < price), key=_price, reverse=True)
        return sorted((level for level in self._levels[symbol] if level.price >= price), key=_price)

    def lower(self, symbol: str, price: Decimal, quantity: Decimal) -> None:
        """Take a quantity from the first level of this price, which has as much."""
        levels = self._levels[symbol]
        number = next(number for number, level in enumerate(levels) if level.price == price)
        left = levels[number].quantity - quantity
        levels[number : number + 1] = [Level(left, price)] if left else []

    def available(self, symbol: str, side: str, limit: Decimal) -> Decimal | None:
        """Return how much a taker gets at its limit (0: at any price), or None when there is no bound."""
        levels = self._levels.get(symbol)
        if levels is None:
            return None
        return sum((level.quantity for level in takewhile(lambda level: _is_good(level, side, limit), levels)), ZERO)

    def take(self, symbol: str, side: str, limit: Decimal, wanted: Level) -> list[Level]:
        """Take at most the wanted quantity at this limit; return the trades. `wanted.price` is the market's."""
        levels = self._levels.get(symbol)
        if levels is None:
            return [wanted]
        trades: list[Level] = []
        remaining = wanted.quantity
        while levels and remaining and _is_good(levels[0], side, limit):
            quantity = min(remaining, levels[0].quantity)
            trades.append(Level(quantity, levels[0].price))
            remaining -= quantity
            left = levels[0].quantity - quantity
            levels[:1] = [Level(left, levels[0].price)] if left else []
        return trades


def _price(level: Level) -> Decimal:
    return level.price


def _is_good(level: Level, side: str, limit: Decimal) -> bool:
    return not limit or is_met(side, limit, level.price)
