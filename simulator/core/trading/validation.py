"""Whether an order can exist at all: parameters and filters, before anything about the account's state.

Checked in this order, the first failure answers: symbol (-1102, -1121); an optional parameter that was sent empty
(-1105); side (-1102, -1117); type (-1102, -4120 for conditional types, -1116); priceMatch (-5037 unknown, -5038 of a
MARKET order, -1106 beside a price); timeInForce and price present, readable and wanted (-1102, -1100, -1106, -1115);
quantity (-1102, -1100); client order id (-4015); newOrderRespType (-1136); selfTradePreventionMode (-5039); position
side and reduce-only against the position mode (-4060, -4061, -1102, -1106); quantity against LOT_SIZE (-4003, -1111,
-4004, -4005, -4023); the price that priceMatch finds (-5041); price against PRICE_FILTER (-4001, -1111, -4013, -4002,
-4014) and PERCENT_PRICE (-4016, -4024); notional (-4164); goodTillDate (-1102, -5040).

Parameters that no endpoint knows are ignored, as is a reading of parameters that an order of this kind does not need
(goodTillDate without GTD, callbackRate of a LIMIT order). A mandatory parameter that is empty is missing: -1102.

In hedge mode an order that closes is reduce-only by nature: it is marked so, as the live frames are.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterable, Mapping
from decimal import Decimal
from typing import Final

import msgspec

from simulator.core.amounts import ZERO
from simulator.core.domain import (
    BOTH,
    BUY,
    CONDITIONAL_TYPES,
    FOK,
    GTC,
    GTD,
    GTX,
    IOC,
    LIMIT,
    LONG,
    MARKET,
    RPI,
    SELL,
    SHORT,
    SymbolSpec,
)
from simulator.core.rest import venue_error
from simulator.core.rest.params import Params, flag, integer, number, text
from simulator.core.rest.venue_error import refusal, unwanted_parameter
from simulator.core.trading.filters import check_distance, check_notional, check_price, check_quantity
from simulator.core.trading.orders import OrderIntent

__all__ = [
    "NO_MATCH",
    "Circumstances",
    "check_response_type",
    "chosen",
    "known_side",
    "known_symbol",
    "read_client_order_id",
    "read_good_till",
    "read_order",
    "read_position_terms",
    "read_price_match",
    "read_self_trade_prevention",
    "refuse_empty",
]

NO_MATCH: Final = "NONE"
"""The price match mode of an order that brings its own price."""

_CLIENT_ORDER_ID: Final = re.compile(r"[.A-Z:/a-z0-9_-]{1,36}")
_TIMES_IN_FORCE: Final = frozenset({GTC, IOC, FOK, GTX, GTD, RPI})
_SELF_TRADE_PREVENTIONS: Final = frozenset({"NONE", "EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH"})
_PRICE_MATCHES: Final = frozenset({"OPPONENT", "OPPONENT_5", "QUEUE", "QUEUE_5", "QUEUE_10", "QUEUE_20"})
_GOOD_TILL_MARGIN_MS: Final = 600_000
_GOOD_TILL_LIMIT_MS: Final = 253_402_300_799_000
_OPTIONAL: Final = (
    "positionSide",
    "reduceOnly",
    "newClientOrderId",
    "newOrderRespType",
    "priceMatch",
    "selfTradePreventionMode",
)


class Circumstances(msgspec.Struct, frozen=True, kw_only=True):
    """What an order is checked against, other than its parameters.

    `mark` is the symbol's mark price; `matched_price` finds the price of a side and a price match mode in the book, or
    raises `VenueError` -5041; `self_trade_prevention` is the mode of an order that names none.
    """

    spec: SymbolSpec
    mark: Decimal
    dual_side_position: bool
    self_trade_prevention: str
    matched_price: Callable[[str, str], Decimal]
    now_ms: int


def known_symbol(params: Params, symbols: Mapping[str, SymbolSpec]) -> SymbolSpec:
    """Return the symbol that the request names. Raises `VenueError` -1102 or -1121."""
    spec = symbols.get(text(params, "symbol"))
    if spec is None:
        raise refusal(venue_error.INVALID_SYMBOL)
    return spec


def known_side(params: Params) -> str:
    """Return BUY or SELL. Raises `VenueError` -1102 or -1117."""
    return chosen(params, "side", {BUY, SELL}, venue_error.INVALID_SIDE)


def read_order(params: Params, circumstances: Circumstances) -> OrderIntent:
    """Return the order that the parameters of POST /fapi/v1/order describe. Raises `VenueError`."""
    refuse_empty(params, _OPTIONAL)
    side, order_type = known_side(params), _order_type(params)
    price_match = read_price_match(params, order_type)
    time_in_force, price = _limit_terms(params, price_match) if order_type == LIMIT else _market_terms(params)
    quantity = number(params, "quantity")
    client_order_id = read_client_order_id(params, "newClientOrderId")
    check_response_type(params)
    self_trade_prevention = read_self_trade_prevention(params, circumstances.self_trade_prevention)
    position_side, reduce_only = read_position_terms(params, side, dual_side_position=circumstances.dual_side_position)
    spec = circumstances.spec
    check_quantity(quantity, spec.max_quantity if order_type == LIMIT else spec.market_max_quantity, spec)
    if price_match != NO_MATCH:
        price = circumstances.matched_price(side, price_match)
    if order_type == LIMIT:
        check_price(price, spec)
        check_distance(side, price, circumstances.mark, spec)
    if not reduce_only:
        check_notional(quantity, price or circumstances.mark, spec)
    return OrderIntent(
        symbol=spec.symbol,
        side=side,
        type=order_type,
        time_in_force=time_in_force,
        quantity=quantity,
        price=price,
        price_match=price_match,
        position_side=position_side,
        reduce_only=reduce_only,
        client_order_id=client_order_id,
        good_till_ms=read_good_till(params, circumstances.now_ms) if time_in_force == GTD else 0,
        self_trade_prevention=self_trade_prevention,
    )


def refuse_empty(params: Params, optional: Iterable[str]) -> None:
    """Raise `VenueError` -1105 for an optional parameter that was sent with nothing in it."""
    for name in optional:
        if params.get(name) == "":
            raise venue_error.empty_parameter(name)


def chosen(params: Params, name: str, known: Container[str], cause: tuple[int, str]) -> str:
    """Return a mandatory parameter that has to be one of these words. Raises `VenueError` -1102, or its cause."""
    value = text(params, name)
    if value not in known:
        raise refusal(cause)
    return value


def check_response_type(params: Params) -> None:
    """Raise `VenueError` -1136 for a newOrderRespType other than ACK and RESULT."""
    if params.get("newOrderRespType", "ACK") not in {"ACK", "RESULT"}:
        raise refusal(venue_error.BAD_RESPONSE_TYPE)


def read_price_match(params: Params, order_type: str) -> str:
    """Return how the order wants its price from the book. Raises `VenueError` -5037, -5038 or -1106."""
    mode = params.get("priceMatch") or NO_MATCH
    if mode == NO_MATCH:
        return mode
    if mode not in _PRICE_MATCHES:
        raise refusal(venue_error.BAD_PRICE_MATCH)
    if order_type != LIMIT:
        raise refusal(venue_error.PRICE_MATCH_ELSEWHERE)
    if params.get("price"):
        raise unwanted_parameter("price")
    return mode


def read_client_order_id(params: Params, name: str) -> str:
    """Return the id that the sender gives its order, "" when it gives none. Raises `VenueError` -4015."""
    client_order_id = params.get(name, "")
    if client_order_id and not _CLIENT_ORDER_ID.fullmatch(client_order_id):
        raise refusal(venue_error.BAD_CLIENT_ORDER_ID)
    return client_order_id


def read_self_trade_prevention(params: Params, unless_sent: str) -> str:
    """Return the mode of self-trade prevention. Raises `VenueError` -5039."""
    mode = params.get("selfTradePreventionMode")
    if not mode:
        return unless_sent
    if mode not in _SELF_TRADE_PREVENTIONS:
        raise refusal(venue_error.BAD_SELF_TRADE_PREVENTION)
    return mode


def read_position_terms(params: Params, side: str, *, dual_side_position: bool) -> tuple[str, bool]:
    """Return the position side, and whether the order only reduces. Raises `VenueError` -4060, -4061 or -1106."""
    position_side = params.get("positionSide") or BOTH
    if position_side not in {BOTH, LONG, SHORT}:
        raise refusal(venue_error.POSITION_SIDE_INVALID)
    if (position_side == BOTH) == dual_side_position:
        raise refusal(venue_error.POSITION_SIDE_MISMATCH)
    if not dual_side_position:
        return BOTH, flag(params, "reduceOnly")
    if params.get("reduceOnly"):
        raise unwanted_parameter("reduceonly")
    return position_side, (position_side, side) in {(LONG, SELL), (SHORT, BUY)}


def read_good_till(params: Params, now_ms: int) -> int:
    """Return until when a GTD order is good, in ms, to the second. Raises `VenueError` -1102 or -5040."""
    date = integer(params, "goodTillDate") // 1000 * 1000
    if not now_ms + _GOOD_TILL_MARGIN_MS < date < _GOOD_TILL_LIMIT_MS:
        raise refusal(venue_error.BAD_GOOD_TILL_DATE)
    return date


def _order_type(params: Params) -> str:
    if text(params, "type") in CONDITIONAL_TYPES:
        raise refusal(venue_error.CONDITIONAL_ELSEWHERE)
    return chosen(params, "type", {LIMIT, MARKET}, venue_error.INVALID_TYPE)


def _limit_terms(params: Params, price_match: str) -> tuple[str, Decimal]:
    time_in_force = text(params, "timeInForce")
    if time_in_force not in _TIMES_IN_FORCE:
        raise refusal(venue_error.INVALID_TIME_IN_FORCE)
    return time_in_force, number(params, "price") if price_match == NO_MATCH else ZERO


def _market_terms(params: Params) -> tuple[str, Decimal]:
    for name in ("timeInForce", "price"):
        if params.get(name):
            raise unwanted_parameter(name)
    return GTC, ZERO
