"""What a synchronization asks for, and what its answers mean."""

from __future__ import annotations

import dataclasses

from tests.user_stream.core.ledger_steps import listening
from tests.user_stream.core.order_facts import KEY, intent, order_row, told_by_lite, told_by_stream, trade_row
from user_stream.core.ledger import Ledger
from user_stream.core.reconcile import (
    OrderSnapshot,
    fold_snapshot,
    orders_to_query,
    symbols_to_sweep,
    trades_to_fetch,
    unnamed_orders,
)
from user_stream.core.rest_rows import IncomeRow, OrderRow, PositionRow, TradeRow

# --- orders ----------------------------------------------------------------------------------------------------


def test_of_two_rows_of_one_order_the_later_one_stands() -> None:
    early, late = order_row("NEW", at=1_000), order_row("FILLED", executed="10", at=2_000)
    snapshot = OrderSnapshot(0)

    snapshot.add([late])
    snapshot.add([early, order_row("NEW", order_id=8)])

    assert snapshot.rows == {KEY: late, ("BTCUSDT", "8"): order_row("NEW", order_id=8)}


def test_orders_that_we_hold_open_and_that_are_not_listed_are_asked_for() -> None:
    ledger = Ledger()
    for order_id, status in ((7, "NEW"), (8, "NEW"), (9, "CANCELED")):
        ledger.fold(told_by_stream(status, order_id=order_id), 1)

    assert orders_to_query(ledger, {KEY: order_row("NEW")}) == [("BTCUSDT", "8")]


def test_an_order_that_lacks_the_details_of_a_fill_is_asked_for_with_its_trades_though_it_ended() -> None:
    """Rule 8: its ORDER_TRADE_UPDATE may be lost with the connection."""
    ledger = listening()
    ledger.register(intent())
    ledger.fold(told_by_lite(1, "10"), 1)
    assert ledger.open_orders == []
    assert orders_to_query(ledger, {}) == [KEY]

    row = order_row("FILLED", executed="10")
    snapshot = OrderSnapshot(0)
    snapshot.add([row])
    assert trades_to_fetch(ledger, snapshot) == [row]

    snapshot.trades[KEY] = [trade_row(1, "10")]
    (told,) = fold_snapshot(ledger, snapshot)
    assert (told.kind, told.update["commission"], told.update["avg_price"]) == ("details", "0.01", "100")
    assert orders_to_query(ledger, {}) == []


def test_an_order_that_is_missing_from_the_answers_has_not_ended_by_that() -> None:
    """Rule 17: REST lags."""
    ledger = Ledger()
    ledger.fold(told_by_stream("NEW"), 1)

    assert fold_snapshot(ledger, OrderSnapshot(0)) == []
    assert ledger.open_orders == [KEY]


def wanted(ledger: Ledger, *rows: tuple[str, str, int], since: int = 500) -> list[int]:
    """Return the order ids whose trades are fetched, for rows of (status, executed, order id)."""
    snapshot = OrderSnapshot(since)
    snapshot.add(order_row(status, executed=executed, order_id=order_id) for status, executed, order_id in rows)
    return [row.order_id for row in trades_to_fetch(ledger, snapshot)]


def test_trades_are_fetched_of_orders_that_executed_more_than_is_booked() -> None:
    ledger = Ledger()
    ledger.fold(told_by_stream("PARTIALLY_FILLED", trade=1, last="4", cumulative="4"), 1)

    assert wanted(ledger, ("PARTIALLY_FILLED", "4", 7)) == []
    assert wanted(ledger, ("FILLED", "10", 7), ("FILLED", "10", 8), ("NEW", "0", 9)) == [7, 8]


def test_trades_of_a_baseline_are_not_fetched() -> None:
    """Rule 7: an order that last moved before we began, and that nobody announced."""
    assert wanted(Ledger(), ("PARTIALLY_FILLED", "4", 7), since=1_001) == []


def test_trades_of_an_order_that_we_announced_are_fetched_however_old() -> None:
    ledger = Ledger()
    ledger.register(intent())

    assert wanted(ledger, ("PARTIALLY_FILLED", "4", 7), since=1_001) == [7]


def test_orders_are_told_in_the_order_in_which_they_last_moved() -> None:
    snapshot = OrderSnapshot(0)
    snapshot.add([order_row("NEW", order_id=order_id, at=at) for order_id, at in ((7, 3_000), (8, 1_000), (9, 2_000))])

    told = fold_snapshot(Ledger(), snapshot)

    assert [update["order_id"] for _, update in told] == ["8", "9", "7"]


def test_an_order_that_ended_in_the_gap_is_told_with_its_fills_and_then_its_end() -> None:
    ledger = Ledger()
    ledger.fold(told_by_stream("NEW"), 1)
    snapshot = OrderSnapshot(0)
    snapshot.add([order_row("CANCELED", executed="4", at=3_000)])
    snapshot.trades[KEY] = [trade_row(2, "3"), trade_row(1, "1")]

    told = fold_snapshot(ledger, snapshot)

    assert [(update["trade_id"], update["order_status"]) for _, update in told] == [
        (1, "PARTIALLY_FILLED"),
        (2, "PARTIALLY_FILLED"),
        (0, "CANCELED"),
    ]


