"""Self-trade prevention: what becomes of two orders of one account that are about to trade with each other.

The taker's mode decides:

| mode         | the taker | the maker | then                                     |
|--------------|-----------|-----------|------------------------------------------|
| NONE         | trades    | trades    | one trade id, a fill for either order    |
| EXPIRE_TAKER | expires   | rests on  | the taker takes no more                  |
| EXPIRE_MAKER | trades on | expires   | the taker goes on with the next order    |
| EXPIRE_BOTH  | expires   | expires   |                                          |

What expires so is EXPIRED_IN_MATCH with reason 1; an IOC taker, whose remainder would have been cancelled anyway, with
reason 3. A FOK order trades with the account's own, because it was promised whole; a post-only one never takes. An
amended order has lost its mode, and trades with its own too.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from simulator.core.domain import FOK, IOC
from simulator.core.trading.orders import Order

__all__ = ["Prevention", "expiry_of_taker", "prevention"]

MAKER_EXPIRED: Final = "1"
TAKER_EXPIRED: Final = "1"
IMMEDIATE_TAKER_EXPIRED: Final = "3"


class Prevention(NamedTuple):
    """Which of the two orders expires instead of trading."""

    taker: bool
    maker: bool


_MODES: Final = {
    "EXPIRE_TAKER": Prevention(taker=True, maker=False),
    "EXPIRE_MAKER": Prevention(taker=False, maker=True),
    "EXPIRE_BOTH": Prevention(taker=True, maker=True),
}


def prevention(taker: Order, maker: Order) -> Prevention | None:
    """Return what prevents the two from trading, or None when nothing does."""
    if taker.account != maker.account or taker.time_in_force == FOK:
        return None
    return _MODES.get(taker.self_trade_prevention)


def expiry_of_taker(taker: Order) -> str:
    """Return the wire's `er` of a taker that expires to prevent a self-trade."""
    return IMMEDIATE_TAKER_EXPIRED if taker.time_in_force == IOC else TAKER_EXPIRED
