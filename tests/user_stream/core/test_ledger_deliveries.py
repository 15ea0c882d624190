"""Rules 4 to 6: what every delivery says, and in which order they come."""

from __future__ import annotations

import pytest

from tests.user_stream.core.ledger_steps import CANCELED, FIRST_FILL, LAST_FILL, NEW, fold, listening, steps
from tests.user_stream.core.order_facts import KEY, intent, order_row, told_by_lite, told_by_stream, trade_row
from user_stream.core.ledger import Ledger


@pytest.fixture
def ledger() -> Ledger:
    return listening()


def test_what_brings_no_fill_carries_neither_quantity_nor_trade(ledger: Ledger) -> None:
    """Rule 4."""
    told = fold(ledger, NEW, FIRST_FILL, CANCELED)

    assert told[-1].update["last_filled_qty"] == "0"
    assert told[-1].update["trade_id"] == 0
    assert told[-1].update["commission"] == "0"
    assert steps(told)[-1] == ("CANCELED", "0", "4")


def test_average_price_is_right_when_the_fills_came_from_different_sources(ledger: Ledger) -> None:
    """Rule 4: TRADE_LITE and trade rows carry none."""
    ledger.register(intent())

    told = ledger.fold(told_by_lite(1, "4", price="100"), 1)
    row = order_row("FILLED", executed="10", average="106", at=3_000)
    told += ledger.fold_order(row, [trade_row(1, "4", price="100"), trade_row(2, "6", price="110")], since=0)

    assert [update["avg_price"] for kind, update in told if kind == "delivery"] == ["100", "106"]


def test_filled_is_told_once_on_the_fill_that_closes_the_order(ledger: Ledger) -> None:
    """Rule 4: from REST as from the stream."""
    row = order_row("FILLED", executed="10", at=3_000)

    told = ledger.fold_order(row, [trade_row(1, "4"), trade_row(2, "6")], since=0)
    told += ledger.fold_order(row, [trade_row(1, "4"), trade_row(2, "6")], since=0)

    assert steps(told) == [("PARTIALLY_FILLED", "4", "4"), ("FILLED", "6", "10")]


def test_late_fill_repeats_the_end(ledger: Ledger) -> None:
    """Rule 5: the first terminal status stays."""
    told = fold(ledger, NEW, CANCELED)
    told += ledger.release(KEY)
    told += ledger.fold_order(order_row("CANCELED", executed="4", at=3_000), [trade_row(1, "4", at=2_000)], since=0)

    assert steps(told) == [("NEW", "0", "0"), ("CANCELED", "0", "4"), ("CANCELED", "4", "4")]


def test_another_end_than_the_first_is_not_told(ledger: Ledger) -> None:
    """Rule 5."""
    told = fold(ledger, NEW, told_by_stream("CANCELED", at=2_000), told_by_stream("EXPIRED", at=2_001))

    assert steps(told) == [("NEW", "0", "0"), ("CANCELED", "0", "0")]


def test_stale_row_of_rest_takes_nothing_back(ledger: Ledger) -> None:
    """Rule 5: neither status nor cumulative quantity goes backwards."""
    told = fold(ledger, NEW, FIRST_FILL, LAST_FILL)
    told += ledger.fold_order(order_row("PARTIALLY_FILLED", executed="4", at=2_000), [trade_row(1, "4")], since=0)
    told += ledger.fold_order(order_row("NEW"), [], since=0)

    assert steps(told)[2:] == [("FILLED", "6", "10")]


def test_new_after_the_first_fill_is_stale_and_counted(ledger: Ledger) -> None:
    """Rule 5."""
    told = fold(ledger, FIRST_FILL, told_by_stream("NEW", at=2_001))

    assert steps(told) == [("PARTIALLY_FILLED", "4", "4")]
    assert ledger.stale == 1


@pytest.mark.parametrize("execution", ["AMENDMENT", "A_TYPE_OF_TOMORROW"])
def test_amendment_is_told_with_the_new_terms_and_the_status_as_it_was(ledger: Ledger, execution: str) -> None:
    amended = told_by_stream("PARTIALLY_FILLED", execution=execution, cumulative="4", quantity="20", at=2_500)

    told = fold(ledger, NEW, FIRST_FILL, amended, amended)

    assert steps(told)[2:] == [("PARTIALLY_FILLED", "0", "4")]
    assert told[-1].update["orig_qty"] == "20"


