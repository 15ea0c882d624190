"""Whether an order can exist at all: parameters and filters, before anything about the account's state.

Checked in this order, the first failure answers: symbol (-1102, -1121); side (-1102, -1117); type (-1102, -4120 for
conditional types, -1116); priceMatch (below); timeInForce, quantity and price present, readable and wanted (-1102,
-1100, -1106, -1115); client order id (-4015); newOrderRespType (-1136); selfTradePreventionMode (-5039); position side
and reduce-only against the position mode (-4060, -4061, -1106); quantity (-4003, -1111, -4004, -4005, -4023); price
(-4001, -1111, -4013, -4002, -4014); distance from the market (-4016, -4024); notional (-4164); goodTillDate (-1102,
-5040).

A priceMatch is read, and cannot be met: this market has one price and no depth to take one from. (-5037 unknown, -5038
of a MARKET order, -1106 beside a price, and else -5041.)

In hedge mode an order that closes is reduce-only by nature: it is marked so, as the live frames are.
"""

from __future__ import annotations

import re
from collections.abc import Container, Mapping
from decimal import Decimal
from typing import Final

from simulator.core import venue_error
from simulator.core.amounts import trimmed
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
from simulator.core.orders import OrderIntent
from simulator.core.params import Params, flag, integer, number, text
from simulator.core.venue_error import VenueError, refusal, unwanted_parameter

__all__ = [
    "check_no_price_match",
    "check_price",
    "check_quantity",
    "chosen",
    "decimals",
    "known_side",
    "known_symbol",
    "read_client_order_id",
    "read_good_till",
    "read_order",
    "read_position_terms",
    "read_self_trade_prevention",
]

_CLIENT_ORDER_ID: Final = re.compile(r"[.A-Z:/a-z0-9_-]{1,36}")
_TIMES_IN_FORCE: Final = frozenset({GTC, IOC, FOK, GTX, GTD, RPI})
_SELF_TRADE_PREVENTIONS: Final = frozenset({"NONE", "EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH"})
_PRICE_MATCHES: Final = frozenset({"OPPONENT", "OPPONENT_5", "QUEUE", "QUEUE_5", "QUEUE_10", "QUEUE_20"})
_GOOD_TILL_MARGIN_MS: Final = 600_000
_GOOD_TILL_LIMIT_MS: Final = 253_402_300_799_000


def known_symbol(params: Params, symbols: Mapping[str, SymbolSpec]) -> SymbolSpec:
    """Return the symbol that the request names. Raises `VenueError` -1102 or -1121."""
    spec = symbols.get(text(params, "symbol"))
    if spec is None:
        raise refusal(venue_error.INVALID_SYMBOL)
    return spec


def known_side(params: Params) -> str:
    """Return BUY or SELL. Raises `VenueError` -1102 or -1117."""
    return chosen(params, "side", {BUY, SELL}, venue_error.INVALID_SIDE)


def read_order(
    params: Params,
    spec: SymbolSpec,
    *,
    market: Decimal,
    dual_side_position: bool,
    self_trade_prevention: str,
    now_ms: int,
) -> OrderIntent:
    """Return the order that the parameters of POST /fapi/v1/order describe. Raises `VenueError`."""
    side = known_side(params)
    order_type = _order_type(params)
    check_no_price_match(params, order_type)
    time_in_force, price = _limit_terms(params) if order_type == LIMIT else _market_terms(params)
    quantity = number(params, "quantity")
    client_order_id = read_client_order_id(params, "newClientOrderId")
    if params.get("newOrderRespType", "ACK") not in {"ACK", "RESULT"}:
        raise refusal(venue_error.BAD_RESPONSE_TYPE)
    self_trade_prevention = read_self_trade_prevention(params, self_trade_prevention)
    position_side, reduce_only = read_position_terms(params, side, dual_side_position=dual_side_position)
    most = spec.max_quantity if order_type == LIMIT else spec.market_max_quantity
    check_quantity(quantity, most, spec)
    if order_type == LIMIT:
        check_price(side, price, market, spec)
    if not reduce_only and quantity * (price or market) < spec.min_notional:
        raise venue_error.notional_too_small(trimmed(spec.min_notional))
    return OrderIntent(
        symbol=spec.symbol,
        side=side,
        type=order_type,
        time_in_force=time_in_force,
        quantity=quantity,
        price=price,
        position_side=position_side,
        reduce_only=reduce_only,
        client_order_id=client_order_id,
        good_till_ms=read_good_till(params, now_ms) if time_in_force == GTD else 0,
        self_trade_prevention=self_trade_prevention,
    )


