"""What the exchange knows of an account in the end, as plain facts: the one side of the comparison."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from simulator.runtime.server import Simulator

__all__ = ["ExchangeView", "OrderFact", "Trade", "view_of"]

_WAITS: Final = frozenset({"NEW"})


@dataclass(frozen=True)
class OrderFact:
    """An order as the exchange has it. Times are the exchange's, ms."""

    symbol: str
    order_id: str
    client_order_id: str
    status: str
    executed_quantity: Decimal
    average_price: Decimal
    quantity: Decimal
    price: Decimal
    time_ms: int
    update_ms: int


@dataclass(frozen=True)
class Trade:
    """One fill of one order."""

    symbol: str
    order_id: str
    trade_id: int
    quantity: Decimal
    price: Decimal
    time_ms: int


@dataclass(frozen=True, kw_only=True)
class ExchangeView:
    """An account in the end. `positions` are those that are not zero: (amount, entry price) by (symbol, side)."""

    time_ms: int
    orders: Mapping[tuple[str, str], OrderFact] = field(default_factory=dict)
    trades: Mapping[tuple[str, str, int], Trade] = field(default_factory=dict)
    """By symbol, order id and trade id; in the order of their trade ids."""
    positions: Mapping[tuple[str, str], tuple[Decimal, Decimal]] = field(default_factory=dict)
    balances: Mapping[str, Decimal] = field(default_factory=dict)
    waiting_algo_orders: frozenset[str] = frozenset()
    """Client ids of the conditional orders that wait for their price."""


def view_of(simulator: Simulator, account: str | None = None) -> ExchangeView:
    """Return the exchange's view of an account, None: the default one. It is read past REST: no lag, no faults."""
    state = simulator.state()
    held: dict[str, Any] = state["accounts"][account or simulator.account.name]
    orders = [_order(row) for row in held["orders"]]
    trades = [_trade(row) for row in held["trades"]]
    return ExchangeView(
        time_ms=state["time_ms"],
        orders={(order.symbol, order.order_id): order for order in orders},
        trades={(trade.symbol, trade.order_id, trade.trade_id): trade for trade in trades},
        positions={
            (row["symbol"], row["positionSide"]): (Decimal(row["positionAmt"]), Decimal(row["entryPrice"]))
            for row in held["positions"]
        },
        balances={asset: Decimal(amount) for asset, amount in held["balances"].items()},
        waiting_algo_orders=frozenset(
            row["clientAlgoId"] for row in held["algo_orders"] if row["algoStatus"] in _WAITS
        ),
    )


def _order(row: Mapping[str, Any]) -> OrderFact:
    return OrderFact(
        symbol=row["symbol"],
        order_id=str(row["orderId"]),
        client_order_id=row["clientOrderId"],
        status=row["status"],
        executed_quantity=Decimal(row["executedQty"]),
        average_price=Decimal(row["avgPrice"]),
        quantity=Decimal(row["origQty"]),
        price=Decimal(row["price"]),
        time_ms=row["time"],
        update_ms=row["updateTime"],
    )


def _trade(row: Mapping[str, Any]) -> Trade:
    return Trade(
        symbol=row["symbol"],
        order_id=str(row["orderId"]),
        trade_id=row["id"],
        quantity=Decimal(row["qty"]),
        price=Decimal(row["price"]),
        time_ms=row["time"],
    )
