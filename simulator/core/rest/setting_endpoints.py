"""The endpoints of an account's settings: leverage, isolated margin, fee burn, the two modes, the TradFi agreement."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from simulator.core.accounts.account import Account
from simulator.core.accounts.brackets import max_notional
from simulator.core.accounts.margin_modes import (
    change_leverage,
    change_margin_type,
    change_multi_assets,
    move_isolated_margin,
)
from simulator.core.amounts import trimmed
from simulator.core.domain import BOTH, LONG, SHORT
from simulator.core.rest import venue_error
from simulator.core.rest.params import flag, integer, number, text
from simulator.core.rest.venue_error import refusal
from simulator.core.trading.validation import known_symbol
from simulator.core.venue import Answer, Call, Route, Venue

__all__ = ["ROUTES"]

_DONE = {"code": 200, "msg": "success"}
_DIRECTIONS: Final = {1: 1, 2: -1}
_SIDES: Final = frozenset({BOTH, LONG, SHORT})
_MARGIN_TYPES: dict[str, Literal["CROSSED", "ISOLATED"]] = {"CROSSED": "CROSSED", "ISOLATED": "ISOLATED"}


def choose_leverage(venue: Venue, call: Call) -> Answer:
    """POST /fapi/v1/leverage."""
    spec = known_symbol(call.params, venue.exchange.symbols)
    leverage = integer(call.params, "leverage")
    facts = change_leverage(venue.exchange, venue.account(call), spec.symbol, leverage, call.now_ms)
    most = trimmed(max_notional(spec, leverage))
    body = {"leverage": leverage, "maxNotionalValue": most, "symbol": spec.symbol}
    return Answer(body, facts)


def change_type_of_margin(venue: Venue, call: Call) -> Answer:
    """POST /fapi/v1/marginType."""
    spec = known_symbol(call.params, venue.exchange.symbols)
    wanted = _MARGIN_TYPES.get(text(call.params, "marginType"))
    if wanted is None:
        raise refusal(venue_error.BAD_MARGIN_TYPE)
    return Answer(_DONE, change_margin_type(venue.exchange, venue.account(call), spec.symbol, wanted, call.now_ms))


def change_isolated_margin(venue: Venue, call: Call) -> Answer:
    """POST /fapi/v1/positionMargin."""
    spec = known_symbol(call.params, venue.exchange.symbols)
    amount, direction = number(call.params, "amount"), integer(call.params, "type")
    if direction not in _DIRECTIONS:
        raise venue_error.invalid_parameter("type")
    if amount <= 0:
        raise refusal(venue_error.MARGIN_NOT_POSITIVE)
    account = venue.account(call)
    side = call.params.get("positionSide") or BOTH
    if side not in account.position_sides():
        raise refusal(venue_error.POSITION_SIDE_MISMATCH if side in _SIDES else venue_error.POSITION_SIDE_INVALID)
    position = account.position(spec.symbol, side)
    facts = move_isolated_margin(venue.exchange, account, position, amount * _DIRECTIONS[direction], call.now_ms)
    shown = int(amount) if amount == int(amount) else float(amount)  # the one amount that Binance writes as a number
    message = "Successfully modify position margin."
    return Answer({"amount": shown, "code": 200, "msg": message, "type": direction}, facts)


def multi_assets_mode(venue: Venue, call: Call) -> Answer:
    """GET /fapi/v1/multiAssetsMargin."""
    return Answer({"multiAssetsMargin": venue.account(call).multi_assets_margin})


def change_multi_assets_mode(venue: Venue, call: Call) -> Answer:
    """POST /fapi/v1/multiAssetsMargin."""
    text(call.params, "multiAssetsMargin")
    wanted = flag(call.params, "multiAssetsMargin")
    return Answer(_DONE, change_multi_assets(venue.exchange, venue.account(call), wanted, call.now_ms))


def position_mode(venue: Venue, call: Call) -> Answer:
    """GET /fapi/v1/positionSide/dual."""
    return Answer({"dualSidePosition": venue.account(call).dual_side_position})


def change_position_mode(venue: Venue, call: Call) -> Answer:
    """POST /fapi/v1/positionSide/dual. The change has no event."""
    text(call.params, "dualSidePosition")
    wanted = flag(call.params, "dualSidePosition")
    account = venue.account(call)
    if wanted == account.dual_side_position:
        raise refusal(venue_error.POSITION_SIDE_UNCHANGED)
    _check_flat(account)
    account.dual_side_position = wanted
    return Answer(_DONE)


def fee_burn(venue: Venue, call: Call) -> Answer:
    """GET /fapi/v1/feeBurn."""
    return Answer({"feeBurn": venue.account(call).fee_burn})


def change_fee_burn(venue: Venue, call: Call) -> Answer:
    """POST /fapi/v1/feeBurn. The change has no event."""
    text(call.params, "feeBurn")
    venue.account(call).fee_burn = flag(call.params, "feeBurn")
    return Answer(_DONE)


def sign_agreement(venue: Venue, call: Call) -> Answer:
    """POST /fapi/v1/stock/contract: the agreement on TradFi contracts. Signing it again changes nothing."""
    venue.account(call).has_signed_tradfi = True
    return Answer(_DONE)


def _check_flat(account: Account) -> None:
    if account.open_orders:
        raise refusal(venue_error.POSITION_SIDE_OPEN_ORDERS)
    if account.held:
        raise refusal(venue_error.POSITION_SIDE_POSITION)


ROUTES: Final[Mapping[tuple[str, str], Route]] = {
    ("POST", "/fapi/v1/marginType"): Route(change_type_of_margin, "signed"),
    ("POST", "/fapi/v1/positionMargin"): Route(change_isolated_margin, "signed"),
    ("GET", "/fapi/v1/feeBurn"): Route(fee_burn, "signed", 30),
    ("POST", "/fapi/v1/feeBurn"): Route(change_fee_burn, "signed"),
    ("POST", "/fapi/v1/stock/contract"): Route(sign_agreement, "signed", 50),
    ("GET", "/fapi/v1/multiAssetsMargin"): Route(multi_assets_mode, "signed", 30),
    ("POST", "/fapi/v1/multiAssetsMargin"): Route(change_multi_assets_mode, "signed"),
    ("POST", "/fapi/v1/leverage"): Route(choose_leverage, "signed"),
    ("GET", "/fapi/v1/positionSide/dual"): Route(position_mode, "signed", 30),
    ("POST", "/fapi/v1/positionSide/dual"): Route(change_position_mode, "signed"),
}
