"""In which order facts go that came before their time."""

from __future__ import annotations

from tests.user_stream.core.order_facts import KEY, told_by_stream
from user_stream.contracts import MappedOrderUpdate
from user_stream.core.held_facts import hold, take_all, take_next
from user_stream.core.order_record import OrderRecord

FIRST = told_by_stream("PARTIALLY_FILLED", trade=1, last="4", cumulative="4", at=2_000)
SECOND = told_by_stream("PARTIALLY_FILLED", trade=2, last="3", cumulative="7", at=3_000)
AMENDED = told_by_stream("PARTIALLY_FILLED", execution="AMENDMENT", cumulative="7", quantity="12", at=3_500)
CANCELED = told_by_stream("CANCELED", cumulative="7", at=4_000)


def holding(*updates: MappedOrderUpdate) -> OrderRecord:
    record = OrderRecord(KEY, facts=told_by_stream("NEW"))
    for update in updates:
        hold(record, update)
    return record


def test_a_fact_that_is_told_twice_waits_once() -> None:
    assert holding(SECOND, CANCELED, SECOND, CANCELED).held == [SECOND, CANCELED]


def test_nothing_is_due_while_an_earlier_fill_is_missing() -> None:
    assert take_next(holding(SECOND, AMENDED, CANCELED)) is None


def test_what_is_due_goes_in_the_order_in_which_it_happened() -> None:
    record = holding(CANCELED, AMENDED, SECOND)
    record.book(FIRST)
    assert take_next(record) == SECOND
    assert take_next(record) is None  # the others wait until it is booked

    record.book(SECOND)

    assert [take_next(record), take_next(record), take_next(record)] == [AMENDED, CANCELED, None]


def test_all_that_is_held_goes_in_order_when_the_wait_is_over() -> None:
    record = holding(CANCELED, AMENDED, SECOND)

    assert take_all(record) == [SECOND, AMENDED, CANCELED]
    assert record.held == []
