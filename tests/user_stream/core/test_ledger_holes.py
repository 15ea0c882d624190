"""Rules 10 and 20: what is missing is held back, fetched, or declared; and what is over is forgotten."""

from __future__ import annotations

import pytest

from tests.user_stream.core.order_facts import KEY, order_row, told_by_lite, told_by_stream, trade_row
from user_stream.core.ledger import Ledger, Told

NEW = told_by_stream("NEW", at=1_000)
FIRST = told_by_stream("PARTIALLY_FILLED", trade=1, last="4", cumulative="4", at=2_000)
SECOND = told_by_stream("PARTIALLY_FILLED", trade=2, last="3", cumulative="7", at=3_000)
THIRD = told_by_stream("FILLED", trade=3, last="3", cumulative="10", at=4_000)
CANCELED = told_by_stream("CANCELED", cumulative="7", at=4_000)


@pytest.fixture
def ledger() -> Ledger:
    ledger = Ledger()
    ledger.begin_epoch()
    return ledger


def steps(told: list[Told]) -> list[tuple[str, int, str]]:
    """Return status, trade and cumulative quantity of what was delivered."""
    return [
        (update["order_status"], update["trade_id"], update["accumulated_filled_qty"])
        for kind, update in told
        if kind == "delivery"
    ]


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
    assert steps(ledger.fold(told_by_stream("NEW", order_id=8), 1)) == [("NEW", 0, "0")]


def test_the_fetched_trade_goes_out_before_what_was_held(ledger: Ledger) -> None:
    """Rule 11: in the order of the trades."""
    ledger.fold(NEW, 1)
    ledger.fold(SECOND, 1)
    ledger.fold(CANCELED, 1)

    row = order_row("CANCELED", executed="7", at=4_000)
    told = ledger.fold_order(row, [trade_row(1, "4"), trade_row(2, "3")], since=0)
    told += ledger.release(KEY)

    assert steps(told) == [("PARTIALLY_FILLED", 1, "4"), ("PARTIALLY_FILLED", 2, "7"), ("CANCELED", 0, "7")]
    assert ledger.holes == set()
    assert ledger.shortfalls == 0


def test_an_order_is_complete_only_when_what_is_held_behind_the_hole_is_complete_too(ledger: Ledger) -> None:
    """A second fill is missing behind the first one: the stale answer that fills one hole does not fill the other."""
    ledger.fold(NEW, 1)
    ledger.fold(told_by_stream("PARTIALLY_FILLED", trade=2, last="1", cumulative="2", at=2_000), 1)
    ledger.fold(told_by_stream("FILLED", trade=4, last="1", cumulative="10", at=4_000), 1)

    stale = order_row("PARTIALLY_FILLED", executed="2", at=2_000)
    told = ledger.fold_order(stale, [trade_row(1, "1"), trade_row(2, "1")], since=0)

    assert [trade for _, trade, _ in steps(told)] == [1, 2]
    assert not ledger.is_complete(KEY)


def test_an_end_that_only_rest_told_is_not_lost_behind_a_hole(ledger: Ledger) -> None:
    """The stream broke before it told the end, while an earlier fill was still missing."""
    ledger.fold(NEW, 1)
    ledger.fold(SECOND, 1)

    row = order_row("CANCELED", executed="7", at=4_000)
    told = ledger.fold_order(row, [trade_row(1, "4"), trade_row(2, "3")], since=0)
    told += ledger.release(KEY)

    assert steps(told)[-1] == ("CANCELED", 0, "7")


def test_an_end_that_only_rest_told_is_not_lost_when_the_wait_is_over(ledger: Ledger) -> None:
    ledger.fold(NEW, 1)
    ledger.fold(SECOND, 1)

    told = ledger.fold_order(order_row("CANCELED", executed="7", at=4_000), [], since=0)
    told += ledger.release(KEY)

    assert steps(told) == [("PARTIALLY_FILLED", 2, "7"), ("CANCELED", 0, "7")]
    assert ledger.shortfalls == 1


def test_release_tells_what_is_there_and_counts_the_shortfall(ledger: Ledger) -> None:
    ledger.fold(NEW, 1)
    ledger.fold(FIRST, 1)
    ledger.fold(THIRD, 1)

    told = ledger.release(KEY)

    assert steps(told) == [("FILLED", 3, "10")]
    assert ledger.shortfalls == 1
    assert not ledger.is_complete(KEY)


