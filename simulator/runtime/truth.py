"""Reads from a running simulator what a scenario is judged by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from simulator.core.scenario.judgement import OrderTruth, PositionTruth, Truth

if TYPE_CHECKING:
    from simulator.runtime.server import Simulator

__all__ = ["remaining", "truth_of"]


def truth_of(simulator: Simulator) -> Truth:
    """Return what the exchange knows now."""
    accounts = simulator.state()["accounts"]
    return Truth(
        default_account=simulator.account.name,
        orders=sorted((*_orders(accounts), *_algo_orders(accounts)), key=lambda order: order.order_id),
        positions=[
            PositionTruth(
                account=name,
                symbol=row["symbol"],
                position_side=row["positionSide"],
                amount=Decimal(row["positionAmt"]),
                entry_price=Decimal(row["entryPrice"]),
            )
            for name, account in accounts.items()
            for row in account["positions"]
        ],
        balances={
            (name, asset): Decimal(amount)
            for name, account in accounts.items()
            for asset, amount in account["balances"].items()
        },
        connections=len(simulator.connections),
    )


def remaining(simulator: Simulator, order: str | int, account: str | None) -> Decimal:
    """Return how much of an open order is not filled: base asset; 0 when there is no such open order."""
    name = account or simulator.account.name
    rows = simulator.state()["accounts"].get(name, {"orders": ()})["orders"]
    for row in reversed(rows):
        is_open = row["status"] in {"NEW", "PARTIALLY_FILLED"}
        if is_open and str(order) in {str(row["orderId"]), row["clientOrderId"]}:
            return Decimal(row["origQty"]) - Decimal(row["executedQty"])
    return Decimal(0)


def _orders(accounts: Mapping[str, Any]) -> Iterator[OrderTruth]:
    for name, account in accounts.items():
        for row in account["orders"]:
            yield OrderTruth(
                account=name,
                symbol=row["symbol"],
                order_id=row["orderId"],
                client_order_id=row["clientOrderId"],
                status=row["status"],
                executed_quantity=Decimal(row["executedQty"]),
                average_price=Decimal(row["avgPrice"]),
            )


def _algo_orders(accounts: Mapping[str, Any]) -> Iterator[OrderTruth]:
    for name, account in accounts.items():
        for row in account["algo_orders"]:
            yield OrderTruth(
                account=name,
                symbol=row["symbol"],
                order_id=row["algoId"],
                client_order_id=row["clientAlgoId"],
                status=row["algoStatus"],
                executed_quantity=Decimal(row["actualQty"]) if row["actualOrderId"] else Decimal(0),
                average_price=Decimal(row["actualPrice"]),
                is_conditional=True,
            )
