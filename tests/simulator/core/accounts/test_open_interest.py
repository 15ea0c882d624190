"""Open interest is the greater of what is held long and short, and its past is remembered for 30 days."""

from __future__ import annotations

from decimal import Decimal

from simulator.core.accounts.open_interest import OpenInterest

FIVE_MINUTES = 300_000
ONE, TWO, NONE = Decimal(1), Decimal(2), Decimal(0)


def test_it_is_the_greater_side_through_a_change_of_side() -> None:
    held = OpenInterest()
    held.note("X", NONE, ONE, 0)
    held.note("X", NONE, -TWO, 0)
    assert held.now("X") == 2
    held.note("X", ONE, -TWO, 0)
    assert held.now("X") == 4
    held.note("X", -TWO, NONE, 0)
    held.note("X", -TWO, NONE, 0)
    assert held.now("X") == held.now("Y") == 0


def test_the_past_is_what_was_held_at_the_end_of_the_period_before() -> None:
    held = OpenInterest()
    held.note("X", NONE, ONE, 10 * FIVE_MINUTES)
    held.note("X", ONE, TWO, 11 * FIVE_MINUTES - 1)
    held.note("X", TWO, ONE, 15 * FIVE_MINUTES)

    assert [held.at("X", number * FIVE_MINUTES) for number in (10, 11, 15, 16, 99)] == [0, 2, 2, 1, 1]
    assert held.at("Y", FIVE_MINUTES) == 0


def test_the_past_does_not_grow_without_bound() -> None:
    held = OpenInterest()
    for period in range(10_000):
        held.note("X", NONE, ONE, period * FIVE_MINUTES)

    assert held.at("X", 1_000 * FIVE_MINUTES) == 0
    assert held.at("X", 2_000 * FIVE_MINUTES) == 2_000
