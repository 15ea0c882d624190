"""The endpoints that place, change and end one order.

POST order is checked as `trading.validation` says, then for the agreement on TradFi contracts (-4411), then by the
exchange (`trading.exchange`: standing, arrival, margin). An ACK shows the order as it was accepted; a RESULT as it is
after filling on arrival. POST order/test checks the same and changes nothing.

PUT order, in this order: symbol (-1102, -1121), an empty optional parameter (-1105), side (-1102, -1117), priceMatch
(-5037, -1106), quantity, and price unless it is matched (-1102, -1100), modifyId and the order's ids (-1102), the order
(-2013), LOT_SIZE, the price that priceMatch finds (-5041), PRICE_FILTER and PERCENT_PRICE, reduceOnly of an order that
is none (-5047), notional (-5029); then by the exchange: the symbol's status (-5024), number of amendments (-5026), no
difference (-5027), margin (-2019). Only LIMIT orders can be amended, and no others rest.

DELETE order: symbol, ids (-1102), the order (-2011). Of two ids the order id wins.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from simulator.core.accounts.account import Account
from simulator.core.amounts import trimmed
from simulator.core.domain import LIMIT, TRADIFI_PERPETUAL, SymbolSpec
from simulator.core.facts import Fact, OrderAccepted
from simulator.core.ids import identifier
from simulator.core.rest import venue_error
from simulator.core.rest.order_bodies import acknowledgement, average_price_keys
from simulator.core.rest.params import Params, flag, number, optional_integer
from simulator.core.rest.venue_error import VenueError, refusal
from simulator.core.trading import price_match
from simulator.core.trading.filters import check_distance, check_price, check_quantity
from simulator.core.trading.orders import Order, accept
from simulator.core.trading.validation import (
    NO_MATCH,
    Circumstances,
    known_side,
    known_symbol,
    read_order,
    read_price_match,
    refuse_empty,
)
from simulator.core.venue import Answer, Call, Route, Venue

__all__ = [
    "ROUTES",
    "amend_order",
    "cancel_order",
    "check_agreement",
    "circumstances",
    "named_order",
    "new_order",
    "place",
]


def circumstances(venue: Venue, account: Account, spec: SymbolSpec, now_ms: int) -> Circumstances:
    """Return what an order of the account on this symbol is checked against."""
    return Circumstances(
        spec=spec,
        mark=venue.exchange.marks[spec.symbol],
        dual_side_position=account.dual_side_position,
        self_trade_prevention=venue.profile.self_trade_prevention,
        matched_price=lambda side, mode: price_match.resolve(venue.exchange, spec.symbol, side, mode),
        now_ms=now_ms,
    )


def check_agreement(venue: Venue, account: Account, spec: SymbolSpec) -> None:
    """Raise `VenueError` -4411 on a TradFi contract, if the profile wants an agreement that the account has not signed.

    The code and its text are those that other people's clients report.
    """
    is_needed = venue.profile.tradfi_agreement == "needed" and spec.contract_type == TRADIFI_PERPETUAL
    if is_needed and not account.has_signed_tradfi:
        raise refusal(venue_error.AGREEMENT_NOT_SIGNED)


def place(venue: Venue, account: Account, params: Params, now_ms: int) -> tuple[Order, list[Fact]]:
    """Check and place the order that the parameters of POST order describe. Raises `VenueError`."""
    spec = known_symbol(params, venue.exchange.symbols)
    intent = read_order(params, circumstances(venue, account, spec, now_ms))
    check_agreement(venue, account, spec)
    return venue.exchange.place(account, intent, now_ms)


def new_order(venue: Venue, call: Call) -> Answer:
    """POST /fapi/v1/order."""
    order, facts = place(venue, venue.account(call), call.params, call.now_ms)
    shown = order
    if call.params.get("newOrderRespType") != "RESULT":
        shown = next(fact.order for fact in facts if isinstance(fact, OrderAccepted))
    spec = venue.exchange.symbols[order.symbol]
    return Answer(_acknowledged(venue, shown, spec, call.params), facts, is_order=True)


def check_order(venue: Venue, call: Call) -> Answer:
    """POST /fapi/v1/order/test. The order that is shown has no order id: 0."""
    account = venue.account(call)
    spec = known_symbol(call.params, venue.exchange.symbols)
    intent = read_order(call.params, circumstances(venue, account, spec, call.now_ms))
    check_agreement(venue, account, spec)
    venue.exchange.check(account, intent)
    if venue.profile.order_test == "empty":
        return Answer({})
    client_order_id = intent.client_order_id or identifier(22, "test", call.now_ms)
    order = accept(intent, account=account.name, order_id=0, client_order_id=client_order_id, time_ms=call.now_ms)
    return Answer(acknowledgement(order, spec) | average_price_keys(order, spec))


def amend_order(venue: Venue, call: Call) -> Answer:
    """PUT /fapi/v1/order."""
    params = call.params
    spec = known_symbol(params, venue.exchange.symbols)
    refuse_empty(params, ("priceMatch", "modifyId", "reduceOnly"))
    known_side(params)
    mode = read_price_match(params, LIMIT)
    quantity = number(params, "quantity")
    price = number(params, "price") if mode == NO_MATCH else None
    modify_id = optional_integer(params, "modifyId")
    order = named_order(venue, call, spec)
    if order is None or not order.is_open:
        raise refusal(venue_error.NO_SUCH_ORDER)
    price = _amendable_to(venue, order, quantity, price, mode)
    if flag(params, "reduceOnly") and not order.reduce_only:
        raise refusal(venue_error.NOT_REDUCE_ONLY)
    if not order.reduce_only and quantity * price < spec.min_notional:
        raise venue_error.amended_notional_too_small(trimmed(spec.min_notional))
    amended, facts = venue.exchange.amend(
        order,
        quantity=quantity,
        price=price,
        modify_id=params.get("modifyId", ""),
        now_ms=call.now_ms,
        price_match=mode,
    )
    extra: dict[str, Any] = {"pair": order.symbol}
    if modify_id is not None:
        extra["modifyId"] = modify_id
    return Answer(_acknowledged(venue, amended, spec, params) | extra, facts, is_order=True)


def cancel_order(venue: Venue, call: Call) -> Answer:
    """DELETE /fapi/v1/order."""
    spec = known_symbol(call.params, venue.exchange.symbols)
    order = named_order(venue, call, spec)
    if order is None or not order.is_open:
        raise refusal(venue_error.UNKNOWN_ORDER)
    fact = venue.exchange.cancel(order, call.now_ms)
    return Answer(_acknowledged(venue, fact.order, spec, call.params), [fact])


def named_order(venue: Venue, call: Call, spec: SymbolSpec) -> Order | None:
    """Return the order that `orderId`, or else `origClientOrderId`, names. Raises `VenueError` -1102 without either."""
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


def _amendable_to(venue: Venue, order: Order, quantity: Decimal, price: Decimal | None, mode: str) -> Decimal:
    """Return the price that the order is to get, None being the one that the book matches; or raise `VenueError`."""
    exchange, spec = venue.exchange, venue.exchange.symbols[order.symbol]
    check_quantity(quantity, spec.max_quantity, spec)
    if price is None:
        price = price_match.resolve(exchange, order.symbol, order.side, mode)
    check_price(price, spec)
    check_distance(order.side, price, exchange.marks[spec.symbol], spec)
    return price


def _acknowledged(venue: Venue, order: Order, spec: SymbolSpec, params: Params) -> dict[str, Any]:
    body = acknowledgement(order, spec)
    shows = venue.profile.acknowledge_with_average_price
    if shows == "always" or (shows == "result" and params.get("newOrderRespType") == "RESULT"):
        body |= average_price_keys(order, spec)
    return body


ROUTES: Final[Mapping[tuple[str, str], Route]] = {
    ("POST", "/fapi/v1/order"): Route(new_order, "signed", 0, orders=(1, 1)),
    ("POST", "/fapi/v1/order/test"): Route(check_order, "signed", 0, orders=(1, 1)),
    ("PUT", "/fapi/v1/order"): Route(amend_order, "signed", 0, orders=(1, 1)),
    ("DELETE", "/fapi/v1/order"): Route(cancel_order, "signed"),
}
