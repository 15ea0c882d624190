"""The endpoints of orders and trades."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from simulator.core import venue_error
from simulator.core.account import Account
from simulator.core.amounts import trimmed
from simulator.core.domain import SymbolSpec
from simulator.core.facts import Fact, OrderAccepted
from simulator.core.order_bodies import acknowledgement, average_price_keys, listed_order, queried_order, trade
from simulator.core.orders import Order
from simulator.core.params import Params, flag, number, optional_integer
from simulator.core.retention import is_order_kept, is_trade_kept, read_page
from simulator.core.validation import check_price, check_quantity, known_side, known_symbol, read_order
from simulator.core.venue import Answer, Call, Route, Venue
from simulator.core.venue_error import VenueError, refusal

__all__ = ["ROUTES", "place"]


def place(venue: Venue, account: Account, params: Params, now_ms: int) -> tuple[Order, list[Fact]]:
    """Check and place the order that the parameters of POST order describe. Raises `VenueError`."""
    exchange = venue.exchange
    spec = known_symbol(params, exchange.symbols)
    intent = read_order(
        params,
        spec,
        market=exchange.prices[spec.symbol],
        dual_side_position=account.dual_side_position,
        self_trade_prevention=venue.profile.self_trade_prevention,
        now_ms=now_ms,
    )
    return exchange.place(account, intent, now_ms)


def new_order(venue: Venue, call: Call) -> Answer:
    """POST /fapi/v1/order. An ACK shows the order as accepted, a RESULT as it is after filling on arrival."""
    order, facts = place(venue, venue.account(call), call.params, call.now_ms)
    shown = order
    if call.params.get("newOrderRespType") != "RESULT":
        shown = next(fact.order for fact in facts if isinstance(fact, OrderAccepted))
    spec = venue.exchange.symbols[order.symbol]
    return Answer(_acknowledged(venue, shown, spec, call.params), facts, is_order=True)


def amend_order(venue: Venue, call: Call) -> Answer:
    """PUT /fapi/v1/order."""
    params = call.params
    spec = known_symbol(params, venue.exchange.symbols)
    known_side(params)
    quantity, price = number(params, "quantity"), number(params, "price")
    modify_id = optional_integer(params, "modifyId")
    order = _named_order(venue, call, spec)
    if order is None or not order.is_open:
        raise refusal(venue_error.NO_SUCH_ORDER)
    check_quantity(quantity, spec.max_quantity, spec)
    check_price(order.side, price, venue.exchange.prices[spec.symbol], spec)
    if flag(params, "reduceOnly") and not order.reduce_only:
        raise refusal(venue_error.NOT_REDUCE_ONLY)
    if not order.reduce_only and quantity * price < spec.min_notional:
        raise venue_error.amended_notional_too_small(trimmed(spec.min_notional))
    amended, facts = venue.exchange.amend(
        order, quantity=quantity, price=price, modify_id=params.get("modifyId", ""), now_ms=call.now_ms
    )
    extra: dict[str, Any] = {"pair": order.symbol}
    if modify_id is not None:
        extra["modifyId"] = modify_id
    return Answer(_acknowledged(venue, amended, spec, params) | extra, facts, is_order=True)


def cancel_order(venue: Venue, call: Call) -> Answer:
    """DELETE /fapi/v1/order."""
    spec = known_symbol(call.params, venue.exchange.symbols)
    order = _named_order(venue, call, spec)
    if order is None or not order.is_open:
        raise refusal(venue_error.UNKNOWN_ORDER)
    fact = venue.exchange.cancel(order, call.now_ms)
    return Answer(_acknowledged(venue, fact.order, spec, call.params), [fact])


def cancel_all_orders(venue: Venue, call: Call) -> Answer:
    """DELETE /fapi/v1/allOpenOrders."""
    spec = known_symbol(call.params, venue.exchange.symbols)
    orders = list(venue.account(call).open_orders.get(spec.symbol, {}).values())
    facts: list[Fact] = [venue.exchange.cancel(order, call.now_ms) for order in orders]
    if venue.profile.cancel_all == "orders_and_algo_orders":
        facts += venue.algos.cancel_all(call.account, spec.symbol, call.now_ms)
    return Answer({"code": 200, "msg": "The operation of cancel all open order is done."}, facts)


def query_order(venue: Venue, call: Call) -> Answer:
    """GET /fapi/v1/order."""
    spec = known_symbol(call.params, venue.exchange.symbols)
    order = _named_order(venue, call, spec)
    if order is None or not is_order_kept(order, call.now_ms):
        raise refusal(venue_error.NO_SUCH_ORDER)
    return Answer(queried_order(order, spec))


def open_order(venue: Venue, call: Call) -> Answer:
    """GET /fapi/v1/openOrder."""
    spec = known_symbol(call.params, venue.exchange.symbols)
    order = _named_order(venue, call, spec)
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
    kept = (
        order
        for order in venue.account(call).orders.values()
        if symbol in {None, order.symbol} and is_order_kept(order, call.now_ms)
    )
    chosen = page.select(kept, lambda order: order.order_id, lambda order: order.time_ms)
    return Answer([listed_order(order, symbols[order.symbol]) for order in chosen])


def user_trades(venue: Venue, call: Call) -> Answer:
    """GET /fapi/v1/userTrades."""
    spec = known_symbol(call.params, venue.exchange.symbols)
    order_id = optional_integer(call.params, "orderId")
    page = read_page(call.params, "fromId", call.now_ms)
    kept = (
        fill
        for fill in venue.account(call).fills.get(spec.symbol, ())
        if order_id in {None, fill.order_id} and is_trade_kept(fill, call.now_ms)
    )
    chosen = page.select(kept, lambda fill: fill.trade_id, lambda fill: fill.time_ms)
    return Answer([trade(fill, spec) for fill in chosen])


def _acknowledged(venue: Venue, order: Order, spec: SymbolSpec, params: Params) -> dict[str, Any]:
    body = acknowledgement(order, spec)
    shows = venue.profile.acknowledge_with_average_price
    if shows == "always" or (shows == "result" and params.get("newOrderRespType") == "RESULT"):
        body |= average_price_keys(order, spec)
    return body


def _named_order(venue: Venue, call: Call, spec: SymbolSpec) -> Order | None:
    """Return the order that `orderId`, or else `origClientOrderId`, names."""
    account = venue.account(call)
    order_id = optional_integer(call.params, "orderId")
    if order_id is not None:
        order = account.orders.get(order_id)
        return order if order is not None and order.symbol == spec.symbol else None
    client_order_id = call.params.get("origClientOrderId")
    if not client_order_id:
        message = "Param 'origClientOrderId' or 'orderId' must be sent, but both were empty/null!"
        raise VenueError(-1102, message)
    return account.order_named(spec.symbol, client_order_id)


ROUTES: Final[Mapping[tuple[str, str], Route]] = {
    ("POST", "/fapi/v1/order"): Route(new_order, "signed", 0, orders=(1, 1)),
    ("PUT", "/fapi/v1/order"): Route(amend_order, "signed", 0, orders=(1, 1)),
    ("DELETE", "/fapi/v1/order"): Route(cancel_order, "signed"),
    ("GET", "/fapi/v1/order"): Route(query_order, "signed", reads="orders"),
    ("GET", "/fapi/v1/openOrder"): Route(open_order, "signed", reads="orders"),
    ("GET", "/fapi/v1/openOrders"): Route(open_orders, "signed", 1, 40, reads="orders"),
    ("GET", "/fapi/v1/allOrders"): Route(all_orders, "signed", 5, reads="orders"),
    ("DELETE", "/fapi/v1/allOpenOrders"): Route(cancel_all_orders, "signed"),
    ("GET", "/fapi/v1/userTrades"): Route(user_trades, "signed", 5, reads="orders"),
}
