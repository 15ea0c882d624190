"""No key stays in a frame that is kept (rule 28), and everything else does."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from user_stream.core.journal_redaction import redact

KEY = b"pqia91ma19a5s61cv6a81va65sdf19v8a65a1a5s61cv6a81va65sdf19v8a65a1"
EVENTS = sorted((Path(__file__).parents[3] / "fixtures" / "events").glob("*.json"))


def test_the_envelopes_key_is_taken_out_with_its_event() -> None:
    frame = b'{"stream":"' + KEY + b'@ORDER_TRADE_UPDATE","data":{"e":"X"}}'

    assert redact(frame) == b'{"stream":"<redacted>@ORDER_TRADE_UPDATE","data":{"e":"X"}}'


@pytest.mark.parametrize("key", [b"short", b"with-a-dash_and.more", b'quoted \\" twice', b"\\u0061bc", b""])
def test_the_envelopes_key_is_taken_out_whatever_it_looks_like(key: bytes) -> None:
    assert redact(b'{"stream": "' + key + b'", "data":{}}') == b'{"stream": "<redacted>", "data":{}}'


def test_an_expired_listen_key_is_taken_out_whatever_it_looks_like() -> None:
    frame = b'{"e":"listenKeyExpired","E":1,"listenKey" : "k-1"}'

    assert redact(frame) == b'{"e":"listenKeyExpired","E":1,"listenKey" : "<redacted>"}'


def test_keys_in_the_answer_to_list_subscriptions_are_taken_out() -> None:
    assert redact(b'{"result":["' + KEY + b'@TRADE_LITE"],"id":1}') == b'{"result":["<redacted>@TRADE_LITE"],"id":1}'


def test_a_key_in_a_frame_that_is_no_json_is_taken_out() -> None:
    assert redact(b"\xff\x00 dropped: " + KEY + b"\xfe") == b"\xff\x00 dropped: <redacted>\xfe"


def test_the_longest_client_order_id_stays() -> None:
    frame = b'{"e":"ORDER_TRADE_UPDATE","o":{"c":"' + b"a1" * 18 + b'"}}'

    assert redact(frame) == frame


@pytest.mark.parametrize("path", EVENTS, ids=lambda path: path.stem)
def test_an_event_that_carries_no_key_is_kept_byte_for_byte(path: Path) -> None:
    payload = json.loads(path.read_text())
    for event in payload if isinstance(payload, list) else [payload]:
        frame = json.dumps(event).encode()
        if b"listenKey" not in frame and b"result" not in frame and b'"stream"' not in frame:
            assert redact(frame) == frame


@given(before=st.binary(max_size=60), after=st.binary(max_size=60))
def test_a_key_never_stays_wherever_it_stands(before: bytes, after: bytes) -> None:
    assert KEY not in redact(before + KEY + after)
