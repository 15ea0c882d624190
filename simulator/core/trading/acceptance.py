"""Whether an account may place an order now: what depends on the account's state, not on the order alone.

In this order: status of the symbol (-4140, -4141), duplicate client order id (-4116), reduce-only (-2022), number of
open orders (-2025), what other reduce-only orders leave to one that is to rest (-4118), margin (-2019), size of the
position (-2027).
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from msgspec.structs import replace

from simulator.core.accounts.account import Account
from simulator.core.accounts.brackets import max_notional
from simulator.core.accounts.margin import available_margin, exposure_of, joined
from simulator.core.amounts import ZERO
from simulator.core.conditional.algo_orders import AlgoTerms
from simulator.core.domain import BUY, TRADING, SymbolSpec
from simulator.core.rest import venue_error
from simulator.core.rest.venue_error import refusal
from simulator.core.trading.orders import Order, OrderIntent
from simulator.core.trading.reduce_only import has_a_share

__all__ = [
    "OVER",
    "check_amendment",
    "check_margin",
    "check_market_price",
    "check_share",
    "check_standing",
    "check_status",
]

OVER: Final = frozenset({"DELIVERED", "SETTLING", "CLOSE"})
"""The statuses of a contract that nobody can trade any more."""

PRE_SETTLE: Final = "PRE_SETTLE"
"""The last days of a contract that is taken off: positions may still be reduced."""

Symbols = Mapping[str, SymbolSpec]
Prices = Mapping[str, Decimal]


def check_status(intent: OrderIntent | AlgoTerms, spec: SymbolSpec) -> None:
    """Raise `VenueError` -4141 when the symbol's trading is over, -4140 when it is not on, or on only to reduce."""
    if spec.status in OVER:
        raise refusal(venue_error.SYMBOL_CLOSED)
    if spec.status != TRADING and not (intent.reduce_only and spec.status == PRE_SETTLE):
        raise refusal(venue_error.NOT_TRADING)


def check_market_price(side: str, best: Decimal, mark: Decimal, spec: SymbolSpec) -> None:
    """Raise `VenueError` -4131 when the best price for a MARKET order is too far on the wrong side of the mark."""
    too_far = best > mark * spec.multiplier_up if side == BUY else best < mark * spec.multiplier_down
    if too_far:
        raise refusal(venue_error.COUNTERPARTY_TOO_FAR)


def check_standing(account: Account, intent: OrderIntent, spec: SymbolSpec) -> None:
    """Raise `VenueError` when the account's other orders or its position forbid this one."""
    named = account.order_named(intent.symbol, intent.client_order_id)
    if named is not None and named.is_open:
        raise refusal(venue_error.DUPLICATE_CLIENT_ORDER_ID)
    if intent.reduce_only and not account.closable(intent.symbol, intent.position_side, intent.sign):
        raise refusal(venue_error.REDUCE_ONLY_REJECTED)
    if len(account.open_orders.get(intent.symbol, ())) >= spec.max_orders:
        raise refusal(venue_error.TOO_MANY_ORDERS)


def check_share(account: Account, intent: OrderIntent) -> None:
    """Raise `VenueError` -4118 when other reduce-only orders leave nothing to one that is to rest."""
    if intent.reduce_only and not has_a_share(account, intent):
        raise refusal(venue_error.NOTHING_LEFT_TO_REDUCE)


def check_margin(account: Account, order: OrderIntent | Order, symbols: Symbols, prices: Prices) -> None:
    """Raise `VenueError` -2019 for more margin than the account has available, -2027 for too large a position."""
    spec, mark = symbols[order.symbol], prices[order.symbol]
    before = exposure_of(account, spec, order.position_side, mark)
    after = joined(before, order, mark)
    worst = after.worst
    if worst <= before.worst:
        return
    if after.margin - before.margin > available_margin(account, spec.quote_asset, symbols, prices):
        raise refusal(venue_error.MARGIN_INSUFFICIENT)
    if worst > max_notional(spec, before.leverage):
        raise refusal(venue_error.POSITION_TOO_LARGE)


def check_amendment(account: Account, before: Order, after: Order, symbols: Symbols, prices: Prices) -> None:
    """Raise `VenueError` -2019 when an open order grows by more than the account has available."""
    growth = after.remaining * after.price - before.remaining * before.price
    if growth > ZERO:
        check_margin(account, replace(after, quantity=growth / after.price), symbols, prices)
