"""The endpoints of the account: balances, positions, settings, listen keys."""

from __future__ import annotations

from simulator.core import account_bodies, venue_error
from simulator.core.account import Account
from simulator.core.amounts import trimmed
from simulator.core.params import flag, integer, text
from simulator.core.validation import known_symbol
from simulator.core.venue import Answer, Call, Venue
from simulator.core.venue_error import refusal

__all__ = [
    "account_config",
    "account_v2",
    "account_v3",
    "balances",
    "change_leverage",
    "change_position_mode",
    "delete_listen_key",
    "extend_listen_key",
    "issue_listen_key",
    "position_mode",
    "positions_v2",
    "positions_v3",
]


def issue_listen_key(venue: Venue, call: Call) -> Answer:
    """POST /fapi/v1/listenKey."""
    return Answer({"listenKey": venue.listen_keys.issue(call.account, call.now_ms)})


def extend_listen_key(venue: Venue, call: Call) -> Answer:
    """PUT /fapi/v1/listenKey."""
    return Answer({"listenKey": venue.listen_keys.extend(call.account, call.now_ms)})


def delete_listen_key(venue: Venue, call: Call) -> Answer:
    """DELETE /fapi/v1/listenKey."""
    return Answer({}, venue.end_listen_key(call.account, "deleted", call.now_ms))


def balances(venue: Venue, call: Call) -> Answer:
    """GET /fapi/v2/balance and /fapi/v3/balance."""
    return Answer(account_bodies.balances(venue.exchange, venue.account(call)))


def account_v2(venue: Venue, call: Call) -> Answer:
    """GET /fapi/v2/account."""
    return Answer(account_bodies.account_v2(venue.exchange, venue.account(call)))


def account_v3(venue: Venue, call: Call) -> Answer:
    """GET /fapi/v3/account."""
    return Answer(account_bodies.account_v3(venue.exchange, venue.account(call)))


def positions_v2(venue: Venue, call: Call) -> Answer:
    """GET /fapi/v2/positionRisk."""
    return Answer(account_bodies.positions_v2(venue.exchange, venue.account(call), _symbol(venue, call)))


def positions_v3(venue: Venue, call: Call) -> Answer:
    """GET /fapi/v3/positionRisk."""
    return Answer(account_bodies.positions_v3(venue.exchange, venue.account(call), _symbol(venue, call)))


def account_config(venue: Venue, call: Call) -> Answer:
    """GET /fapi/v1/accountConfig."""
    body = {
        "feeTier": 0,
        "canTrade": True,
        "canDeposit": True,
        "canWithdraw": True,
        "dualSidePosition": venue.account(call).dual_side_position,
        "updateTime": 0,
        "multiAssetsMargin": False,
        "tradeGroupId": -1,
    }
    return Answer(body)


def change_leverage(venue: Venue, call: Call) -> Answer:
    """POST /fapi/v1/leverage."""
    spec = known_symbol(call.params, venue.exchange.symbols)
    leverage = integer(call.params, "leverage")
    facts = venue.exchange.set_leverage(venue.account(call), spec.symbol, leverage, call.now_ms)
    body = {"leverage": leverage, "maxNotionalValue": trimmed(spec.max_notional), "symbol": spec.symbol}
    return Answer(body, facts)


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
    return Answer({"code": 200, "msg": "success"})


def _check_flat(account: Account) -> None:
    if account.open_orders:
        raise refusal(venue_error.POSITION_SIDE_OPEN_ORDERS)
    if any(position.amount for position in account.positions.values()):
        raise refusal(venue_error.POSITION_SIDE_POSITION)


def _symbol(venue: Venue, call: Call) -> str | None:
    return known_symbol(call.params, venue.exchange.symbols).symbol if call.params.get("symbol") else None
