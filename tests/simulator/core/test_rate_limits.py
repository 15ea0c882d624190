"""What was asked is counted in aligned windows."""

from __future__ import annotations

from simulator.core.rate_limits import RateCounters

MINUTE = 60_000


def test_weight_adds_up_until_the_minute_ends() -> None:
    counters = RateCounters()

    assert counters.add_weight(5, 10 * MINUTE) == 5
    assert counters.add_weight(1, 11 * MINUTE - 1) == 6
    assert counters.add_weight(1, 11 * MINUTE) == 1


def test_orders_are_counted_by_account_in_ten_seconds_and_a_minute() -> None:
    counters = RateCounters()
    counters.add_order("a", MINUTE)

    assert counters.add_order("b", MINUTE) == (1, 1)
    assert counters.add_order("a", MINUTE + 9_999) == (2, 2)
    assert counters.add_order("a", MINUTE + 10_000) == (1, 3)
