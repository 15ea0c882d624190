"""Mapped updates: every key there, every string as it was sent, every default as documented."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from user_stream.contracts import BalanceChange, MappedAccountUpdate, MappedOrderUpdate, PositionChange
from user_stream.core.decode import decode_event
from user_stream.core.events import (
    AccountChange,
    AccountUpdate,
    Balance,
    OrderReport,
    OrderTradeUpdate,
    Position,
    TradeLite,
)
from user_stream.core.mapping import (
    map_account_snapshot,
    map_account_update,
    map_order_row,
    map_order_status,
    map_order_update,
    map_trade_lite,
    map_trade_row,
)
from user_stream.core.rest_rows import BalanceRow, OrderRow, PositionRow, TradeRow

FIXTURES = Path(__file__).parents[3] / "fixtures" / "events"
BARE = OrderReport(
    symbol="BTCUSDT", order_id=7, order_status="NEW", original_quantity="1", last_filled_quantity="0",
    cumulative_filled_quantity="0", last_filled_price="0", trade_id=0,
)  # fmt: skip
"""An order of which nothing is said that can be left out."""
ROW = OrderRow(symbol="BTCUSDT", order_id=7, status="PARTIALLY_FILLED", client_order_id="c", side="SELL",
               position_side="SHORT", type="LIMIT", time_in_force="GTX", price="100.10", stop_price="0.00",
               orig_qty="10.000", executed_qty="4.000", avg_price="100.10000", reduce_only=True, time=1,
               update_time=2)  # fmt: skip
TRADE = TradeRow(symbol="BTCUSDT", id=9, order_id=7, side="SELL", position_side="SHORT", price="100.10", qty="4.000",
                 commission="-0.01", commission_asset="BNB", realized_pnl="-2.50", maker=True, time=3)  # fmt: skip
EVERY_KEY = set(MappedOrderUpdate.__annotations__) - {"algo_id", "algo_status"}
DEFAULTS: MappedOrderUpdate = {
    "symbol": "BTCUSDT", "client_order_id": "", "order_id": "7", "side": "", "position_side": "", "order_type": "",
    "time_in_force": "", "order_status": "NEW", "execution_type": "", "price": "0", "stop_price": "0", "orig_qty": "0",
    "last_filled_qty": "0", "last_filled_price": "0", "accumulated_filled_qty": "0", "avg_price": "0",
    "commission": "0", "commission_asset": "", "realized_profit": "0", "is_maker": False, "reduce_only": False,
    "trade_id": 0, "order_trade_time": 0, "event_time": 0, "source": "stream", "delivery_id": 0, "redelivered": False,
}  # fmt: skip


def test_what_an_order_trade_update_does_not_carry_is_the_documented_default() -> None:
    assert map_order_update(OrderTradeUpdate(order=BARE)) == DEFAULTS | {"orig_qty": "1"}
    assert set(DEFAULTS) == EVERY_KEY


def test_what_a_trade_lite_does_not_carry_is_the_documented_default() -> None:
    event = TradeLite(symbol="BTCUSDT", order_id=7, trade_id=9, last_filled_quantity="1", last_filled_price="2")

    assert map_trade_lite(event) == DEFAULTS | {
        "order_status": "", "execution_type": "TRADE", "source": "trade_lite", "trade_id": 9, "last_filled_qty": "1",
        "last_filled_price": "2",
    }  # fmt: skip


def test_what_an_order_row_does_not_carry_is_the_documented_default() -> None:
    assert map_order_row(OrderRow(symbol="BTCUSDT", order_id=7, status="NEW")) == DEFAULTS | {"source": "rest"}


def test_every_value_of_an_order_trade_update_is_passed_exactly_as_sent() -> None:
    raw = json.loads((FIXTURES / "order_trade_update_filled.json").read_text())
    event = decode_event(json.dumps(raw))
    assert isinstance(event, OrderTradeUpdate)
    o = raw["o"]

    assert map_order_update(event) == {
        "symbol": o["s"], "client_order_id": o["c"], "order_id": str(o["i"]), "side": o["S"], "position_side": o["ps"],
        "order_type": o["o"], "time_in_force": o["f"], "order_status": o["X"], "execution_type": o["x"],
        "price": o["p"], "stop_price": o["sp"], "orig_qty": o["q"], "last_filled_qty": o["l"],
        "last_filled_price": o["L"], "accumulated_filled_qty": o["z"], "avg_price": o["ap"], "commission": o["n"],
        "commission_asset": o["N"], "realized_profit": o["rp"], "is_maker": o["m"], "reduce_only": o["R"],
        "trade_id": o["t"], "order_trade_time": o["T"], "event_time": raw["E"], "source": "stream", "delivery_id": 0,
        "redelivered": False,
    }  # fmt: skip


def test_every_value_of_a_trade_lite_is_passed_exactly_as_sent() -> None:
    raw = json.loads((FIXTURES / "trade_lite_live.json").read_text())
    event = decode_event(json.dumps(raw))
    assert isinstance(event, TradeLite)

    assert map_trade_lite(event) == DEFAULTS | {
        "symbol": raw["s"], "client_order_id": raw["c"], "order_id": str(raw["i"]), "side": raw["S"],
        "order_status": "", "execution_type": "TRADE", "price": raw["p"], "orig_qty": raw["q"],
        "last_filled_qty": raw["l"], "last_filled_price": raw["L"], "is_maker": raw["m"], "trade_id": raw["t"],
        "order_trade_time": raw["T"], "event_time": raw["E"], "source": "trade_lite",
    }  # fmt: skip


def test_an_order_row_tells_where_the_order_stands_and_no_fill() -> None:
    assert map_order_row(ROW) == DEFAULTS | {
        "client_order_id": "c", "side": "SELL", "position_side": "SHORT", "order_type": "LIMIT", "time_in_force": "GTX",
        "order_status": "PARTIALLY_FILLED", "price": "100.10", "stop_price": "0.00", "orig_qty": "10.000",
        "accumulated_filled_qty": "4.000", "avg_price": "100.10000", "reduce_only": True, "order_trade_time": 2,
        "source": "rest",
    }  # fmt: skip


def test_a_trade_row_tells_its_fill_with_what_its_order_knows() -> None:
    assert map_trade_row(TRADE, ROW) == map_order_row(ROW) | {
        "order_status": "", "last_filled_qty": "4.000", "last_filled_price": "100.10", "accumulated_filled_qty": "0",
        "avg_price": "0", "commission": "-0.01", "commission_asset": "BNB", "realized_profit": "-2.50",
        "is_maker": True, "trade_id": 9, "order_trade_time": 3,
    }  # fmt: skip


def test_an_order_without_its_own_time_has_that_of_the_event() -> None:
    assert map_order_update(OrderTradeUpdate(order=BARE, transaction_time=5))["order_trade_time"] == 5


@pytest.mark.parametrize(
    "status", ["NEW", "PARTIALLY_FILLED", "FILLED", "CANCELED", "EXPIRED", "EXPIRED_IN_MATCH", "REJECTED"]
)
def test_a_known_status_is_believed_whatever_the_quantities(status: str) -> None:
    assert map_order_status(status, cumulative="3", original="9") == status


@pytest.mark.parametrize(
    ("cumulative", "original", "status"),
    [("0", "9", "NEW"), ("0.000", "0", "NEW"), ("3", "9", "PARTIALLY_FILLED"), ("9.00", "9", "FILLED"),
     ("10", "9", "FILLED"), ("3", "0", "PARTIALLY_FILLED")],
)  # fmt: skip
@pytest.mark.parametrize("unknown", ["NEW_ADL", "NEW_INSURANCE", "A_STATUS_OF_2031", ""])
def test_an_unknown_status_is_derived_from_the_quantities(
    unknown: str, cumulative: str, original: str, status: str
) -> None:
    """Rule 3."""
    assert map_order_status(unknown, cumulative=cumulative, original=original) == status


def test_an_adl_that_the_wire_calls_new_adl_is_filled() -> None:
    event = decode_event((FIXTURES / "order_trade_update_adl_nautilus_variant.json").read_bytes())
    assert isinstance(event, OrderTradeUpdate)

    assert map_order_update(event)["order_status"] == "FILLED"


def test_every_value_of_an_account_update_is_passed_exactly_as_sent() -> None:
    raw = json.loads((FIXTURES / "account_update_docs.json").read_text())
    event = decode_event(json.dumps(raw))
    assert isinstance(event, AccountUpdate)

    mapped = map_account_update(event)

    assert set(mapped) == set(MappedAccountUpdate.__annotations__)
    assert (mapped["reason"], mapped["event_time"], mapped["transaction_time"]) == ("ORDER", raw["E"], raw["T"])
    assert mapped["balances"] == [
        {"asset": b["a"], "wallet_balance": b["wb"], "cross_wallet_balance": b["cw"], "balance_change": b["bc"]}
        for b in raw["a"]["B"]
    ]
    assert mapped["positions"] == [
        {
            "symbol": p["s"], "position_side": p["ps"], "position_amount": p["pa"], "entry_price": p["ep"],
            "break_even_price": p["bep"], "accumulated_realized": p["cr"], "unrealized_pnl": p["up"],
            "margin_type": p["mt"], "isolated_wallet": p["iw"],
        }
        for p in raw["a"]["P"]
    ]  # fmt: skip


def test_what_an_account_update_does_not_carry_is_the_documented_default() -> None:
    change = AccountChange(
        balances=(Balance(asset="USDT", wallet_balance="1"),),
        positions=(Position(symbol="BTCUSDT", position_amount="0"),),
    )

    mapped = map_account_update(AccountUpdate(account=change))

    assert mapped["balances"] == [
        BalanceChange(asset="USDT", wallet_balance="1", cross_wallet_balance="", balance_change="0")
    ]
    assert mapped["positions"] == [position_of("0", entry_price="", unrealized_pnl="")]
    assert mapped["reason"] == ""


def position_of(amount: str, *, entry_price: str, unrealized_pnl: str) -> PositionChange:
    return PositionChange(
        symbol="BTCUSDT",
        position_side="BOTH",
        position_amount=amount,
        entry_price=entry_price,
        break_even_price="",
        accumulated_realized="",
        unrealized_pnl=unrealized_pnl,
        margin_type="",
        isolated_wallet="",
    )


def test_a_snapshot_is_one_patch_at_the_time_of_its_youngest_row() -> None:
    balances = [BalanceRow(asset="USDT", balance="100.0", cross_wallet_balance="90.0", update_time=5)]
    positions = [
        PositionRow(symbol="BTCUSDT", position_amt="-1", entry_price="7", un_realized_profit="2", update_time=4)
    ]

    assert map_account_snapshot(balances, positions) == {
        "reason": "SNAPSHOT",
        "event_time": 0,
        "transaction_time": 5,
        "balances": [
            BalanceChange(asset="USDT", wallet_balance="100.0", cross_wallet_balance="90.0", balance_change="0")
        ],
        "positions": [position_of("-1", entry_price="7", unrealized_pnl="2")],
    }


def test_a_snapshot_of_nothing_is_an_empty_patch() -> None:
    assert map_account_snapshot([], []) == {
        "reason": "SNAPSHOT", "event_time": 0, "transaction_time": 0, "balances": [], "positions": [],
    }  # fmt: skip
