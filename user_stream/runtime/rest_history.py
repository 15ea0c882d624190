"""Histories that the exchange answers in pieces: orders, trades, income.

A question may span 7 days, an answer holds 1,000 rows, and what is older than the exchange keeps is not asked for. A
row that cannot be read is left out of what is returned, but still counts when it is asked whether an answer was full.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, TypeVar

from user_stream.core.rest_rows import IncomeRow, OrderRow, TradeRow
from user_stream.core.retention import earliest_order, earliest_trade
from user_stream.runtime.answers import read_answer, read_rows
from user_stream.runtime.signed_http import SignedHttp

__all__ = ["income_since", "orders_since", "trades_of_order", "trades_since"]

Timed = TypeVar("Timed", OrderRow, TradeRow, IncomeRow)

_PAGE = 1000
_WINDOW_MS = 7 * 86_400_000 - 1
"""allOrders answers for less than 7 days at a time, the others for 7."""
_USER_TRADES = "/fapi/v1/userTrades"


class _Page(NamedTuple):
    """One answer. `full`: there may be more."""

    rows: list[Any]
    full: bool


async def orders_since(http: SignedHttp, since: int, *, until: int, symbol: str = "") -> list[OrderRow]:
    """Return the orders made from `since` to `until` (exchange ms), of one symbol or of all."""
    params = {"symbol": symbol} if symbol else {}
    start = earliest_order(since, http.exchange_time_ms())
    rows = await _walk(http, "/fapi/v1/allOrders", params, OrderRow, since=start, until=until)
    return list({(row.symbol, row.order_id): row for row in rows}.values())


async def trades_of_order(http: SignedHttp, row: OrderRow) -> list[TradeRow]:
    """Return all trades of an order that are kept, by trade id; it is walked from its own time."""
    params = {"symbol": row.symbol, "orderId": str(row.order_id)}
    now = http.exchange_time_ms()
    until = max(now, row.update_time)
    start = earliest_trade(row.time or until - _WINDOW_MS, now)
    return _by_id(await _walk(http, _USER_TRADES, params, TradeRow, since=start, until=until))


async def trades_since(http: SignedHttp, symbol: str, since: int, *, until: int) -> list[TradeRow]:
    """Return a symbol's trades made from `since` to `until` (exchange ms), and maybe later ones, by trade id.

    Windows of time find the first trade, and from there on ids lead: each page begins with the id that the one before
    ended with, which proves that none lies between them. Where it does not, windows go on.
    """
    rows: list[TradeRow] = []
    start = earliest_trade(since, http.exchange_time_ms())
    while start <= until:
        end = min(start + _WINDOW_MS, until)
        page, full = await _ask(http, _USER_TRADES, {"symbol": symbol, "startTime": start, "endTime": end}, TradeRow)
        rows += page
        if page and (full or end < until):
            following, complete = await _follow_ids(http, symbol, page[-1].id)
            rows += following
            if complete:
                break
        start = max(page[-1].time, start + 1) if page and full else end + 1
    return _by_id(rows)


async def _follow_ids(http: SignedHttp, symbol: str, trade_id: int) -> tuple[list[TradeRow], bool]:
    """Follow the ids from one that is known, and say whether that led to the end."""
    rows: list[TradeRow] = []
    while True:
        page, full = await _ask(http, _USER_TRADES, {"symbol": symbol, "fromId": trade_id}, TradeRow)
        if not page or page[0].id != trade_id:
            return rows, False
        rows += page
        if not full:
            return rows, True
        if page[-1].id == trade_id:
            return rows, False
        trade_id = page[-1].id


async def income_since(http: SignedHttp, since: int, *, until: int) -> list[IncomeRow]:
    """Return what was booked from `since` to `until` (exchange ms), of all symbols."""
    rows: dict[IncomeRow, None] = {}
    start = earliest_trade(since, http.exchange_time_ms())
    while start <= until:
        end = min(start + _WINDOW_MS, until)
        number, more = 1, True
        while more:
            window = {"startTime": start, "endTime": end, "page": number}
            page, full = await _ask(http, "/fapi/v1/income", window, IncomeRow)
            known = len(rows)
            rows.update(dict.fromkeys(page))
            more = full and len(rows) > known  # an exchange without pages says the same again
            number += 1
        start = end + 1
    return list(rows)


async def _walk(
    http: SignedHttp, path: str, params: Mapping[str, str], kind: type[Timed], *, since: int, until: int
) -> list[Timed]:
    """Read a history by time, window by window and page by page; rows may repeat."""
    rows: list[Timed] = []
    start = since
    while start <= until:
        end = min(start + _WINDOW_MS, until)
        page, full = await _ask(http, path, {**params, "startTime": start, "endTime": end}, kind)
        rows += page
        # a full page may end in the middle of a millisecond: that millisecond is read again
        start = max(page[-1].time, start + 1) if page and full else end + 1
    return rows


async def _ask(http: SignedHttp, path: str, params: Mapping[str, str | int], kind: type[Timed]) -> _Page:
    body = await http.request("GET", path, {**params, "limit": _PAGE}, security="USER_DATA")
    return _Page(read_rows(body, kind), full=len(read_answer(body, list[Any])) >= _PAGE)


def _by_id(rows: Iterable[TradeRow]) -> list[TradeRow]:
    trades = {trade.id: trade for trade in rows}
    return [trades[trade_id] for trade_id in sorted(trades)]
