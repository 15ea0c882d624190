"""Engine against exchange: what the one was told, and what the other says over REST. No object is shared."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TypeAlias, TypeVar

from user_stream.core.orders import OrderState
from user_stream.demo.engine import DemoOrderManager, DemoRiskEngine
from user_stream.runtime.binance_rest import BinanceRest

__all__ = ["Comparison", "compare"]

K = TypeVar("K")
V = TypeVar("V")

Comparison: TypeAlias = list[tuple[str, str, str, str]]
"""Rows of (what, engine, exchange, "equal" or what differs)."""

_WIRE_STATUS = {
    OrderState.ACTIVE: {"NEW", "PARTIALLY_FILLED"},
    OrderState.FILLED: {"FILLED"},
    OrderState.CANCELLED: {"CANCELED"},
    OrderState.EXPIRED: {"EXPIRED", "EXPIRED_IN_MATCH"},
}


async def compare(rest: BinanceRest, orders: DemoOrderManager, risk: DemoRiskEngine, *, since: int) -> Comparison:
    """Read the exchange's side since `since` (exchange ms) and set the engine's beside it."""
    rows = await rest.orders_since(since, until=rest.exchange_time_ms())
    theirs = {(row.symbol, str(row.order_id)): (row.status, Decimal(row.executed_qty)) for row in rows}
    ours = {}
    for order in orders.orders:
        status = theirs.get((order.symbol, order.order_id), ("", Decimal(0)))[0]
        agreed = status if status in _WIRE_STATUS.get(order.state, set()) else str(order.state)
        ours[(order.symbol, order.order_id)] = (agreed, order.filled_qty)

    trades = [trade for row in rows if Decimal(row.executed_qty) for trade in await rest.trades_of_order(row)]
    fills = {(trade.symbol, trade.id): (Decimal(trade.price), Decimal(trade.qty)) for trade in trades}

    held = {
        (row.symbol, row.position_side): (Decimal(row.position_amt), Decimal(row.entry_price))
        for row in await rest.positions()
        if Decimal(row.position_amt)
    }
    told = {
        key: (Decimal(position["position_amount"]), Decimal(position["entry_price"]))
        for key, position in risk.positions.items()
    }
    wallets = {row.asset: Decimal(row.balance) for row in await rest.balances()}
    balances = {asset: Decimal(balance["wallet_balance"]) for asset, balance in risk.balances.items()}
    usdt = (f"{balances.get('USDT', 0)} USDT", f"{wallets.get('USDT', 0)} USDT")
    return [
        ("orders", str(len(ours)), str(len(theirs)), _verdict(ours, theirs)),
        ("fills", str(len(orders.fills)), str(len(fills)), _verdict(orders.fills, fills)),
        ("fills told twice", str(orders.fills_told_twice), "0", _verdict({0: orders.fills_told_twice}, {0: 0})),
        ("positions", str(len(told)), str(len(held)), _verdict(told, held)),
        ("balances", *usdt, _verdict(balances, wallets)),
    ]


def _verdict(ours: Mapping[K, V], theirs: Mapping[K, V]) -> str:
    if ours == theirs:
        return "equal"
    different = [key for key in {**ours, **theirs} if ours.get(key) != theirs.get(key)]
    return f"{len(different)} differ, first {different[0]}"
