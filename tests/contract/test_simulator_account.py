"""What the simulator says about accounts, over REST and on the streams, has the keys and types of Binance's samples."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from simulator import Profile
from simulator.core.accounts.account import Account
from simulator.core.accounts.margin_modes import change_margin_type, change_multi_assets
from simulator.core.domain import BUY, SELL
from simulator.core.facts import Fact
from simulator.core.rest.endpoints import ROUTES
from simulator.core.risk.forced import Closing, ClosingKind, close_position
from simulator.core.risk.funding import call_margin, fund
from simulator.core.streams.stream_events import user_events
from simulator.core.venue import Call, Venue
from tests.contract.shape import fixture, shape, without
from tests.simulator.core.small_markets import NOW, a_venue, market, place, the_account

FIXTURES_PROFILE = Profile(forced_orders="fixtures")
SINCE = ("er", "pm", "gtd")
"""Keys that are younger than a sample."""


def ask(venue: Venue, method: str, path: str, **params: object) -> Any:
    sent = {name: str(value) for name, value in params.items()}
    return ROUTES[method, f"/fapi/v1/{path}"].endpoint(venue, Call(sent, "default", NOW)).body


def frames(venue: Venue, facts: list[Fact]) -> list[dict[str, Any]]:
    return [event.body for event in user_events(facts, venue.exchange.symbols, venue.profile)]


def closed(venue: Venue, kind: ClosingKind) -> list[dict[str, Any]]:
    account = the_account(venue.exchange)
    position = account.position("BTCUSDT", "BOTH")
    closing = Closing(kind=kind, quantity=abs(position.amount), price=Decimal(65000))
    _, facts = close_position(venue.exchange, account, position, closing, profile=venue.profile, now_ms=NOW)
    return frames(venue, facts)


def closing_frame(kind: ClosingKind, side: str, profile: Profile, number: int) -> dict[str, Any]:
    venue = a_venue(profile=profile)
    place(venue.exchange, market(side, "0.010"))
    return closed(venue, kind)[number]


CLOSINGS: dict[str, Callable[[], dict[str, Any]]] = {
    "liquidation_new": lambda: closing_frame("LIQUIDATION", BUY, Profile(), 0),
    "liquidation": lambda: closing_frame("LIQUIDATION", BUY, Profile(), -1),
    "adl": lambda: closing_frame("ADL", SELL, Profile(), -1),
    "settlement": lambda: closing_frame("SETTLEMENT", BUY, Profile(), -1),
    "adl_nautilus_variant": lambda: closing_frame("ADL", SELL, FIXTURES_PROFILE, -1),
    "settlement_nautilus_variant": lambda: closing_frame("SETTLEMENT", BUY, FIXTURES_PROFILE, -1),
}
WORDS = ("S", "o", "f", "x", "X", "ot", "m", "V")


@pytest.mark.parametrize("name", CLOSINGS)
def test_a_forced_order_has_the_shape_and_the_words_of_its_sample(name: str) -> None:
    sample = without(fixture(f"events/order_trade_update_{name}.json"), *SINCE, "AP", "cr")
    sent = without(CLOSINGS[name](), *SINCE)

    assert shape(sent) == shape(sample)
    assert {word: sent["o"][word] for word in WORDS} == {word: sample["o"][word] for word in WORDS}


def change(act: Callable[[Venue, Account], list[Fact]]) -> dict[str, Any]:
    venue = a_venue()
    place(venue.exchange, market(BUY, "0.002"))
    return frames(venue, act(venue, the_account(venue.exchange)))[-1]


def fund_isolated(venue: Venue, account: Account) -> list[Fact]:
    change_margin_type(venue.exchange, account, "ETHUSDT", "ISOLATED", NOW)
    place(venue.exchange, market(BUY, "1", symbol="ETHUSDT"))
    return fund(venue.exchange, "ETHUSDT", Decimal("0.0001"), NOW)


CHANGES: dict[str, Callable[[Venue, Account], list[Fact]]] = {
    "account_update_funding_cross": lambda venue, _: fund(venue.exchange, "BTCUSDT", Decimal("0.0001"), NOW),
    "account_update_funding_isolated": fund_isolated,
    "account_config_update_multiassets": lambda venue, account: change_multi_assets(venue.exchange, account, True, NOW),
    "margin_call": lambda venue, account: call_margin(venue.exchange, account, "BTCUSDT", NOW),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_of_the_account_has_the_shape_of_its_sample(name: str) -> None:
    assert shape(change(CHANGES[name])) == shape(fixture(f"events/{name}.json"))
