"""Whatever the bytes are: an event, kept raw if need be, or a DecodeError that quotes nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from user_stream.core.decode import DecodeError, decode_event, event_from_wire
from user_stream.core.events import (
    AccountUpdate,
    AlgoUpdate,
    ControlReply,
    Event,
    ListenKeyExpired,
    OrderTradeUpdate,
    RawEvent,
    TradeLite,
)

KEY = "pqia91ma19a5s61cv6a81va65sdf19v8a65a1a5s61cv6a81va65sdf19v8a65a1"
FIXTURES = Path(__file__).parents[3] / "fixtures" / "events"
FILLED: dict[str, Any] = json.loads((FIXTURES / "order_trade_update_filled.json").read_text())
LITE: dict[str, Any] = json.loads((FIXTURES / "trade_lite_live.json").read_text())
ALL = [path.read_bytes() for path in sorted(FIXTURES.glob("*.json")) if not path.name.startswith("sequence")]


def decode(frame: object) -> Event:
    return decode_event(json.dumps(frame).encode())


def order(**letters: object) -> dict[str, Any]:
    """Return the FILLED event with some letters of its order replaced."""
    return {**FILLED, "o": {**FILLED["o"], **letters}}


def test_text_and_bytes_are_the_same_frame() -> None:
    assert decode_event(json.dumps(LITE)) == decode_event(json.dumps(LITE).encode()) == decode(LITE)


@pytest.mark.parametrize(
    "frame",
    [
        {"stream": KEY, "data": LITE},
        {"data": LITE, "stream": KEY},
        {"id": 1, "stream": KEY, "data": LITE},
    ],
)
def test_a_combined_stream_wraps_its_events_in_any_order_of_keys(frame: dict[str, object]) -> None:
    assert decode(frame) == decode(LITE)


def test_numbers_sent_as_text_are_numbers() -> None:
    event = decode(order(i="8886774001", t="7000002", T="1790000002000", m="true", gtd="0") | {"E": "1790000002001"})

    assert event == decode(FILLED)


@pytest.mark.parametrize(
    ("sent", "text"),
    [("0.006", "0.006"), ("0.00600000", "0.00600000"), ("6", "6"), ("1e-8", "1e-8"), ("-0.10", "-0.10")],
)
def test_amounts_sent_as_numbers_keep_every_digit(sent: str, text: str) -> None:
    frame = json.dumps(order(l="HERE")).replace('"HERE"', sent)

    event = decode_event(frame)

    assert isinstance(event, OrderTradeUpdate)
    assert event.order.last_filled_quantity == text
    assert event.order.trade_id == 7000002


@pytest.mark.parametrize(
    ("sent", "text"),
    [(0.12345678, "0.12345678"), (1e-8, "0.00000001"), (123456.789, "123456.789"), (5, "5"), (0.5, "0.5")],
)
def test_amounts_that_somebody_parsed_as_numbers_keep_every_digit(sent: float, text: str) -> None:
    event = event_from_wire(order(l=sent))

    assert isinstance(event, OrderTradeUpdate)
    assert event.order.last_filled_quantity == text


def test_ids_beyond_the_precision_of_a_float_stay_exact() -> None:
    event = decode(order(i=2**53 + 1, t=2**63 - 1))

    assert isinstance(event, OrderTradeUpdate)
    assert (event.order.order_id, event.order.trade_id) == (9007199254740993, 9223372036854775807)


def test_nulls_count_as_absent() -> None:
    event = decode(order(n=None, N=None, er=None) | {"E": None})

    assert isinstance(event, OrderTradeUpdate)
    assert (event.order.commission, event.order.commission_asset, event.event_time) == ("0", "", 0)


def test_unknown_fields_are_ignored() -> None:
    assert decode(order(zz={"new": [1]}) | {"zz": 1}) == decode(FILLED)


@pytest.mark.parametrize("letter", ["X", "x", "o", "f", "S", "ps", "V"])
def test_unknown_enum_values_are_kept(letter: str) -> None:
    assert "A_VALUE_OF_2031" in repr(decode(order(**{letter: "A_VALUE_OF_2031"})))


def test_an_unknown_event_is_kept_as_it_came() -> None:
    event = decode({"e": "MOON_UPDATE", "E": 1, "v": ["1.10", 2]})

    assert event == RawEvent(event_type="MOON_UPDATE", payload={"e": "MOON_UPDATE", "E": 1, "v": ["1.10", 2]})


@pytest.mark.parametrize(
    ("frame", "reply"),
    [
        ({"result": None, "id": 3}, ControlReply(id=3)),
        ({"result": ["a@ACCOUNT_UPDATE"], "id": "x"}, ControlReply(id="x", result=["a@ACCOUNT_UPDATE"])),
        ({"error": {"code": 2, "msg": "no"}, "id": 3}, ControlReply(id=3, error={"code": 2, "msg": "no"})),
        ({"code": 2, "msg": "no"}, ControlReply(error={"code": 2, "msg": "no"})),
    ],
)
def test_answers_to_control_messages_are_control_replies(frame: dict[str, object], reply: ControlReply) -> None:
    assert decode(frame) == reply


def test_the_order_id_of_an_algo_order_may_be_a_number() -> None:
    event = decode({"e": "ALGO_UPDATE", "o": {"aid": 1, "X": "TRIGGERED", "ai": 88937381063}})

    assert isinstance(event, AlgoUpdate)
    assert event.algo.order_id == "88937381063"


def test_an_account_update_may_lack_balances_or_positions() -> None:
    event = decode({"e": "ACCOUNT_UPDATE", "a": {"m": "ORDER", "P": None}})

    assert isinstance(event, AccountUpdate)
    assert (event.account.balances, event.account.positions) == ((), ())


SECRET = "s3cretS3cret"
BROKEN: dict[str, bytes | str] = {
    "nothing": b"",
    "no JSON": b"<html>" + SECRET.encode(),
    "truncated": json.dumps(order(c=SECRET)).encode()[:-3],
    "binary": b"\x89PNG\xff\xfe" + SECRET.encode(),
    "no UTF-8": b'{"e":"' + SECRET.encode() + b'\xff"}',
    "half a surrogate": '{"c":"' + SECRET + '\ud800"',
    "an array": json.dumps([SECRET]),
    "a number": b"12",
    "null": b"null",
    "neither event nor reply": json.dumps({SECRET: 1, "id": 1}),
    "a wrapped array": json.dumps({"stream": SECRET, "data": [SECRET]}),
    "an event without what makes it one": json.dumps({"e": "TRADE_LITE", "s": SECRET}),
    "an id that is none": json.dumps(order(i=SECRET)),
    "an id that is null": json.dumps(order(i=None, c=SECRET)),
    "an id that is too large": b'{"e":"TRADE_LITE","s":"' + SECRET.encode() + b'","i":' + b"9" * 5000 + b"}",
    "a margin call nested without end": b'{"e":"MARGIN_CALL","p":[{"x":' + b"[" * 100_000,
    "nested without end": b'{"e":"' + SECRET.encode() + b'","a":' + b"[" * 100_000,
}


@pytest.mark.parametrize("frame", BROKEN.values(), ids=BROKEN)
def test_what_is_no_event_is_a_decode_error_that_does_not_quote_it(frame: bytes | str) -> None:
    with pytest.raises(DecodeError) as caught:
        decode_event(frame)

    seen: BaseException | None = caught.value
    while seen is not None:
        assert SECRET not in str(seen)
        seen = seen.__cause__


def test_a_listen_key_is_in_no_repr() -> None:
    expired = decode({"e": "listenKeyExpired", "E": 1, "listenKey": KEY})
    unknown = decode({"e": "listenKeyRenamed", "listenKey": KEY})
    reply = decode({"id": 1, "result": [f"{KEY}@ACCOUNT_UPDATE"]})

    assert isinstance(expired, ListenKeyExpired)
    assert expired.listen_key == KEY
    assert KEY not in repr([expired, unknown, reply])


def decodes_or_refuses(frame: bytes | str) -> None:
    try:
        event = decode_event(frame)
    except DecodeError:
        return
    assert isinstance(event, Event.__args__)


@given(st.binary() | st.text())
def test_arbitrary_bytes_are_an_event_or_a_decode_error(frame: bytes | str) -> None:
    decodes_or_refuses(frame)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


@settings(deadline=None)
@given(
    frame=st.sampled_from(ALL),
    at=st.integers(0, 2_000),
    drop=st.integers(0, 20),
    insert=st.binary(max_size=6) | st.sampled_from([b"null", b"1e999", b'"', b"{", b"NaN", b"-0", b"[]"]),
)
def test_mutated_fixtures_are_an_event_or_a_decode_error(frame: bytes, at: int, drop: int, insert: bytes) -> None:
    at %= len(frame)
    decodes_or_refuses(frame[:at] + insert + frame[at + drop :])


@settings(deadline=None)
@given(letter=st.sampled_from([*FILLED["o"], "new"]), value=json_values)
def test_any_value_at_any_letter_is_an_event_or_a_decode_error(letter: str, value: object) -> None:
    decodes_or_refuses(json.dumps(order(**{letter: value})))


def test_a_trade_lite_is_typed_alike_however_it_was_parsed() -> None:
    assert isinstance(event_from_wire(LITE), TradeLite)
    assert event_from_wire(LITE) == decode(LITE)


@pytest.mark.parametrize("amount", ["abc", "", "NaN", "Infinity", "1,5", "0x10", "1.2.3", "--1"])
def test_amount_that_is_no_number_makes_the_frame_unreadable(amount: str) -> None:
    with pytest.raises(DecodeError, match="amount is no number"):
        decode(order(l=amount))


@pytest.mark.parametrize("amount", ["0", "-0.5", "1e-8", "1E+3", "000.100"])
def test_amount_in_any_decimal_form_is_kept_as_sent(amount: str) -> None:
    event = decode(order(l=amount))

    assert isinstance(event, OrderTradeUpdate)
    assert event.order.last_filled_quantity == amount
