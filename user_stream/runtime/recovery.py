"""The questions that a recovery asks over REST, in their order; what the answers mean is `core/reconcile`'s to say."""

from __future__ import annotations

import logging
from collections.abc import Awaitable

from user_stream.core.ledger import Ledger
from user_stream.core.order_record import OrderKey
from user_stream.core.positions import PositionBook, PositionKey
from user_stream.core.reconcile import (
    OrderSnapshot,
    Touched,
    key_of,
    orders_to_query,
    trades_to_fetch,
    unlisted_positions,
)
from user_stream.core.rest_rows import BalanceRow, OrderRow, PositionRow, TradeRow
from user_stream.errors import RequestRejectedError
from user_stream.runtime.binance_rest import BinanceRest

__all__ = ["read_account", "read_order", "read_orders"]

_log = logging.getLogger("user_stream")


async def read_orders(rest: BinanceRest, ledger: Ledger, *, floor: int, since: int, until: int) -> OrderSnapshot:
    """Read every order that is open, that we hold open, that we sent and heard nothing of, or made since `since`.

    `floor`: orders made before it, and never met, start from a baseline. All in exchange ms.
    """
    snapshot = OrderSnapshot(floor)
    snapshot.add(await rest.open_orders())
    snapshot.add(await _orders_since(rest, ledger, since=since, until=until))
    for symbol, order_id in orders_to_query(ledger, snapshot.rows):
        snapshot.add(await _answer(rest.order(symbol, order_id)))
    for intent in ledger.intents:
        if not any(row.client_order_id == intent.client_order_id for row in snapshot.rows.values()):
            snapshot.add(await _answer(rest.order_by_client_id(intent.symbol, intent.client_order_id)))
    for row in trades_to_fetch(ledger, snapshot):
        snapshot.trades[key_of(row)] = await rest.trades_of_order(row)
    return snapshot


async def _answer(question: Awaitable[OrderRow | None]) -> list[OrderRow]:
    """Return the order that was asked for, if any. A question that is refused must not keep all others unanswered."""
    try:
        row = await question
    except RequestRejectedError as refusal:
        _log.warning("the question for one order was refused: %s", refusal)
        return []
    return [] if row is None else [row]


async def _orders_since(rest: BinanceRest, ledger: Ledger, *, since: int, until: int) -> list[OrderRow]:
    """Sweep all symbols; an exchange that still wants a symbol (before 2026-08-25) is asked for those that we know."""
    try:
        return await rest.orders_since(since, until=until)
    except RequestRejectedError as refusal:
        if refusal.code != -1102:
            raise
    symbols = {symbol for symbol, _ in ledger.open_orders} | {intent.symbol for intent in ledger.intents}
    rows: list[OrderRow] = []
    for symbol in sorted(symbols):
        rows += await rest.orders_since(since, until=until, symbol=symbol)
    return rows


async def read_order(rest: BinanceRest, key: OrderKey) -> tuple[OrderRow, list[TradeRow]] | None:
    """Read one order with all its trades; None while the exchange does not find it."""
    row = await rest.order(*key)
    return None if row is None else (row, await rest.trades_of_order(row))


async def read_account(
    rest: BinanceRest, book: PositionBook, touched: Touched
) -> tuple[list[BalanceRow], list[PositionRow], list[PositionKey]]:
    """Read balances and positions, and which positions are gone although we hold them."""
    positions = await rest.positions()
    unlisted = unlisted_positions(book, positions, touched)
    for symbol in sorted({symbol for symbol, _ in unlisted}):
        known = {(row.symbol, row.position_side) for row in positions}
        positions += [row for row in await rest.positions(symbol) if (row.symbol, row.position_side) not in known]
    gone = unlisted_positions(book, positions, touched)
    return await rest.balances(), positions, gone
