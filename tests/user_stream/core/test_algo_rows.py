"""Conditional orders as Binance's samples show them, mapped: what is said of the order, and nothing of its fills."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from user_stream.contracts import MappedOrderUpdate
from user_stream.core.algo_rows import AlgoRow, algo_order_status, map_algo_row, map_algo_update
from user_stream.core.decode import decode_event
from user_stream.core.events import AlgoUpdate
from user_stream.core.leniency import convert_leniently

FIXTURES = Path(__file__).parents[3] / "fixtures"
KEYS = MappedOrderUpdate.__required_keys__ | {"algo_id", "algo_status"}


def sample(name: str) -> Any:
    """Return a sample's body, which may be a list."""
    (path,) = FIXTURES.rglob(f"{name}.json")
    return json.loads(path.read_text())


def event_of(frame: dict[str, Any]) -> AlgoUpdate:
    event = decode_event(json.dumps(frame).encode())
    assert isinstance(event, AlgoUpdate)
    return event


def captured() -> list[MappedOrderUpdate]:
    """The sequence of a stop that was triggered on 2025-12-11."""
    frames = sample("sequence_algo_stop_market_trigger_live")
    return [map_algo_update(event_of(frame)) for frame in frames if frame["e"] == "ALGO_UPDATE"]


def test_captured_trigger_names_its_child_and_repeats_no_fill() -> None:
    """Rule 12."""
    assert [(told["algo_status"], told["order_id"], told["order_status"]) for told in captured()] == [
        ("TRIGGERING", "", "NEW"),
        ("TRIGGERED", "88937381063", "NEW"),
        ("FINISHED", "88937381063", "NEW"),
    ]
    assert {(told["last_filled_qty"], told["accumulated_filled_qty"], told["trade_id"]) for told in captured()} == {
        ("0", "0", 0)
    }


def test_order_that_closes_a_position_has_quantity_zero_and_only_reduces() -> None:
    told = map_algo_update(event_of(sample("algo_update_new_closeposition_testnet")))

    assert (told["orig_qty"], told["reduce_only"], told["stop_price"], told["time_in_force"]) == (
        "0", True, "74960.75", "GTE_GTC",
    )  # fmt: skip


def test_order_that_was_cancelled_says_so() -> None:
    told = map_algo_update(event_of(sample("algo_update_docs_canceled")))

    assert (told["order_status"], told["algo_status"], told["order_id"]) == ("CANCELED", "CANCELED", "")


@pytest.mark.parametrize("name", ["current_all_algo_open_orders", "query_algo_order"])
def test_rows_of_rest_say_the_same_as_events_do(name: str) -> None:
    body = sample(name)
    row = convert_leniently(body[0] if isinstance(body, list) else body, AlgoRow)
    told = map_algo_row(row)

    assert set(told) == KEYS
    assert (told["client_order_id"], told["algo_id"]) == (row.client_algo_id, row.algo_id)
    assert (told["stop_price"], told["price"], told["orig_qty"], told["source"]) == (
        "750.000", "750.000", "0.01", "rest",
    )  # fmt: skip
    assert (told["order_id"], told["accumulated_filled_qty"]) == ("", "0")


def test_every_key_is_there_whoever_told() -> None:
    assert all(set(told) == KEYS for told in captured())


@pytest.mark.parametrize(
    ("algo_status", "status"),
    [
        ("NEW", "NEW"), ("TRIGGERING", "NEW"), ("TRIGGERED", "NEW"), ("FINISHED", "NEW"), ("CANCELED", "CANCELED"),
        ("EXPIRED", "EXPIRED"), ("REJECTED", "REJECTED"), ("PONDERING", "NEW"),
    ],
)  # fmt: skip
def test_no_status_of_the_book_is_ever_filled(algo_status: str, status: str) -> None:
    """Rule 12."""
    assert algo_order_status(algo_status) == status


def test_child_zero_is_no_child_and_empty_amounts_are_zero() -> None:
    row = AlgoRow(algo_id=1, algo_status="NEW", symbol="BTCUSDT", actual_order_id="0", quantity="", trigger_price="")

    told = map_algo_row(row)
    assert (told["order_id"], told["orig_qty"], told["stop_price"]) == ("", "0", "0")


def test_ids_that_came_as_the_other_type_are_read() -> None:
    """Row 10."""
    row = convert_leniently(
        {"algoId": "9007199254740993", "algoStatus": "NEW", "symbol": "BTCUSDT", "actualOrderId": 8389766079988521101},
        AlgoRow,
    )

    assert (row.algo_id, row.actual_order_id) == (9007199254740993, "8389766079988521101")


def test_row_whose_amount_is_no_number_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError, match="no number"):
        convert_leniently({"algoId": 1, "algoStatus": "NEW", "symbol": "BTCUSDT", "quantity": "much"}, AlgoRow)
