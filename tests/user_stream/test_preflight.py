"""Why the testnet cannot be used: asked of a scripted testnet, on a clock that stands still."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

import pytest
import requests
import responses
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from freezegun import freeze_time

from user_stream.preflight import NotTheTestnetError, find_obstacle, require_testnet
from user_stream.settings import Environment

NOW_MS: Final = 1_790_000_000_000
TIME: Final = "https://demo-fapi.binance.com/fapi/v1/time"
CONFIG: Final = "https://demo-fapi.binance.com/fapi/v1/accountConfig"
KEY: Final = "K" * 64
SECRET: Final = "S" * 64
KEYS: Final = {"BINANCE_TESTNET_API_KEY": KEY, "BINANCE_TESTNET_API_SECRET": SECRET}


@pytest.fixture(autouse=True)
def _still() -> Iterator[None]:
    with freeze_time("2026-09-21T14:13:20Z"):  # NOW_MS
        yield


@pytest.fixture
def testnet() -> Iterator[responses.RequestsMock]:
    """A testnet that answers only what a test has scripted, and insists on being asked all of it."""
    with responses.RequestsMock() as scripted:
        yield scripted


def answer_time(testnet: responses.RequestsMock, *, ahead_ms: int = 0) -> None:
    testnet.get(TIME, json={"serverTime": NOW_MS - ahead_ms})


def test_a_key_that_may_trade_meets_no_obstacle(testnet: responses.RequestsMock) -> None:
    answer_time(testnet)
    testnet.get(CONFIG, json={"canTrade": True, "dualSidePosition": False})

    assert find_obstacle(KEYS) is None


def test_the_question_is_signed_over_what_is_sent_and_the_key_is_in_the_header(testnet: responses.RequestsMock) -> None:
    answer_time(testnet)
    testnet.get(CONFIG, json={"canTrade": True})

    find_obstacle(KEYS)

    asked = testnet.calls[1].request
    signed, _, signature = urlsplit(str(asked.url)).query.partition("&signature=")
    assert signed == f"timestamp={NOW_MS}"
    assert signature == hmac.new(SECRET.encode(), signed.encode(), hashlib.sha256).hexdigest()
    assert asked.headers["X-MBX-APIKEY"] == KEY
    assert "X-MBX-APIKEY" not in testnet.calls[0].request.headers


def test_a_private_key_signs_the_question_too(testnet: responses.RequestsMock, tmp_path: Path) -> None:
    private = Ed25519PrivateKey.generate()
    path = tmp_path / "private.pem"
    path.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    path.chmod(0o600)
    answer_time(testnet)
    testnet.get(CONFIG, json={"canTrade": True})

    assert find_obstacle({"BINANCE_TESTNET_API_KEY": KEY, "BINANCE_TESTNET_PRIVATE_KEY_FILE": str(path)}) is None

    signed, _, signature = urlsplit(str(testnet.calls[1].request.url)).query.partition("&signature=")
    private.public_key().verify(base64.b64decode(unquote(signature)), signed.encode())


def test_a_private_key_that_is_not_there_is_no_key_and_nothing_is_sent(testnet: responses.RequestsMock) -> None:
    obstacle = find_obstacle({"BINANCE_TESTNET_API_KEY": KEY, "BINANCE_TESTNET_PRIVATE_KEY_FILE": "/absent.pem"})

    assert obstacle == "no keys: the private key file /absent.pem cannot be read: No such file or directory"
    assert len(testnet.calls) == 0


def test_without_keys_nothing_is_sent(testnet: responses.RequestsMock) -> None:
    obstacle = find_obstacle({"BINANCE_API_KEY": KEY, "BINANCE_API_SECRET": SECRET})

    assert obstacle is not None
    assert obstacle.startswith("no keys: ")
    assert "BINANCE_TESTNET_API_KEY, BINANCE_TESTNET_API_SECRET" in obstacle
    assert len(testnet.calls) == 0


@pytest.mark.parametrize(
    ("ahead_ms", "said"),
    [
        (1001, "clock off: this machine's is 1001 ms ahead of the testnet's"),
        (-4213, "clock off: this machine's is 4213 ms behind the testnet's"),
    ],
)
def test_a_clock_that_is_off_is_told_by_how_much_and_the_key_stays_here(
    testnet: responses.RequestsMock, ahead_ms: int, said: str
) -> None:
    answer_time(testnet, ahead_ms=ahead_ms)

    assert find_obstacle(KEYS) == said
    assert len(testnet.calls) == 1


@pytest.mark.parametrize("ahead_ms", [1000, -1000])
def test_a_clock_within_the_exchanges_own_tolerance_is_none(testnet: responses.RequestsMock, ahead_ms: int) -> None:
    answer_time(testnet, ahead_ms=ahead_ms)
    testnet.get(CONFIG, json={"canTrade": True})

    assert find_obstacle(KEYS) is None


@pytest.mark.parametrize(
    ("status", "code", "said"),
    [
        (401, -2014, "key refused (-2014): it is not in Binance's form"),
        (401, -2015, "key refused (-2015): it is unknown there, may not trade futures"),
        (400, -1022, "key refused (-1022): the secret, or the private key, does not belong to it"),
        (400, -1021, "key refused (-1021): the clocks differ too much"),
    ],
)
def test_a_refused_key_is_told_why(testnet: responses.RequestsMock, status: int, code: int, said: str) -> None:
    answer_time(testnet)
    testnet.get(CONFIG, status=status, json={"code": code, "msg": f"not for {KEY}"})

    obstacle = find_obstacle(KEYS)

    assert obstacle is not None
    assert obstacle.startswith(said)
    assert KEY not in obstacle


def test_a_key_that_may_only_read_is_told_apart(testnet: responses.RequestsMock) -> None:
    answer_time(testnet)
    testnet.get(CONFIG, json={"canTrade": False})

    assert find_obstacle(KEYS) == "key without futures permission: it may read, but not trade"


@pytest.mark.parametrize("question", [TIME, CONFIG])
@pytest.mark.parametrize("failure", [requests.ConnectTimeout, requests.ReadTimeout, requests.exceptions.SSLError])
def test_a_testnet_that_does_not_answer_is_unreachable_and_no_address_is_quoted(
    testnet: responses.RequestsMock, question: str, failure: type[requests.RequestException]
) -> None:
    if question == CONFIG:
        answer_time(testnet)
    testnet.get(question, body=failure(f"{CONFIG}?signature=0123456789"))

    obstacle = find_obstacle(KEYS)

    assert obstacle == f"unreachable: https://demo-fapi.binance.com did not answer ({failure.__name__})"


@pytest.mark.parametrize("body", ["<html>down for maintenance</html>", "[]", "{}", '{"code": 0}'])
@pytest.mark.parametrize("question", [TIME, CONFIG])
def test_an_answer_to_another_question_is_no_permission(
    testnet: responses.RequestsMock, question: str, body: str
) -> None:
    if question == CONFIG:
        answer_time(testnet)
    testnet.get(question, status=503, body=body)

    obstacle = find_obstacle(KEYS)

    assert obstacle is not None
    assert obstacle.startswith("unusable: https://demo-fapi.binance.com answered HTTP 503")


def test_the_testnet_itself_passes_the_guard() -> None:
    assert require_testnet(Environment.TESTNET) is Environment.TESTNET


@pytest.mark.parametrize(
    ("rest_url", "stream_url", "named"),
    [
        ("https://fapi.binance.com", "wss://demo-fstream.binance.com", "https://fapi.binance.com"),
        ("https://demo-fapi.binance.com", "wss://fstream.binance.com", "wss://fstream.binance.com"),
        ("https://demo-fapi.binance.com.example.org", "wss://demo-fstream.binance.com", "example.org"),
        ("https://example.org/demo-fapi.binance.com", "wss://demo-fstream.binance.com", "example.org"),
        ("https://demo-fapi.binance.com@example.org", "wss://demo-fstream.binance.com", "example.org"),
        ("https://demo-fapi.binance.com:8443", "wss://demo-fstream.binance.com", ":8443"),
        ("http://127.0.0.1:9010", "ws://127.0.0.1:9010", "127.0.0.1:9010"),
    ],
)
def test_any_other_address_is_refused_before_anything_is_sent(
    testnet: responses.RequestsMock, rest_url: str, stream_url: str, named: str
) -> None:
    elsewhere = Environment("testnet", rest_url, stream_url)

    with pytest.raises(NotTheTestnetError, match=r"is not the testnet: only .+ is") as refusal:
        find_obstacle(KEYS, environment=elsewhere)

    assert named in str(refusal.value)
    assert len(testnet.calls) == 0
