"""What a step of a scenario does to the market: to a symbol's prices, to what there is to take, to its contract."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from simulator.core.scenario.notation import DecimalText, PathText, StatusName, Symbol

__all__ = [
    "Delist",
    "FollowPath",
    "OnMarket",
    "SetDepth",
    "SetFundingRate",
    "SetMark",
    "SetPrice",
    "SetStatus",
]


@dataclass(frozen=True, kw_only=True)
class SetPrice:
    """Moves the market: resting orders that cross the price fill."""

    symbol: Symbol
    price: DecimalText


@dataclass(frozen=True, kw_only=True)
class SetMark:
    """Moves the mark price, and the index price, apart from the market: nothing fills."""

    symbol: Symbol
    mark: DecimalText
    index: DecimalText | None = None
    """Left out, the same as the mark."""


@dataclass(frozen=True, kw_only=True)
class SetDepth:
    """Says what there is to take, best first; in a market with a book, what the house quotes."""

    symbol: Symbol
    levels: Mapping[str, str] | None = None
    """Quantities by their prices, `{65000: 0.5, 65010: 1}`; left out, what the market has by itself."""


@dataclass(frozen=True, kw_only=True)
class FollowPath:
    """Lets a symbol move by itself from now on, along a price path; `constant` ends that."""

    symbol: Symbol
    path: PathText


@dataclass(frozen=True, kw_only=True)
class SetFundingRate:
    """Chooses the rate at which funding is paid every 8 hours, where it is paid by itself."""

    symbol: Symbol
    rate: DecimalText


@dataclass(frozen=True, kw_only=True)
class SetStatus:
    """Gives a contract another status: orders and positions on it stay as they are."""

    symbol: Symbol
    status: StatusName


@dataclass(frozen=True, kw_only=True)
class Delist:
    """Settles everything on a symbol and closes it: orders expire, positions are settled, the status becomes CLOSE."""

    symbol: Symbol
    price: DecimalText | None = None
    """Left out, the mark."""


OnMarket: TypeAlias = SetPrice | SetMark | SetDepth | FollowPath | SetFundingRate | SetStatus | Delist
