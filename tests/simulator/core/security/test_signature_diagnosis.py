"""Each of the usual mistakes is recognized in the signature that it gives, and no secret is told."""

from __future__ import annotations

import base64
from urllib.parse import quote

import pytest

from simulator.core.security.security import SignatureError, check_signature
from simulator.core.security.signatures import sign

SECRET = "Secret" + "0" * 58
OTHER = "Other" + "0" * 59
API_KEY = "ApiKey" + "0" * 58
TEXT = "symbol=BTCUSDT&side=BUY&x=a%20b&y=%2F&timestamp=1"


def diagnosis(query: str, body: str, signed: str, secret: str = SECRET) -> str:
    """Return what the journal is told about a signature of `signed` by `secret`."""
    signature = f"&signature={sign(signed, secret)}"
    sent = (query, body + signature) if body else (query + signature, "")
    with pytest.raises(SignatureError) as refused:
        check_signature(*sent, SECRET, keys={"default": SECRET, "other": OTHER}, api_key=API_KEY)
    told = refused.value.diagnosis
    assert not any(word in told for word in (SECRET, OTHER, API_KEY, signature))
    return told


@pytest.mark.parametrize(
    ("secret", "mistake"),
    [
        (OTHER, "that of account 'other'"),
        (API_KEY, "the API key in place of the secret"),
        (f"{SECRET}\n", "a line break after it"),
        (f" {SECRET}", "a blank before it"),
        (f'"{SECRET}"', "in double quotes"),
        (SECRET.lower(), "in lower case"),
        ("", "an empty secret"),
    ],
)
def test_a_wrong_key_is_recognized(secret: str, mistake: str) -> None:
    told = diagnosis(TEXT, "", TEXT, secret)

    assert told.startswith(f"the right bytes were signed by the wrong key: {mistake}") or mistake in told


@pytest.mark.parametrize(
    ("signed", "mistake"),
    [
        ("side=BUY&symbol=BTCUSDT&timestamp=1&x=a%20b&y=%2F", "alphabetical order"),
        ("timestamp=1&symbol=BTCUSDT&side=BUY&x=a%20b&y=%2F", "timestamp first"),
        ("symbol=BTCUSDT&side=BUY&x=a b&y=/&timestamp=1", "before percent-encoding"),
        ("symbol=BTCUSDT&side=BUY&x=a%2520b&y=%252F&timestamp=1", "percent-encoded again"),
        ("symbol=BTCUSDT&side=BUY&x=a+b&y=%2F&timestamp=1", "blanks as +"),
        ("symbol=BTCUSDT&side=BUY&x=a%20b&y=%2f&timestamp=1", "escapes in lower case"),
        (TEXT.lower(), "everything in lower case"),
        ("symbol=BTCUSDT&side=BUY&x=a%20b&y=%2F", "without timestamp"),
        (f"?{TEXT}", "a ? before the query"),
    ],
)
def test_other_bytes_than_those_sent_are_recognized(signed: str, mistake: str) -> None:
    told = diagnosis(TEXT, "", signed)

    assert told.startswith("signed were not the bytes that were sent")
    assert mistake in told
    assert TEXT in told


@pytest.mark.parametrize(
    ("signed", "mistake"),
    [
        ("a=1&b=2&timestamp=1", "joined with &"),
        ("b=2&timestamp=1a=1", "the body before the query"),
        ("a=1", "the query alone"),
        ("b=2&timestamp=1", "the body alone"),
    ],
)
def test_a_query_and_a_body_that_were_put_together_otherwise_are_recognized(signed: str, mistake: str) -> None:
    assert mistake in diagnosis("a=1", "b=2&timestamp=1", signed)


def test_the_beginning_of_the_right_signature_is_told_and_no_more() -> None:
    told = diagnosis(TEXT, "", "something else")

    assert "wrong secret or private key" in told
    assert f"begins with {sign(TEXT, SECRET)[:8]}…" in told
    assert sign(TEXT, SECRET) not in told


@pytest.mark.parametrize(
    ("query", "after"), [("a=1&signature=00&recvWindow=5", "recvWindow"), ("signature=00&", "a bare &")]
)
def test_what_came_after_the_signature_is_named(query: str, after: str) -> None:
    with pytest.raises(SignatureError) as refused:
        check_signature(query, "", SECRET)

    assert refused.value.diagnosis.endswith(f"after it came {after}")


@pytest.mark.parametrize(
    ("signature", "mistake"),
    [
        (quote(base64.b64encode(bytes(32)), safe=""), "it is an HMAC SHA-256 in base64, not in hex"),
        ("0" * 128, "it is an HMAC SHA-512, not SHA-256"),
        ("0" * 63, "it is not an HMAC SHA-256 in hex"),
    ],
)
def test_an_hmac_of_another_form_is_told(signature: str, mistake: str) -> None:
    with pytest.raises(SignatureError) as refused:
        check_signature(f"a=1&signature={signature}", "", SECRET)

    assert f"none for this account: {mistake}" in refused.value.diagnosis
