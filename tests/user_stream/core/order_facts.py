"""Facts about orders, written short: what the stream and REST say of one, with everything that a test does not care of
filled in.
"""

from __future__ import annotations

from decimal import Decimal

from user_stream.contracts import MappedOrderUpdate, OrderIntent
from user_stream.core.events import OrderReport, OrderTradeUpdate, TradeLite
from user_stream.core.mapping import map_order_update, map_trade_lite
from user_stream.core.order_record import OrderKey
from user_stream.core.rest_rows import OrderRow, TradeRow

SYMBOL = "BTCUSDT"
KEY: OrderKey = (SYMBOL, "7")


def told_by_stream(
    status: str,
    *,
    execution: str = "",
    order_id: int = 7,
    client_order_id: str = "mine",
    trade: int = 0,
    last: str = "0",
    cumulative: str = "0",
    quantity: str = "10",
    price: str = "100",
    limit: str = "100",
    average: str = "100",
    at: int = 1_000,
    commission: str = "0",
    profit: str = "0",
) -> MappedOrderUpdate:
    """Return an ORDER_TRADE_UPDATE as the ledger gets it. `execution` follows from the rest unless it is given."""
    return map_order_update(
        OrderTradeUpdate(
            event_time=at + 1,
            transaction_time=at,
            order=OrderReport(
                symbol=SYMBOL,
                order_id=order_id,
                client_order_id=client_order_id,
                order_status=status,
                execution_type=execution or ("TRADE" if last != "0" else status),
                side="BUY",
                position_side="BOTH",
                order_type="LIMIT",
                time_in_force="GTC",
                original_quantity=quantity,
                price=limit,
                last_filled_quantity=last,
                last_filled_price=price if last != "0" else "0",
                cumulative_filled_quantity=cumulative,
                average_price=average if cumulative != "0" else "0",
                trade_id=trade,
                trade_time=at,
                commission=commission,
                commission_asset="USDT",
                realized_profit=profit,
            ),
        )
    )


def told_by_lite(
    trade: int,
    last: str,
    *,
    order_id: int = 7,
    client_order_id: str = "mine",
    quantity: str = "10",
    price: str = "100",
    at: int = 1_000,
) -> MappedOrderUpdate:
    """Return a TRADE_LITE as the ledger gets it."""
    return map_trade_lite(
        TradeLite(
            symbol=SYMBOL,
            order_id=order_id,
            client_order_id=client_order_id,
            side="BUY",
            original_quantity=quantity,
            price="100",
            last_filled_quantity=last,
            last_filled_price=price,
            trade_id=trade,
            transaction_time=at,
            event_time=at,
        )
    )


def order_row(
    status: str,
    *,
    executed: str = "0",
    order_id: int = 7,
    client_order_id: str = "mine",
    quantity: str = "10",
    average: str = "100",
    made_at: int = 1_000,
    at: int = 0,
) -> OrderRow:
    """Return an order as REST lists it; last moved `at`, which is when it was made unless said otherwise."""
    return OrderRow(
        symbol=SYMBOL,
        order_id=order_id,
        client_order_id=client_order_id,
        status=status,
        side="BUY",
        position_side="BOTH",
        type="LIMIT",
        time_in_force="GTC",
        price="100",
        orig_qty=quantity,
        executed_qty=executed,
        avg_price=average if executed != "0" else "0",
        time=made_at,
        update_time=at or made_at,
    )


def trade_row(trade: int, quantity: str, *, order_id: int = 7, price: str = "100", at: int = 1_000) -> TradeRow:
    """Return a fill as REST lists it."""
    return TradeRow(
        symbol=SYMBOL,
        id=trade,
        order_id=order_id,
        side="BUY",
        position_side="BOTH",
        price=price,
        qty=quantity,
        commission="0.01",
        commission_asset="USDT",
        realized_pnl="1",
        time=at,
    )


def intent(client_order_id: str = "mine", *, quantity: str = "10", sent_at_ms: int = 900) -> OrderIntent:
    """Return the intent of the order that the facts above are about."""
    return OrderIntent(
        client_order_id=client_order_id,
        symbol=SYMBOL,
        side="BUY",
        order_type="LIMIT",
        quantity=quantity,
        price="100",
        time_in_force="GTC",
        sent_at_ms=sent_at_ms,
    )


def total(quantities: list[str]) -> Decimal:
    """Add up decimal strings."""
    return sum(map(Decimal, quantities), Decimal(0))
