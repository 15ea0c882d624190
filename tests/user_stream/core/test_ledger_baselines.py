"""Rule 7: orders that were met halfway."""

from __future__ import annotations

import pytest

from tests.user_stream.core.ledger_steps import FIRST_FILL, LAST_FILL, fold, listening, steps
from tests.user_stream.core.order_facts import KEY, order_row, told_by_lite, told_by_stream, trade_row
from user_stream.core.ledger import Ledger


@pytest.fixture
def ledger() -> Ledger:
    return listening()


def test_baseline_is_told_once_with_what_was_executed_before(ledger: Ledger) -> None:
    """Rule 7: status and cumulative quantity of REST, no fill."""
    row = order_row("PARTIALLY_FILLED", executed="4", made_at=1_000, at=2_000)

    told = ledger.fold_order(row, [], since=5_000)
    told += ledger.fold_order(row, [], since=5_000)

    assert steps(told) == [("PARTIALLY_FILLED", "0", "4")]
    assert told[0].update["source"] == "rest"


def test_the_stream_never_tells_trades_of_the_baseline(ledger: Ledger) -> None:
    """Rule 7: a frame that was kept back is within the baseline already."""
    ledger.fold_order(order_row("PARTIALLY_FILLED", executed="4", at=2_000), [], since=5_000)

    told = fold(ledger, told_by_lite(1, "4", at=2_000), FIRST_FILL, LAST_FILL)

    assert steps(told) == [("FILLED", "6", "10")]


def test_a_trade_lite_that_lags_behind_is_recognised_as_a_trade_of_the_baseline(ledger: Ledger) -> None:
    """Rule 7: only the ORDER_TRADE_UPDATE says that the trade lies within the baseline."""
    ledger.fold_order(order_row("PARTIALLY_FILLED", executed="4", at=2_000), [], since=5_000)
    second = told_by_stream("PARTIALLY_FILLED", trade=2, last="1", cumulative="5", at=6_000)

    told = fold(ledger, FIRST_FILL, second, told_by_lite(1, "4", at=2_000))

    assert steps(told) == [("PARTIALLY_FILLED", "1", "5")]


def test_a_trade_lite_of_the_baseline_does_not_slow_later_ones_for_ever(ledger: Ledger) -> None:
    """Rule 8: once its ORDER_TRADE_UPDATE came, no trade is waited for any more."""
    ledger.fold_order(order_row("PARTIALLY_FILLED", executed="4", at=2_000), [], since=5_000)
    second = told_by_stream("PARTIALLY_FILLED", trade=2, last="1", cumulative="5", at=6_000)

    told = fold(ledger, told_by_lite(1, "4", at=2_000), FIRST_FILL, second, told_by_lite(3, "5", at=7_000))

    assert steps(told)[-1] == ("FILLED", "5", "10")


def test_trades_fetched_with_the_baseline_are_never_told(ledger: Ledger) -> None:
    """Rule 7."""
    row = order_row("PARTIALLY_FILLED", executed="9", at=6_000)
    trades = [trade_row(1, "4", at=2_000), trade_row(2, "5", at=6_000)]

    told = ledger.fold_order(row, trades, since=5_000)

    assert [(update["last_filled_qty"], update["trade_id"]) for _, update in told] == [("0", 0), ("5", 2)]


def test_baseline_does_not_tell_the_quantity_of_fills_that_are_still_to_be_told(ledger: Ledger) -> None:
    """Rule 4: the cumulative quantity is right in every delivery."""
    row = order_row("PARTIALLY_FILLED", executed="9", at=6_000)

    told = ledger.fold_order(row, [trade_row(1, "4", at=2_000), trade_row(2, "5", at=6_000)], since=5_000)

    assert steps(told) == [("PARTIALLY_FILLED", "0", "4"), ("PARTIALLY_FILLED", "5", "9")]


def test_trades_of_a_baseline_that_are_fetched_later_are_never_told(ledger: Ledger) -> None:
    """Rule 7: a gap makes us fetch the whole list of an order that was part-filled when we started."""
    ledger.fold_order(order_row("PARTIALLY_FILLED", executed="4", at=2_000), [], since=5_000)

    row = order_row("PARTIALLY_FILLED", executed="9", at=6_000)
    told = ledger.fold_order(row, [trade_row(1, "4", at=2_000), trade_row(2, "5", at=6_000)], since=5_000)

    assert steps(told) == [("PARTIALLY_FILLED", "5", "9")]


def test_baseline_is_right_when_the_order_filled_between_the_row_and_its_trades(ledger: Ledger) -> None:
    """Rule 7: the row is read first, so its trades are often younger."""
    row = order_row("PARTIALLY_FILLED", executed="4", at=2_000)

    ledger.fold_order(row, [trade_row(1, "4", at=2_000), trade_row(2, "5", at=6_000)], since=5_000)
    told = ledger.fold(told_by_stream("FILLED", trade=3, last="1", cumulative="10", at=7_000), 1)

    assert steps(told) == [("FILLED", "1", "10")]


def test_baseline_is_right_when_the_youngest_trade_lags_behind_the_row(ledger: Ledger) -> None:
    """Rule 7: of fills 4 (before), 2 and 3 (since), the answer lists all but the last."""
    row = order_row("PARTIALLY_FILLED", executed="9", at=7_000)
    known = [trade_row(1, "4", at=2_000), trade_row(2, "2", at=6_000)]

    told = ledger.fold_order(row, known, since=5_000)
    told += ledger.fold_order(row, [*known, trade_row(3, "3", at=7_000)], since=5_000)

    assert [update["last_filled_qty"] for _, update in told if update["trade_id"]] == ["2", "3"]
    assert ledger.is_complete(KEY)
    record = ledger.order(KEY)
    assert record is not None
    assert record.booked == 9


def test_order_made_after_the_start_has_no_baseline(ledger: Ledger) -> None:
    """Rule 7 is for orders of before: whatever an order executed since is told as fills."""
    told = ledger.fold_order(
        order_row("PARTIALLY_FILLED", executed="4", made_at=6_000), [trade_row(1, "4")], since=5_000
    )

    assert steps(told) == [("PARTIALLY_FILLED", "4", "4")]
