"""From Binance's events and REST rows to the updates that an engine is handed. Pure, and blind to history.

A mapping says what one message says. Where the order really stands, whether the fill is new, and the delivery's number
are the ledger's to decide, so a mapping leaves `delivery_id` 0, and a TRADE_LITE's or a trade row's status "".
"""

from __future__ import annotations

from decimal import Decimal

from user_stream.contracts import BalanceChange, MappedAccountUpdate, MappedOrderUpdate, PositionChange
from user_stream.core.events import AccountUpdate, OrderTradeUpdate, TradeLite
from user_stream.core.rest_rows import BalanceRow, OrderRow, PositionRow, TradeRow

__all__ = [
    "ENDED",
    "map_account_snapshot",
    "map_account_update",
    "map_order_row",
    "map_order_status",
    "map_order_update",
    "map_trade_lite",
    "map_trade_row",
]

ENDED = frozenset({"FILLED", "CANCELED", "EXPIRED", "EXPIRED_IN_MATCH", "REJECTED"})
"""Statuses after which an order cannot fill."""

_STATUSES = ENDED | {"NEW", "PARTIALLY_FILLED"}


def map_order_status(status: str, *, cumulative: str = "0", original: str = "0") -> str:
    """Return the status as an engine knows it; one that is unknown here is derived from the quantities.

    NEW_ADL and NEW_INSURANCE, historic or yet unseen statuses, tell nothing by their name that `cumulative` against
    `original` does not tell.
    """
    if status in _STATUSES:
        return status
    filled, quantity = Decimal(cumulative), Decimal(original)
    if filled <= 0:
        return "NEW"
    return "FILLED" if filled >= quantity > 0 else "PARTIALLY_FILLED"


def map_order_update(event: OrderTradeUpdate) -> MappedOrderUpdate:
    """Map an ORDER_TRADE_UPDATE."""
    order = event.order
    return {
        "symbol": order.symbol,
        "client_order_id": order.client_order_id,
        "order_id": str(order.order_id),
        "side": order.side,
        "position_side": order.position_side,
        "order_type": order.order_type,
        "time_in_force": order.time_in_force,
        "order_status": map_order_status(
            order.order_status, cumulative=order.cumulative_filled_quantity, original=order.original_quantity
        ),
        "execution_type": order.execution_type,
        "price": order.price,
        "stop_price": order.stop_price,
        "orig_qty": order.original_quantity,
        "last_filled_qty": order.last_filled_quantity,
        "last_filled_price": order.last_filled_price,
        "accumulated_filled_qty": order.cumulative_filled_quantity,
        "avg_price": order.average_price,
        "commission": order.commission,
        "commission_asset": order.commission_asset,
        "realized_profit": order.realized_profit,
        "is_maker": order.is_maker,
        "reduce_only": order.reduce_only,
        "trade_id": order.trade_id,
        "order_trade_time": order.trade_time or event.transaction_time,
        "event_time": event.event_time,
        "source": "stream",
        "delivery_id": 0,
        "redelivered": False,
    }


def map_trade_lite(event: TradeLite) -> MappedOrderUpdate:
    """Map a TRADE_LITE: a fill whose status, cumulative quantity and average price are left to the ledger."""
    return {
        "symbol": event.symbol,
        "client_order_id": event.client_order_id,
        "order_id": str(event.order_id),
        "side": event.side,
        "position_side": "",
        "order_type": "",
        "time_in_force": "",
        "order_status": "",
        "execution_type": "TRADE",
        "price": event.price,
        "stop_price": "0",
        "orig_qty": event.original_quantity,
        "last_filled_qty": event.last_filled_quantity,
        "last_filled_price": event.last_filled_price,
        "accumulated_filled_qty": "0",
        "avg_price": "0",
        "commission": "0",
        "commission_asset": "",
        "realized_profit": "0",
        "is_maker": event.is_maker,
        "reduce_only": False,
        "trade_id": event.trade_id,
        "order_trade_time": event.transaction_time,
        "event_time": event.event_time,
        "source": "trade_lite",
        "delivery_id": 0,
        "redelivered": False,
    }