def test_orders_are_read_with_the_answer_that_named_them() -> None:
    snapshot = OrderSnapshot(0)

    snapshot.add([order_row("NEW"), order_row("NEW", order_id=8)], "openOrders")
    snapshot.add([order_row("FILLED", executed="10", at=2_000)], "allOrders")
    snapshot.add([order_row("NEW", order_id=9)])

    assert list(snapshot.origins.values()) == ["allOrders", "openOrders", "order"]


# --- the sweep -------------------------------------------------------------------------------------------------


def swept(*trades: TradeRow, since: int = 500, rows: tuple[OrderRow, ...] = ()) -> OrderSnapshot:
    snapshot = OrderSnapshot(since, swept_since=since)
    snapshot.add(rows)
    snapshot.sweep(trades)
    return snapshot


def test_every_symbol_that_may_have_traded_is_swept() -> None:
    """Rule 15: ours by order, intent and position; those that we never touched by income and positions' times."""
    ledger = Ledger()
    ledger.fold(told_by_stream("CANCELED"), ledger.begin_epoch())
    ledger.register(dataclasses.replace(intent(), symbol="A"))
    income = [IncomeRow(income_type=kind, symbol=symbol) for kind, symbol in (
        ("COMMISSION", "C"), ("REALIZED_PNL", "P"), ("FUNDING_FEE", "F"), ("TRANSFER", ""), ("BRAND_NEW", "N"),
    )]  # fmt: skip
    positions = [
        PositionRow(symbol="NEW", position_amt="1", update_time=500),
        PositionRow(symbol="OLD", position_amt="1"),
    ]

    assert symbols_to_sweep(ledger, swept(), income, positions, held=["H"]) == sorted(
        ["BTCUSDT", "A", "H", "C", "P", "N", "NEW"]
    )


def test_an_order_that_only_a_trade_names_is_asked_for() -> None:
    """Rule 18: trades carry no client order id."""
    ledger = Ledger()
    ledger.fold(told_by_stream("PARTIALLY_FILLED", trade=1, last="4", cumulative="4"), ledger.begin_epoch())

    known = swept(trade_row(1, "4"), trade_row(2, "1", order_id=8), rows=(order_row("NEW", order_id=8),))
    news = swept(trade_row(1, "4"), trade_row(3, "1"), trade_row(2, "1", order_id=9))

    assert unnamed_orders(ledger, known) == []
    assert unnamed_orders(ledger, news) == [KEY, ("BTCUSDT", "9")]


def test_a_trade_is_news_even_where_the_orders_row_does_not_know_it_yet() -> None:
    """Row 6: one database shows the trade, another the order as it was before."""
    ledger = Ledger()
    ledger.fold(told_by_stream("NEW"), ledger.begin_epoch())

    assert [row.order_id for row in trades_to_fetch(ledger, swept(trade_row(1, "4"), rows=(order_row("NEW"),)))] == [7]


def test_an_old_order_of_somebody_else_that_traded_since_is_no_baseline() -> None:
    stale = order_row("NEW", made_at=100)

    assert [row.order_id for row in trades_to_fetch(Ledger(), swept(trade_row(1, "4"), rows=(stale,)))] == [7]


def test_an_order_made_since_has_its_whole_list_among_its_symbols_trades() -> None:
    trades = trade_row(1, "4"), trade_row(2, "6")
    made_since, old = order_row("FILLED", executed="10"), order_row("FILLED", executed="10", made_at=499)

    assert swept(*trades).whole_list(made_since) == list(trades)
    assert swept(*trades).whole_list(old) is None
    assert swept(trades[0]).whole_list(made_since) is None, "REST lags: one fill is not listed yet"
    assert swept().whole_list(order_row("NEW")) is None, "its symbol was not swept"


def test_trades_without_an_order_are_told_as_an_external_orders_fills_and_later_join_their_order() -> None:
    """Rule 18."""
    ledger = Ledger()
    snapshot = swept()
    snapshot.nameless += [trade_row(2, "3", at=1_002), trade_row(1, "4", at=1_001)]
    late = OrderSnapshot(500)
    late.add([order_row("FILLED", executed="10", at=2_000)])
    late.trades[KEY] = [trade_row(1, "4", at=1_001), trade_row(2, "3", at=1_002), trade_row(3, "3", at=2_000)]

    told, again, found = ([item.update for item in fold_snapshot(ledger, it)] for it in (snapshot, snapshot, late))

    assert [(data["trade_id"], data["last_filled_qty"], data["client_order_id"]) for data in told] == [
        (1, "4", ""),
        (2, "3", ""),
    ]
    assert again == []
    assert [(data["trade_id"], data["last_filled_qty"], data["order_status"]) for data in found] == [(3, "3", "FILLED")]
