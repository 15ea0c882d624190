"""What one trade does to one account: the order's fill, the position, the commission, the wallet.

The wallet of the margin asset changes by realized profit − commission, both rounded to 8 decimals, so that wallets are
sums of what was told. The patch lists that wallet and the position; in hedge mode also the symbol's BOTH entry, which
is always empty.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import msgspec

from simulator.core.account import Account
from simulator.core.amounts import money
from simulator.core.domain import BOTH, SymbolSpec
from simulator.core.facts import AccountPatch, OrderFilled
from simulator.core.orders import Fill, Order, after_fill
from simulator.core.position import Position, apply_fill, isolated_wallet_after

__all__ = ["Match", "settle"]

MAKER_COMMISSION: Final = Decimal("0.0002")
TAKER_COMMISSION: Final = Decimal("0.0004")


class Match(msgspec.Struct, frozen=True, kw_only=True):
    """One trade. `mark` is the price that values the position afterwards."""

    trade_id: int
    quantity: Decimal
    price: Decimal
    mark: Decimal
    is_maker: bool
    time_ms: int


def settle(account: Account, order: Order, spec: SymbolSpec, match: Match) -> OrderFilled:
    """Book a trade of `order` and return what became true."""
    rate = MAKER_COMMISSION if match.is_maker else TAKER_COMMISSION
    commission = money(match.quantity * match.price * rate)
    held = account.position(order.symbol, order.position_side)
    position, realized = apply_fill(held, order.sign * match.quantity, match.price, commission, match.time_ms)
    if account.is_isolated(order.symbol):
        leverage = account.leverage(order.symbol, spec.max_leverage)
        wallet = isolated_wallet_after(held, position, match.price, leverage)
        position = msgspec.structs.replace(position, isolated_wallet=wallet)
    account.hold(position)
    account.credit(spec.quote_asset, realized - commission, match.time_ms)
    order = after_fill(order, match.quantity, match.price, match.time_ms)
    account.keep(order)
    fill = Fill(
        symbol=order.symbol,
        trade_id=match.trade_id,
        order_id=order.order_id,
        side=order.side,
        position_side=order.position_side,
        price=match.price,
        quantity=match.quantity,
        commission=commission,
        commission_asset=spec.quote_asset,
        realized_profit=realized,
        is_maker=match.is_maker,
        time_ms=match.time_ms,
    )
    account.book(fill)
    return OrderFilled(
        account=account.name,
        time_ms=match.time_ms,
        order=order,
        fill=fill,
        open_notional=account.open_notional(order.symbol),
        patch=_patch(account, position, spec.quote_asset, match.mark),
    )


def _patch(account: Account, position: Position, asset: str, mark: Decimal) -> AccountPatch:
    changed = account.position_row(position, mark, asset)
    if position.position_side == BOTH:
        return AccountPatch((account.balance_row(asset),), (changed,))
    empty = account.position_row(Position(position.symbol, BOTH), mark, asset)
    return AccountPatch((account.balance_row(asset),), (empty, changed))