def test_what_was_held_itself_is_no_shortfall(ledger: Ledger) -> None:
    """Only the first trade was missing; that REST does not list the second one yet does not matter."""
    ledger.fold(NEW, 1)
    ledger.fold(SECOND, 1)

    told = ledger.fold_order(order_row("PARTIALLY_FILLED", executed="4", at=2_000), [trade_row(1, "4")], since=0)

    assert steps(told) == [("PARTIALLY_FILLED", 1, "4"), ("PARTIALLY_FILLED", 2, "7")]
    assert ledger.release(KEY) == []
    assert ledger.shortfalls == 0


def test_a_fill_found_after_the_shortfall_is_told_once_and_completes_the_order(ledger: Ledger) -> None:
    ledger.fold(NEW, 1)
    ledger.fold(FIRST, 1)
    ledger.fold(THIRD, 1)
    ledger.release(KEY)

    row = order_row("FILLED", executed="10", at=4_000)
    trades = [trade_row(1, "4"), trade_row(2, "3"), trade_row(3, "3")]
    told = ledger.fold_order(row, trades, since=0) + ledger.fold_order(row, trades, since=0)

    assert steps(told) == [("FILLED", 2, "10")]
    assert ledger.is_complete(KEY)


def test_an_order_whose_trades_lag_behind_its_row_is_named_as_a_hole(ledger: Ledger) -> None:
    ledger.fold_order(order_row("PARTIALLY_FILLED", executed="4", at=2_000), [], since=0)

    assert ledger.holes == {KEY}


def test_releasing_an_order_without_a_hole_tells_nothing(ledger: Ledger) -> None:
    ledger.fold(NEW, 1)

    assert ledger.release(KEY) == []
    assert ledger.release(("ETHUSDT", "1")) == []
    assert ledger.shortfalls == 0


# --- rule 20: eviction --------------------------------------------------------------------------------------


def test_only_orders_that_ended_before_are_forgotten(ledger: Ledger) -> None:
    for update in (NEW, FIRST, SECOND, THIRD, told_by_stream("NEW", order_id=8)):
        ledger.fold(update, 1)

    assert ledger.evict(before=4_000) == 0
    assert ledger.evict(before=4_001) == 1
    assert ledger.order(KEY) is None
    assert ledger.open_orders == [("BTCUSDT", "8")]


def test_an_order_that_lacks_fills_is_not_forgotten(ledger: Ledger) -> None:
    ledger.fold(NEW, 1)
    ledger.fold(CANCELED, 1)
    ledger.release(KEY)

    assert ledger.evict(before=90_000) == 0
    ledger.fold_order(order_row("CANCELED", executed="7"), [trade_row(1, "4"), trade_row(2, "3")], since=0)
    assert ledger.evict(before=90_000) == 1


def test_what_is_told_again_of_a_forgotten_order_is_a_duplicate(ledger: Ledger) -> None:
    for update in (NEW, FIRST, SECOND, THIRD):
        ledger.fold(update, 1)
    ledger.evict(before=90_000)

    assert [ledger.fold(update, 1) for update in (NEW, THIRD)] == [[], []]
    assert ledger.fold_order(order_row("FILLED", executed="10", at=4_000), [], since=0) == []
    assert ledger.duplicates == 2


def test_an_order_that_rest_lists_as_open_is_never_taken_for_a_forgotten_one(ledger: Ledger) -> None:
    """It was made 50 ms before the connection, and REST lagged: no event ever told of it."""
    for update in (NEW, FIRST, SECOND, THIRD):
        ledger.fold(update, 1)
    ledger.evict(before=90_000)

    assert steps(ledger.fold_order(order_row("NEW", order_id=8), [], since=0)) == [("NEW", 0, "0")]


def test_a_later_trade_of_an_unknown_order_is_no_duplicate_of_a_forgotten_one(ledger: Ledger) -> None:
    for update in (NEW, FIRST, SECOND, THIRD):
        ledger.fold(update, 1)
    ledger.evict(before=90_000)

    late = told_by_stream("FILLED", order_id=8, trade=9, last="10", cumulative="10", at=91_000)

    assert steps(ledger.fold(late, 1)) == [("FILLED", 9, "10")]
