"""Who asks is known by the key in the request or by the session; a signature that fails is explained in the journal."""

from __future__ import annotations

import base64
from urllib.parse import quote

import pytest

from simulator import AccountSpec, Profile, VenueError
from simulator.core.security.api_keys import ApiKeys
from simulator.core.security.security import SignatureError
from simulator.core.security.signatures import sign
from simulator.core.ws_api.ws_api_session import Session, endpoint_params, signed_text
from tests.contract.shape import fixture
from tests.simulator.runtime.api_socket import ED25519, PUBLIC_KEY

NOW = 1_702_555_533_821
SECRET = "2b5eb11e18796d12d88f13dc27dbbd02c2cc51ff7059765ed9821957d82bb4d9"
HMAC = AccountSpec(name="hmac", api_key="h" * 64, api_secret=SECRET)
ED = AccountSpec(name="ed", api_key="e" * 64, public_key=PUBLIC_KEY)
KEYS = ApiKeys([HMAC, ED])
PROFILE = Profile()
PARAMS = {
    "symbol": "BTCUSDT",
    "apiKey": HMAC.api_key,
    "side": "BUY",
    "quantity": "0.10",
    "newClientOrderId": "a b+c/ü",
    "timestamp": str(NOW),
}


def signed_by_hmac(params: dict[str, str], secret: str = SECRET) -> dict[str, str]:
    return params | {"signature": sign(signed_text(params), secret)}


def signed_by_ed25519(params: dict[str, str]) -> dict[str, str]:
    return params | {"signature": base64.b64encode(ED25519.sign(signed_text(params).encode())).decode()}


def logged_on() -> Session:
    session = Session(connected_ms=NOW - 5000)
    session.log_on(signed_by_ed25519({"apiKey": ED.api_key, "timestamp": str(NOW)}), KEYS, PROFILE, NOW)
    return session


def who(params: dict[str, str], session: Session | None = None) -> str:
    return (session or Session(connected_ms=0)).who_asks(params, "signed", KEYS, PROFILE, NOW)


def test_what_is_signed_is_sorted_by_name_and_has_no_signature() -> None:
    assert signed_text(PARAMS | {"signature": "x", "b": "2", "B": "1"}) == (
        f"B=1&apiKey={HMAC.api_key}&b=2&newClientOrderId=a b+c/ü&quantity=0.10&side=BUY&symbol=BTCUSDT&timestamp={NOW}"
    )


def test_the_twin_gets_no_credentials() -> None:
    sent = signed_by_hmac(PARAMS) | {"returnRateLimits": "true"}

    assert endpoint_params(sent).keys() == {"symbol", "side", "quantity", "newClientOrderId", "timestamp"}


def test_a_request_is_verified_by_the_secret_or_the_public_key_of_its_account() -> None:
    assert who(signed_by_hmac(PARAMS)) == "hmac"
    assert who(signed_by_hmac(PARAMS) | {"signature": signed_by_hmac(PARAMS)["signature"].upper()}) == "hmac"
    assert who(signed_by_ed25519(PARAMS | {"apiKey": ED.api_key})) == "ed"


@pytest.mark.parametrize(
    ("change", "code", "said"),
    [
        ({"apiKey": ""}, -1102, "'apiKey'"),
        ({"apiKey": "short"}, -2014, "format"),
        ({"apiKey": "z" * 64}, -2015, "Invalid API-key"),
        ({"timestamp": ""}, -1102, "'timestamp'"),
        ({"signature": ""}, -1102, "'signature'"),
        ({"timestamp": str(NOW - 5001)}, -1021, "recvWindow"),
        ({"timestamp": str(NOW + 1000)}, -1021, "ahead"),
        ({"signature": "0" * 64}, -1022, "Signature"),
    ],
)
def test_what_is_wrong_is_refused_as_over_rest(change: dict[str, str], code: int, said: str) -> None:
    with pytest.raises(VenueError, match=said) as refused:
        who(signed_by_hmac(PARAMS) | change)

    assert refused.value.code == code


def test_nobody_has_to_ask_for_what_is_public() -> None:
    assert Session(connected_ms=0).who_asks({}, "none", KEYS, PROFILE, NOW) == ""


def test_an_api_key_alone_is_enough_where_nothing_is_signed() -> None:
    assert Session(connected_ms=0).who_asks({"apiKey": HMAC.api_key}, "key", KEYS, PROFILE, NOW) == "hmac"


