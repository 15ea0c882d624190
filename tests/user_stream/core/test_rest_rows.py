"""Rows of REST answers, typed from the documented samples."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from user_stream.core.rest_rows import BalanceRow, IncomeRow, OrderRow, PositionRow, TradeRow

REST = Path(__file__).parents[3] / "fixtures" / "rest"


def rows(name: str) -> list[dict[str, Any]]:
    body = json.loads((REST / f"{name}.json").read_text())
    return body if isinstance(body, list) else [body]


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("current_all_open_orders", OrderRow),
        ("all_orders", OrderRow),
        ("query_order", OrderRow),
        ("account_trade_list", TradeRow),
        ("position_information_v3", PositionRow),
        ("futures_account_balance_v3", BalanceRow),
        ("get_income_history", IncomeRow),
    ],
)
def test_every_field_that_we_read_is_the_documented_one(name: str, row: type[msgspec.Struct]) -> None:
    for body in rows(name):
        typed = msgspec.convert(body, row)
        fields = zip(row.__struct_fields__, row.__struct_encode_fields__, strict=True)
        told = {field: getattr(typed, field) for field, key in fields if key in body}
        assert told == {
            field: body[key]
            for field, key in zip(row.__struct_fields__, row.__struct_encode_fields__, strict=True)
            if key in body
        }
        assert len(told) == len(row.__struct_fields__)


def test_row_whose_amount_is_no_number_is_refused() -> None:
    (body,) = rows("query_order")

    with pytest.raises(msgspec.ValidationError, match="no number"):
        msgspec.convert({**body, "executedQty": "much"}, OrderRow)
