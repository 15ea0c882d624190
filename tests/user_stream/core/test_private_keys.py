"""Private keys are recognised from their text; one that cannot sign for Binance is refused with a reason, unquoted."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from user_stream.core.private_keys import is_pem, open_private_key, unlock_private_key
from user_stream.errors import SettingsError

PASSPHRASE = "correct horse battery staple"
LOCK = BestAvailableEncryption(PASSPHRASE.encode())


def pem(
    key: Any,
    form: PrivateFormat = PrivateFormat.PKCS8,
    lock: KeySerializationEncryption | None = None,
) -> str:
    text: bytes = key.private_bytes(Encoding.PEM, form, lock or NoEncryption())
    return text.decode()


def public_pem(key: Any) -> str:
    text: bytes = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return text.decode()


ED25519 = ed25519.Ed25519PrivateKey.generate()
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def middle(text: str) -> str:
    """Return a line of a key's secret part."""
    return text.strip().splitlines()[1]


def everything_in(error: BaseException | None) -> str:
    texts = []
    while error is not None:
        texts += [str(error), repr(error)]
        error = error.__cause__ or error.__context__
    return "\n".join(texts)


@pytest.mark.parametrize("text", [pem(ED25519), "\n  " + pem(ED25519), public_pem(RSA), "-----BEGIN CERTIFICATE-----"])
def test_pem_text_is_recognised_whatever_it_holds(text: str) -> None:
    assert is_pem(text)


@pytest.mark.parametrize("text", ["S" * 64, "", "MC4CAQAwBQYDK2VwBCIEIA==", "/home/me/key.pem", "--BEGIN"])
def test_a_secret_is_no_pem_text(text: str) -> None:
    assert not is_pem(text)


@pytest.mark.parametrize(
    "text",
    [
        pem(ED25519),
        pem(ED25519).replace("\n", "\r\n"),
        pem(ED25519).replace("\n", "\\n"),
        pem(ED25519).replace("\n", ""),
        f"\n {pem(ED25519)}\n\n",
    ],
    ids=["as written", "Windows line ends", "line ends written out", "no line ends", "blanks around it"],
)
def test_a_key_is_the_same_however_its_lines_end(text: str) -> None:
    assert open_private_key(text)(b"text") == ED25519.sign(b"text")


def test_an_rsa_key_may_be_in_its_older_form() -> None:
    assert open_private_key(pem(RSA, PrivateFormat.TraditionalOpenSSL))(b"x") == open_private_key(pem(RSA))(b"x")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (pem(ec.generate_private_key(ec.SECP256R1())), "neither RSA nor Ed25519"),
        (pem(ec.generate_private_key(ec.SECP256R1()), PrivateFormat.TraditionalOpenSSL), "neither RSA nor Ed25519"),
        (pem(ed448.Ed448PrivateKey.generate()), "neither RSA nor Ed25519"),
        (public_pem(ED25519), "public half"),
        (public_pem(RSA), "public half"),
        (pem(ED25519).replace("PRIVATE KEY", "CERTIFICATE"), "no private key"),
        (pem(ED25519, PrivateFormat.OpenSSH), "OpenSSH's own form"),
        (pem(ED25519, lock=LOCK), "encrypted: give its passphrase"),
        (pem(RSA, PrivateFormat.TraditionalOpenSSL, LOCK), "encrypted: give its passphrase"),
        (pem(RSA)[:-200], "cannot be read: it is damaged or cut off"),
        (pem(RSA).replace(middle(pem(RSA))[5:40], "!"), "cannot be read: it is damaged or cut off"),
        (pem(RSA).partition("\n")[0], "cannot be read: it is damaged or cut off"),
    ],
    ids=[
        "EC", "EC, SEC 1", "Ed448", "public Ed25519", "public RSA", "certificate", "OpenSSH", "encrypted",
        "encrypted RSA", "cut off", "damaged", "first line only",
    ],
)  # fmt: skip
def test_what_cannot_sign_for_binance_is_refused_with_the_reason_and_not_quoted(text: str, reason: str) -> None:
    with pytest.raises(SettingsError, match=reason) as refused:
        open_private_key(text)

    lines = [line for line in text.splitlines() if line and not line.startswith("-")]
    assert not any(line in everything_in(refused.value) for line in lines)


@pytest.mark.parametrize("form", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL])
def test_an_encrypted_key_is_opened_with_its_passphrase(form: PrivateFormat) -> None:
    unlocked = unlock_private_key(pem(RSA, form, LOCK), PASSPHRASE)

    assert open_private_key(unlocked)(b"x") == open_private_key(pem(RSA))(b"x")


def test_a_passphrase_for_a_key_that_has_none_is_no_harm() -> None:
    assert open_private_key(unlock_private_key(pem(ED25519), PASSPHRASE))(b"x") == ED25519.sign(b"x")


@pytest.mark.parametrize("key", [ED25519, RSA], ids=["Ed25519", "RSA"])
@pytest.mark.parametrize("wrong", ["", "wrong", PASSPHRASE.upper()])
def test_a_wrong_passphrase_is_one_clear_error_that_quotes_neither(key: Any, wrong: str) -> None:
    locked = pem(key, lock=LOCK)

    with pytest.raises(SettingsError, match="passphrase is wrong") as refused:
        unlock_private_key(locked, wrong)

    said = everything_in(refused.value)
    assert middle(locked) not in said
    assert not wrong or wrong not in said.replace("passphrase is wrong", "")


def test_without_the_library_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "user_stream.core.key_library", None)

    with pytest.raises(SettingsError, match=r"pip install 'binance-user-stream\[keys\]'"):
        open_private_key(pem(ED25519))
