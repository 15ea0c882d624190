"""Facts about conditional orders, written short, as `order_facts` does for ordinary ones."""

from __future__ import annotations

from user_stream.contracts import MappedOrderUpdate
from user_stream.core.algo_rows import AlgoRow, map_algo_row, map_algo_update
from user_stream.core.events import AlgoReport, AlgoUpdate

ALGO = 1000000033225453


def told_by_algo(
    status: str,
    child: str = "",
    *,
    algo_id: int = ALGO,
    name: str = "stop",
    kind: str = "STOP",
    side: str = "BUY",
    position_side: str = "BOTH",
    quantity: str = "10",
    executed: str = "",
    at: int = 1_000,
) -> MappedOrderUpdate:
    """Return an ALGO_UPDATE as `ConditionalOrders` gets it; `child` is the order id that it names."""
    return map_algo_update(
        AlgoUpdate(
            event_time=at + 1,
            transaction_time=at,
            algo=AlgoReport(
                algo_id=algo_id,
                algo_status=status,
                client_algo_id=name,
                order_type=kind,
                symbol="BTCUSDT",
                side=side,
                position_side=position_side,
                time_in_force="GTC",
                quantity=quantity,
                order_id=child,
                executed_quantity=executed,
                trigger_price="90",
                price="100",
                close_position=quantity == "0",
            ),
        )
    )


def told_by_algo_row(status: str, child: str = "", *, algo_id: int = ALGO, at: int = 1_000) -> MappedOrderUpdate:
    """Return a row of openAlgoOrders or algoOrder as `ConditionalOrders` gets it."""
    return map_algo_row(
        AlgoRow(
            algo_id=algo_id,
            algo_status=status,
            symbol="BTCUSDT",
            client_algo_id="stop",
            order_type="STOP",
            side="BUY",
            position_side="BOTH",
            time_in_force="GTC",
            quantity="10",
            trigger_price="90",
            price="100",
            actual_order_id=child,
            create_time=at,
            update_time=at,
        )
    )
