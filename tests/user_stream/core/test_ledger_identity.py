"""Rules 1 to 3: which orders and fills are the same, and which are not."""

from __future__ import annotations

import pytest

from tests.user_stream.core.ledger_steps import FIRST_FILL, LAST_FILL, NEW, fold, listening, steps
from tests.user_stream.core.order_facts import KEY, intent, order_row, told_by_stream, trade_row
from user_stream.contracts import MappedOrderUpdate
from user_stream.core.ledger import Ledger


@pytest.fixture
def ledger() -> Ledger:
    return listening()


def test_fill_seen_twice_is_booked_once(ledger: Ledger) -> None:
    """Rule 1: a fill is its order and its trade id."""
    told = fold(ledger, NEW, FIRST_FILL, FIRST_FILL, LAST_FILL, FIRST_FILL, LAST_FILL)

    assert steps(told) == [("NEW", "0", "0"), ("PARTIALLY_FILLED", "4", "4"), ("FILLED", "6", "10")]
    assert ledger.duplicates == 3


def test_two_own_orders_with_one_trade_id_are_two_fills(ledger: Ledger) -> None:
    """Rule 1: two own orders can trade with each other."""
    other = told_by_stream("FILLED", order_id=8, client_order_id="too", trade=1, last="10", cumulative="10")

    told = fold(ledger, FIRST_FILL, other)

    assert [update["order_id"] for _, update in told] == ["7", "8"]
    assert steps(told) == [("PARTIALLY_FILLED", "4", "4"), ("FILLED", "10", "10")]


def test_fills_without_a_trade_id_are_known_by_the_quantity_they_reach(ledger: Ledger) -> None:
    """Rule 1: liquidation, ADL and settlement may carry trade id 0."""
    first = told_by_stream("PARTIALLY_FILLED", execution="CALCULATED", last="4", cumulative="4")
    second = told_by_stream("FILLED", execution="CALCULATED", last="6", cumulative="10")

    told = fold(ledger, first, first, second, second)

    assert steps(told) == [("PARTIALLY_FILLED", "4", "4"), ("FILLED", "6", "10")]


def test_rest_names_a_fill_that_the_stream_told_without_a_trade_id(ledger: Ledger) -> None:
    """Rule 1: the REST trade that covers (z - l, z] is that fill."""
    fold(ledger, told_by_stream("PARTIALLY_FILLED", execution="CALCULATED", last="4", cumulative="4", at=2_000))

    row = order_row("FILLED", executed="10", at=3_000)
    told = ledger.fold_order(row, [trade_row(1, "4"), trade_row(2, "6")], since=0)

    assert steps(told) == [("FILLED", "6", "10")]


def test_a_named_fill_is_still_known_without_its_trade_id(ledger: Ledger) -> None:
    """Rule 1: the second connection, or a frame that was kept back, tells it as trade 0 again."""
    unnamed = told_by_stream("PARTIALLY_FILLED", execution="CALCULATED", last="4", cumulative="4", at=2_000)
    ledger.fold_order(order_row("PARTIALLY_FILLED", executed="4", at=2_000), [trade_row(1, "4")], since=0)

    assert steps(ledger.fold(unnamed, 1)) == []


def test_reused_client_order_id_is_another_order(ledger: Ledger) -> None:
    """Rule 2: client order ids are attributes, never identity."""
    ended = told_by_stream("FILLED", trade=1, last="10", cumulative="10")
    again = told_by_stream("NEW", order_id=8)

    assert steps(fold(ledger, ended, again)) == [("FILLED", "10", "10"), ("NEW", "0", "0")]


@pytest.mark.parametrize(
    ("stranger", "why"),
    [
        (told_by_stream("NEW", quantity="11", at=1_000), "another quantity"),
        (told_by_stream("NEW", at=900_000), "older than its sending"),
    ],
)
def test_an_order_that_only_shares_the_client_order_id_is_not_bound(stranger: MappedOrderUpdate, why: str) -> None:
    """Rule 2: symbol, side, type, quantity and time must match, too."""
    ledger = Ledger(bind_tolerance_ms=2_000)
    ledger.register(intent(sent_at_ms=902_001 if why == "older than its sending" else 900))

    ledger.fold(stranger, 1)

    assert "mine" in ledger.intents, why


def test_clocks_may_err_by_the_tolerance_when_an_order_is_bound() -> None:
    """Rule 2: the bound is `sent_at_ms` minus the tolerance."""
    ledger = Ledger(bind_tolerance_ms=2_000)
    ledger.register(intent(sent_at_ms=3_000))

    ledger.fold(told_by_stream("NEW", at=1_000), 1)

    assert list(ledger.intents) == []


def test_refused_order_is_expected_no_longer(ledger: Ledger) -> None:
    ledger.register(intent())

    ledger.intents.withdraw("mine")

    assert list(ledger.intents) == []


def test_an_order_whose_first_fact_is_its_amendment_is_bound_by_a_later_one(ledger: Ledger) -> None:
    """Rule 2: the younger connection told of the amendment, whose quantity nobody meant; the older one tells NEW."""
    ledger.register(intent())
    fold(ledger, told_by_stream("NEW", execution="AMENDMENT", quantity="20", at=1_500), epoch=ledger.begin_epoch())
    assert "mine" in ledger.intents

    fold(ledger, told_by_stream("NEW", at=1_000))

    assert "mine" not in ledger.intents


@pytest.mark.parametrize("execution", ["TRADE", "CALCULATED", "NEW", "SOMETHING_NEW"])
def test_a_last_quantity_is_booked_whatever_the_execution_type_says(ledger: Ledger, execution: str) -> None:
    """Rule 3."""
    fill = told_by_stream("FILLED", execution=execution, trade=1, last="10", cumulative="10")

    assert steps(ledger.fold(fill, 1)) == [("FILLED", "10", "10")]


def test_a_missing_unnamed_fill_is_not_taken_for_a_later_one(ledger: Ledger) -> None:
    """Rule 1: the first one was searched for in vain; that more is booked than it reached proves nothing."""
    first = told_by_stream("PARTIALLY_FILLED", execution="CALCULATED", last="4", cumulative="4")
    second = told_by_stream("FILLED", execution="CALCULATED", last="6", cumulative="10")
    fold(ledger, second)
    told = ledger.release(KEY)

    told += fold(ledger, first, first, second)

    assert steps(told) == [("FILLED", "6", "10"), ("FILLED", "4", "10")]


def test_an_unnamed_fill_that_is_held_and_listed_is_told_once(ledger: Ledger) -> None:
    """Rule 1: REST tells it with its trade id, and it needs no other telling."""
    fold(ledger, told_by_stream("FILLED", execution="CALCULATED", last="6", cumulative="10", at=3_000))

    row = order_row("FILLED", executed="10", at=3_000)
    told = ledger.fold_order(row, [trade_row(1, "4"), trade_row(2, "6", at=3_000)], since=0)

    assert [(update["trade_id"], update["last_filled_qty"]) for _, update in told] == [(1, "4"), (2, "6")]


def test_an_unknown_status_is_taken_from_the_quantities(ledger: Ledger) -> None:
    """Rule 3."""
    told = fold(ledger, told_by_stream("NEW_ADL", execution="CALCULATED", last="10", cumulative="10"))

    assert steps(told) == [("FILLED", "10", "10")]
