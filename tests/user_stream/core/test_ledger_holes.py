"""Rules 10 and 11: what is missing is held back, fetched, or declared."""

from __future__ import annotations

import pytest

from tests.user_stream.core.ledger_steps import NEW, fold, listening, trades
from tests.user_stream.core.order_facts import KEY, intent, order_row, told_by_lite, told_by_stream, trade_row
from user_stream.core.ledger import Ledger

FIRST = told_by_stream("PARTIALLY_FILLED", trade=1, last="4", cumulative="4", at=2_000)
SECOND = told_by_stream("PARTIALLY_FILLED", trade=2, last="3", cumulative="7", at=3_000)
THIRD = told_by_stream("FILLED", trade=3, last="3", cumulative="10", at=4_000)
CANCELED = told_by_stream("CANCELED", cumulative="7", at=4_000)


@pytest.fixture
def ledger() -> Ledger:
    return listening()


def test_a_fill_whose_predecessor_is_missing_is_held(ledger: Ledger) -> None:
    ledger.fold(NEW, 1)

    assert ledger.fold(SECOND, 1) == []
    assert ledger.holes == {KEY}
    assert not ledger.is_complete(KEY)


def test_an_end_above_what_is_booked_is_held(ledger: Ledger) -> None:
    ledger.fold(NEW, 1)
    ledger.fold(FIRST, 1)

    assert ledger.fold(CANCELED, 1) == []
    assert ledger.holes == {KEY}


def test_everything_later_of_an_order_with_a_hole_waits_and_other_orders_do_not(ledger: Ledger) -> None:
    ledger.fold(NEW, 1)
    ledger.fold(SECOND, 1)

    assert ledger.fold(told_by_lite(3, "3", at=4_000), 1) == []
    assert ledger.fold(THIRD, 1) == []
    assert trades(ledger.fold(told_by_stream("NEW", order_id=8), 1)) == [("NEW", 0, "0")]


def test_the_fetched_trade_goes_out_before_what_was_held(ledger: Ledger) -> None:
    """Rule 11: in the order of the trades."""
    ledger.fold(NEW, 1)
    ledger.fold(SECOND, 1)
    ledger.fold(CANCELED, 1)

    row = order_row("CANCELED", executed="7", at=4_000)
    told = ledger.fold_order(row, [trade_row(1, "4"), trade_row(2, "3")], since=0)
    told += ledger.release(KEY)

    assert trades(told) == [("PARTIALLY_FILLED", 1, "4"), ("PARTIALLY_FILLED", 2, "7"), ("CANCELED", 0, "7")]
    assert ledger.holes == set()
    assert ledger.shortfalls == 0


def test_an_order_is_complete_only_when_what_is_held_behind_the_hole_is_complete_too(ledger: Ledger) -> None:
    """A second fill is missing behind the first one: the stale answer that fills one hole does not fill the other."""
    ledger.fold(NEW, 1)
    ledger.fold(told_by_stream("PARTIALLY_FILLED", trade=2, last="1", cumulative="2", at=2_000), 1)
    ledger.fold(told_by_stream("FILLED", trade=4, last="1", cumulative="10", at=4_000), 1)

    stale = order_row("PARTIALLY_FILLED", executed="2", at=2_000)
    told = ledger.fold_order(stale, [trade_row(1, "1"), trade_row(2, "1")], since=0)

    assert [trade for _, trade, _ in trades(told)] == [1, 2]
    assert not ledger.is_complete(KEY)


def test_an_end_that_only_rest_told_is_not_lost_behind_a_hole(ledger: Ledger) -> None:
    """The stream broke before it told the end, while an earlier fill was still missing."""
    ledger.fold(NEW, 1)
    ledger.fold(SECOND, 1)

    row = order_row("CANCELED", executed="7", at=4_000)
    told = ledger.fold_order(row, [trade_row(1, "4"), trade_row(2, "3")], since=0)
    told += ledger.release(KEY)

    assert trades(told)[-1] == ("CANCELED", 0, "7")


