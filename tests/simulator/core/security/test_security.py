"""Requests are verified over the bytes that arrived, and refused with a code that says no more than Binance's."""

from __future__ import annotations

from typing import Literal
from urllib.parse import parse_qsl, quote

import pytest

from simulator import Profile, VenueError
from simulator.core.security.security import (
    DiagnosedError,
    SignatureError,
    check_engine_window,
    check_repeats,
    check_signature,
    check_timestamp,
    known_key,
    read_params,
)
from simulator.core.security.signatures import sign

SECRET = "2b5eb11e18796d12d88f13dc27dbbd02c2cc51ff7059765ed9821957d82bb4d9"
ORDER = "symbol=BTCUSDT&side=BUY&type=LIMIT"
NOW = 1591702613943


@pytest.mark.parametrize(
    ("query", "body", "signature"),
    [
        (
            f"{ORDER}&quantity=1&price=9000&timeInForce=GTC&recvWindow=5000&timestamp={NOW}",
            "",
            "3c661234138461fcc7a7d8746c6558c9842d4e10870d2ecbedf7777cad694af9",
        ),
        (
            "",
            f"{ORDER}&timeInForce=GTC&quantity=1&price=9000&recvWindow=5000&timestamp={NOW}",
            "ec11dcc17e67e47f0d3c3f513dfe9062307e37619c5c82ebaa8fe0bdf3d59519",
        ),
        (
            f"{ORDER}&timeInForce=GTC",
            f"quantity=1&price=9000&recvWindow=5000&timestamp={NOW}",
            "30baaf0fab549bbeda7f5ef201898b34122da25fd23c646cac2c529aebe670a4",
        ),
    ],
    ids=["query", "body", "mixed"],
)
def test_binances_own_examples_verify(query: str, body: str, signature: str) -> None:
    signed = f"&signature={signature.upper()}"
    if body:
        check_signature(query, body + signed, SECRET)
    else:
        check_signature(query + signed, body, SECRET)


def test_percent_encoded_bytes_are_verified_as_they_were_sent() -> None:
    query = f"symbol={quote('币安人生USDT')}&timestamp={NOW}"

    check_signature(f"{query}&signature={sign(query, SECRET)}", "", SECRET)


@pytest.mark.parametrize(
    ("signed", "mistake"),
    [
        ("side=BUY&symbol=BTCUSDT&timestamp=1", "alphabetical order"),
        ("symbol=BTCUSDT&side=BUY&timestamp=2", "wrong secret or private key, or other bytes"),
    ],
)
def test_the_journal_learns_which_mistake_explains_a_signature(signed: str, mistake: str) -> None:
    query = f"symbol=BTCUSDT&side=BUY&timestamp=1&signature={sign(signed, SECRET)}"

    with pytest.raises(SignatureError, match="Signature for this request is not valid") as refused:
        check_signature(query, "", SECRET)

    assert mistake in refused.value.diagnosis
    assert "symbol=BTCUSDT&side=BUY&timestamp=1" in refused.value.diagnosis
    assert SECRET not in refused.value.diagnosis


def test_a_signature_over_decoded_values_is_recognized() -> None:
    signature = sign("c=a/b&timestamp=1", SECRET)

    with pytest.raises(SignatureError) as refused:
        check_signature(f"c=a%2Fb&timestamp=1&signature={signature}", "", SECRET)

    assert "before percent-encoding" in refused.value.diagnosis


def test_query_and_body_joined_with_an_ampersand_are_recognized() -> None:
    signature = sign("a=1&timestamp=1", SECRET)

    with pytest.raises(SignatureError) as refused:
        check_signature("a=1", f"timestamp=1&signature={signature}", SECRET)

    assert "joined with &" in refused.value.diagnosis


def test_a_signature_that_is_not_last_is_refused() -> None:
    signature = sign("a=1&timestamp=1", SECRET)

    with pytest.raises(SignatureError) as refused:
        check_signature(f"a=1&signature={signature}&timestamp=1", "", SECRET)

    assert "not the last parameter" in refused.value.diagnosis


def test_listen_keys_are_masked_in_a_diagnosis() -> None:
    with pytest.raises(SignatureError) as refused:
        check_signature(f"listenKey={'k' * 64}&timestamp=1&signature=00", "", SECRET)

    assert "kkkk" not in refused.value.diagnosis


