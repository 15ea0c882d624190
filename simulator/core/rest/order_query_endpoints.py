"""The endpoints that show orders, trades and amendments. What they still show, and in which pages, `retention` says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from simulator.core.amounts import padded
from simulator.core.domain import SymbolSpec
from simulator.core.rest import venue_error
from simulator.core.rest.order_bodies import listed_order, queried_order, trade
from simulator.core.rest.params import optional_integer
from simulator.core.rest.retention import is_order_kept, is_trade_kept, is_within_history, read_page
from simulator.core.rest.trading_endpoints import named_order
from simulator.core.rest.venue_error import refusal
from simulator.core.trading.amendments import Amendment
from simulator.core.trading.orders import Fill, Order
from simulator.core.trading.validation import known_symbol
from simulator.core.venue import Answer, Call, Route, Venue

__all__ = ["ROUTES"]


def query_order(venue: Venue, call: Call) -> Answer:
    """GET /fapi/v1/order."""
    spec = known_symbol(call.params, venue.exchange.symbols)
    order = named_order(venue, call, spec)
    if order is None or not is_order_kept(order, call.now_ms):
        raise refusal(venue_error.NO_SUCH_ORDER)
    return Answer(queried_order(order, spec))


def open_order(venue: Venue, call: Call) -> Answer:
    """GET /fapi/v1/openOrder."""
    spec = known_symbol(call.params, venue.exchange.symbols)
    order = named_order(venue, call, spec)
    if order is None or not order.is_open:
        raise refusal(venue_error.NO_SUCH_ORDER)
    return Answer(queried_order(order, spec))


def open_orders(venue: Venue, call: Call) -> Answer:
    """GET /fapi/v1/openOrders, of one symbol or of all."""
    symbols = venue.exchange.symbols
    account = venue.account(call)
    if call.params.get("symbol"):
        chosen = account.open_orders.get(known_symbol(call.params, symbols).symbol, {}).values()
        return Answer([queried_order(order, symbols[order.symbol]) for order in chosen])
    every = sorted(
        (order for orders in account.open_orders.values() for order in orders.values()), key=lambda o: o.order_id
    )
    return Answer([queried_order(order, symbols[order.symbol]) for order in every])


def all_orders(venue: Venue, call: Call) -> Answer:
    """GET /fapi/v1/allOrders, of one symbol or of all."""
    symbols = venue.exchange.symbols
    symbol = known_symbol(call.params, symbols).symbol if call.params.get("symbol") else None
    page = read_page(call.params, "orderId", call.now_ms)
    in_time = page.window(list(venue.account(call).orders.values()), _placed_ms)
    kept = (order for order in in_time if symbol in {None, order.symbol} and is_order_kept(order, call.now_ms))
    chosen = page.select(kept, lambda order: order.order_id, _placed_ms)
    return Answer([listed_order(order, symbols[order.symbol]) for order in chosen])


def user_trades(venue: Venue, call: Call) -> Answer:
    """GET /fapi/v1/userTrades."""
    spec = known_symbol(call.params, venue.exchange.symbols)
    order_id = optional_integer(call.params, "orderId")
    page = read_page(call.params, "fromId", call.now_ms)
    in_time = page.window(venue.account(call).fills.get(spec.symbol, ()), _filled_ms)
    kept = (fill for fill in in_time if order_id in {None, fill.order_id} and is_trade_kept(fill, call.now_ms))
    chosen = page.select(kept, lambda fill: fill.trade_id, _filled_ms)
    return Answer([trade(fill, spec) for fill in chosen])


def order_amendments(venue: Venue, call: Call) -> Answer:
    """GET /fapi/v1/orderAmendment: what was changed of one order, oldest first."""
    spec = known_symbol(call.params, venue.exchange.symbols)
    order = named_order(venue, call, spec)
    if order is None:
        return Answer([])
    page = read_page(call.params, "amendmentId", call.now_ms, rows=50, most_rows=100)
    kept = (
        amendment
        for amendment in venue.exchange.amendments.of_order(order)
        if is_within_history(amendment.time_ms, call.now_ms) and amendment.time_ms <= (call.as_of_ms or call.now_ms)
    )
    chosen = page.select(kept, lambda amendment: amendment.amendment_id, lambda amendment: amendment.time_ms)
    return Answer([_amendment_row(amendment, spec) for amendment in chosen])


def order_limits(venue: Venue, _call: Call) -> Answer:
    """GET /fapi/v1/rateLimit/order: how many orders the account may send."""
    limits = venue.counters.limits
    return Answer([_limit_row("SECOND", 10, limits.orders_10s), _limit_row("MINUTE", 1, limits.orders_1m)])


def _amendment_row(amendment: Amendment, spec: SymbolSpec) -> dict[str, Any]:
    before, after = amendment.before, amendment.after
    change: dict[str, Any] = {
        "price": {
            "before": padded(before.price, spec.price_precision),
            "after": padded(after.price, spec.price_precision),
        },
        "origQty": {
            "before": padded(before.quantity, spec.quantity_precision),
            "after": padded(after.quantity, spec.quantity_precision),
        },
        "count": after.amendments,
    }
    if amendment.modify_id:
        change["modifyId"] = int(amendment.modify_id)
    return {
        "amendmentId": amendment.amendment_id,
        "symbol": after.symbol,
        "pair": after.symbol,
        "orderId": after.order_id,
        "clientOrderId": after.client_order_id,
        "time": amendment.time_ms,
        "amendment": change,
    }


def _placed_ms(order: Order) -> int:
    return order.time_ms


def _filled_ms(fill: Fill) -> int:
    return fill.time_ms


def _limit_row(interval: str, number: int, limit: int) -> dict[str, Any]:
    return {"rateLimitType": "ORDERS", "interval": interval, "intervalNum": number, "limit": limit}


ROUTES: Final[Mapping[tuple[str, str], Route]] = {
    ("GET", "/fapi/v1/order"): Route(query_order, "signed", reads="orders"),
    ("GET", "/fapi/v1/openOrder"): Route(open_order, "signed", reads="orders"),
    ("GET", "/fapi/v1/openOrders"): Route(open_orders, "signed", 1, 40, reads="orders"),
    ("GET", "/fapi/v1/allOrders"): Route(all_orders, "signed", 5, reads="orders"),
    ("GET", "/fapi/v1/userTrades"): Route(user_trades, "signed", 5, reads="orders"),
    ("GET", "/fapi/v1/orderAmendment"): Route(order_amendments, "signed", reads="orders"),
    ("GET", "/fapi/v1/rateLimit/order"): Route(order_limits, "signed"),
}
