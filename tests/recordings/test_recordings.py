"""Cassettes: no secret gets onto one, and a client that plays one learns what the client that recorded it learned."""

from __future__ import annotations

import hashlib
import re
import tomllib
from pathlib import Path

import pytest
from vcr.errors import CannotOverwriteExistingCassetteException  # type: ignore[import-untyped]  # vcrpy has no types
from vcr.request import Request  # type: ignore[import-untyped]  # the same

from simulator import AccountSpec
from tests.recordings.record import CASSETTE, HEAD, record
from tests.recordings.tape import (
    CASSETTES,
    LISTEN_KEY_MASK,
    MASK,
    Conversation,
    cassette_recorder,
    converse,
    redact_request,
    redact_response,
)
from user_stream.runtime.binance_rest import BinanceRest
from user_stream.settings import Environment

INDEX = CASSETTES.parent / "index.toml"
ACCOUNT = AccountSpec()
LISTEN_KEY = "L" * 64
SIGNATURE = "0123456789abcdef" * 4


def stranger() -> BinanceRest:
    """A client with keys that no exchange knows, at an address where nobody listens."""
    return BinanceRest("K" * 64, "S" * 64, environment=Environment.SIMULATOR)


def assert_without_secrets(text: str, *secrets: str) -> None:
    leaked = [pattern for pattern in (*map(re.escape, secrets), r"[0-9a-f]{64}") if re.search(pattern, text)]
    keys = [found for found in re.findall(r"[A-Za-z0-9]{64}", text) if found != LISTEN_KEY_MASK]
    assert (leaked, len(keys)) == ([], 0)
    assert set(re.findall(r"signature=([^&\s]*)", text)) <= {MASK}
    assert set(re.findall(r"timestamp=([^&\s]*)", text)) <= {MASK}
    assert set(re.findall(r'listenKey(?:=|":\s*")([A-Za-z0-9]+)', text)) <= {LISTEN_KEY_MASK}
    assert set(re.findall(r"(?i)x-mbx-apikey:\s*-\s*(\S+)", text)) <= {MASK}


@pytest.mark.parametrize("path", sorted(CASSETTES.glob("*.yaml")), ids=lambda path: path.stem)
def test_no_cassette_holds_a_secret(path: Path) -> None:
    assert_without_secrets(path.read_text(), ACCOUNT.api_key, ACCOUNT.api_secret)


async def test_recording_writes_what_was_said_and_none_of_its_secrets(tmp_path: Path) -> None:
    path = tmp_path / "anew.yaml"

    conversation = await record(path)

    text = path.read_text()
    assert conversation.listen_key != LISTEN_KEY_MASK
    assert_without_secrets(text, ACCOUNT.api_key, ACCOUNT.api_secret, conversation.listen_key)
    assert f"signature={MASK}" in text
    assert LISTEN_KEY_MASK in text
    assert text.startswith(HEAD)


async def test_what_was_recorded_now_is_what_the_same_client_learns_from_the_tape(tmp_path: Path) -> None:
    path = tmp_path / "anew.yaml"
    said = await record(path)

    rest = stranger()
    with cassette_recorder().use_cassette(path):
        learned = await converse(rest)
    await rest.close()

    assert learned.listen_key == learned.extended_key == LISTEN_KEY_MASK
    masked = {"listen_key": LISTEN_KEY_MASK, "extended_key": LISTEN_KEY_MASK}
    assert learned == Conversation(**{name: getattr(said, name) for name in said.__struct_fields__} | masked)


async def test_the_stored_cassette_plays_to_its_end_with_nobody_there() -> None:
    rest = stranger()
    with cassette_recorder().use_cassette(CASSETTE) as cassette:
        learned = await converse(rest)
    await rest.close()

    assert cassette.all_played
    assert (learned.resting, learned.ended) == ("NEW", "CANCELED")
    assert (learned.executed, learned.position) == ("0.002", "0.002")
    assert learned.refusal == -1121
    assert learned.absent


async def test_what_was_not_recorded_is_refused_and_not_sent() -> None:
    rest = stranger()
    with cassette_recorder().use_cassette(CASSETTE):
        await rest.synchronize_clock()
        with pytest.raises(CannotOverwriteExistingCassetteException):
            await rest.cancel_order("BTCUSDT", "another")
    await rest.close()


def test_a_listen_key_in_an_address_or_a_form_is_masked_as_well() -> None:
    secrets = f"listenKey={LISTEN_KEY}&symbol=BTCUSDT&timestamp=1&signature={SIGNATURE}"
    redacted = f"listenKey={LISTEN_KEY_MASK}&symbol=BTCUSDT&timestamp={MASK}&signature={MASK}"

    request = redact_request(Request("PUT", f"http://127.0.0.1:4711/fapi/v1/listenKey?{secrets}", secrets, {}))

    assert request.uri == f"http://127.0.0.1:9010/fapi/v1/listenKey?{redacted}"
    assert request.body == redacted.encode()


def test_an_answer_keeps_what_the_exchange_said_but_for_its_listen_key() -> None:
    answer = {
        "status": {"code": 200, "message": "OK"},
        "headers": {"Date": ["today"], "X-MBX-USED-WEIGHT-1M": ["3"], "Set-Cookie": ["secret"]},
        "body": {"string": b'{"listenKey": "' + LISTEN_KEY.encode() + b'", "code": 1}'},
    }

    kept = redact_response(answer)

    assert kept["headers"] == {"X-MBX-USED-WEIGHT-1M": ["3"]}
    assert kept["body"]["string"] == b'{"listenKey": "' + LISTEN_KEY_MASK.encode() + b'", "code": 1}'
    assert kept["status"] == answer["status"]


def test_every_cassette_says_where_it_comes_from_in_its_head_and_in_the_index() -> None:
    listed = {entry["file"]: entry for entry in tomllib.loads(INDEX.read_text())["fixture"]}

    for path in sorted(CASSETTES.glob("*.yaml")):
        entry = listed[f"cassettes/{path.name}"]
        assert entry["masked"] is True
        assert entry["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
        assert path.read_text().startswith("# Recorded from ")
