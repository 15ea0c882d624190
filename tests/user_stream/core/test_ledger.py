"""The ledger's rules, one history each. Rule numbers are those of the ledger's law: 1 to 3 identity, 4 to 9 what the
engine is told, 10 holes, 20 eviction.
"""

from __future__ import annotations

import pytest

from tests.user_stream.core.order_facts import KEY, intent, order_row, told_by_lite, told_by_stream, trade_row
from user_stream.contracts import MappedOrderUpdate
from user_stream.core.ledger import Ledger, Told


@pytest.fixture
def ledger() -> Ledger:
    ledger = Ledger()
    ledger.begin_epoch()
    return ledger


def steps(told: list[Told]) -> list[tuple[str, str, str]]:
    """Return status, last and cumulative quantity of what was delivered."""
    return [
        (update["order_status"], update["last_filled_qty"], update["accumulated_filled_qty"])
        for kind, update in told
        if kind == "delivery"
    ]


def details(told: list[Told]) -> list[MappedOrderUpdate]:
    return [update for kind, update in told if kind == "details"]


def fold(ledger: Ledger, *updates: MappedOrderUpdate, epoch: int = 1) -> list[Told]:
    return [item for update in updates for item in ledger.fold(update, epoch)]


NEW = told_by_stream("NEW", at=1_000)
FIRST_FILL = told_by_stream("PARTIALLY_FILLED", trade=1, last="4", cumulative="4", at=2_000, commission="0.2")
LAST_FILL = told_by_stream("FILLED", trade=2, last="6", cumulative="10", at=3_000)
CANCELED = told_by_stream("CANCELED", cumulative="4", at=3_000)

# --- rules 1 to 3: identity ---------------------------------------------------------------------------------


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


@pytest.mark.parametrize("execution", ["TRADE", "CALCULATED", "NEW", "SOMETHING_NEW"])
def test_a_last_quantity_is_booked_whatever_the_execution_type_says(ledger: Ledger, execution: str) -> None:
    """Rule 3."""
    fill = told_by_stream("FILLED", execution=execution, trade=1, last="10", cumulative="10")

    assert steps(ledger.fold(fill, 1)) == [("FILLED", "10", "10")]


# --- rules 4 to 6: what is told -----------------------------------------------------------------------------


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


def test_amendment_is_told_with_the_new_terms_and_the_status_as_it_was(ledger: Ledger) -> None:
    amended = told_by_stream("PARTIALLY_FILLED", execution="AMENDMENT", cumulative="4", quantity="20", at=2_500)

    told = fold(ledger, NEW, FIRST_FILL, amended, amended)

    assert steps(told)[2:] == [("PARTIALLY_FILLED", "0", "4")]
    assert told[-1].update["orig_qty"] == "20"


def test_deliveries_are_numbered_from_one_across_orders(ledger: Ledger) -> None:
    """Rule 6."""
    told = fold(ledger, NEW, told_by_stream("NEW", order_id=8), FIRST_FILL)

    assert [update["delivery_id"] for _, update in told] == [1, 2, 3]
    assert not any(update["redelivered"] for _, update in told)


# --- rule 7: baselines --------------------------------------------------------------------------------------


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


# --- rules 8 and 9: TRADE_LITE ------------------------------------------------------------------------------


def test_trade_lite_of_an_order_that_we_sent_goes_out_at_once(ledger: Ledger) -> None:
    """Rule 8: what it lacks is filled from the intent."""
    ledger.register(intent())

    (told,) = ledger.fold(told_by_lite(1, "10"), 1)

    assert steps([told]) == [("FILLED", "10", "10")]
    assert told.update["source"] == "trade_lite"
    assert (told.update["order_type"], told.update["time_in_force"], told.update["position_side"]) == (
        "LIMIT",
        "GTC",
        "BOTH",
    )


def test_trade_lite_of_a_part_filled_order_is_not_filled(ledger: Ledger) -> None:
    """Rule 9."""
    ledger.register(intent())

    told = fold(ledger, told_by_lite(1, "4"), told_by_lite(2, "6"))

    assert steps(told) == [("PARTIALLY_FILLED", "4", "4"), ("FILLED", "6", "10")]


