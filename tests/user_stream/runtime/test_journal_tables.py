"""What the tables of a journal know of orders, and what goes when it is old."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.user_stream.journal_facts import delivery, details, intent
from user_stream.contracts import MappedOrderUpdate
from user_stream.core.journal_rows import Progress, encode, encode_told
from user_stream.core.ledger import Told
from user_stream.runtime.journal_file import make
from user_stream.runtime.journal_tables import (
    InFlight,
    OrderNumbers,
    Pruned,
    first_free,
    prune,
    read_intents,
    read_ours,
    read_progress,
    read_told,
    write_progress,
)


@pytest.fixture
def tables(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    connection = make(tmp_path / "journal", "account")
    yield connection
    connection.close()


def write(tables: sqlite3.Connection, place: int, told: Told, *, acknowledged: int = 0, order: int = 1) -> None:
    body = encode_told(told, written_ms=0, acknowledged=acknowledged)
    tables.execute("INSERT INTO told VALUES (?, ?, ?, 0)", (place, order, body))


def test_an_order_keeps_its_number_through_its_life_and_after_it(tables: sqlite3.Connection) -> None:
    orders = OrderNumbers(tables)
    first = orders.number_of(delivery(1, order=1).update, now_ms=1)
    second = orders.number_of(delivery(2, order=2).update, now_ms=2)
    assert first != second

    for status in ("NEW", "FILLED", "FILLED"):
        assert orders.number_of(delivery(3, order=1, status=status).update, now_ms=9) == first
    assert OrderNumbers(tables).number_of(delivery(4, order=1, status="FILLED").update, now_ms=9) == first
    ends = dict(tables.execute("SELECT number, ended_ms FROM orders"))
    assert ends == {first: 9, second: None}


def test_the_newest_rows_know_better_than_the_progress_that_was_written(tables: sqlite3.Connection) -> None:
    write_progress(tables, Progress(watermark=5, acknowledged=1, next_place=2, next_delivery_id=2), "account")
    write(tables, 2, delivery(2), acknowledged=1)
    write(tables, 3, delivery(3), acknowledged=2)
    write(tables, 4, details(9), acknowledged=2)

    assert read_progress(tables) == Progress(watermark=5, acknowledged=2, next_place=5, next_delivery_id=4)
    assert [owed.place for owed, _ in read_told(tables, after=2)] == [3, 4]


def test_the_progress_knows_what_pruned_rows_knew(tables: sqlite3.Connection) -> None:
    written = Progress(acknowledged=7, next_place=8, next_delivery_id=6)
    write_progress(tables, written, "account")

    assert read_progress(tables) == written


def test_a_slice_of_pruning_takes_what_is_older_but_not_what_must_be_kept(tables: sqlite3.Connection) -> None:
    orders = OrderNumbers(tables)
    for number in range(1, 41):
        order = orders.number_of(delivery(1, order=number, status="FILLED").update, now_ms=number)
        write(tables, number, delivery(number), order=order)
        tables.execute("INSERT INTO frames VALUES (?, ?, 1, x'00', 0)", (number, number))

    assert prune(tables, before_ms=31, keep={3}, came=0) == Pruned(orders=15, more=True)
    assert prune(tables, before_ms=31, keep={3}, came=20) == Pruned(orders=14, more=False)
    assert [owed.place for owed, _ in read_told(tables, after=0)] == [3, *range(31, 41)]
    assert first_free(tables, "frames") == 41
    assert tables.execute("SELECT min(place) FROM frames").fetchone() == (31,)


def of_algo(status: str, *, child: str = "", algo_id: int = 3) -> MappedOrderUpdate:
    """Return an update of a conditional order, or of the order that it became."""
    return {**delivery(1, status=status).update, "order_id": child, "algo_id": algo_id, "algo_status": "NEW"}


def test_a_conditional_order_and_the_order_that_it_becomes_have_one_number(tables: sqlite3.Connection) -> None:
    orders = OrderNumbers(tables)
    number = orders.number_of(of_algo("NEW"), now_ms=1)

    assert orders.number_of(of_algo("NEW", child="9"), now_ms=2) == number
    assert orders.number_of(of_algo("FILLED", child="9"), now_ms=3) == number
    assert tables.execute("SELECT number, ended_ms FROM orders").fetchall() == [(number, 3)]


def test_what_was_told_of_a_child_before_its_parent_was_known_joins_the_parent(tables: sqlite3.Connection) -> None:
    """Rule 12; and nothing stays open that has ended, or it would be kept for ever."""
    orders = OrderNumbers(tables)
    parent = orders.number_of(of_algo("NEW"), now_ms=1)
    child = orders.number_of(delivery(2, order=9).update, now_ms=2)
    write(tables, 1, delivery(1), order=parent)
    write(tables, 2, delivery(2, order=9), order=child)
    assert child != parent

    assert orders.number_of(of_algo("FILLED", child="9"), now_ms=3) == parent
    assert [owed.order_number for owed, _ in read_told(tables, after=0)] == [parent, parent]
    assert tables.execute("SELECT number, ended_ms FROM orders").fetchall() == [(parent, 3)]


def test_an_intent_goes_when_its_order_does(tables: sqlite3.Connection) -> None:
    orders, in_flight = OrderNumbers(tables), InFlight(tables)
    sent = replace(intent("mine"), quantity=delivery(1).update["orig_qty"])
    in_flight.add(sent, place=1, body=encode(sent), seal=0)
    in_flight.add(intent("others"), place=2, body=encode(intent("others")), seal=0)
    number = orders.number_of(delivery(1, status="FILLED").update, now_ms=1)
    in_flight.bind(delivery(1).update, number)
    in_flight.bind(delivery(1, client_order_id="others").update, number)  # of another quantity than was meant

    assert read_intents(tables) == [intent("others")]
    assert read_ours(tables) == {("BTCUSDT", "7"): sent}
    prune(tables, before_ms=2, keep=set(), came=0)
    assert read_ours(tables) == {}
    assert read_intents(tables) == [intent("others")]
