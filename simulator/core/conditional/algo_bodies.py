"""How conditional orders look in REST answers: which keys each endpoint has, and how their numbers are padded.

All answers share most keys. The answer to POST has the terms of a trailing stop ("" for others); queries have the child
instead, one order more of it than lists, and lists have four prices of strategy orders, which are always zero here.

`actualQty` of an order that waits is its quantity, as in the only sample, and what its child executed afterwards.
"""

from __future__ import annotations

from typing import Any

from simulator.core.amounts import ZERO, padded, trimmed
from simulator.core.conditional.algo_orders import CONDITIONAL, AlgoOrder
from simulator.core.domain import SymbolSpec
from simulator.core.streams.stream_events import average_price_text
from simulator.core.trading.orders import Order

__all__ = ["algo_cancelled", "listed_algo_order", "placed_algo_order", "queried_algo_order"]

Body = dict[str, Any]


def placed_algo_order(algo: AlgoOrder, spec: SymbolSpec) -> Body:
    """Return the answer to POST algoOrder."""
    terms = algo.terms
    trailing = {
        "activatePrice": padded(terms.activation_price, spec.price_precision) if terms.activation_price else "",
        "callbackRate": trimmed(terms.callback_rate) if terms.callback_rate else "",
    }
    return _algo_order(algo, spec) | trailing


def queried_algo_order(algo: AlgoOrder, child: Order | None, spec: SymbolSpec) -> Body:
    """Return the order as GET algoOrder has it."""
    quantity = algo.terms.quantity if child is None else child.executed
    actual = {
        "actualType": algo.terms.child_type,
        "actualQty": padded(quantity, spec.quantity_precision),
        "tpOrderType": "",
    }
    return _algo_order(algo, spec) | _child(child, spec) | actual


def listed_algo_order(algo: AlgoOrder, child: Order | None, spec: SymbolSpec) -> Body:
    """Return the order as openAlgoOrders and allAlgoOrders have it."""
    zero = padded(ZERO, spec.price_precision)
    strategy = dict.fromkeys(("tpTriggerPrice", "tpPrice", "slTriggerPrice", "slPrice"), zero)
    return _algo_order(algo, spec) | _child(child, spec) | strategy | {"tpOrderType": ""}


def algo_cancelled(algo: AlgoOrder) -> Body:
    """Return the answer to DELETE algoOrder, whose code is a text."""
    return {"algoId": algo.algo_id, "clientAlgoId": algo.client_algo_id, "code": "200", "msg": "success"}


def _child(child: Order | None, spec: SymbolSpec) -> Body:
    if child is None:
        return {"actualOrderId": "", "actualPrice": padded(ZERO, max(5, spec.price_precision + 3))}
    return {"actualOrderId": str(child.order_id), "actualPrice": average_price_text(child, spec)}


def _algo_order(algo: AlgoOrder, spec: SymbolSpec) -> Body:
    terms = algo.terms
    return {
        "algoId": algo.algo_id,
        "clientAlgoId": algo.client_algo_id,
        "algoType": CONDITIONAL,
        "orderType": terms.type,
        "symbol": terms.symbol,
        "side": terms.side,
        "positionSide": terms.position_side,
        "timeInForce": terms.time_in_force,
        "quantity": padded(terms.quantity, spec.quantity_precision),
        "algoStatus": algo.status,
        "triggerPrice": padded(terms.trigger_price, spec.price_precision),
        "price": padded(terms.price, spec.price_precision),
        "icebergQuantity": None,
        "selfTradePreventionMode": terms.self_trade_prevention,
        "workingType": terms.working_type,
        "priceMatch": terms.price_match,
        "closePosition": terms.close_position,
        "priceProtect": terms.price_protect,
        "reduceOnly": terms.reduce_only,
        "createTime": algo.created_ms,
        "updateTime": algo.update_ms,
        "triggerTime": algo.triggered_ms,
        "goodTillDate": terms.good_till_ms,
    }
