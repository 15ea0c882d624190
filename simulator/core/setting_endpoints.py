"""The endpoints of an account's settings: leverage, margin type, isolated margin, multi-assets and position mode."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from simulator.core import venue_error
from simulator.core.account import Account
from simulator.core.amounts import trimmed
from simulator.core.commission import rate
from simulator.core.domain import BOTH
from simulator.core.margin_modes import change_margin_type, change_multi_assets, move_isolated_margin
from simulator.core.params import flag, integer, number, text
from simulator.core.validation import known_symbol
from simulator.core.venue import Answer, Call, Route, Venue
from simulator.core.venue_error import refusal

__all__ = ["ROUTES"]

_DONE = {"code": 200, "msg": "success"}
_RPI_COMMISSION = "0.00005"
_MARGIN_TYPES: dict[str, Literal["CROSSED", "ISOLATED"]] = {"CROSSED": "CROSSED", "ISOLATED": "ISOLATED"}


def account_config(venue: Venue, call: Call) -> Answer:
    """GET /fapi/v1/accountConfig."""
    account = venue.account(call)
    body = {
        "feeTier": 0,
        "canTrade": True,
        "canDeposit": True,
        "canWithdraw": True,
        "dualSidePosition": account.dual_side_position,
        "updateTime": 0,
        "multiAssetsMargin": account.multi_assets_margin,
        "tradeGroupId": -1,
    }
    return Answer(body)


def symbol_config(venue: Venue, call: Call) -> Answer:
    """GET /fapi/v1/symbolConfig, of one symbol or of all."""
    account, symbols = venue.account(call), venue.exchange.symbols
    chosen = [known_symbol(call.params, symbols)] if call.params.get("symbol") else list(symbols.values())
    rows = [
        {
            "symbol": spec.symbol,
            "marginType": "ISOLATED" if account.is_isolated(spec.symbol) else "CROSSED",
            "isAutoAddMargin": False,
            "leverage": account.leverage(spec.symbol, spec.max_leverage),
            "maxNotionalValue": trimmed(spec.max_notional),
        }
        for spec in chosen
    ]
    return Answer(rows)


def commission_rate(venue: Venue, call: Call) -> Answer:
    """GET /fapi/v1/commissionRate."""
    spec = known_symbol(call.params, venue.exchange.symbols)
    account = venue.account(call)
    body = {
        "symbol": spec.symbol,
        "makerCommissionRate": trimmed(rate(account, spec, is_maker=True)),
        "takerCommissionRate": trimmed(rate(account, spec, is_maker=False)),
        "rpiCommissionRate": _RPI_COMMISSION,
    }
    return Answer(body)


def change_leverage(venue: Venue, call: Call) -> Answer:
    """POST /fapi/v1/leverage."""
    spec = known_symbol(call.params, venue.exchange.symbols)
    leverage = integer(call.params, "leverage")
    facts = venue.exchange.set_leverage(venue.account(call), spec.symbol, leverage, call.now_ms)
    body = {"leverage": leverage, "maxNotionalValue": trimmed(spec.max_notional), "symbol": spec.symbol}
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
    if direction not in {1, 2} or amount <= 0:
        raise venue_error.missing_parameter("amount" if amount <= 0 else "type")
    account = venue.account(call)
    position = account.position(spec.symbol, call.params.get("positionSide", BOTH))
    signed = amount if direction == 1 else -amount
    facts = move_isolated_margin(venue.exchange, account, position, signed, call.now_ms)
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
    return Answer(_DONE, change_multi_assets(venue.account(call), wanted, call.now_ms))


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


def _check_flat(account: Account) -> None:
    if account.open_orders:
        raise refusal(venue_error.POSITION_SIDE_OPEN_ORDERS)
    if any(position.amount for position in account.positions.values()):
        raise refusal(venue_error.POSITION_SIDE_POSITION)


ROUTES: Final[Mapping[tuple[str, str], Route]] = {
    ("GET", "/fapi/v1/accountConfig"): Route(account_config, "signed", 5),
    ("GET", "/fapi/v1/symbolConfig"): Route(symbol_config, "signed", 5),
    ("GET", "/fapi/v1/commissionRate"): Route(commission_rate, "signed", 20),
    ("POST", "/fapi/v1/marginType"): Route(change_type_of_margin, "signed"),
    ("POST", "/fapi/v1/positionMargin"): Route(change_isolated_margin, "signed"),
    ("GET", "/fapi/v1/multiAssetsMargin"): Route(multi_assets_mode, "signed", 30),
    ("POST", "/fapi/v1/multiAssetsMargin"): Route(change_multi_assets_mode, "signed"),
    ("POST", "/fapi/v1/leverage"): Route(change_leverage, "signed"),
    ("GET", "/fapi/v1/positionSide/dual"): Route(position_mode, "signed", 30),
    ("POST", "/fapi/v1/positionSide/dual"): Route(change_position_mode, "signed"),
}
