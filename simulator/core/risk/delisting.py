"""The end of a symbol: it is settled, and then closed.

The symbol's status becomes SETTLING. Every open order on it expires (reason 7), conditional orders too
(`conditional.algo_book`); every position is settled at one price, by an order that its account never sent
(`risk.forced`); then the status becomes CLOSE.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from simulator.core.domain import SETTLING
from simulator.core.facts import Fact
from simulator.core.market.listing import set_status
from simulator.core.profile import Profile
from simulator.core.risk.forced import Closing, close_position
from simulator.core.trading.exchange import Exchange

__all__ = ["delist"]

_CLOSE: Final = "CLOSE"
_DELISTED: Final = "7"
"""The wire's `er` of an order that ends because its symbol does."""


def delist(exchange: Exchange, symbol: str, price: Decimal, *, profile: Profile, now_ms: int) -> list[Fact]:
    """Settle everything on a symbol at this price, and close it."""
    facts = set_status(exchange, symbol, SETTLING, now_ms)
    for account in exchange.accounts.values():
        orders = list(account.open_orders.get(symbol, {}).values())
        facts += [exchange.expire(order, _DELISTED, now_ms) for order in orders]
    for account in list(exchange.holders.get(symbol, {}).values()):
        for position in [held for held in account.held.values() if held.symbol == symbol]:
            closing = Closing(kind="SETTLEMENT", quantity=abs(position.amount), price=price)
            facts += close_position(exchange, account, position, closing, profile=profile, now_ms=now_ms)[1]
    return facts + set_status(exchange, symbol, _CLOSE, now_ms)
