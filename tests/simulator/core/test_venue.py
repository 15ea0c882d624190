"""The venue's time brings the ends of listen keys and GTD orders."""

from __future__ import annotations

from simulator.core.domain import BUY
from simulator.core.facts import ListenKeyEnded, OrderEnded
from simulator.core.venue import Route
from tests.simulator.core.small_markets import HOUR, NOW, a_venue, limit


def test_advancing_ends_what_is_due() -> None:
    venue = a_venue()
    account = venue.exchange.accounts["default"]
    key = venue.listen_keys.issue("default", NOW)
    order = limit(BUY, "0.010", "60000", time_in_force="GTD", good_till_ms=NOW + HOUR // 2)
    venue.exchange.place(account, order, NOW)

    assert venue.next_deadline_ms() == NOW + HOUR // 2
    assert [type(fact) for fact in venue.advance(NOW + HOUR // 2)] == [OrderEnded]
    assert venue.next_deadline_ms() == NOW + HOUR
    (ended,) = venue.advance(NOW + HOUR)
    assert isinstance(ended, ListenKeyEnded)
    assert (ended.listen_key, ended.cause) == (key, "expired")
    assert venue.next_deadline_ms() is None


def test_a_key_that_does_not_live_does_not_end() -> None:
    assert a_venue().end_listen_key("default", "deleted", NOW) == []


def test_a_request_about_all_symbols_may_weigh_more() -> None:
    venue = a_venue()
    route = Route(lambda *_: None, "signed", 1, 40)  # type: ignore[arg-type]  # never called

    assert route.weigh({"symbol": "BTCUSDT"}) == 1
    assert route.weigh({}) == 40
    assert venue.counters.admit_weight("1.2.3.4", route.weigh({}), NOW) == 40


def test_a_weight_may_follow_from_the_parameters() -> None:
    route = Route(lambda *_: None, "none", lambda params: int(params["limit"]) // 100)  # type: ignore[arg-type]  # never called

    assert route.weigh({"limit": "500"}) == 5
