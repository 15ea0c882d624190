"""Rule 18: a trade whose order nobody can name."""

from __future__ import annotations

import pytest

from tests.user_stream.core.ledger_steps import listening, trades
from tests.user_stream.core.order_facts import KEY, intent, order_row, told_by_stream, trade_row
from user_stream.core.ledger import Ledger

TRADE = trade_row(2, "3", price="110", at=6_000)


@pytest.fixture
def ledger() -> Ledger:
    return listening()


def test_it_is_told_once_as_a_fill_of_somebody_else(ledger: Ledger) -> None:
    told = ledger.fold_external_trade(TRADE, since=5_000) + ledger.fold_external_trade(TRADE, since=5_000)

    (update,) = (item.update for item in told)
    assert trades(told) == [("PARTIALLY_FILLED", 2, "3")]
    assert (update["client_order_id"], update["order_id"], update["side"], update["source"]) == ("", "7", "BUY", "rest")
    assert (update["last_filled_price"], update["avg_price"], update["commission"]) == ("110", "110", "0.01")


def test_a_trade_of_before_the_ledger_began_is_not_told(ledger: Ledger) -> None:
    """Rule 7."""
    assert ledger.fold_external_trade(TRADE, since=6_001) == []
    assert ledger.order(KEY) is None


def test_no_expected_order_is_bound_to_it(ledger: Ledger) -> None:
    """Rule 2: it carries no client order id."""
    ledger.register(intent())

    ledger.fold_external_trade(TRADE, since=0)

    assert "mine" in ledger.intents


def test_a_trade_that_the_stream_told_is_not_told_again(ledger: Ledger) -> None:
    ledger.fold(told_by_stream("NEW"), 1)
    ledger.fold(told_by_stream("PARTIALLY_FILLED", trade=2, last="3", cumulative="3", at=6_000), 1)

    assert ledger.fold_external_trade(TRADE, since=0) == []


def test_it_closes_the_hole_before_what_is_held(ledger: Ledger) -> None:
    ledger.fold(told_by_stream("NEW"), 1)
    ledger.fold(told_by_stream("FILLED", trade=3, last="7", cumulative="10", at=7_000), 1)

    told = ledger.fold_external_trade(TRADE, since=0)

    assert trades(told) == [("PARTIALLY_FILLED", 2, "3"), ("FILLED", 3, "10")]
    assert ledger.holes == set()


def test_an_order_that_is_named_later_begins_with_its_baseline(ledger: Ledger) -> None:
    """Rules 7 and 18: what it had executed before is known, what was told is not told again."""
    ledger.fold_external_trade(TRADE, since=5_000)
    older, younger = trade_row(1, "4", at=2_000), trade_row(3, "1", at=7_000)

    row = order_row("CANCELED", executed="8", at=8_000)
    told = ledger.fold_order(row, [older, TRADE, younger], since=5_000)

    assert trades(told) == [("PARTIALLY_FILLED", 3, "8"), ("CANCELED", 0, "8")]


def test_a_trade_of_the_baseline_is_not_told(ledger: Ledger) -> None:
    ledger.fold_order(order_row("PARTIALLY_FILLED", executed="4", at=2_000), [], since=5_000)

    assert ledger.fold_external_trade(trade_row(1, "4", at=2_000), since=0) == []


def test_a_trade_of_a_forgotten_order_is_a_duplicate(ledger: Ledger) -> None:
    """Rule 20."""
    ledger.fold(told_by_stream("NEW"), 1)
    ledger.fold(told_by_stream("FILLED", trade=2, last="10", cumulative="10", at=6_000), 1)
    ledger.evict(before=90_000)

    assert ledger.fold_external_trade(TRADE, since=0) == []


@pytest.mark.parametrize("first", ["the stream", "rest"])
def test_a_fill_without_a_trade_id_is_the_trade_that_equals_it(ledger: Ledger, first: str) -> None:
    """Rules 1 and 18: neither of the two can be asked for by its order."""
    liquidation = told_by_stream(
        "PARTIALLY_FILLED", execution="CALCULATED", last="3", cumulative="3", price="110", at=6_000
    )
    ledger.fold(told_by_stream("NEW"), 1)

    told = ledger.fold(liquidation, 1) if first == "the stream" else []
    told += ledger.fold_external_trade(TRADE, since=0)
    told += ledger.fold(liquidation, 1)

    assert [update["last_filled_qty"] for _, update in told] == ["3"]
    assert ledger.holes == set()
