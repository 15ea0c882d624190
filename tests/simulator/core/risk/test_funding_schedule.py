"""Funding is paid at 0, 8 and 16 hours UTC, by one side to the other."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from simulator import AccountSpec
from simulator.core.domain import BUY, SELL
from simulator.core.facts import WalletChanged
from simulator.core.profile import Profile
from simulator.core.risk.risk_terms import RiskTerms
from simulator.core.streams.stream_events import user_events
from simulator.core.venue import Venue
from tests.simulator.core.small_markets import BTC, ETH, HOUR, NOW, market

START = NOW - NOW % (8 * HOUR) + HOUR
FIRST = START + 7 * HOUR


def a_venue(**terms: Any) -> Venue:
    venue = Venue(
        accounts=(AccountSpec(), AccountSpec(name="bob", api_key="b" * 64)),
        symbols=(BTC, ETH),
        profile=Profile(),
        listen_key_lifetime_ms=HOUR,
        seed=0,
        risk=RiskTerms(**{"funding": "automatic"} | terms),
    )
    for name, side in (("default", BUY), ("bob", SELL)):
        _, facts = venue.exchange.place(venue.exchange.accounts[name], market(side, "0.010"), START)
        venue.follow(facts, START)
    return venue


def test_funding_is_paid_at_the_next_of_the_three_hours_and_then_every_eight() -> None:
    venue = a_venue()
    assert venue.funding.next_deadline_ms() == FIRST
    assert venue.advance(FIRST - 1) == []

    paid = venue.advance(FIRST)

    assert [(fact.account, fact.patch.balances[0].change) for fact in paid if isinstance(fact, WalletChanged)] == [
        ("default", Decimal("-0.06500000")),
        ("bob", Decimal("0.06500000")),
    ]
    assert venue.advance(FIRST) == []
    assert venue.next_deadline_ms() == venue.funding.next_deadline_ms() == FIRST + 8 * HOUR


def test_the_fee_is_told_with_its_symbol() -> None:
    venue = a_venue()

    event, _ = user_events(venue.advance(FIRST), venue.exchange.symbols, venue.profile)

    assert (event.body["a"]["m"], event.body["a"]["S"], event.body["a"]["P"]) == ("FUNDING_FEE", "BTCUSDT", [])


def test_a_symbol_can_have_a_rate_of_its_own_and_history_keeps_both() -> None:
    venue = a_venue(funding_rate=Decimal("0.0002"))
    venue.funding.set_rate("ETHUSDT", Decimal("-0.001"))

    venue.advance(FIRST)

    assert venue.exchange.funding_history == {
        "BTCUSDT": [(FIRST, Decimal("0.0002"), BTC.price)],
        "ETHUSDT": [(FIRST, Decimal("-0.001"), ETH.price)],
    }


def test_what_was_charged_by_hand_is_in_the_history_too() -> None:
    venue = a_venue(funding="scripted")
    assert venue.next_deadline_ms() is None

    venue.funding.pay("BTCUSDT", Decimal("0.0003"), START)

    assert venue.exchange.funding_history["BTCUSDT"] == [(START, Decimal("0.0003"), BTC.price)]


def test_the_history_does_not_grow_for_ever() -> None:
    venue = a_venue()

    for hour in range(0, 8 * 1100, 8):
        venue.advance(FIRST + hour * HOUR)

    assert len(venue.exchange.funding_history["BTCUSDT"]) == 1000