@pytest.mark.parametrize(
    ("timestamp", "window", "code"),
    [
        (NOW, "", 0),
        (NOW - 5000, "", 0),
        (NOW - 5001, "", -1021),
        (NOW + 999, "", 0),
        (NOW + 1000, "", -1021),
        (NOW - 5001, "6000", 0),
        (NOW - 60_001, "99999999", -1021),
    ],
)
def test_a_request_is_taken_inside_its_window(timestamp: int, window: str, code: int) -> None:
    params = {"timestamp": str(timestamp), "signature": "x"} | ({"recvWindow": window} if window else {})
    if not code:
        check_timestamp(params, NOW)
        return

    with pytest.raises(VenueError) as refused:
        check_timestamp(params, NOW)

    assert refused.value.code == code


@pytest.mark.parametrize("absent", ["timestamp", "signature"])
def test_timestamp_and_signature_have_to_be_sent(absent: str) -> None:
    params = {"timestamp": str(NOW), "signature": "x"}
    del params[absent]

    with pytest.raises(VenueError, match=absent) as refused:
        check_timestamp(params, NOW)

    assert refused.value.code == -1102


@pytest.mark.parametrize(
    ("api_key", "code", "message"),
    [("", -2014, "API-key format invalid."), ("k" * 63, -2014, "format"), ("z" * 64, -2015, "request ip: 1.2.3.4")],
)
def test_api_keys_are_malformed_unknown_or_somebodys(api_key: str, code: int, message: str) -> None:
    with pytest.raises(VenueError, match=message) as refused:
        known_key(api_key, {"k" * 64: "default"}, "1.2.3.4")

    assert (refused.value.code, refused.value.status) == (code, 401)
    assert known_key("k" * 64, {"k" * 64: "default"}, "") == "default"


def test_query_wins_over_body() -> None:
    assert read_params("a=1&b=2", "a=3&c=%2F") == {"a": "1", "b": "2", "c": "/"}


def test_a_parameter_may_be_in_query_and_body_but_not_twice_in_either() -> None:
    check_repeats("symbol=BTCUSDT&side=BUY", "symbol=ETHUSDT", {"symbol": "BTCUSDT", "side": "BUY"})

    for query, body in (("symbol=A&side=BUY&symbol=A", ""), ("side=BUY", "symbol=A&symbol=")):
        with pytest.raises(VenueError, match=r"^-1101: Duplicate values for parameter 'symbol'\.$"):
            check_repeats(query, body, read_params(query, body))


def test_a_signature_over_decoded_values_is_taken_where_the_profile_says_so() -> None:
    signature = sign("c=a/b&timestamp=1", SECRET)
    profile = Profile(unencoded_signature="accepted")

    check_signature(f"c=a%2Fb&timestamp=1&signature={signature}", "", SECRET, profile=profile)


def test_a_large_window_is_refused_where_the_profile_says_so() -> None:
    params = {"timestamp": str(NOW), "signature": "x", "recvWindow": "60001"}
    check_timestamp(params, NOW)

    with pytest.raises(VenueError, match="less than 60000") as refused:
        check_timestamp(params, NOW, Profile(large_receive_window="refused"))

    assert refused.value.code == -1131


def test_the_journal_learns_how_far_a_clock_is_off() -> None:
    params = {"timestamp": str(NOW), "signature": "x"}
    for now_ms, told in ((NOW + 7000, "7000 ms behind"), (NOW - 2500, "2500 ms ahead")):
        with pytest.raises(DiagnosedError) as refused:
            check_timestamp(params, now_ms)

        assert told in refused.value.diagnosis


@pytest.mark.parametrize("code", [-5028, -1021])
def test_an_order_that_reaches_the_matching_engine_too_late_is_refused(code: Literal[-5028, -1021]) -> None:
    params = {"timestamp": str(NOW), "recvWindow": "1000"}
    check_engine_window(params, NOW + 1000, Profile(late_order=code))

    with pytest.raises(VenueError) as refused:
        check_engine_window(params, NOW + 1001, Profile(late_order=code))

    assert refused.value.code == code


def test_the_body_counts_only_as_a_form() -> None:
    assert read_params("a=1", '{"b":"2&c=3"}', "application/json; charset=utf-8") == {"a": "1"}
    assert read_params("a=1", "b=2", "application/x-www-form-urlencoded") == {"a": "1", "b": "2"}


@pytest.mark.parametrize("text", ["a=1&b=2", "a", "a=", "=1", "a=1&&b=2", "a=b=c", "a=%31&%62=+", "", "&", "a=é"])
def test_parameters_are_read_alike_whether_there_is_something_to_decode_or_not(text: str) -> None:
    assert read_params(text, "") == dict(parse_qsl(text, keep_blank_values=True))