def check_quantity(quantity: Decimal, most: Decimal, spec: SymbolSpec) -> None:
    """Raise `VenueError` when the quantity breaks LOT_SIZE (or MARKET_LOT_SIZE, with its `most`)."""
    if quantity <= 0:
        raise refusal(venue_error.QUANTITY_NOT_POSITIVE)
    if decimals(quantity) > spec.quantity_precision:
        raise refusal(venue_error.BAD_PRECISION)
    if quantity < spec.min_quantity:
        raise refusal(venue_error.QUANTITY_TOO_SMALL)
    if quantity > most:
        raise refusal(venue_error.QUANTITY_TOO_LARGE)
    if quantity % spec.step_size:
        raise refusal(venue_error.QUANTITY_OFF_STEP)


def check_price(side: str, price: Decimal, market: Decimal, spec: SymbolSpec) -> None:
    """Raise `VenueError` when the price breaks PRICE_FILTER or PERCENT_PRICE."""
    if price <= 0:
        raise refusal(venue_error.PRICE_NOT_POSITIVE)
    if decimals(price) > spec.price_precision:
        raise refusal(venue_error.BAD_PRECISION)
    if price < spec.min_price:
        raise refusal(venue_error.PRICE_TOO_LOW)
    if price > spec.max_price:
        raise refusal(venue_error.PRICE_TOO_HIGH)
    if price % spec.tick_size:
        raise refusal(venue_error.PRICE_OFF_TICK)
    highest, lowest = market * spec.multiplier_up, market * spec.multiplier_down
    if side == BUY and price > highest:
        raise VenueError(-4016, f"Limit price can't be higher than {trimmed(highest)}.")
    if side == SELL and price < lowest:
        raise VenueError(-4024, f"Limit price can't be lower than {trimmed(lowest)}.")


def chosen(params: Params, name: str, known: Container[str], cause: tuple[int, str]) -> str:
    """Return a mandatory parameter that has to be one of these words. Raises `VenueError` -1102, or its cause."""
    value = text(params, name)
    if value not in known:
        raise refusal(cause)
    return value


def _order_type(params: Params) -> str:
    if text(params, "type") in CONDITIONAL_TYPES:
        raise refusal(venue_error.CONDITIONAL_ELSEWHERE)
    return chosen(params, "type", {LIMIT, MARKET}, venue_error.INVALID_TYPE)


def check_no_price_match(params: Params, order_type: str) -> None:
    """Raise `VenueError` when the order wants its price from the book."""
    mode = params.get("priceMatch") or "NONE"
    if mode == "NONE":
        return
    if mode not in _PRICE_MATCHES:
        raise refusal(venue_error.BAD_PRICE_MATCH)
    if order_type != LIMIT:
        raise refusal(venue_error.PRICE_MATCH_ELSEWHERE)
    if params.get("price"):
        raise unwanted_parameter("price")
    raise refusal(venue_error.NO_DEPTH)


def _limit_terms(params: Params) -> tuple[str, Decimal]:
    time_in_force = text(params, "timeInForce")
    if time_in_force not in _TIMES_IN_FORCE:
        raise refusal(venue_error.INVALID_TIME_IN_FORCE)
    return time_in_force, number(params, "price")


def _market_terms(params: Params) -> tuple[str, Decimal]:
    for name in ("timeInForce", "price"):
        if params.get(name):
            raise unwanted_parameter(name)
    return GTC, Decimal(0)


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


def decimals(amount: Decimal) -> int:
    """Return how many decimals an amount has, trailing zeros aside."""
    exponent = amount.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0
