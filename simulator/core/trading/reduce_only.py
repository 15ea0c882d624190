"""Reduce-only orders of one position: which of them there is something left for.

Together they can take no more than the position. They have it in the order in which they would trade: a MARKET order
first, then the better price, at a price the older one. One to which those before it leave nothing is pushed out: it
expires (reason 4) when an order is placed or amended before it, or when the position gets smaller; one that arrives
behind them and would rest is refused (-4118). One to which they leave a part stays as it is, and trades that part.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from simulator.core.accounts.account import Account
from simulator.core.amounts import ZERO
from simulator.core.domain import MARKET
from simulator.core.trading.orders import Order, OrderIntent

__all__ = ["has_a_share", "pushed_out"]


def pushed_out(account: Account, symbol: str, position_side: str) -> list[Order]:
    """Return the reduce-only orders to which the position, and those before them, leave nothing."""
    left = {sign: account.closable(symbol, position_side, sign) for sign in (1, -1)}
    found: list[Order] = []
    for order in sorted(_reducing(account, symbol, position_side), key=_rank):
        if left[order.sign] <= ZERO:
            found.append(order)
        left[order.sign] -= order.remaining
    return found


def has_a_share(account: Account, intent: OrderIntent) -> bool:
    """Return whether those that trade before it leave anything to a reduce-only order that is to rest."""
    left = account.closable(intent.symbol, intent.position_side, intent.sign)
    before = (
        order.remaining
        for order in _reducing(account, intent.symbol, intent.position_side)
        if order.side == intent.side and order.price * order.sign >= intent.price * intent.sign
    )
    return left > sum(before, ZERO)


def _reducing(account: Account, symbol: str, position_side: str) -> Iterable[Order]:
    return (
        order
        for order in account.open_orders.get(symbol, {}).values()
        if order.reduce_only and order.position_side == position_side
    )


def _rank(order: Order) -> tuple[bool, Decimal, int]:
    return order.type != MARKET, -order.sign * order.price, order.order_id
