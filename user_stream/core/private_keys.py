"""Private keys as text: recognised, opened, and told what is wrong with them without quoting a letter of them.

Binance takes RSA and Ed25519 keys as PKCS#8 PEM (USDⓈ-M Futures, General Info, SIGNED Endpoint Security). RSA signs by
PKCS#1 v1.5 with SHA-256, which gives the same signature for the same text every time, as Ed25519 does. What opens them
is the library `cryptography`, the extra `keys`; accounts with a secret do without it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, TypeAlias

from user_stream.errors import SettingsError

if TYPE_CHECKING:
    from user_stream.core.key_library import PrivateKey

__all__ = ["Sign", "is_pem", "open_private_key", "unlock_private_key"]

Sign: TypeAlias = Callable[[bytes], bytes]
"""From a text to its signature."""

_BEGIN: Final = "-----BEGIN "
_ENCRYPTED: Final = ("-----BEGIN ENCRYPTED PRIVATE KEY-----", "Proc-Type: 4,ENCRYPTED")
"""PKCS#8, and what came before it."""


def is_pem(text: str) -> bool:
    """Say whether this is PEM text, such as a private key, and no API secret."""
    return text.lstrip().startswith(_BEGIN)


def open_private_key(pem: str) -> Sign:
    """Return what signs with this private key, RSA or Ed25519.

    Raises `SettingsError` when it is another kind of key, encrypted, damaged, or `cryptography` is not installed.
    """
    text = _lines(pem)
    if _is_encrypted(text):
        message = (
            "the private key is encrypted: give its passphrase (..._PRIVATE_KEY_PASSPHRASE beside "
            "..._PRIVATE_KEY_FILE, or `unlock_private_key`), or keep it without one, readable by nobody else"
        )
        raise SettingsError(message)
    return _open(text, None).sign


def unlock_private_key(pem: str, passphrase: str) -> str:
    """Return a private key without its encryption, as PKCS#8 PEM.

    Raises `SettingsError` when the passphrase does not open it, and as `open_private_key` does.
    """
    text = _lines(pem)
    return _open(text, passphrase if _is_encrypted(text) else None).unlocked()


def _lines(pem: str) -> str:
    """Return the text with its line breaks: in one line of an environment they are written as a backslash and an n."""
    return pem.strip().replace("\\n", "\n")


def _is_encrypted(pem: str) -> bool:
    return any(mark in pem for mark in _ENCRYPTED)


def _open(pem: str, passphrase: str | None) -> PrivateKey:
    _refuse_what_is_no_private_key(pem)
    try:
        from user_stream.core.key_library import PrivateKey as Opened  # noqa: PLC0415  it needs an extra
    except ImportError:
        message = "RSA and Ed25519 keys need the extra `keys`: pip install 'binance-user-stream[keys]'"
        raise SettingsError(message) from None
    return Opened(pem, passphrase)


def _refuse_what_is_no_private_key(pem: str) -> None:
    kind = pem.partition(_BEGIN)[2].partition("-----")[0]
    if not kind.endswith("PRIVATE KEY"):
        found = "the public half of a key" if "PUBLIC" in kind else "no private key"
        message = f"the PEM text is {found}: requests are signed with the private key (BEGIN PRIVATE KEY)"
    elif kind.startswith("OPENSSH"):
        message = "the private key is in OpenSSH's own form: Binance's keys are PKCS#8 PEM (BEGIN PRIVATE KEY)"
    else:
        return
    raise SettingsError(message)
