"""What kind of market the simulator opens: who trades with whom, and what the house quotes.

The *house* is the market's own counterparty: everybody who is not an account. There are two kinds of market.

`one_price`: the house trades any quantity at the symbol's price, and accounts never meet one another. Orders fill as a
test says, and nothing else moves them. Its visible book is a ladder of the house's quotes that is there to be looked
at; what is traded does not wear it down.

`book`: a book with price-time priority per symbol. Accounts trade with one another and with the house, which quotes
`levels` prices on either side of the symbol's price. What a taker takes of them is there again as soon as he is done,
in another size: a market at rest never runs dry, but an order larger than the ladder eats through it.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Literal, TypeAlias

import msgspec

from simulator.core.terms import check_terms
from simulator.errors import ConfigurationError

__all__ = ["Liquidity", "MarketTerms"]

Liquidity: TypeAlias = Literal["one_price", "book"]


class MarketTerms(msgspec.Struct, frozen=True, kw_only=True):
    """The terms of every symbol's market. Raises `ConfigurationError` when no book can be quoted on them."""

    liquidity: Liquidity = "one_price"
    """Whether the house fills everything at one price, or accounts and house meet in a book."""

    levels: int = 100
    """How many prices the house quotes on either side."""

    spread_ticks: int = 2
    """How many ticks there are between the house's best bid and best ask, at least 1; the price lies between them."""

    gap_ticks: int = 1
    """How many ticks there are between two of the house's levels."""

    level_notional: Decimal = Decimal(100_000)
    """What a level is worth in the quote asset, on average: sizes go from a fifth of it to nearly twice as much."""

    def __post_init__(self) -> None:
        check_terms(self)
        if self.levels < 1 or self.spread_ticks < 1 or self.gap_ticks < 1 or self.level_notional <= 0:
            message = f"levels, spread_ticks, gap_ticks and level_notional have to be above 0, not as in {self}"
            raise ConfigurationError(message)
