"""Rule 28: what was told before a restart is known after it."""

from __future__ import annotations

import pytest

from tests.user_stream.core.ledger_steps import CANCELED, FIRST_FILL, LAST_FILL, NEW, details, fold, listening, steps
from tests.user_stream.core.order_facts import KEY, intent, order_row, told_by_lite, told_by_stream, trade_row
from user_stream.core.ledger import Ledger, Told


def restarted(told: list[Told], *, next_delivery_id: int = 1) -> Ledger:
    """Return a ledger that was told nothing but this, with one new connection."""
    ledger = Ledger()
    ledger.restore(told, next_delivery_id=next_delivery_id)
    assert ledger.begin_epoch() == 1
    return ledger


@pytest.fixture
def part_filled() -> Ledger:
    return restarted(fold(listening(), NEW, FIRST_FILL))


def test_nothing_is_told_again_by_stream_or_rest(part_filled: Ledger) -> None:
    row = order_row("PARTIALLY_FILLED", executed="4", at=2_000)

    assert fold(part_filled, NEW, told_by_lite(1, "4", at=2_000), FIRST_FILL) == []
    assert part_filled.fold_order(row, [trade_row(1, "4", at=2_000)], since=0) == []


def test_what_comes_after_it_goes_on_where_it_ended(part_filled: Ledger) -> None:
    """Rule 4: cumulative quantity and average price include what was told before."""
    row = order_row("FILLED", executed="10", average="106", at=3_000)

    told = part_filled.fold_order(row, [trade_row(1, "4"), trade_row(2, "6", price="110", at=3_000)], since=0)

    assert steps(told) == [("FILLED", "6", "10")]
    assert (told[0].update["avg_price"], told[0].update["delivery_id"]) == ("106", 3)


def test_deliveries_are_numbered_on_from_the_highest_that_anybody_knows() -> None:
    """Rule 6."""
    told = fold(listening(), NEW, FIRST_FILL)

    assert [fold(restarted(told, next_delivery_id=n), LAST_FILL)[0].update["delivery_id"] for n in (1, 9)] == [3, 9]


def test_trade_lite_waits_until_the_new_connection_is_proven(part_filled: Ledger) -> None:
    """Rule 8: fills may have been missed while nobody listened."""
    second = told_by_stream("PARTIALLY_FILLED", trade=2, last="3", cumulative="7", at=3_000)
    assert fold(part_filled, told_by_lite(2, "3", at=3_000)) == []
    assert steps(fold(part_filled, second)) == [("PARTIALLY_FILLED", "3", "7")]

    assert steps(fold(part_filled, told_by_lite(3, "3", at=4_000))) == [("FILLED", "3", "10")]


def test_a_fill_that_was_missed_meanwhile_is_a_hole(part_filled: Ledger) -> None:
    """Rule 10."""
    assert fold(part_filled, told_by_stream("FILLED", trade=3, last="3", cumulative="10", at=4_000)) == []
    assert part_filled.holes == {KEY}


def test_an_end_that_was_told_stays() -> None:
    """Rule 5; and rule 20 forgets it in its time."""
    ledger = restarted(fold(listening(), NEW, FIRST_FILL, CANCELED))

    assert fold(ledger, CANCELED, told_by_stream("EXPIRED", cumulative="4", at=3_001)) == []
    assert ledger.open_orders == []
    assert ledger.evict(before=90_000) == 1


def test_details_that_were_still_to_come_come() -> None:
    """Rule 8: TRADE_LITE alone had told the fill."""
    before = listening()
    before.register(intent())

    ledger = restarted(fold(before, told_by_lite(1, "4", at=2_000)))

    assert [update["commission"] for update in details(fold(ledger, FIRST_FILL, FIRST_FILL))] == ["0.2"]


def test_details_that_came_do_not_come_again() -> None:
    before = listening()
    before.register(intent())

    ledger = restarted(fold(before, told_by_lite(1, "4", at=2_000), FIRST_FILL))

    assert fold(ledger, FIRST_FILL) == []


def test_what_trade_lite_lacks_is_known_of_orders_that_were_ours() -> None:
    before = listening()
    before.register(intent())

    ledger = restarted(fold(before, told_by_lite(1, "4")))

    record = ledger.order(KEY)
    assert record is not None
    assert (record.facts["client_order_id"], record.facts["order_type"]) == ("mine", "LIMIT")


def test_a_baseline_is_settled_when_rest_tells_of_the_order_again() -> None:
    """Rule 7: what was told does not say whether the rest is known or missing."""
    before = listening()
    told = before.fold_order(order_row("PARTIALLY_FILLED", executed="4", at=2_000), [], since=5_000)
    second = told_by_stream("PARTIALLY_FILLED", trade=2, last="3", cumulative="7", at=6_000)
    ledger = restarted(told + fold(before, second))
    assert ledger.incomplete_orders == [KEY]

    row = order_row("FILLED", executed="10", at=7_000)
    listed = [trade_row(1, "4", at=2_000), trade_row(2, "3", at=6_000), trade_row(3, "3", at=7_000)]

    assert steps(ledger.fold_order(row, listed, since=5_000)) == [("FILLED", "3", "10")]
    assert ledger.incomplete_orders == []


def test_a_shortfall_that_is_found_after_the_restart_is_told() -> None:
    """Rule 10: it was made after the ledger first began, so it is no baseline."""
    before = listening()
    told = fold(before, NEW, LAST_FILL) + before.release(KEY)
    ledger = restarted(told)

    row = order_row("FILLED", executed="10", at=3_000)
    told = ledger.fold_order(row, [trade_row(1, "4", at=2_000), trade_row(2, "6", at=3_000)], since=0)

    assert steps(told) == [("FILLED", "4", "10")]


def test_an_unnamed_fill_is_named_by_rest_after_the_restart() -> None:
    """Rule 1."""
    unnamed = told_by_stream("PARTIALLY_FILLED", execution="CALCULATED", last="4", cumulative="4", at=2_000)
    ledger = restarted(fold(listening(), NEW, unnamed))

    row = order_row("PARTIALLY_FILLED", executed="4", at=2_000)

    assert ledger.fold_order(row, [trade_row(1, "4", at=2_000)], since=0) == []
    assert fold(ledger, unnamed) == []


def test_a_delivery_that_is_kept_twice_counts_once() -> None:
    """It was delivered again after an earlier restart, marked as such."""
    told = fold(listening(), NEW, FIRST_FILL)
    again = Told("delivery", {**told[1].update, "redelivered": True})

    record = restarted([*told, again]).order(KEY)

    assert record is not None
    assert record.booked == record.cumulative == 4


def test_what_was_told_of_conditional_orders_is_left_to_their_own_book() -> None:
    waiting = Told("delivery", {**fold(listening(), NEW)[0].update, "order_id": "", "algo_id": 12, "delivery_id": 5})

    ledger = restarted([waiting])

    assert ledger.open_orders == []
    assert ledger.number() == 6


def test_an_amendment_that_was_told_is_not_told_again() -> None:
    """Rule 5: nor is one that was older."""
    amended = [
        told_by_stream("NEW", execution="AMENDMENT", quantity=q, at=at) for q, at in (("20", 1_500), ("15", 1_600))
    ]
    ledger = restarted(fold(listening(), NEW, *amended))

    assert fold(ledger, NEW, *amended) == []
    assert ledger.fold_order(order_row("NEW", quantity="15", at=1_600), [], since=0) == []
