"""One order's arithmetic: what is booked, what is claimed, and what lies between."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.user_stream.core.order_facts import KEY, told_by_lite, told_by_stream
from user_stream.contracts import MappedOrderUpdate
from user_stream.core.order_record import OrderRecord, status_rank


def fill(trade: int, last: str, cumulative: str, *, price: str = "100") -> MappedOrderUpdate:
    return told_by_stream("PARTIALLY_FILLED", trade=trade, last=last, cumulative=cumulative, price=price)


def record(*fills: MappedOrderUpdate) -> OrderRecord:
    record = OrderRecord(KEY, facts=told_by_stream("NEW"))
    for update in fills:
        record.book(update)
    return record


def test_a_status_ranks_by_how_far_the_order_is() -> None:
    ended = ("FILLED", "CANCELED", "EXPIRED", "EXPIRED_IN_MATCH", "REJECTED")

    assert [status_rank(status) for status in ("", "NEW", "PARTIALLY_FILLED")] == [0, 1, 2]
    assert {status_rank(status) for status in ended} == {3}


def test_a_fill_is_known_by_its_trade_id_alone() -> None:
    """Rule 1: not by what it says of quantities."""
    held = record(fill(1, "4", "4"))

    assert held.knows(told_by_lite(1, "4"))
    assert held.knows(fill(1, "9", "9"))
    assert not held.knows(fill(2, "4", "4"))


def test_booked_and_claimed_are_kept_apart() -> None:
    """Rule 10: a fill proves its quantity, and claims what it reached."""
    held = record(fill(2, "3", "7"))

    assert (held.booked, held.claimed) == (Decimal(3), Decimal(7))


@pytest.mark.parametrize(
    ("held", "told", "missing"),
    [
        ([], fill(1, "4", "4"), 0),
        ([], fill(2, "3", "7"), 4),
        ([fill(1, "4", "4")], fill(2, "3", "7"), 0),
        ([fill(1, "4", "4")], fill(3, "3", "10"), 3),
        ([fill(1, "4", "4"), fill(3, "3", "10")], fill(2, "3", "7"), 0),
        ([fill(3, "3", "10")], fill(2, "3", "7"), 4),
        ([fill(0, "4", "4")], fill(2, "3", "7"), 0),
        ([fill(1, "4", "4")], fill(0, "3", "7"), 0),
        ([fill(0, "4", "4")], fill(0, "3", "10"), 3),
    ],
)
def test_what_is_missing_before_a_fill_is_counted_by_earlier_trades(
    held: list[MappedOrderUpdate], told: MappedOrderUpdate, missing: int
) -> None:
    """Rule 10: sum of known trades with a smaller id against z - l."""
    assert record(*held).missing_before(told) == missing


def test_nothing_is_missing_before_what_the_baseline_holds() -> None:
    """Rule 7."""
    held = record()
    held.set_baseline(Decimal(4), Decimal(400))

    assert held.missing_before(fill(2, "3", "7")) == 0
    assert held.missing_before(fill(3, "3", "10")) == 3
    assert held.knows(fill(1, "4", "4"))
    assert not held.knows(fill(2, "3", "7"))


def test_the_average_price_is_that_of_all_fills() -> None:
    assert record(fill(1, "4", "4", price="100"), fill(2, "6", "10", price="110")).average_price() == "106"


def test_the_average_price_has_eight_decimals_and_no_exponent() -> None:
    thirds = record(fill(1, "1", "1", price="100"), fill(2, "2", "3", price="100.00000001"))

    assert thirds.average_price() == "100.00000001"
    assert record(fill(1, "1", "1", price="70000")).average_price() == "70000"


def test_an_order_without_fills_has_no_average_price() -> None:
    assert record().average_price() == "0"


def test_the_average_price_includes_the_baseline() -> None:
    held = record()
    held.set_baseline(Decimal(4), Decimal(400))
    held.book(fill(2, "6", "10", price="110"))

    assert held.average_price() == "106"


def test_a_rest_trade_names_the_fill_that_it_covers() -> None:
    """Rule 1: (z - l, z] within the trade's span."""
    held = record(fill(0, "4", "4"), fill(0, "6", "10"))

    held.name_fill(12, Decimal(4), Decimal(10))

    assert held.fills == {12: Decimal(6)}
    assert held.unnamed == {Decimal(4): Decimal(4)}
    assert held.booked == Decimal(10)


def test_a_rest_trade_that_covers_no_unnamed_fill_names_none() -> None:
    held = record(fill(0, "4", "4"))

    held.name_fill(12, Decimal(0), Decimal(3))

    assert held.fills == {}


def test_the_time_of_the_first_fill_stays() -> None:
    held = record(told_by_lite(1, "4", at=2_000), told_by_lite(2, "6", at=3_000))

    assert held.first_fill_time == 2_000