def test_deliveries_are_numbered_from_one_across_orders(ledger: Ledger) -> None:
    """Rule 6."""
    told = fold(ledger, NEW, told_by_stream("NEW", order_id=8), FIRST_FILL)

    assert [update["delivery_id"] for _, update in told] == [1, 2, 3]
    assert not any(update["redelivered"] for _, update in told)


def test_an_amendment_that_a_connection_tells_late_takes_no_terms_back(ledger: Ledger) -> None:
    """Rule 5: two connections tell two amendments; the second one lags."""
    amendments = [
        told_by_stream("NEW", execution="AMENDMENT", quantity=q, at=at) for q, at in (("20", 1_500), ("15", 1_600))
    ]

    told = fold(ledger, NEW, *amendments, NEW, *amendments)

    assert [update["orig_qty"] for _, update in told] == ["10", "20", "15"]


def test_amendments_of_one_millisecond_are_each_told_once(ledger: Ledger) -> None:
    """Rule 5: time does not tell them apart, their terms do."""
    amendments = [told_by_stream("NEW", execution="AMENDMENT", quantity=q, at=1_000) for q in ("20", "15")]

    told = fold(ledger, NEW, *amendments, NEW, *amendments)

    assert [update["orig_qty"] for _, update in told] == ["10", "20", "15"]
    assert fold(ledger, told_by_lite(1, "10", quantity="10", at=1_001))[0].update["order_status"] == "PARTIALLY_FILLED"


def test_an_amendment_that_only_rest_knows_is_told(ledger: Ledger) -> None:
    """It happened while no connection was there to tell."""
    amended = order_row("NEW", quantity="20", at=1_500)
    fold(ledger, NEW)

    told = ledger.fold_order(amended, [], since=0) + ledger.fold_order(amended, [], since=0)
    told += fold(ledger, told_by_stream("NEW", execution="AMENDMENT", quantity="20", at=1_500))

    assert [update["orig_qty"] for _, update in told] == ["20"]


def test_a_fill_that_was_held_takes_no_terms_back(ledger: Ledger) -> None:
    """Rule 5: it was heard before the row that knows of an amendment in the same millisecond, and is told after it."""
    fold(ledger, NEW, told_by_stream("PARTIALLY_FILLED", trade=2, last="3", cumulative="7", at=3_000))

    row = order_row("PARTIALLY_FILLED", executed="7", quantity="20", at=3_000)
    told = ledger.fold_order(row, [trade_row(1, "4", at=2_000)], since=0)

    assert [(update["trade_id"], update["orig_qty"]) for _, update in told] == [(1, "20"), (2, "20")]


def test_a_stale_row_takes_no_terms_back(ledger: Ledger) -> None:
    """Rule 5."""
    fold(ledger, NEW, told_by_stream("NEW", execution="AMENDMENT", quantity="20", at=1_500))

    assert ledger.fold_order(order_row("NEW", at=1_000), [], since=0) == []


def test_a_trade_row_teaches_nothing_that_its_stale_order_row_says(ledger: Ledger) -> None:
    """The trade is younger than the amendment, the order's row is older than it."""
    fold(ledger, NEW)
    stale = order_row("NEW", at=1_000)

    told = ledger.fold_order(stale, [trade_row(1, "4", at=2_000)], since=0)
    told += fold(ledger, told_by_stream("NEW", execution="AMENDMENT", quantity="20", at=1_500))

    assert steps(told) == [("PARTIALLY_FILLED", "4", "4"), ("PARTIALLY_FILLED", "0", "4")]
    assert told[-1].update["orig_qty"] == "20"


def test_average_price_is_the_exchanges_while_fills_are_missing(ledger: Ledger) -> None:
    """Rule 4: the first fill was searched for in vain; what is told later speaks of all of them."""
    second = told_by_stream(
        "PARTIALLY_FILLED", trade=2, last="6", cumulative="10", quantity="20", average="106", at=3_000
    )
    fold(ledger, NEW, second)
    told = ledger.release(KEY)
    told += fold(
        ledger, told_by_stream("PARTIALLY_FILLED", execution="AMENDMENT", cumulative="4", quantity="30", at=4_000)
    )

    assert [update["avg_price"] for _, update in told] == ["106", "106"]
