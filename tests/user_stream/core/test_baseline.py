"""Where an order begins that was met halfway, from two answers that need not agree."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.user_stream.core.order_facts import KEY, order_row, told_by_stream, trade_row
from user_stream.core.baseline import News, begin, take_left_over, take_list
from user_stream.core.order_record import OrderRecord
from user_stream.core.rest_rows import TradeRow

OLD = trade_row(1, "4", price="100", at=2_000)
YOUNG = trade_row(2, "2", price="200", at=6_000)
YOUNGEST = trade_row(3, "3", price="300", at=7_000)


def met(
    executed: str, trades: list[TradeRow], *, average: str = "100", moved_at: int = 2_000, since: int = 5_000
) -> OrderRecord:
    record = OrderRecord(KEY, facts=told_by_stream("NEW"))
    row = order_row("PARTIALLY_FILLED", executed=executed, average=average, at=moved_at)
    begin(record, row, since=since)
    take_list(record, trades)
    take_left_over(record, row)
    return record


@pytest.mark.parametrize(
    ("executed", "average", "moved_at", "trades", "quantity", "notional"),
    [
        ("4", "100", 2_000, [], "4", "400"),
        ("0", "0", 1_000, [], "0", "0"),
        ("4", "100", 2_000, [OLD], "4", "400"),
        ("6", "133.33333333", 6_000, [OLD, YOUNG], "4", "400"),
        ("4", "100", 2_000, [OLD, YOUNG], "4", "400"),
        ("9", "188.88888889", 7_000, [OLD, YOUNG], "4", "400"),
        ("9", "188.88888889", 7_000, [], "0", "0"),
        ("9", "188.88888889", 7_000, [OLD, YOUNG, YOUNGEST], "4", "400"),
        ("2", "200", 6_000, [YOUNG], "0", "0"),
    ],
    ids=["trades not fetched", "nothing executed", "nothing since", "both agree", "the row is older",
         "the youngest trade is not listed yet", "no trade is listed yet", "all listed", "all since"],
)  # fmt: skip
def test_baseline_is_what_was_executed_before(  # noqa: PLR0917  the columns of the table
    executed: str, average: str, moved_at: int, trades: list[TradeRow], quantity: str, notional: str
) -> None:
    record = met(executed, trades, average=average, moved_at=moved_at)

    assert record.baseline == record.booked == Decimal(quantity)
    assert record.notional == pytest.approx(Decimal(notional), abs=Decimal("0.0001"))


def test_an_order_made_since_has_no_baseline() -> None:
    record = met("4", [OLD], since=1_000)

    assert record.baseline == 0
    assert take_list(record, [OLD]) == [News(OLD, "4")]


def test_trades_since_are_news_and_older_ones_are_not() -> None:
    assert take_list(met("4", [OLD]), [OLD, YOUNG, YOUNGEST]) == [News(YOUNG, "2"), News(YOUNGEST, "3")]


def test_a_trade_since_is_news_though_older_ones_are_beyond_retention() -> None:
    """By quantity alone it would be taken for one of the baseline's."""
    assert take_list(met("4", []), [YOUNG]) == [News(YOUNG, "2")]


def test_an_older_trade_that_was_not_listed_yet_makes_the_baseline_grow() -> None:
    """Rule 7: it is never delivered, but it counts."""
    record = met("4", [OLD])
    late = trade_row(2, "1", price="105", at=4_999)

    assert take_list(record, [OLD, late]) == []
    assert (record.baseline, record.booked, record.average_price()) == (Decimal(5), Decimal(5), "101")


def test_a_trade_that_was_told_is_not_the_baselines_however_old_it_is() -> None:
    """It was told by frames that were kept back while the ledger began."""
    record = OrderRecord(KEY, facts=told_by_stream("NEW"))
    record.book(told_by_stream("PARTIALLY_FILLED", trade=2, last="1", cumulative="5", at=4_990))
    row = order_row("PARTIALLY_FILLED", executed="5", at=4_990)
    begin(record, row, since=5_000)
    trades = [OLD, trade_row(2, "1", at=4_990)]

    assert take_list(record, trades) == []
    take_left_over(record, row)

    assert (record.baseline, record.booked) == (Decimal(4), Decimal(5))
    assert take_list(record, trades) == []
    assert record.baseline == 4


def test_a_trade_gives_an_unnamed_fill_its_name() -> None:
    """Rule 1."""
    record = OrderRecord(KEY, facts=told_by_stream("NEW"))
    record.book(told_by_stream("PARTIALLY_FILLED", execution="CALCULATED", last="4", cumulative="4", at=2_000))

    assert take_list(record, [OLD, YOUNG]) == [News(YOUNG, "2")]
    assert record.fills[1] == 4


def test_a_trade_that_covers_more_than_was_told_is_news_as_to_the_rest() -> None:
    """Rule 1: the stream told 4 of what REST lists as one trade of 6."""
    record = OrderRecord(KEY, facts=told_by_stream("NEW"))
    record.book(told_by_stream("PARTIALLY_FILLED", execution="CALCULATED", last="4", cumulative="4"))
    whole = trade_row(9, "6", at=3_000)

    assert take_list(record, [whole]) == [News(whole, "2")]
