"""The endpoints of the account: balances, positions, listen keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from simulator.core.rest import account_bodies
from simulator.core.trading.validation import known_symbol
from simulator.core.venue import Answer, Call, Route, Venue

__all__ = ["ROUTES"]


def issue_listen_key(venue: Venue, call: Call) -> Answer:
    """POST /fapi/v1/listenKey."""
    return Answer({"listenKey": venue.listen_keys.issue(call.account, call.now_ms, venue.key_holder(call))})


def extend_listen_key(venue: Venue, call: Call) -> Answer:
    """PUT /fapi/v1/listenKey."""
    return Answer({"listenKey": venue.listen_keys.extend(call.account, call.now_ms, venue.key_holder(call))})


def delete_listen_key(venue: Venue, call: Call) -> Answer:
    """DELETE /fapi/v1/listenKey."""
    return Answer({}, venue.end_listen_key(call.account, "deleted", call.now_ms, holder=venue.key_holder(call)))


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


def _symbol(venue: Venue, call: Call) -> str | None:
    return known_symbol(call.params, venue.exchange.symbols).symbol if call.params.get("symbol") else None


ROUTES: Final[Mapping[tuple[str, str], Route]] = {
    ("POST", "/fapi/v1/listenKey"): Route(issue_listen_key, "key"),
    ("PUT", "/fapi/v1/listenKey"): Route(extend_listen_key, "key"),
    ("DELETE", "/fapi/v1/listenKey"): Route(delete_listen_key, "key"),
    ("GET", "/fapi/v2/account"): Route(account_v2, "signed", 5, reads="account"),
    ("GET", "/fapi/v3/account"): Route(account_v3, "signed", 5, reads="account"),
    ("GET", "/fapi/v2/balance"): Route(balances, "signed", 5, reads="account"),
    ("GET", "/fapi/v3/balance"): Route(balances, "signed", 5, reads="account"),
    ("GET", "/fapi/v2/positionRisk"): Route(positions_v2, "signed", 5, reads="account"),
    ("GET", "/fapi/v3/positionRisk"): Route(positions_v3, "signed", 5, reads="account"),
}