def map_order_row(row: OrderRow) -> MappedOrderUpdate:
    """Map an order as REST lists it: where it stands, without any fill."""
    return {
        "symbol": row.symbol,
        "client_order_id": row.client_order_id,
        "order_id": str(row.order_id),
        "side": row.side,
        "position_side": row.position_side,
        "order_type": row.type,
        "time_in_force": row.time_in_force,
        "order_status": map_order_status(row.status, cumulative=row.executed_qty, original=row.orig_qty),
        "execution_type": "",
        "price": row.price,
        "stop_price": row.stop_price,
        "orig_qty": row.orig_qty,
        "last_filled_qty": "0",
        "last_filled_price": "0",
        "accumulated_filled_qty": row.executed_qty,
        "avg_price": row.avg_price,
        "commission": "0",
        "commission_asset": "",
        "realized_profit": "0",
        "is_maker": False,
        "reduce_only": row.reduce_only,
        "trade_id": 0,
        "order_trade_time": row.update_time or row.time,
        "event_time": 0,
        "source": "rest",
        "delivery_id": 0,
        "redelivered": False,
    }


def map_trade_row(row: TradeRow, order: OrderRow) -> MappedOrderUpdate:
    """Map a fill as REST lists it, with what only its order knows; status and cumulative are left to the ledger."""
    return {
        **map_order_row(order),
        "order_status": "",
        "last_filled_qty": row.qty,
        "last_filled_price": row.price,
        "accumulated_filled_qty": "0",
        "avg_price": "0",
        "commission": row.commission,
        "commission_asset": row.commission_asset,
        "realized_profit": row.realized_pnl,
        "is_maker": row.maker,
        "trade_id": row.id,
        "order_trade_time": row.time,
    }


def map_account_update(event: AccountUpdate) -> MappedAccountUpdate:
    """Map an ACCOUNT_UPDATE."""
    account = event.account
    return {
        "reason": account.reason,
        "event_time": event.event_time,
        "transaction_time": event.transaction_time,
        "balances": [
            BalanceChange(
                asset=balance.asset,
                wallet_balance=balance.wallet_balance,
                cross_wallet_balance=balance.cross_wallet_balance,
                balance_change=balance.balance_change,
            )
            for balance in account.balances
        ],
        "positions": [
            PositionChange(
                symbol=position.symbol,
                position_side=position.position_side,
                position_amount=position.position_amount,
                entry_price=position.entry_price,
                break_even_price=position.break_even_price,
                accumulated_realized=position.accumulated_realized,
                unrealized_pnl=position.unrealized_pnl,
                margin_type=position.margin_type,
                isolated_wallet=position.isolated_wallet,
            )
            for position in account.positions
        ],
    }


def map_account_snapshot(balances: list[BalanceRow], positions: list[PositionRow]) -> MappedAccountUpdate:
    """Map what REST says of balances and positions, as one patch with the reason "SNAPSHOT".

    positionRisk knows neither the margin type nor the lifetime profit; they are "", which replaces nothing.
    """
    return {
        "reason": "SNAPSHOT",
        "event_time": 0,
        "transaction_time": max(
            [row.update_time for row in balances] + [row.update_time for row in positions], default=0
        ),
        "balances": [
            BalanceChange(
                asset=row.asset,
                wallet_balance=row.balance,
                cross_wallet_balance=row.cross_wallet_balance,
                balance_change="0",
            )
            for row in balances
        ],
        "positions": [
            PositionChange(
                symbol=row.symbol,
                position_side=row.position_side,
                position_amount=row.position_amt,
                entry_price=row.entry_price,
                break_even_price=row.break_even_price,
                accumulated_realized="",
                unrealized_pnl=row.un_realized_profit,
                margin_type="",
                isolated_wallet=row.isolated_wallet,
            )
            for row in positions
        ],
    }