def test_a_session_is_shown_as_in_the_sample() -> None:
    sample = fixture("ws_api/session_logon.json")
    session = Session(connected_ms=sample["response"]["result"]["connectedSince"], returns_rate_limits=False)
    before = session.body(1)
    timestamp = sample["request"]["params"]["timestamp"]
    session.log_on(signed_by_ed25519({"apiKey": ED.api_key, "timestamp": str(timestamp)}), KEYS, PROFILE, timestamp)

    after = session.body(sample["response"]["result"]["serverTime"])
    session.log_out()

    assert after | {"apiKey": "<apiKey>"} == sample["response"]["result"]
    assert after["apiKey"] == ED.api_key
    assert (before["apiKey"], before["authorizedSince"]) == (None, None)
    assert session.body(1) == before


def test_who_has_logged_on_needs_neither_key_nor_signature_but_a_timestamp() -> None:
    session = logged_on()

    assert who({"timestamp": str(NOW)}, session) == "ed"
    with pytest.raises(VenueError, match="'timestamp'"):
        who({}, session)
    with pytest.raises(VenueError, match="recvWindow"):
        who({"timestamp": str(NOW - 6000)}, session)


def test_a_key_in_the_request_counts_before_that_of_the_session_and_has_to_sign() -> None:
    session = logged_on()

    assert who(signed_by_hmac(PARAMS), session) == "hmac"
    with pytest.raises(VenueError, match="'signature'"):
        who(PARAMS, session)


def test_a_signature_is_verified_even_where_none_was_needed() -> None:
    with pytest.raises(SignatureError):
        who({"timestamp": str(NOW), "signature": "AAAA"}, logged_on())


def test_only_ed25519_keys_log_on() -> None:
    with pytest.raises(VenueError) as refused:
        Session(connected_ms=0).log_on(
            signed_by_hmac({"apiKey": HMAC.api_key, "timestamp": str(NOW)}), KEYS, PROFILE, NOW
        )

    assert refused.value.code == -4056


def test_a_failed_logon_leaves_the_session_as_it_was() -> None:
    session = logged_on()

    with pytest.raises(SignatureError):
        session.log_on({"apiKey": ED.api_key, "timestamp": str(NOW), "signature": "AAAA"}, KEYS, PROFILE, NOW)

    assert session.api_key == ED.api_key


def test_a_session_knows_when_its_key_is_revoked() -> None:
    keys, session = ApiKeys([ED]), logged_on()

    assert not session.is_revoked(keys)
    keys.revoke("ed")
    assert session.is_revoked(keys)
    assert not Session(connected_ms=0).is_revoked(keys)


def diagnosis(params: dict[str, str]) -> str:
    with pytest.raises(SignatureError) as refused:
        who(params)
    return refused.value.diagnosis


UNSORTED = "&".join(f"{name}={value}" for name, value in PARAMS.items())
WITHOUT_KEY = "&".join(sorted(f"{name}={value}" for name, value in PARAMS.items() if name != "apiKey"))
ENCODED = "&".join(sorted(f"{name}={quote(value, safe='')}" for name, value in PARAMS.items()))


@pytest.mark.parametrize(
    ("signature", "said"),
    [
        (sign(UNSORTED, SECRET), "parameters in the order of sending"),
        (sign(WITHOUT_KEY, SECRET), "without apiKey"),
        (sign(ENCODED, SECRET), "values percent-encoded"),
        (sign(signed_text(PARAMS), f"{SECRET}\n"), "wrong key: the secret with a line break"),
        (sign(signed_text(PARAMS), HMAC.api_key), "the API key in place of the secret"),
        ("AAAA", "it is not an HMAC SHA-256 in hex"),
        ("0" * 64, "wrong secret or private key"),
    ],
)
def test_the_journal_learns_why_a_signature_failed(signature: str, said: str) -> None:
    found = diagnosis(PARAMS | {"signature": signature})

    assert said in found
    assert "quantity=0.10&side=BUY" in found


def test_a_base64_signature_that_was_percent_encoded_is_explained() -> None:
    sent = signed_by_ed25519(PARAMS | {"apiKey": ED.api_key})

    assert "percent-encoded, which JSON does not want" in diagnosis(
        sent | {"signature": quote(sent["signature"], safe="")}
    )


def test_no_key_is_in_a_diagnosis() -> None:
    found = diagnosis(PARAMS | {"signature": "0" * 64, "listenKey": "L" * 64})

    assert not any(secret in found for secret in (HMAC.api_key, SECRET, "L" * 64, "0" * 64))
