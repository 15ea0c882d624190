"""A symbol's status changes, once, and to what exists; nobody's stream is told."""

from __future__ import annotations

import pytest

from simulator import Profile
from simulator.core.facts import ContractChanged
from simulator.core.market.listing import set_status
from simulator.core.streams.stream_events import user_events
from simulator.errors import BadStatusError
from tests.simulator.core.small_markets import NOW, a_venue, an_exchange


def test_a_symbol_gets_another_status_and_keeps_its_terms() -> None:
    exchange = an_exchange()
    before = exchange.symbols["BTCUSDT"]

    (fact,) = set_status(exchange, "BTCUSDT", "SETTLING", NOW)

    after = exchange.symbols["BTCUSDT"]
    assert isinstance(fact, ContractChanged)
    assert (fact.spec, after.status, after.tick_size) == (after, "SETTLING", before.tick_size)
    assert exchange.symbols["ETHUSDT"].status == "TRADING"


def test_the_status_that_a_symbol_has_already_is_no_news() -> None:
    assert set_status(an_exchange(), "BTCUSDT", "TRADING", NOW) == []


def test_a_status_that_does_not_exist_is_refused_with_those_that_do() -> None:
    with pytest.raises(BadStatusError, match=r"expected one of CLOSE, DELIVERED, .*, got 'SLEEPING'"):
        set_status(an_exchange(), "BTCUSDT", "SLEEPING", NOW)


def test_no_user_stream_is_told() -> None:
    exchange = an_exchange()

    assert user_events(set_status(exchange, "BTCUSDT", "CLOSE", NOW), exchange.symbols, Profile()) == []


def test_the_status_outlives_a_wipe() -> None:
    venue = a_venue()
    set_status(venue.exchange, "BTCUSDT", "CLOSE", NOW)

    venue.wipe()

    assert venue.exchange.symbols["BTCUSDT"].status == "CLOSE"
