"""What the exchange does to positions by itself: whether it liquidates them, and charges funding; and by which numbers.

Scripted, nothing happens to a position that a test did not ask for. Automatic, an account is warned and liquidated when
a mark, a trade, a fee or a setting makes it due (`risk.liquidation`), and funding is paid at 0, 8 and 16 hours UTC
(`risk.funding`).
"""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

import msgspec

from simulator.core.terms import check_terms
from simulator.errors import ConfigurationError

__all__ = ["RiskTerms"]


class RiskTerms(msgspec.Struct, frozen=True, kw_only=True):
    """The terms of every account. Raises `ConfigurationError` for a ratio or a fund that cannot be."""

    liquidation: Literal["scripted", "automatic"] = "scripted"
    """Whether positions are liquidated, and before that called for margin, without being told to."""

    margin_call_ratio: Decimal | None = Decimal("0.8")
    """At which part of the balance the maintenance margin calls, once until it falls below again; None: never. Binance
    does not document the part."""

    insurance_fund: Decimal = Decimal(1_000_000)
    """What the insurance fund has at the start, of each margin asset. What it cannot bear is deleveraged."""

    funding: Literal["scripted", "automatic"] = "scripted"
    """Whether funding is paid every 8 hours without being told to."""

    funding_rate: Decimal = Decimal("0.0001")
    """The rate of every symbol that was given no other."""

    def __post_init__(self) -> None:
        check_terms(self)
        if self.insurance_fund < 0 or not (self.margin_call_ratio is None or 0 < self.margin_call_ratio <= 1):
            message = f"insurance_fund has to be at least 0, margin_call_ratio above 0 and at most 1, not as in {self}"
            raise ConfigurationError(message)