def test_trade_lite_of_an_order_amended_to_more_is_not_filled(ledger: Ledger) -> None:
    """Rule 9: the larger of both quantities counts."""
    amended = told_by_stream("NEW", execution="AMENDMENT", quantity="20", at=1_500)

    told = fold(ledger, NEW, amended, told_by_lite(1, "10", quantity="10", at=2_000))

    assert steps(told)[-1] == ("PARTIALLY_FILLED", "10", "10")


def test_new_after_trade_lite_is_not_told(ledger: Ledger) -> None:
    """Rule 5: the wire sends them so; it is no fault, and not counted as one."""
    ledger.register(intent())

    told = fold(ledger, told_by_lite(1, "4", at=1_000), NEW)

    assert steps(told) == [("PARTIALLY_FILLED", "4", "4")]
    assert ledger.stale == 0


def test_trade_lite_of_an_order_met_halfway_waits_for_its_order_trade_update(ledger: Ledger) -> None:
    """Rule 8: nobody knows what was executed before it."""
    told = fold(ledger, told_by_lite(1, "4", at=2_000))
    assert told == []

    told = fold(ledger, FIRST_FILL)

    assert steps(told) == [("PARTIALLY_FILLED", "4", "4")]
    assert ledger.waiting == 1


def test_trade_lite_does_not_overtake_one_that_waits(ledger: Ledger) -> None:
    """Rules 8 and 11: the first one waited for its ORDER_TRADE_UPDATE, so the second one must, too."""
    told = fold(ledger, told_by_lite(1, "4", at=2_000), NEW, told_by_lite(2, "6", at=3_000), FIRST_FILL, LAST_FILL)

    assert steps(told) == [("NEW", "0", "0"), ("PARTIALLY_FILLED", "4", "4"), ("FILLED", "6", "10")]


def test_trade_lite_waits_when_its_connection_began_after_the_order_was_heard_of(ledger: Ledger) -> None:
    """Rule 8: a fill may have been missed."""
    fold(ledger, NEW)

    assert fold(ledger, told_by_lite(2, "6"), epoch=ledger.begin_epoch()) == []


def test_order_trade_update_of_a_told_trade_is_told_only_as_details(ledger: Ledger) -> None:
    """Rule 8: commission and realized profit always reach who asks for them."""
    ledger.register(intent())
    ledger.fold(told_by_lite(1, "4", at=2_000), 1)

    told = fold(ledger, FIRST_FILL, FIRST_FILL)

    assert steps(told) == []
    assert [(update["commission"], update["trade_id"], update["last_filled_qty"]) for update in details(told)] == [
        ("0.2", 1, "0")
    ]


def test_order_trade_update_of_a_told_trade_is_told_when_it_moves_the_status(ledger: Ledger) -> None:
    """Rule 8: TRADE_LITE still had the quantity of before an amendment, so FILLED was not inferred."""
    ledger.register(intent())
    ledger.fold(told_by_lite(1, "8", quantity="10"), 1)

    told = fold(ledger, told_by_stream("FILLED", trade=1, last="8", cumulative="8", quantity="8", at=2_000))

    assert steps(told) == [("FILLED", "0", "8")]


def test_enrichment_is_delivered_only_when_it_is_asked_for() -> None:
    """Rule 8: with `last_filled_qty` "0", so that sums stay right."""
    ledger = Ledger(deliver_enrichment=True)
    ledger.begin_epoch()
    ledger.register(intent())
    ledger.fold(told_by_lite(1, "4", at=2_000), 1)

    told = fold(ledger, FIRST_FILL)

    assert steps(told) == [("PARTIALLY_FILLED", "0", "4")]
    assert told[-1].update["commission"] == "0.2"
    assert told[-1].update["trade_id"] == 0
    assert told[-1].update["delivery_id"] == 2


def test_rest_trade_of_a_told_trade_lite_brings_its_details(ledger: Ledger) -> None:
    """Rule 8: whoever tells them first."""
    ledger.register(intent())
    ledger.fold(told_by_lite(1, "4", at=2_000), 1)

    told = ledger.fold_order(order_row("PARTIALLY_FILLED", executed="4", at=2_000), [trade_row(1, "4")], since=0)
    told += ledger.fold(FIRST_FILL, 1)

    assert steps(told) == []
    assert [update["realized_profit"] for update in details(told)] == ["1"]
