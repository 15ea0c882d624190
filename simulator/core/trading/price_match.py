"""Price match: an order that takes its price from the book instead of naming one.

`OPPONENT` is the best price of the other side, `OPPONENT_5` its 5th; `QUEUE` is the best price of the order's own
side, `QUEUE_5`, `_10` and `_20` its 5th, 10th and 20th. Levels are counted as everybody sees them, orders and quotes
together. `OPPONENT_10` and `_20` were switched off in 2025-10, and are unknown words since.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from simulator.core.rest import venue_error
from simulator.core.rest.venue_error import refusal
from simulator.core.trading.order_books import opposite

if TYPE_CHECKING:
    from simulator.core.trading.exchange import Exchange

__all__ = ["resolve"]

_LEVELS: Final = {"OPPONENT": 1, "OPPONENT_5": 5, "QUEUE": 1, "QUEUE_5": 5, "QUEUE_10": 10, "QUEUE_20": 20}


def resolve(exchange: Exchange, symbol: str, side: str, mode: str) -> Decimal:
    """Return the price of an order on this side. Raises `VenueError` -5037 (no such mode) or -5041 (no depth)."""
    number = _LEVELS.get(mode)
    if number is None:
        raise refusal(venue_error.BAD_PRICE_MATCH)
    levels = exchange.levels(symbol, opposite(side) if mode.startswith("OPPONENT") else side, number)
    if len(levels) < number:
        raise refusal(venue_error.NO_DEPTH)
    return levels[number - 1].price
