"""The endpoints that explain an account's past: income, and orders that the exchange itself placed.

Income reaches back 3 months. Without times it covers the last 7 days and shows the newest rows; with a start, or with
`page`, the oldest first.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from simulator.core.forced import closing_kind
from simulator.core.income import Income, income_row, incomes_of_fill
from simulator.core.order_bodies import listed_order
from simulator.core.orders import Order
from simulator.core.params import Params, optional_integer
from simulator.core.retention import DAY_MS, WINDOW_MS, Page
from simulator.core.validation import known_symbol
from simulator.core.venue import Answer, Call, Route, Venue

__all__ = ["ROUTES"]

_INCOME_MS: Final = 90 * DAY_MS
_FORCED_MS: Final = 90 * DAY_MS
_MOST_INCOME: Final = 1000
_MOST_FORCED: Final = 100
_NOT_OF_FORCED: Final = ("goodTillDate", "selfTradePreventionMode", "priceMatch", "priceProtect")


def income(venue: Venue, call: Call) -> Answer:
    """GET /fapi/v1/income."""
    params, account = call.params, venue.account(call)
    of_trades = (row for fills in account.fills.values() for fill in fills for row in incomes_of_fill(fill))
    kept = sorted(
        (row for row in (*account.incomes, *of_trades) if call.now_ms - row.time_ms <= _INCOME_MS),
        key=lambda row: row.time_ms,
    )
    wanted = [
        row
        for row in kept
        if params.get("symbol", row.symbol) == row.symbol and params.get("incomeType", row.kind) == row.kind
    ]
    return Answer([income_row(row) for row in _income_page(wanted, params, call.now_ms)])


def force_orders(venue: Venue, call: Call) -> Answer:
    """GET /fapi/v1/forceOrders: liquidations and ADL, of one symbol or of all."""
    params, symbols = call.params, venue.exchange.symbols
    symbol = known_symbol(params, symbols).symbol if params.get("symbol") else None
    chosen = [
        order
        for order in venue.account(call).orders.values()
        if symbol in {None, order.symbol}
        and call.now_ms - order.time_ms <= _FORCED_MS
        and _is_wanted(order, params.get("autoCloseType"))
    ]
    page = _window(params, call.now_ms, 50, _MOST_FORCED)
    rows = page.select(chosen, lambda order: order.order_id, lambda order: order.time_ms)
    return Answer([_forced_row(listed_order(order, symbols[order.symbol])) for order in rows])


def _income_page(rows: list[Income], params: Params, now_ms: int) -> list[Income]:
    page = _window(params, now_ms, 100, _MOST_INCOME)
    number = optional_integer(params, "page")
    if number is None:
        return page.select(rows, lambda _: 0, lambda row: row.time_ms)
    inside = [row for row in rows if page.start_ms <= row.time_ms <= page.end_ms]
    first = (max(1, number) - 1) * page.limit
    return inside[first : first + page.limit]


def _window(params: Params, now_ms: int, rows: int, most_rows: int) -> Page:
    start, end = optional_integer(params, "startTime"), optional_integer(params, "endTime")
    limit = max(1, min(optional_integer(params, "limit") or rows, most_rows))
    last = now_ms if end is None else end
    return Page(last - WINDOW_MS if start is None else start, last, 0, limit, from_oldest=start is not None)


def _is_wanted(order: Order, kind: str | None) -> bool:
    forced = closing_kind(order.client_order_id)
    return forced in {"LIQUIDATION", "ADL"} and kind in {None, forced}


def _forced_row(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in _NOT_OF_FORCED}


ROUTES: Final[Mapping[tuple[str, str], Route]] = {
    ("GET", "/fapi/v1/income"): Route(income, "signed", 30, reads="orders"),
    ("GET", "/fapi/v1/forceOrders"): Route(force_orders, "signed", 20, 50, reads="orders"),
}
