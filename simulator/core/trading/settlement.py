"""What one trade does to one account: the order's fill, the position, the commission, the wallet.

The wallet of the margin asset changes by realized profit − commission, both rounded to 8 decimals, so that wallets are
sums of what was told; a commission in BNB leaves the wallet of BNB instead. The patch lists what of these
changed, and the position; in hedge mode also the symbol's BOTH entry, which is always empty. The other side is the
house's (`trading.house`).
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import msgspec

from simulator.core.accounts.account import Account
from simulator.core.accounts.commission import Charge, charge
from simulator.core.accounts.position import apply_fill, isolated_wallet_after
from simulator.core.amounts import ZERO
from simulator.core.domain import SymbolSpec
from simulator.core.facts import AccountPatch, OrderFilled
from simulator.core.trading.house import House
from simulator.core.trading.orders import Fill, Order, after_fill

__all__ = ["Match", "settle"]


class Match(msgspec.Struct, frozen=True, kw_only=True):
    """One trade, as one of its sides sees it."""

    trade_id: int
    quantity: Decimal
    price: Decimal
    is_maker: bool
    time_ms: int


def settle(
    account: Account, order: Order, spec: SymbolSpec, match: Match, *, house: House, marks: Mapping[str, Decimal]
) -> OrderFilled:
    """Book a trade of `order` and return what became true. `marks` value the position, and BNB."""
    notional = match.quantity * match.price
    due = charge(account, spec, notional, is_maker=match.is_maker, marks=marks)
    held = account.position(order.symbol, order.position_side)
    position, realized = apply_fill(held, order.sign * match.quantity, match.price, due.value, match.time_ms)
    if account.is_isolated(order.symbol):
        leverage = account.leverage(order.symbol, spec.max_leverage)
        wallet = isolated_wallet_after(held, position, match.price, leverage)
        position = msgspec.structs.replace(position, isolated_wallet=wallet)
    account.hold(position)
    house.clear(spec.quote_asset, held, position, realized)
    house.collect_fee(due.asset, due.amount)
    paid = _pay(account, spec.quote_asset, realized, due, match.time_ms)
    is_margin_moved = position.isolated_wallet != held.isolated_wallet
    changed = [asset for asset, amount in paid.items() if amount or (asset == spec.quote_asset and is_margin_moved)]
    order = after_fill(order, match.quantity, match.price, match.time_ms)
    account.keep(order)
    fill = _fill(order, match, due, realized)
    account.book(fill)
    return OrderFilled(
        account=account.name,
        time_ms=match.time_ms,
        order=order,
        fill=fill,
        open_notional=account.open_notional(order.symbol),
        patch=AccountPatch(
            tuple(account.balance_row(asset) for asset in changed),
            account.position_rows(position, marks[order.symbol], spec.quote_asset),
        ),
    )


def _fill(order: Order, match: Match, due: Charge, realized: Decimal) -> Fill:
    return Fill(
        symbol=order.symbol,
        trade_id=match.trade_id,
        order_id=order.order_id,
        side=order.side,
        position_side=order.position_side,
        price=match.price,
        quantity=match.quantity,
        commission=due.amount,
        commission_asset=due.asset,
        realized_profit=realized,
        is_maker=match.is_maker,
        time_ms=match.time_ms,
    )


def _pay(account: Account, asset: str, realized: Decimal, due: Charge, time_ms: int) -> dict[str, Decimal]:
    """Change the wallet of the margin asset, and that of the commission when it is another; return by how much."""
    paid = {asset: realized}
    paid[due.asset] = paid.get(due.asset, ZERO) - due.amount
    for changed, amount in paid.items():
        account.credit(changed, amount, time_ms)
    return paid
