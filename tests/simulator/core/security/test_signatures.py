"""Signatures are verified by a secret or by a public key, and a wrong one is told apart from another kind."""

from __future__ import annotations

import base64
import sys
from collections.abc import Callable
from urllib.parse import quote

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from simulator import ConfigurationError
from simulator.core.security.security import SignatureError, check_signature
from simulator.core.security.signatures import check_public_key, describe_mistake, is_pem, sign, verifies

SECRET = "2b5eb11e18796d12d88f13dc27dbbd02c2cc51ff7059765ed9821957d82bb4d9"
TEXT = "symbol=BTCUSDT&side=BUY&timestamp=1"
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
ED25519 = ed25519.Ed25519PrivateKey.generate()


def public_pem(key: rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey) -> str:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def by_rsa(text: str) -> bytes:
    return RSA.sign(text.encode(), padding.PKCS1v15(), SHA256())


def by_ed25519(text: str) -> bytes:
    return ED25519.sign(text.encode())


def in_query(signature: bytes) -> str:
    return quote(base64.b64encode(signature), safe="")


RSA_PEM, ED25519_PEM = public_pem(RSA), public_pem(ED25519)
BOTH = pytest.mark.parametrize(
    ("key", "signed"), [(RSA_PEM, by_rsa), (ED25519_PEM, by_ed25519)], ids=["RSA", "Ed25519"]
)


@BOTH
def test_a_base64_signature_verifies_over_the_bytes_that_arrived(key: str, signed: Callable[[str], bytes]) -> None:
    query = f"symbol={quote('币安人生USDT')}&timestamp=1"

    check_signature(f"{query}&signature={in_query(signed(query))}", "", key)
    check_signature("symbol=BTCUSDT", f"timestamp=1&signature={in_query(signed('symbol=BTCUSDTtimestamp=1'))}", key)


@BOTH
def test_another_text_or_another_key_does_not_verify(key: str, signed: Callable[[str], bytes]) -> None:
    other = ED25519_PEM if key == RSA_PEM else RSA_PEM

    assert verifies(TEXT, in_query(signed(TEXT)), key)
    assert not verifies(TEXT + "1", in_query(signed(TEXT)), key)
    assert not verifies(TEXT, in_query(signed(TEXT)), other)
    assert not verifies(TEXT, in_query(signed(TEXT)), SECRET)
    assert not verifies(TEXT, sign(TEXT, SECRET), key)


@BOTH
def test_a_mistake_in_what_was_signed_is_found_for_every_kind_of_key(key: str, signed: Callable[[str], bytes]) -> None:
    in_order = "&".join(sorted(TEXT.split("&")))

    with pytest.raises(SignatureError, match="Signature for this request is not valid") as refused:
        check_signature(f"{TEXT}&signature={in_query(signed(in_order))}", "", key)

    assert "alphabetical order" in refused.value.diagnosis
    assert TEXT in refused.value.diagnosis


def a_plus_in_base64() -> str:
    texts = (base64.b64encode(by_ed25519(f"{TEXT}{number}")).decode() for number in range(1000))
    return next(text for text in texts if "+" in text)


@pytest.mark.parametrize(
    ("given", "key", "mistake"),
    [
        (in_query(by_ed25519(TEXT)), SECRET, "not an HMAC SHA-256 in hex, and the account has a secret"),
        ("zzzz", SECRET, "not an HMAC SHA-256 in hex"),
        (sign(TEXT, SECRET), RSA_PEM, "an HMAC in hex, and the account has a public key"),
        (a_plus_in_base64(), ED25519_PEM, "not percent-encoded: a + reads as a blank"),
        (quote(in_query(by_ed25519(TEXT)), safe=""), ED25519_PEM, "percent-encoded twice"),
        ("zzz!", ED25519_PEM, "it is not base64"),
        ("é", ED25519_PEM, "it is not base64"),
        (in_query(by_rsa(TEXT)), ED25519_PEM, "256 bytes, and one by the account's Ed25519 key has 64"),
        (in_query(by_ed25519(TEXT)), RSA_PEM, "64 bytes, and one by the account's RSA key has 256"),
        (
            in_query(RSA.sign(TEXT.encode(), padding.PSS(padding.MGF1(SHA256()), 32), SHA256())),
            RSA_PEM,
            "its padding is PSS, and Binance's is PKCS#1 v1.5",
        ),
    ],
    ids=[
        "Ed25519 for a secret", "no hex for a secret", "hex for RSA", "a plus", "encoded twice", "no base64",
        "no ASCII", "RSA for Ed25519", "Ed25519 for RSA", "PSS",
    ],
)  # fmt: skip
def test_the_journal_learns_what_is_wrong_with_the_signature_itself(given: str, key: str, mistake: str) -> None:
    with pytest.raises(SignatureError) as refused:
        check_signature(f"{TEXT}&signature={given}", "", key)

    assert mistake in refused.value.diagnosis
    assert given not in refused.value.diagnosis


@pytest.mark.parametrize(
    ("given", "key"),
    [(sign("x", SECRET), SECRET), (in_query(by_rsa("x")), RSA_PEM), (in_query(by_ed25519("x")), ED25519_PEM)],
    ids=["HMAC", "RSA", "Ed25519"],
)
def test_a_signature_of_something_else_has_no_mistake_in_itself(given: str, key: str) -> None:
    assert describe_mistake(TEXT, given, key) is None


@pytest.mark.parametrize(
    "text",
    [public_pem(ec.generate_private_key(ec.SECP256R1())), RSA_PEM[:100], "-----BEGIN PRIVATE KEY-----", SECRET, ""],
    ids=["EC", "cut off", "private", "a secret", "nothing"],
)
def test_what_is_no_public_key_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="not the PEM text of an RSA or Ed25519 public key"):
        check_public_key(text)


def test_pem_text_is_told_from_a_secret() -> None:
    assert is_pem(RSA_PEM)
    assert not is_pem(SECRET)


def test_without_the_library_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "simulator.core.security.public_keys", None)

    with pytest.raises(ConfigurationError, match=r"pip install 'binance-user-stream\[keys\]'"):
        check_public_key(RSA_PEM)
