"""A trade as everybody may see it: no accounts, no orders."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

__all__ = ["PublicTrade"]


class PublicTrade(NamedTuple):
    """A trade: `price` in the quote asset, `quantity` in the base asset; the buyer was the maker, or the taker."""

    symbol: str
    trade_id: int
    price: Decimal
    quantity: Decimal
    is_buyer_maker: bool
    time_ms: int