def test_an_end_that_only_rest_told_is_not_lost_when_the_wait_is_over(ledger: Ledger) -> None:
    ledger.fold(NEW, 1)
    ledger.fold(SECOND, 1)

    told = ledger.fold_order(order_row("CANCELED", executed="7", at=4_000), [], since=0)
    told += ledger.release(KEY)

    assert trades(told) == [("PARTIALLY_FILLED", 2, "7"), ("CANCELED", 0, "7")]
    assert ledger.shortfalls == 1


def test_release_tells_what_is_there_and_counts_the_shortfall(ledger: Ledger) -> None:
    ledger.fold(NEW, 1)
    ledger.fold(FIRST, 1)
    ledger.fold(THIRD, 1)

    told = ledger.release(KEY)

    assert trades(told) == [("FILLED", 3, "10")]
    assert ledger.shortfalls == 1
    assert not ledger.is_complete(KEY)


def test_what_was_held_itself_is_no_shortfall(ledger: Ledger) -> None:
    """Only the first trade was missing; that REST does not list the second one yet does not matter."""
    ledger.fold(NEW, 1)
    ledger.fold(SECOND, 1)

    told = ledger.fold_order(order_row("PARTIALLY_FILLED", executed="4", at=2_000), [trade_row(1, "4")], since=0)

    assert trades(told) == [("PARTIALLY_FILLED", 1, "4"), ("PARTIALLY_FILLED", 2, "7")]
    assert ledger.release(KEY) == []
    assert ledger.shortfalls == 0


def test_a_fill_found_after_the_shortfall_is_told_once_and_completes_the_order(ledger: Ledger) -> None:
    ledger.fold(NEW, 1)
    ledger.fold(FIRST, 1)
    ledger.fold(THIRD, 1)
    ledger.release(KEY)

    row = order_row("FILLED", executed="10", at=4_000)
    listed = [trade_row(1, "4"), trade_row(2, "3"), trade_row(3, "3")]
    told = ledger.fold_order(row, listed, since=0) + ledger.fold_order(row, listed, since=0)

    assert trades(told) == [("FILLED", 2, "10")]
    assert ledger.is_complete(KEY)


def test_an_order_whose_trades_lag_behind_its_row_is_named_as_a_hole(ledger: Ledger) -> None:
    ledger.fold_order(order_row("PARTIALLY_FILLED", executed="4", at=2_000), [], since=0)

    assert ledger.holes == {KEY}


def test_releasing_an_order_without_a_hole_tells_nothing(ledger: Ledger) -> None:
    ledger.fold(NEW, 1)

    assert ledger.release(KEY) == []
    assert ledger.release(("ETHUSDT", "1")) == []
    assert ledger.shortfalls == 0


# --- several connections ------------------------------------------------------------------------------------


def test_what_another_connection_tells_closes_the_hole_at_once_and_in_order(ledger: Ledger) -> None:
    """Rule 10: the younger connection began after the first fill, and runs ahead."""
    younger = ledger.begin_epoch()
    assert fold(ledger, SECOND, CANCELED, epoch=younger) == []

    told = fold(ledger, NEW, FIRST)

    assert trades(told) == [
        ("NEW", 0, "0"),
        ("PARTIALLY_FILLED", 1, "4"),
        ("PARTIALLY_FILLED", 2, "7"),
        ("CANCELED", 0, "7"),
    ]
    assert ledger.holes == set()
    assert ledger.release(KEY) == []


def test_a_trade_lite_of_another_connection_closes_the_hole_at_once(ledger: Ledger) -> None:
    """Rules 8 and 10: nothing before it is missing, only behind it."""
    ledger.register(intent())
    younger = ledger.begin_epoch()
    fold(ledger, SECOND, epoch=younger)

    told = fold(ledger, told_by_lite(1, "4", at=2_000))

    assert trades(told) == [("PARTIALLY_FILLED", 1, "4"), ("PARTIALLY_FILLED", 2, "7")]
    assert ledger.holes == set()


