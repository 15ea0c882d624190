"""The questions that a recovery asks over REST, in their order; what the answers mean is `core/reconcile`'s to say.

A pass costs 40 for all open orders, 5 for all orders made since, 30 for the income, 5 for the positions' times, 5 for
each symbol that may have traded, 1 for each order and 5 for each older order's trades, of request weight. Open
conditional orders are in a book of their own (`runtime/algo_rest`), and are read beside this.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Iterable
from typing import Literal, NamedTuple, TypeVar

from user_stream.core.absence import Absences, inferred_end
from user_stream.core.ledger import Ledger
from user_stream.core.order_record import OrderKey
from user_stream.core.reconcile import (
    OrderSnapshot,
    key_of,
    orders_to_query,
    symbols_to_sweep,
    trades_to_fetch,
    unnamed_orders,
)
from user_stream.core.rest_rows import IncomeRow, OrderRow, PositionRow, TradeRow
from user_stream.errors import RequestRejectedError
from user_stream.runtime.binance_rest import BinanceRest

__all__ = ["read_order", "read_orders"]

_log = logging.getLogger("user_stream")

Found = TypeVar("Found")

_INCOME_ROUNDING_MS = 1000
"""Income may be booked at the beginning of the second of its trade."""
_NO_SUCH_SYMBOL = frozenset({-1121, -1122, -4140, -4141})


async def read_orders(
    rest: BinanceRest,
    ledger: Ledger,
    *,
    floor: int,
    since: int,
    until: int,
    held: Iterable[str] = (),
    lag_ms: int = 40_000,
    absences: Absences | None = None,
) -> OrderSnapshot:
    """Read every order that is open, that we hold open, that we sent and heard nothing of, or that moved since `since`.

    `floor`: orders made before it, and never met, start from a baseline. `held`: the symbols of positions that we hold.
    `lag_ms`: by how much REST may lag: a trade whose order cannot be found is nameless only when it is older.
    `absences`: what earlier passes did not find; without it, no order ends by its absence. Times are exchange ms.
    """
    snapshot = OrderSnapshot(floor, swept_since=since)
    held_open = ledger.open_orders
    snapshot.add(await rest.open_orders(), "openOrders")
    if absences is not None:
        absences.observe(held_open, snapshot.rows.keys(), at=rest.exchange_time_ms())
    traces = await _read_traces(rest, since=since, until=until)
    known_symbols = symbols_to_sweep(ledger, snapshot, *traces, held=held)
    snapshot.add(await _orders_since(rest, known_symbols, since=since, until=until), "allOrders")
    asked = {key: await _find(rest, snapshot, key) for key in orders_to_query(ledger, snapshot.rows)}
    await _read_intents(rest, ledger, snapshot)
    if since < until:
        await _sweep(rest, snapshot, symbols_to_sweep(ledger, snapshot, *traces, held=held), until=until)
    for key in unnamed_orders(ledger, snapshot):
        if key in asked or await _find(rest, snapshot, key) != "found":
            snapshot.nameless += [trade for trade in snapshot.swept[key] if trade.time < until - lag_ms]
    for row in trades_to_fetch(ledger, snapshot):
        whole = snapshot.whole_list(row)
        snapshot.trades[key_of(row)] = (
            await _of_symbol(rest.trades_of_order(row), row.symbol) if whole is None else whole
        )
    if absences is not None:
        missing = [key for key, answer in asked.items() if answer == "missing"]
        _end_absent_orders(ledger, snapshot, absences, missing, now=until, lag_ms=lag_ms)
    return snapshot


class _Traces(NamedTuple):
    """What an account shows of trades on symbols that nobody named."""

    income: list[IncomeRow]
    positions: list[PositionRow]


async def _read_traces(rest: BinanceRest, *, since: int, until: int) -> _Traces:
    if since >= until:
        return _Traces([], [])
    income = await _answer(rest.income_since(since - _INCOME_ROUNDING_MS, until=until), "the account's income")
    positions = await _answer(rest.positions(), "the positions' times")
    return _Traces(income or [], positions or [])


async def _answer(question: Awaitable[Found], what: str) -> Found | None:
    """Return an answer, None for a refusal: one question that is refused must not keep all others unanswered."""
    try:
        return await question
    except RequestRejectedError as refusal:
        _log.warning(
            "the question for %s was refused: %s",
            what,
            refusal,
            extra={"event": "question_refused", "code": refusal.code},
        )
        return None


async def _orders_since(rest: BinanceRest, symbols: Iterable[str], *, since: int, until: int) -> list[OrderRow]:
    """Sweep all symbols; an exchange that still wants a symbol (before 2026-08-25) is asked for those that we know."""
    try:
        return await rest.orders_since(since, until=until)
    except RequestRejectedError as refusal:
        if refusal.code != -1102:
            raise
    rows: list[OrderRow] = []
    for symbol in symbols:
        rows += await _of_symbol(rest.orders_since(since, until=until, symbol=symbol), symbol)
    return rows


async def _find(rest: BinanceRest, snapshot: OrderSnapshot, key: OrderKey) -> Literal["found", "missing", "refused"]:
    """Ask for one order. It is missing only if the exchange says that there is none: a refusal says nothing."""
    symbol, order_id = key
    try:
        row = await rest.order(symbol, order_id)
    except RequestRejectedError as refusal:
        _log.warning(
            "the question for order %s of %s was refused: %s",
            order_id,
            symbol,
            refusal,
            extra={"event": "question_refused", "symbol": symbol, "order_id": order_id, "code": refusal.code},
        )
        return "refused"
    if row is None:
        return "missing"
    snapshot.add([row], "order")
    return "found"


async def _read_intents(rest: BinanceRest, ledger: Ledger, snapshot: OrderSnapshot) -> None:
    """Ask for what we sent and heard nothing of; conditional orders are asked for in their own book."""
    named = {row.client_order_id for row in snapshot.rows.values()}
    for intent in ledger.intents:
        if intent.client_order_id not in named and not intent.algo:
            question = rest.order_by_client_id(intent.symbol, intent.client_order_id)
            if (row := await _answer(question, f"order {intent.client_order_id}")) is not None:
                snapshot.add([row], "order")


async def _sweep(rest: BinanceRest, snapshot: OrderSnapshot, symbols: Iterable[str], *, until: int) -> None:
    for symbol in symbols:
        snapshot.sweep(await _of_symbol(rest.trades_since(symbol, snapshot.swept_since, until=until), symbol))


async def _of_symbol(question: Awaitable[list[Found]], symbol: str) -> list[Found]:
    """Return what a symbol has, which is nothing if the exchange does not have the symbol (any more)."""
    try:
        return await question
    except RequestRejectedError as refusal:
        if refusal.code not in _NO_SUCH_SYMBOL:
            raise
        _log.warning(
            "the history of %s was refused: %s",
            symbol,
            refusal,
            extra={"event": "question_refused", "symbol": symbol, "code": refusal.code},
        )
        return []


def _end_absent_orders(
    ledger: Ledger, snapshot: OrderSnapshot, absences: Absences, missing: Iterable[OrderKey], *, now: int, lag_ms: int
) -> None:
    """Rule 17: an order that is missing everywhere, for longer than anything is kept, has ended."""
    for key in missing:
        record = ledger.order(key)
        if record is not None and key not in snapshot.swept and absences.is_over(record, now=now, lag_ms=lag_ms):
            snapshot.add([inferred_end(record)], "absence")


async def read_order(rest: BinanceRest, key: OrderKey) -> tuple[OrderRow, list[TradeRow]] | None:
    """Read one order with all its trades; None while the exchange does not find it."""
    row = await rest.order(*key)
    return None if row is None else (row, await rest.trades_of_order(row))
