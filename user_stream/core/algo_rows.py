"""Conditional orders as REST lists them (openAlgoOrders, algoOrder) and as ALGO_UPDATE tells them, made one.

Either says where the conditional order itself stands, and which order it became. Neither carries a fill: what they
repeat of the child's execution is left out, for the child tells it. Field meanings: USDⓈ-M Futures, Trade, Query Algo
Order, and User Data Streams, Algo Order Update.
"""

from __future__ import annotations

import msgspec

from user_stream.contracts import MappedOrderUpdate, Source
from user_stream.core.amounts import require_numbers
from user_stream.core.events import AlgoUpdate

__all__ = ["AlgoRow", "algo_order_status", "map_algo_row", "map_algo_update"]

_ENDED = frozenset({"CANCELED", "EXPIRED", "REJECTED"})


class AlgoRow(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One of openAlgoOrders, or algoOrder. `actual_order_id` is the child's, "" until it was triggered."""

    algo_id: int
    algo_status: str
    symbol: str
    client_algo_id: str = ""
    order_type: str = ""
    side: str = ""
    position_side: str = ""
    time_in_force: str = ""
    quantity: str = "0"
    trigger_price: str = "0"
    price: str = "0"
    actual_order_id: str = ""
    close_position: bool = False
    reduce_only: bool = False
    create_time: int = 0
    update_time: int = 0

    def __post_init__(self) -> None:
        require_numbers(self.quantity or "0", self.trigger_price or "0", self.price or "0")


def algo_order_status(algo_status: str) -> str:
    """Return where an order stands whose conditional order says this: what is triggered is no more than new, and what
    is finished ended as its child did.
    """
    return algo_status if algo_status in _ENDED else "NEW"


def map_algo_update(event: AlgoUpdate) -> MappedOrderUpdate:
    """Map an ALGO_UPDATE."""
    algo = event.algo
    return {
        **_nothing_executed(event.transaction_time, source="stream"),
        "symbol": algo.symbol,
        "client_order_id": algo.client_algo_id,
        "order_id": _order_id(algo.order_id),
        "side": algo.side,
        "position_side": algo.position_side,
        "order_type": algo.order_type,
        "time_in_force": algo.time_in_force,
        "order_status": algo_order_status(algo.algo_status),
        "execution_type": algo.algo_status,
        "price": algo.price or "0",
        "stop_price": algo.trigger_price or "0",
        "orig_qty": algo.quantity or "0",
        "reduce_only": algo.reduce_only or algo.close_position,
        "event_time": event.event_time,
        "algo_id": algo.algo_id,
        "algo_status": algo.algo_status,
    }


def map_algo_row(row: AlgoRow) -> MappedOrderUpdate:
    """Map a conditional order as REST lists it."""
    return {
        **_nothing_executed(row.update_time or row.create_time, source="rest"),
        "symbol": row.symbol,
        "client_order_id": row.client_algo_id,
        "order_id": _order_id(row.actual_order_id),
        "side": row.side,
        "position_side": row.position_side,
        "order_type": row.order_type,
        "time_in_force": row.time_in_force,
        "order_status": algo_order_status(row.algo_status),
        "price": row.price or "0",
        "stop_price": row.trigger_price or "0",
        "orig_qty": row.quantity or "0",
        "reduce_only": row.reduce_only or row.close_position,
        "algo_id": row.algo_id,
        "algo_status": row.algo_status,
    }


def _order_id(child: str) -> str:
    return "" if child == "0" else child


def _nothing_executed(time: int, *, source: Source) -> MappedOrderUpdate:
    return {
        "symbol": "",
        "client_order_id": "",
        "order_id": "",
        "side": "",
        "position_side": "",
        "order_type": "",
        "time_in_force": "",
        "order_status": "NEW",
        "execution_type": "",
        "price": "0",
        "stop_price": "0",
        "orig_qty": "0",
        "last_filled_qty": "0",
        "last_filled_price": "0",
        "accumulated_filled_qty": "0",
        "avg_price": "0",
        "commission": "0",
        "commission_asset": "",
        "realized_profit": "0",
        "is_maker": False,
        "reduce_only": False,
        "trade_id": 0,
        "order_trade_time": time,
        "event_time": 0,
        "source": source,
        "delivery_id": 0,
        "redelivered": False,
    }
