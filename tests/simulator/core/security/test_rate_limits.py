"""What was asked is counted in aligned windows, and refused beyond the limits; who goes on is banned."""

from __future__ import annotations

import pytest

from simulator.core.rest.venue_error import VenueError
from simulator.core.security.rate_limits import LONGEST_BAN_MS, REFUSALS_UNTIL_BAN, Limits, RateCounters

MINUTE = 60_000
NOW = 10 * MINUTE
HOME, OTHER = "1.2.3.4", "5.6.7.8"


def refused(counters: RateCounters, now_ms: int, weight: int = 1) -> VenueError:
    with pytest.raises(VenueError) as caught:
        counters.admit_weight(HOME, weight, now_ms)
    return caught.value


def banned_at(counters: RateCounters, now_ms: int) -> int:
    """Go on asking until the address is banned; return until when."""
    counters.admit_weight(HOME, 0, now_ms)
    for _ in range(REFUSALS_UNTIL_BAN):
        assert refused(counters, now_ms, 2401).status == 429
    assert refused(counters, now_ms).status == 418
    until_ms = counters.banned_until(HOME, now_ms)
    assert until_ms is not None
    return until_ms


def test_weight_adds_up_by_address_until_the_minute_ends() -> None:
    counters = RateCounters()

    assert counters.admit_weight(HOME, 5, NOW) == 5
    assert counters.admit_weight(HOME, 1, NOW + MINUTE - 1) == 6
    assert counters.admit_weight(OTHER, 1, NOW + MINUTE - 1) == 1
    assert counters.used_weight(HOME, NOW + MINUTE - 1) == 6
    assert counters.used_weight(HOME, NOW + MINUTE) == 0
    assert counters.admit_weight(HOME, 1, NOW + MINUTE) == 1


def test_orders_are_counted_by_account_in_ten_seconds_and_a_minute() -> None:
    counters = RateCounters()
    counters.admit_orders("a", (1, 1), NOW)
    counters.admit_orders("b", (5, 1), NOW)
    counters.admit_orders("a", (1, 1), NOW + 9_999)

    assert counters.used_orders("b", NOW) == (5, 1)
    assert counters.used_orders("a", NOW + 9_999) == (2, 2)
    assert counters.used_orders("a", NOW + 10_000) == (0, 2)


def test_what_weighs_more_than_is_left_of_the_minute_is_refused_in_the_exchange_s_words() -> None:
    counters = RateCounters()
    counters.admit_weight(HOME, 2400, NOW)
    error = refused(counters, NOW)

    assert (error.code, error.status) == (-1003, 429)
    assert error.message.startswith("Too many requests; current limit of IP(1.2.3.4) is 2400 requests per minute.")
    counters.admit_weight(OTHER, 1, NOW)
    counters.admit_weight(HOME, 1, NOW + MINUTE)


def test_going_on_after_refusals_is_answered_with_a_ban_of_two_minutes_that_says_its_end() -> None:
    counters = RateCounters()
    until_ms = banned_at(counters, NOW)

    assert until_ms == NOW + 2 * MINUTE
    error = refused(counters, until_ms - 1)
    assert (error.code, error.status) == (-1003, 418)
    assert f"IP(1.2.3.4) banned until {until_ms}." in error.message
    counters.admit_weight(HOME, 1, until_ms)


def test_each_ban_is_twice_as_long_as_the_last_and_none_is_longer_than_three_days() -> None:
    counters = RateCounters()
    now_ms, lengths = NOW, []
    for _ in range(14):
        until_ms = counters.ban(HOME, now_ms)
        lengths.append(until_ms - now_ms)
        now_ms = until_ms

    assert lengths[:3] == [2 * MINUTE, 4 * MINUTE, 8 * MINUTE]
    assert lengths[-1] == LONGEST_BAN_MS
    assert counters.ban(HOME, now_ms + LONGEST_BAN_MS) == now_ms + LONGEST_BAN_MS + 2 * MINUTE


@pytest.mark.parametrize(
    ("orders", "limit"), [((300, 1), "300 orders per TEN_SECONDS"), ((1, 1200), "1200 orders per MINUTE")]
)
def test_orders_beyond_a_limit_are_refused_and_not_counted(orders: tuple[int, int], limit: str) -> None:
    counters = RateCounters()
    counters.admit_orders("a", orders, NOW)
    with pytest.raises(VenueError, match=limit) as caught:
        counters.admit_orders("a", (1, 1), NOW)

    assert (caught.value.code, caught.value.status) == (-1015, 429)
    assert counters.used_orders("a", NOW) == orders
    counters.admit_orders("b", (1, 1), NOW)


def test_funding_requests_have_a_bucket_of_their_own() -> None:
    counters = RateCounters()
    for _ in range(500):
        counters.admit_funding(HOME, NOW)
    with pytest.raises(VenueError, match="500 requests per 5 minutes"):
        counters.admit_funding(HOME, NOW)

    assert counters.used_weight(HOME, NOW) == 0
    counters.admit_funding(HOME, NOW + 5 * MINUTE)


def test_limits_that_are_only_counted_refuse_nothing() -> None:
    counters = RateCounters(Limits(enforced=False))
    for _ in range(REFUSALS_UNTIL_BAN + 2):
        counters.admit_weight(HOME, 2400, NOW)
        counters.admit_funding(HOME, NOW)
    counters.admit_orders("a", (2000, 2000), NOW)

    assert counters.used_weight(HOME, NOW) == (REFUSALS_UNTIL_BAN + 2) * 2400
    assert counters.used_orders("a", NOW) == (2000, 2000)