def test_a_hole_behind_the_first_one_stays_open(ledger: Ledger) -> None:
    younger = ledger.begin_epoch()
    fold(ledger, SECOND, told_by_stream("FILLED", trade=4, last="1", cumulative="10", at=5_000), epoch=younger)

    assert trades(fold(ledger, NEW, FIRST))[1:] == [("PARTIALLY_FILLED", 1, "4"), ("PARTIALLY_FILLED", 2, "7")]
    assert ledger.holes == {KEY}


def test_a_filled_order_is_told_filled_on_the_fill_that_closes_it_whoever_told_of_the_end_first(ledger: Ledger) -> None:
    """Rule 4: REST listed the end before the trade."""
    fold(ledger, NEW, FIRST, SECOND)
    assert ledger.fold_order(order_row("FILLED", executed="10", at=4_000), [], since=0) == []
    assert ledger.holes == {KEY}

    assert trades(fold(ledger, THIRD)) == [("FILLED", 3, "10")]
    assert ledger.holes == set()


def test_a_row_that_runs_ahead_of_its_trades_tells_nothing_that_they_do_not(ledger: Ledger) -> None:
    """Rule 4: the cumulative quantity of a delivery is never above what was delivered."""
    row = order_row("PARTIALLY_FILLED", executed="7", at=3_000)
    fold(ledger, NEW)

    told = ledger.fold_order(row, [trade_row(1, "4")], since=0)
    told += ledger.fold_order(row, [trade_row(1, "4"), trade_row(2, "3")], since=0)

    assert trades(told) == [("PARTIALLY_FILLED", 1, "4"), ("PARTIALLY_FILLED", 2, "7")]


def test_a_fill_that_is_held_and_listed_is_told_once(ledger: Ledger) -> None:
    """The list closes the hole before the fill that waited behind it, and then names that one, too."""
    fold(ledger, NEW, SECOND)

    row = order_row("FILLED", executed="10", at=4_000)
    told = ledger.fold_order(row, [trade_row(1, "4"), trade_row(2, "3"), trade_row(3, "3")], since=0)

    assert trades(told) == [("PARTIALLY_FILLED", 1, "4"), ("PARTIALLY_FILLED", 2, "7"), ("FILLED", 3, "10")]


def test_a_fill_that_is_held_is_told_once_although_the_list_lacks_the_oldest_trades(ledger: Ledger) -> None:
    """They are beyond what the exchange keeps, so no trade's place in the list says what it reached."""
    fold(ledger, NEW, FIRST, THIRD)

    row = order_row("FILLED", executed="10", at=4_000)
    told = ledger.fold_order(row, [trade_row(2, "3", at=3_000), trade_row(3, "3", at=4_000)], since=0)

    assert trades(told) == [("PARTIALLY_FILLED", 2, "7"), ("FILLED", 3, "10")]


# --- what was searched for in vain --------------------------------------------------------------------------


def test_nothing_waits_again_for_what_was_searched_for_in_vain(ledger: Ledger) -> None:
    """Rule 10: an order is held once for a hole, not for every fill after it."""
    fold(ledger, NEW, SECOND)
    ledger.release(KEY)

    assert trades(fold(ledger, THIRD)) == [("FILLED", 3, "10")]
    assert ledger.holes == set()


def test_another_hole_is_waited_for_although_one_was_given_up(ledger: Ledger) -> None:
    fold(ledger, NEW, SECOND)
    ledger.release(KEY)

    assert fold(ledger, told_by_stream("FILLED", trade=4, last="1", cumulative="10", at=5_000)) == []
    assert ledger.holes == {KEY}


def test_a_trade_lite_waits_while_a_fill_is_missing_for_good(ledger: Ledger) -> None:
    """Rule 8."""
    fold(ledger, NEW, SECOND)
    ledger.release(KEY)

    assert fold(ledger, told_by_lite(3, "3", at=4_000)) == []
