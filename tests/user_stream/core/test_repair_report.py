"""What a report says was missed, and from where it is known."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from tests.user_stream.core.algo_facts import told_by_algo, told_by_algo_row
from tests.user_stream.core.order_facts import KEY, intent, order_row, told_by_lite, told_by_stream, trade_row
from user_stream.core.ledger import Ledger, Told
from user_stream.core.mapping import map_account_snapshot
from user_stream.core.repair_report import (
    RecoveredBalance,
    RecoveredFill,
    RecoveredOrder,
    RecoveredPosition,
    RepairReport,
    merge,
    repair_report,
)
from user_stream.core.rest_rows import BalanceRow, PositionRow

FIRST = RecoveredFill(KEY, 1, "4", "100", 2, "userTrades")
SECOND = RecoveredFill(KEY, 2, "6", "100", 3, "userTrades")


def a_recovery() -> list[Told]:
    """Return what is told of an order whose first fill is known and whose second and end are recovered."""
    ledger = Ledger()
    ledger.register(intent())
    ledger.fold(told_by_stream("NEW"), 1)
    ledger.fold(told_by_stream("PARTIALLY_FILLED", trade=1, last="4", cumulative="4"), 1)
    return ledger.fold_order(
        order_row("FILLED", executed="10", at=2_000), [trade_row(1, "4"), trade_row(2, "6")], since=0
    )


def test_a_report_names_the_order_once_and_only_fills_that_were_told_now() -> None:
    report = repair_report(a_recovery(), None, {KEY: "allOrders"})

    assert report.orders == (RecoveredOrder(KEY, "mine", "FILLED", "allOrders", 1_000),)
    assert report.fills == (replace(SECOND, time=1_000),)


def test_an_order_that_no_list_named_was_asked_for() -> None:
    assert [order.origin for order in repair_report(a_recovery(), None).orders] == ["order"]


def test_what_kept_back_frames_told_came_by_the_stream() -> None:
    told = Ledger().fold(told_by_stream("FILLED", trade=1, last="10", cumulative="10"), 1)

    report = repair_report(told, None, {KEY: "openOrders"})

    assert report.by_origin() == Counter({"stream": 2})


def test_details_of_a_fill_that_was_told_before_are_not_missed() -> None:
    ledger = Ledger()
    ledger.begin_epoch()
    ledger.register(intent())
    ledger.fold(told_by_lite(1, "4"), 1)
    told = ledger.fold_order(order_row("PARTIALLY_FILLED", executed="4", at=2_000), [trade_row(1, "4")], since=0)

    assert repair_report(told, None).fills == ()


def test_a_report_names_positions_and_balances_that_changed() -> None:
    patch = map_account_snapshot(
        [BalanceRow(asset="USDT", balance="90")],
        [PositionRow(symbol="BTCUSDT", position_side="LONG", position_amt="1", entry_price="100")],
    )

    report = repair_report([], patch)

    assert report.positions == (RecoveredPosition("BTCUSDT", "LONG", "1", "positionRisk"),)
    assert report.balances == (RecoveredBalance("USDT", "90", "balance"),)


def test_two_passes_over_one_gap_make_one_report_in_which_the_later_word_stands() -> None:
    """Rule 16: the confirming pass finds what REST could not show yet."""
    open_then = RecoveredOrder(KEY, "mine", "PARTIALLY_FILLED", "openOrders")
    filled_now = RecoveredOrder(KEY, "mine", "FILLED", "order")
    first = RepairReport(orders=(open_then,), fills=(FIRST,), positions=(RecoveredPosition("BTCUSDT", "BOTH", "4"),))
    second = RepairReport(orders=(filled_now,), fills=(FIRST, SECOND), balances=(RecoveredBalance("USDT", "9"),))

    both = merge(first, second)

    assert both == RepairReport(
        orders=(filled_now,), fills=(FIRST, SECOND), positions=first.positions, balances=second.balances
    )
    assert both.by_origin() == Counter({"userTrades": 2, "order": 1, "positionRisk": 1, "balance": 1})


def test_a_report_in_words_counts_what_was_missed() -> None:
    assert str(RepairReport()) == "nothing"
    assert not RepairReport()
    assert str(RepairReport(fills=(FIRST, SECOND), balances=(RecoveredBalance("USDT", "9"),))) == "2 fills, 1 balance"


def test_conditional_orders_bear_their_algo_ids_until_they_have_a_child() -> None:
    waiting = told_by_algo_row("NEW", algo_id=1)
    ended = told_by_algo_row("EXPIRED", algo_id=2)
    triggered = told_by_algo_row("TRIGGERED", "7", algo_id=3)
    heard = told_by_algo("CANCELED", algo_id=4)

    report = repair_report([Told("delivery", update) for update in (waiting, ended, triggered, heard)], None)

    assert [(item.order, item.status, item.origin) for item in report.orders] == [
        ((KEY[0], "1"), "NEW", "openAlgoOrders"),
        ((KEY[0], "2"), "EXPIRED", "algoOrder"),
        (KEY, "NEW", "algoOrder"),
        ((KEY[0], "4"), "CANCELED", "stream"),
    ]


def test_what_happened_later_is_no_part_of_what_was_missed_before() -> None:
    report = RepairReport(
        orders=(RecoveredOrder(KEY, "mine", "FILLED", "order", 2_000),),
        fills=(replace(FIRST, time=1_000), replace(SECOND, time=2_000)),
    )

    assert report.before(2_000) == RepairReport(fills=(replace(FIRST, time=1_000),))
    assert not report.before(1_000)
