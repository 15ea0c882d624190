"""What the exchange still knows of the past.

Orders that ended without a fill can be found for 3 days, all others for 90; trades for 3 months, which in spring are 89
days. What a recovery would have to find and what is older than that, nobody can say any more: it is *unprovable*, and
that is said, for it must not look like nothing. Questions are clamped to what is kept, because an exchange that is
asked for more may answer with an error instead of with less.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from user_stream.core.lifecycle import GapUnprovable

__all__ = ["earliest_order", "earliest_trade", "kept_for_ms", "unprovable"]

_DAY_MS: Final = 86_400_000
_UNFILLED_MS: Final = 3 * _DAY_MS
_ORDERS_MS: Final = 90 * _DAY_MS
_TRADES_MS: Final = 89 * _DAY_MS
_MARGIN_MS: Final = 60_000
"""Time goes on while a history is read."""


def unprovable(since: int, until: int) -> list[GapUnprovable]:
    """Return what cannot be known of the time from `since` to `until` (exchange ms), when asked at `until`."""
    lost = []
    if since < until - _UNFILLED_MS:
        lost.append(GapUnprovable(since, until - _UNFILLED_MS, "orders"))
    if since < until - _TRADES_MS:
        lost.append(GapUnprovable(since, until - _TRADES_MS, "trades"))
    return lost


def earliest_order(since: int, now: int) -> int:
    """Return from when on orders can be asked for, at the earliest `since`."""
    return max(since, now - _ORDERS_MS + _MARGIN_MS)


def earliest_trade(since: int, now: int) -> int:
    """Return from when on trades and income can be asked for, at the earliest `since`."""
    return max(since, now - _TRADES_MS + _MARGIN_MS)


def kept_for_ms(executed: Decimal) -> int:
    """Return for how long an order that ended with this executed quantity can be found, counted from its end."""
    return _ORDERS_MS if executed else _UNFILLED_MS
