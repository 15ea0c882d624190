"""The listen key's lease, by its times."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from user_stream.core.lease import Lease, LeaseTerms

TERMS = LeaseTerms(lifetime_s=3600, interval_s=1800, margin_s=300)
LEASE = Lease(TERMS, number=1, extended_s=1000)


def test_key_is_extended_at_half_life_and_given_up_before_its_end() -> None:
    assert (LEASE.due_s, LEASE.given_up_s) == (2800, 4300)
    assert LEASE.age_s(1500) == 500


def test_key_that_was_not_extended_at_its_turn_is_aging_long_before_its_end() -> None:
    assert not LEASE.is_aging(2800)
    assert not LEASE.is_aging(3700)
    assert LEASE.is_aging(3701)


def test_extended_key_lives_for_another_lifetime_from_when_that_was_asked_for() -> None:
    extended = LEASE.extended(2800)

    assert (extended.extended_s, extended.number) == (2800, 1)
    assert not extended.is_aging(4600)


@given(st.lists(st.floats(0, 1e6), max_size=10))
def test_answers_that_come_in_another_order_do_not_make_a_key_older(asked_s: list[float]) -> None:
    lease = LEASE
    for moment in asked_s:
        lease = lease.extended(moment)

    assert lease.extended_s == max([1000, *asked_s])


def test_key_dies_once_by_its_first_cause() -> None:
    """Row 1: expiry may be announced twice."""
    assert not LEASE.dead
    dead = LEASE.ended("the listen key expired")

    assert dead.dead
    assert dead.ended("something else") is dead
    assert dead.cause == "the listen key expired"
