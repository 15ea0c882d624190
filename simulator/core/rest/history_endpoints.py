"""The endpoints that explain an account's past: income, margin that was moved, orders that the exchange itself placed.

Income reaches back 3 months. Without times it covers the last 7 days and shows the newest rows; with a start, or with
`page`, the oldest first.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from simulator.core.accounts.account import MarginMove
from simulator.core.accounts.income import INCOME_TYPES, Income, income_row, incomes_of
from simulator.core.amounts import eight
from simulator.core.rest.order_bodies import listed_order
from simulator.core.rest.params import Params, optional_integer
from simulator.core.rest.retention import DAY_MS, WINDOW_MS, Page
from simulator.core.rest.venue_error import START_AFTER_END, invalid_parameter, refusal
from simulator.core.risk.forced import closing_kind
from simulator.core.trading.orders import Order
from simulator.core.trading.validation import known_symbol
from simulator.core.venue import Answer, Call, Route, Venue

__all__ = ["ROUTES"]

_INCOME_MS: Final = 90 * DAY_MS
_FORCED_MS: Final = 90 * DAY_MS
_MOST_INCOME: Final = 1000
_MOST_FORCED: Final = 100
_MOST_MOVES: Final = 500
_FORCED_KINDS: Final = frozenset({"LIQUIDATION", "ADL"})
_NOT_OF_FORCED: Final = ("goodTillDate", "selfTradePreventionMode", "priceMatch", "priceProtect")


def income(venue: Venue, call: Call) -> Answer:
    """GET /fapi/v1/income."""
    params, account = call.params, venue.account(call)
    symbol = known_symbol(params, venue.exchange.symbols).symbol if params.get("symbol") else None
    kind = params.get("incomeType") or None
    if kind is not None and kind not in INCOME_TYPES:
        raise invalid_parameter("incomeType")
    since_ms = max(call.now_ms - _INCOME_MS, optional_integer(params, "startTime") or 0)
    rows = [
        row
        for row in incomes_of(account, since_ms)
        if (symbol is None or row.symbol == symbol) and (kind is None or row.kind == kind)
    ]
    return Answer([income_row(row) for row in _income_page(rows, params, call.now_ms)])


def force_orders(venue: Venue, call: Call) -> Answer:
    """GET /fapi/v1/forceOrders: liquidations and ADL, of one symbol or of all."""
    params, symbols = call.params, venue.exchange.symbols
    symbol = known_symbol(params, symbols).symbol if params.get("symbol") else None
    kind = params.get("autoCloseType") or None
    if kind not in {None, *_FORCED_KINDS}:
        raise invalid_parameter("autoCloseType")
    chosen = [
        order
        for order in venue.account(call).orders.values()
        if symbol in {None, order.symbol} and call.now_ms - order.time_ms <= _FORCED_MS and _is_wanted(order, kind)
    ]
    page = _window(params, call.now_ms, 50, _MOST_FORCED)
    rows = page.select(chosen, lambda order: order.order_id, lambda order: order.time_ms)
    return Answer([_forced_row(listed_order(order, symbols[order.symbol])) for order in rows])


def isolated_margin_history(venue: Venue, call: Call) -> Answer:
    """GET /fapi/v1/positionMargin/history."""
    params = call.params
    symbol, direction = known_symbol(params, venue.exchange.symbols).symbol, optional_integer(params, "type")
    if direction not in {None, 1, 2}:
        raise invalid_parameter("type")
    moves = [
        move
        for move in venue.account(call).margin_moves
        if move.symbol == symbol and direction in {None, 1 if move.amount > 0 else 2}
    ]
    page = _window(params, call.now_ms, _MOST_MOVES, _MOST_MOVES)
    return Answer([_move_row(move) for move in page.select(moves, lambda _: 0, lambda move: move.time_ms)])


def _income_page(rows: list[Income], params: Params, now_ms: int) -> list[Income]:
    page = _window(params, now_ms, 100, _MOST_INCOME)
    number = optional_integer(params, "page")
    if number is None:
        return page.select(rows, lambda _: 0, lambda row: row.time_ms)
    inside = [row for row in rows if page.start_ms <= row.time_ms <= page.end_ms]
    if number < 1:
        raise invalid_parameter("page")
    first = (number - 1) * page.limit
    return inside[first : first + page.limit]


def _window(params: Params, now_ms: int, rows: int, most_rows: int) -> Page:
    start, end = optional_integer(params, "startTime"), optional_integer(params, "endTime")
    if start is not None and end is not None and start > end:
        raise refusal(START_AFTER_END)
    limit = max(1, min(optional_integer(params, "limit") or rows, most_rows))
    last = now_ms if end is None else end
    return Page(last - WINDOW_MS if start is None else start, last, 0, limit, from_oldest=start is not None)


def _is_wanted(order: Order, kind: str | None) -> bool:
    forced = closing_kind(order.client_order_id)
    return forced in _FORCED_KINDS and kind in {None, forced}


def _move_row(move: MarginMove) -> dict[str, Any]:
    return {
        "symbol": move.symbol,
        "type": 1 if move.amount > 0 else 2,
        "deltaType": "USER_ADJUST",
        "amount": eight(abs(move.amount)),
        "asset": move.asset,
        "time": move.time_ms,
        "positionSide": move.position_side,
    }


def _forced_row(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in _NOT_OF_FORCED}


ROUTES: Final[Mapping[tuple[str, str], Route]] = {
    ("GET", "/fapi/v1/income"): Route(income, "signed", 30, reads="orders"),
    ("GET", "/fapi/v1/positionMargin/history"): Route(isolated_margin_history, "signed", reads="orders"),
    ("GET", "/fapi/v1/forceOrders"): Route(force_orders, "signed", 20, 50, reads="orders"),
}
