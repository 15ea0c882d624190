"""Whether a conditional order can exist at all: the parameters of POST algoOrder, before the account's state.

Checked in this order, the first failure answers: symbol (-1102, -1121); an optional parameter that was sent empty
(-1105); algoType (-1102, -1130); side (-1102, -1117); type (-1102, -1116); priceMatch (as for plain orders);
workingType (-4031); position side and reduce-only against the position mode (-4060, -4061, -1106); closePosition
(-4136, -4137, -4138, -1106); quantity (-1102, -1100, -4003, -1111, -4004, -4005, -4023); trigger price (-1102, -1100,
-4006, -4007, -1111, and -4014 if the profile wants), or callback rate and activation price of a trailing stop (-1102,
-1100, -1130, -4135); limit price, unless it is matched when the order triggers (-1102, -1100, -4001, -1111, -4013,
-4002, -4014, and -4183, -4184 when it is too far from the trigger price); notional (-4164); timeInForce (-1115);
goodTillDate (-1102, -5040); selfTradePreventionMode (-5039); client id (-4015); newOrderRespType (-1136).

Like `trading.validation` it leaves to others what depends on prices at the moment, and on the account's other orders.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from simulator.core.amounts import ZERO
from simulator.core.conditional.algo_orders import (
    CLOSING,
    CONDITIONAL,
    CONTRACT_PRICE,
    GTE_GTC,
    MARK_PRICE,
    TRAILING_STOP_MARKET,
    WITH_LIMIT,
    AlgoTerms,
)
from simulator.core.domain import CONDITIONAL_TYPES, FOK, GTC, GTD, GTX, IOC, LIMIT, MARKET, SymbolSpec
from simulator.core.profile import Profile
from simulator.core.rest import venue_error
from simulator.core.rest.params import Params, flag, number, text
from simulator.core.rest.venue_error import invalid_parameter, refusal, unwanted_parameter
from simulator.core.trading.filters import check_notional, check_price, check_quantity, check_stop_distance, decimals
from simulator.core.trading.validation import (
    NO_MATCH,
    Circumstances,
    chosen,
    known_side,
    read_good_till,
    read_position_terms,
    read_price_match,
    read_self_trade_prevention,
    refuse_empty,
)

__all__ = ["read_algo_terms"]

_TIMES_IN_FORCE: Final = frozenset({GTC, IOC, FOK, GTX, GTD})
_WORKING_TYPES: Final = frozenset({CONTRACT_PRICE, MARK_PRICE})
_LEAST_CALLBACK_RATE: Final = Decimal("0.1")
_MOST_CALLBACK_RATE: Final = Decimal(20)
_OPTIONAL: Final = (
    "positionSide",
    "timeInForce",
    "reduceOnly",
    "closePosition",
    "priceProtect",
    "priceMatch",
    "workingType",
    "activatePrice",
    "clientAlgoId",
    "newOrderRespType",
    "selfTradePreventionMode",
)


def read_algo_terms(params: Params, circumstances: Circumstances, profile: Profile) -> AlgoTerms:
    """Return the order that the parameters of POST /fapi/v1/algoOrder describe. Raises `VenueError`."""
    refuse_empty(params, _OPTIONAL)
    if text(params, "algoType") != CONDITIONAL:
        raise invalid_parameter("algoType")
    side = known_side(params)
    algo_type = chosen(params, "type", CONDITIONAL_TYPES, venue_error.INVALID_TYPE)
    price_match = read_price_match(params, LIMIT if algo_type in WITH_LIMIT else MARKET)
    working_type = _read_working_type(params)
    position_side, reduces = _read_position_terms(params, side, circumstances, profile)
    closes = _read_close_position(params, algo_type, reduces=reduces or not circumstances.dual_side_position)
    spec = circumstances.spec
    quantity = ZERO if closes else _read_quantity(params, algo_type, spec)
    trigger_price, activation_price, callback_rate = _read_trigger(params, algo_type, spec, profile)
    price = ZERO
    if price_match == NO_MATCH:
        price = _read_limit_price(params, algo_type, side, trigger_price, spec)
    if not (closes or reduces):
        check_notional(quantity, price or trigger_price or circumstances.mark, spec)
    time_in_force = _read_time_in_force(params)
    return AlgoTerms(
        symbol=spec.symbol,
        side=side,
        type=algo_type,
        time_in_force=GTE_GTC if closes else time_in_force,
        quantity=quantity,
        price=price,
        price_match=price_match,
        trigger_price=trigger_price,
        activation_price=activation_price,
        callback_rate=callback_rate,
        position_side=position_side,
        working_type=working_type,
        close_position=closes,
        reduce_only=reduces or closes,
        price_protect=flag(params, "priceProtect"),
        good_till_ms=read_good_till(params, circumstances.now_ms) if time_in_force == GTD else 0,
        self_trade_prevention=read_self_trade_prevention(params, circumstances.self_trade_prevention),
    )


def _read_working_type(params: Params) -> str:
    working_type = params.get("workingType") or CONTRACT_PRICE
    if working_type not in _WORKING_TYPES:
        raise refusal(venue_error.BAD_WORKING_TYPE)
    return working_type


def _read_position_terms(params: Params, side: str, circumstances: Circumstances, profile: Profile) -> tuple[str, bool]:
    terms = read_position_terms(params, side, dual_side_position=circumstances.dual_side_position)
    if profile.algo_reduce_only == "refused" and params.get("reduceOnly"):
        raise unwanted_parameter("reduceonly")
    return terms


def _read_close_position(params: Params, algo_type: str, *, reduces: bool) -> bool:
    if not flag(params, "closePosition"):
        return False
    if algo_type not in CLOSING:
        raise venue_error.strategy_invalid(algo_type)
    if params.get("quantity") and number(params, "quantity"):
        raise refusal(venue_error.CLOSE_POSITION_QUANTITY)
    if params.get("reduceOnly"):
        if not flag(params, "reduceOnly"):
            raise refusal(venue_error.CLOSE_POSITION_REDUCES)
        raise unwanted_parameter("reduceonly")
    if not reduces:
        raise refusal(venue_error.CLOSE_POSITION_REDUCES)
    return True


def _read_quantity(params: Params, algo_type: str, spec: SymbolSpec) -> Decimal:
    quantity = number(params, "quantity")
    check_quantity(quantity, spec.max_quantity if algo_type in WITH_LIMIT else spec.market_max_quantity, spec)
    return quantity


def _read_trigger(
    params: Params, algo_type: str, spec: SymbolSpec, profile: Profile
) -> tuple[Decimal, Decimal, Decimal]:
    """Return trigger price, activation price and callback rate."""
    if algo_type != TRAILING_STOP_MARKET:
        return _read_trigger_price(params, spec, profile), ZERO, ZERO
    callback_rate = number(params, "callbackRate")
    if not _LEAST_CALLBACK_RATE <= callback_rate <= _MOST_CALLBACK_RATE or decimals(callback_rate) > 1:
        raise invalid_parameter("callbackRate")
    if not params.get("activatePrice"):
        return ZERO, ZERO, callback_rate
    activation_price = number(params, "activatePrice")
    if activation_price <= 0:
        raise refusal(venue_error.BAD_ACTIVATION_PRICE)
    return ZERO, activation_price, callback_rate


def _read_trigger_price(params: Params, spec: SymbolSpec, profile: Profile) -> Decimal:
    price = number(params, "triggerPrice")
    if price <= 0:
        raise refusal(venue_error.STOP_PRICE_NOT_POSITIVE)
    if price > spec.max_price:
        raise refusal(venue_error.STOP_PRICE_TOO_HIGH)
    if decimals(price) > spec.price_precision:
        raise refusal(venue_error.BAD_PRECISION)
    if price % spec.tick_size and profile.algo_off_tick == "refused":
        raise refusal(venue_error.PRICE_OFF_TICK)
    return price


def _read_limit_price(params: Params, algo_type: str, side: str, trigger_price: Decimal, spec: SymbolSpec) -> Decimal:
    if algo_type not in WITH_LIMIT:
        if params.get("price") and number(params, "price"):
            raise unwanted_parameter("price")
        return ZERO
    price = number(params, "price")
    check_price(price, spec)
    check_stop_distance(side, price, trigger_price, spec)
    return price


def _read_time_in_force(params: Params) -> str:
    time_in_force = params.get("timeInForce") or GTC
    if time_in_force not in _TIMES_IN_FORCE:
        raise refusal(venue_error.INVALID_TIME_IN_FORCE)
    return time_in_force
