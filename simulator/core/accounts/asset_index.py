"""What an asset is worth in USD when it serves as margin for others: GET assetIndex, and multi-assets mode.

The index of a dollar coin is 1, that of any other asset the mark price of its USDT symbol. As margin an asset counts
for less than that, as a debt for more: by the bid and the ask buffer, which are small for dollar coins, larger for the
great coins, and a tenth for the rest, as in the documented sample. An asset without a symbol is worth nothing here.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

import msgspec

from simulator.core.amounts import ZERO

__all__ = ["AssetIndex", "asset_index", "collateral", "in_usd"]

DOLLARS: Final = frozenset({"USDT", "USDC", "FDUSD", "USD1", "BFUSD", "BUSD"})

_BUFFERS: Final = dict.fromkeys(DOLLARS, Decimal("0.0001")) | dict.fromkeys(("BTC", "ETH", "BNB"), Decimal("0.05"))
_BUFFER: Final = Decimal("0.1")
_ONE: Final = Decimal(1)

Prices = Mapping[str, Decimal]


class AssetIndex(msgspec.Struct, frozen=True):
    """An asset's price in USD, and the part by which it counts for less (bid) or more (ask)."""

    asset: str
    index: Decimal
    buffer: Decimal

    @property
    def exchange_buffer(self) -> Decimal:
        """The buffer of an automatic exchange: half of the other."""
        return self.buffer / 2

    @property
    def bid_rate(self) -> Decimal:
        """What one unit counts for as margin, in USD."""
        return self.index * (1 - self.buffer)

    @property
    def ask_rate(self) -> Decimal:
        """What one unit counts for as a debt, in USD."""
        return self.index * (1 + self.buffer)


def asset_index(asset: str, marks: Prices) -> AssetIndex:
    """Return the index of an asset by these mark prices."""
    price = _ONE if asset in DOLLARS else marks.get(f"{asset}USDT", ZERO)
    return AssetIndex(asset, price, _BUFFERS.get(asset, _BUFFER))


def in_usd(amount: Decimal, asset: str, marks: Prices) -> Decimal:
    """Return what an amount is worth in USD."""
    return amount * asset_index(asset, marks).index


def collateral(amount: Decimal, asset: str, marks: Prices) -> Decimal:
    """Return what an amount counts for as margin in USD: less than it is worth, or more when it is a debt."""
    index = asset_index(asset, marks)
    return amount * (index.bid_rate if amount > 0 else index.ask_rate)
