"""A row of the journal proves itself."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.user_stream.core.order_facts import told_by_lite, told_by_stream
from tests.user_stream.journal_facts import API_KEY, delivery, intent
from user_stream.contracts import MappedOrderUpdate
from user_stream.core.journal_rows import (
    FORMAT,
    Progress,
    UnreadableRowError,
    decode_account,
    decode_intent,
    decode_progress,
    decode_told,
    encode,
    encode_told,
    fingerprint,
    journal_key,
    seal,
)
from user_stream.core.ledger import Told


def test_the_fingerprint_is_16_digits_that_do_not_show_the_key() -> None:
    assert len(fingerprint(API_KEY)) == 16
    assert fingerprint(API_KEY) != fingerprint(API_KEY.lower())
    assert fingerprint(API_KEY) not in API_KEY


@given(body=st.binary(min_size=1, max_size=200), position=st.integers(min_value=0), bit=st.integers(0, 7))
def test_a_seal_breaks_with_any_bit(body: bytes, position: int, bit: int) -> None:
    broken = bytearray(body)
    broken[position % len(body)] ^= 1 << bit

    assert seal("told", 1, "account", bytes(broken)) != seal("told", 1, "account", body)


def test_a_seal_holds_in_its_own_place_table_and_account_only() -> None:
    seals = {
        seal("told", 1, "account", b"body"),
        seal("told", 2, "account", b"body"),
        seal("frames", 1, "account", b"body"),
        seal("told", 1, "another", b"body"),
    }

    assert len(seals) == 4


@pytest.mark.parametrize(
    "update",
    [
        told_by_stream("FILLED", trade=2**60, last="10", cumulative="10"),
        told_by_lite(5, "1"),
        {**told_by_stream("NEW"), "algo_id": 2**60, "algo_status": "TRIGGERED"},
        {**told_by_stream("NEW"), "client_order_id": 'ünïcode "and" \\ more'},
    ],
)
def test_what_was_told_is_read_as_it_was_written(update: MappedOrderUpdate) -> None:
    row = decode_told(encode_told(Told("details", update), written_ms=5, acknowledged=3))

    assert row == (5, 3, Told("details", update))


def test_an_intent_and_the_progress_are_read_as_they_were_written() -> None:
    assert decode_intent(encode(intent("mine"))) == intent("mine")
    assert decode_progress(encode(Progress(watermark=7, next_place=3))) == Progress(watermark=7, next_place=3)


def test_a_body_in_another_shape_says_so() -> None:
    with pytest.raises(UnreadableRowError, match="not in its table's shape"):
        decode_told(b'[1,2,"delivery",{}]')
    with pytest.raises(UnreadableRowError):
        decode_account(b"\xff")


def test_an_order_is_known_by_symbol_and_id_and_an_algo_order_by_its_own_until_it_has_one() -> None:
    update = delivery(1, order=9, status="FILLED").update
    algo: MappedOrderUpdate = {**delivery(2).update, "order_id": "", "algo_id": 3}

    assert journal_key(update) == (("BTCUSDT", "9"), True)
    assert journal_key(algo) == (("BTCUSDT", "algo 3"), False)


def test_a_row_of_format_1_is_read_for_ever() -> None:
    """Whoever changes the shape of what was told so that this fails gives the journal a new `FORMAT`."""
    body = (
        b'[1795348800000,4,"delivery",{"symbol":"BTCUSDT","client_order_id":"mine","order_id":"7","side":"BUY",'
        b'"position_side":"BOTH","order_type":"LIMIT","time_in_force":"GTC","order_status":"NEW",'
        b'"execution_type":"NEW","price":"100","stop_price":"0","orig_qty":"10","last_filled_qty":"0",'
        b'"last_filled_price":"0","accumulated_filled_qty":"0","avg_price":"0","commission":"0",'
        b'"commission_asset":"","realized_profit":"0","is_maker":false,"reduce_only":false,"trade_id":0,'
        b'"order_trade_time":1000,"event_time":1001,"source":"stream","delivery_id":5,"redelivered":false}]'
    )

    assert FORMAT == 1
    assert decode_told(body).told.update["delivery_id"] == 5
