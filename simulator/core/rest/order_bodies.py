"""How orders and trades look in REST answers: which keys each endpoint has, and how their numbers are padded.

Answers to POST, PUT and DELETE (acknowledgements) have `cumQty`, and since 2026-07 neither `avgPrice` nor `cumQuote`;
queries have `avgPrice`, `cumQuote` and `time`. PUT adds `pair` and `modifyId`, allOrders `pair` and `cumBase`.
"""

from __future__ import annotations

from typing import Any

from simulator.core.amounts import ZERO, eight, padded
from simulator.core.domain import BUY, SymbolSpec
from simulator.core.streams.stream_events import average_price_text
from simulator.core.trading.orders import Fill, Order

__all__ = ["acknowledgement", "average_price_keys", "listed_order", "queried_order", "trade"]

Body = dict[str, Any]


def acknowledgement(order: Order, spec: SymbolSpec) -> Body:
    """Return the answer to POST, PUT and DELETE of an order."""
    return _order(order, spec) | {"cumQty": padded(order.executed, spec.quantity_precision)}


def average_price_keys(order: Order, spec: SymbolSpec) -> Body:
    """Return what queries say, and acknowledgements said before 2026-07, about an order's fills."""
    return {"avgPrice": average_price_text(order, spec), "cumQuote": _quote(order, spec)}


def queried_order(order: Order, spec: SymbolSpec) -> Body:
    """Return the order as GET order, openOrder and openOrders have it."""
    return _order(order, spec) | average_price_keys(order, spec) | {"time": order.time_ms}


def listed_order(order: Order, spec: SymbolSpec) -> Body:
    """Return the order as allOrders has it."""
    executed = padded(order.executed, spec.quantity_precision)
    return queried_order(order, spec) | {"pair": order.symbol, "cumBase": executed}


def trade(fill: Fill, spec: SymbolSpec) -> Body:
    """Return the trade as userTrades has it."""
    quantity = padded(fill.quantity, spec.quantity_precision)
    return {
        "buyer": fill.side == BUY,
        "commission": eight(fill.commission),
        "commissionAsset": fill.commission_asset,
        "id": fill.trade_id,
        "maker": fill.is_maker,
        "orderId": fill.order_id,
        "price": padded(fill.price, spec.price_precision),
        "qty": quantity,
        "quoteQty": padded(fill.quote, spec.price_precision + spec.quantity_precision),
        "baseQty": quantity,
        "marginAsset": spec.quote_asset,
        "realizedPnl": eight(fill.realized_profit),
        "side": fill.side,
        "positionSide": fill.position_side,
        "symbol": fill.symbol,
        "pair": fill.symbol,
        "time": fill.time_ms,
    }


def _order(order: Order, spec: SymbolSpec) -> Body:
    return {
        "orderId": order.order_id,
        "symbol": order.symbol,
        "status": order.status,
        "clientOrderId": order.client_order_id,
        "price": padded(order.price, spec.price_precision),
        "origQty": padded(order.quantity, spec.quantity_precision),
        "executedQty": padded(order.executed, spec.quantity_precision),
        "timeInForce": order.time_in_force,
        "type": order.type,
        "reduceOnly": order.reduce_only,
        "closePosition": False,
        "side": order.side,
        "positionSide": order.position_side,
        "stopPrice": padded(ZERO, spec.price_precision),
        "workingType": "CONTRACT_PRICE",
        "priceProtect": False,
        "origType": order.original_type,
        "priceMatch": order.price_match,
        "selfTradePreventionMode": order.self_trade_prevention,
        "goodTillDate": order.good_till_ms,
        "updateTime": order.update_ms,
    }


def _quote(order: Order, spec: SymbolSpec) -> str:
    return padded(order.quote, spec.price_precision + spec.quantity_precision)
