"""Where an order begins that was met halfway, from two answers that need not agree."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.user_stream.core.order_facts import order_row, trade_row
from user_stream.core.baseline import baseline_of
from user_stream.core.rest_rows import TradeRow

OLD = trade_row(1, "4", price="100", at=2_000)
YOUNG = trade_row(2, "2", price="200", at=6_000)
YOUNGEST = trade_row(3, "3", price="300", at=7_000)


@pytest.mark.parametrize(
    ("executed", "average", "moved_at", "trades", "quantity", "notional"),
    [
        ("4", "100", 2_000, [], "4", "400"),
        ("0", "0", 1_000, [], "0", "0"),
        ("4", "100", 2_000, [OLD], "4", "400"),
        ("6", "133.33333333", 6_000, [OLD, YOUNG], "4", "400"),
        ("4", "100", 2_000, [OLD, YOUNG], "4", "400"),
        ("6", "133.33333333", 6_000, [YOUNG], "4", "400"),
        ("9", "188.88888889", 7_000, [OLD, YOUNG], "4", "400"),
        ("9", "188.88888889", 7_000, [OLD, YOUNG, YOUNGEST], "4", "400"),
        ("2", "200", 6_000, [YOUNG], "0", "0"),
    ],
    ids=["trades not fetched", "nothing executed", "nothing since", "both agree", "the row is older",
         "the old trade is beyond retention", "the youngest trade is not listed yet", "all listed", "all since"],
)  # fmt: skip
def test_baseline_is_what_was_executed_before(  # noqa: PLR0917  the columns of the table
    executed: str, average: str, moved_at: int, trades: list[TradeRow], quantity: str, notional: str
) -> None:
    row = order_row("PARTIALLY_FILLED", executed=executed, average=average, at=moved_at)

    baseline = baseline_of(row, trades, since=5_000)

    assert baseline[0] == Decimal(quantity)
    assert baseline[1] == pytest.approx(Decimal(notional), abs=Decimal("0.0001"))
