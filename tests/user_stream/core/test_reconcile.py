"""What a synchronization asks for, and what its answers mean."""

from __future__ import annotations

import dataclasses

from tests.user_stream.core.order_facts import KEY, intent, order_row, told_by_stream, trade_row
from user_stream.contracts import BalanceChange, MappedAccountUpdate, PositionChange
from user_stream.core.ledger import Ledger
from user_stream.core.mapping import map_account_snapshot
from user_stream.core.positions import PositionBook
from user_stream.core.reconcile import (
    OrderSnapshot,
    Touched,
    account_patch,
    fold_snapshot,
    orders_to_query,
    symbols_to_sweep,
    trades_to_fetch,
    unlisted_positions,
    unnamed_orders,
)
from user_stream.core.rest_rows import BalanceRow, IncomeRow, OrderRow, PositionRow, TradeRow

LONG = PositionRow(symbol="BTCUSDT", position_side="LONG", position_amt="1", entry_price="100")
SHORT = PositionRow(symbol="BTCUSDT", position_side="SHORT", position_amt="-2", entry_price="110")
ETHER = PositionRow(symbol="ETHUSDT", position_amt="5", entry_price="10")
MONEY = BalanceRow(asset="USDT", balance="100", cross_wallet_balance="90")


def book(*positions: PositionRow, balances: tuple[BalanceRow, ...] = ()) -> PositionBook:
    book = PositionBook()
    book.on_account_update(map_account_snapshot(list(balances), list(positions)))
    return book


def touched(*, positions: tuple[PositionRow, ...] = (), balances: tuple[BalanceRow, ...] = ()) -> Touched:
    touched = Touched()
    touched.add(map_account_snapshot(list(balances), list(positions)))
    return touched


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


# --- the account -----------------------------------------------------------------------------------------------


def test_positions_that_we_hold_and_that_are_not_listed_are_named_by_side() -> None:
    """Rule 22: unless an event of this connection told them."""
    assert unlisted_positions(book(LONG, SHORT, ETHER), [LONG], Touched()) == [
        ("BTCUSDT", "SHORT"),
        ("ETHUSDT", "BOTH"),
    ]
    assert unlisted_positions(book(LONG, ETHER), [LONG], touched(positions=(ETHER,))) == []


def test_a_snapshot_that_says_what_is_known_adds_nothing() -> None:
    again = PositionRow(symbol="ETHUSDT", position_amt="5.000", entry_price="10.0")

    assert account_patch(book(ETHER, balances=(MONEY,)), [MONEY], [again], Touched()) is None


def test_a_snapshot_tells_only_what_differs() -> None:
    more = BalanceRow(asset="USDT", balance="101", cross_wallet_balance="90")
    moved = PositionRow(symbol="ETHUSDT", position_amt="5", entry_price="11")

    patch = account_patch(book(ETHER, LONG, balances=(MONEY,)), [more], [LONG, moved], Touched())

    assert patch is not None
    assert patch["reason"] == "SNAPSHOT"
    assert [balance["wallet_balance"] for balance in patch["balances"]] == ["101"]
    assert [(p["symbol"], p["entry_price"]) for p in patch["positions"]] == [("ETHUSDT", "11")]


def test_a_snapshot_does_not_speak_over_the_stream() -> None:
    """Rule 22: REST may be older than what this connection told."""
    stale_money = BalanceRow(asset="USDT", balance="50", cross_wallet_balance="50")
    stale = PositionRow(symbol="ETHUSDT", position_amt="1", entry_price="1")
    heard = touched(positions=(ETHER,), balances=(MONEY,))

    assert account_patch(book(ETHER, balances=(MONEY,)), [stale_money], [stale], heard) is None


def test_a_hedged_symbol_is_touched_one_side_at_a_time() -> None:
    moved = PositionRow(symbol="BTCUSDT", position_side="SHORT", position_amt="-3", entry_price="110")
    other = PositionRow(symbol="BTCUSDT", position_side="LONG", position_amt="9", entry_price="100")

    patch = account_patch(book(LONG, SHORT), [], [other, moved], touched(positions=(LONG,)))

    assert patch is not None
    assert [(p["position_side"], p["position_amount"]) for p in patch["positions"]] == [("SHORT", "-3")]


def test_an_empty_position_that_we_do_not_hold_is_not_told() -> None:
    flat = PositionRow(symbol="ETHUSDT", position_amt="0.000")

    assert account_patch(PositionBook(), [], [flat], Touched()) is None


def test_a_balance_of_zero_that_we_never_heard_of_is_told() -> None:
    patch = account_patch(PositionBook(), [BalanceRow(asset="BNB", balance="0")], [], Touched())

    assert patch is not None
    assert [balance["asset"] for balance in patch["balances"]] == ["BNB"]


def test_a_vanished_position_is_listed_as_zero() -> None:
    """Rule 22: the other side of a hedged symbol stays."""
    patch = account_patch(book(LONG, SHORT), [], [LONG], Touched(), gone=[("BTCUSDT", "SHORT")])

    assert patch is not None
    assert [(p["position_side"], p["position_amount"], p["entry_price"]) for p in patch["positions"]] == [
        ("SHORT", "0", "0")
    ]


def test_a_position_that_is_only_missing_from_the_list_is_not_told_as_closed() -> None:
    """Rule 22: not until a question for its symbol agrees."""
    assert account_patch(book(LONG), [], [], Touched(), gone=[]) is None


def test_a_vanished_position_that_the_stream_has_told_meanwhile_is_not_listed() -> None:
    assert account_patch(book(LONG), [], [], touched(positions=(LONG,)), gone=[("BTCUSDT", "LONG")]) is None


def test_touched_keys_are_those_that_an_update_lists() -> None:
    heard = touched(positions=(LONG,), balances=(MONEY,))

    assert heard.positions == {("BTCUSDT", "LONG")}
    assert heard.assets == {"USDT"}


def test_a_value_that_the_snapshot_does_not_carry_is_no_difference() -> None:
    """Rule 22: "" never overwrites a value."""
    held = PositionBook()
    held.on_account_update(
        MappedAccountUpdate(
            reason="ORDER",
            event_time=1,
            transaction_time=1,
            balances=[BalanceChange(asset="USDT", wallet_balance="1", cross_wallet_balance="1", balance_change="0")],
            positions=[PositionChange(**{**map_account_snapshot([], [ETHER])["positions"][0], "margin_type": "cross"})],
        )
    )
    bare = PositionRow(symbol="ETHUSDT", position_amt="5", entry_price="")

    assert account_patch(held, [BalanceRow(asset="USDT", balance="1")], [bare], Touched()) is None
