"""Who made an order that nobody here sent, as far as its client order id tells.

The exchange names its own orders by a prefix: `autoclose-` when it liquidates, `adl_autoclose` when it deleverages,
`settlement_autoclose-` and `delivery_autoclose-` when a symbol is settled or delisted. Its web page and apps prefix
theirs too (USDⓈ-M Futures, User Data Streams, Order Update; the apps' prefixes were seen on captured frames). Execution
type and order type tell less: a liquidation may come as CALCULATED or as TRADE.
"""

from __future__ import annotations

import enum

__all__ = ["Origin", "origin_of"]


class Origin(enum.StrEnum):
    """Who made an order."""

    LIQUIDATION = "liquidation"
    ADL = "adl"
    SETTLEMENT = "settlement"
    MANUAL = "manual"
    """A person, on the exchange's web page or in its apps."""
    OTHER = "other"
    """This engine, or another program."""


_BY_PREFIX = (
    ("autoclose-", Origin.LIQUIDATION),
    ("adl_autoclose", Origin.ADL),
    ("settlement_autoclose-", Origin.SETTLEMENT),
    ("delivery_autoclose-", Origin.SETTLEMENT),
    ("web_", Origin.MANUAL),
    ("ios_", Origin.MANUAL),
    ("android_", Origin.MANUAL),
)


def origin_of(client_order_id: str) -> Origin:
    """Return who made the order of this client order id."""
    return next((origin for prefix, origin in _BY_PREFIX if client_order_id.startswith(prefix)), Origin.OTHER)
