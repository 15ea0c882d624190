"""Private keys as text: recognised, opened, and told what is wrong with them without quoting a letter of them.

Binance takes RSA and Ed25519 keys as PKCS#8 PEM (USDⓈ-M Futures, General Info, SIGNED Endpoint Security). RSA signs by
PKCS#1 v1.5 with SHA-256, which gives the same signature for the same text every time, as Ed25519 does. What opens them
is the library `cryptography`, the extra `keys`; accounts with a secret need it not.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, TypeAlias

from user_stream.errors import SettingsError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

__all__ = ["Sign", "is_pem", "open_private_key", "unlock_private_key"]

Sign: TypeAlias = Callable[[bytes], bytes]
"""From a text to its signature."""

_BEGIN: Final = "-----BEGIN "
_LOCKED: Final = "-----BEGIN ENCRYPTED PRIVATE KEY-----"
_LOCKED_BEFORE_PKCS8: Final = "Proc-Type: 4,ENCRYPTED"


def is_pem(text: str) -> bool:
    """Say whether this is PEM text, such as a private key, and no API secret."""
    return text.lstrip().startswith(_BEGIN)


def open_private_key(pem: str) -> Sign:
    """Return what signs with this private key, RSA or Ed25519.

    Raises `SettingsError` when it is another kind of key, encrypted, damaged, or `cryptography` is not installed.
    """
    return _signing(_load(_lines(pem), None))


def unlock_private_key(pem: str, passphrase: str) -> str:
    """Return an encrypted private key without its encryption, as PKCS#8 PEM. One that is not encrypted is returned.

    Raises `SettingsError` when the passphrase does not open it, and as `open_private_key` does.
    """
    lines = _lines(pem)
    if not _is_locked(lines):
        return lines
    key = _load(lines, passphrase.encode())
    _signing(key)
    from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415  an extra
        Encoding,
        NoEncryption,
        PrivateFormat,
    )

    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def _lines(pem: str) -> str:
    """Return the text with its line breaks: in one line of an environment they are written as a backslash and an n."""
    return pem.strip().replace("\\n", "\n")


def _is_locked(pem: str) -> bool:
    return _LOCKED in pem or _LOCKED_BEFORE_PKCS8 in pem


def _load(pem: str, passphrase: bytes | None) -> PrivateKeyTypes:
    _refuse_what_is_no_private_key(pem, unlocking=passphrase is not None)
    try:
        from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415  an extra
        from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415  an extra
    except ImportError:
        message = "RSA and Ed25519 keys need the extra `keys`: pip install 'binance-user-stream[keys]'"
        raise SettingsError(message) from None
    try:
        return load_pem_private_key(pem.encode(), passphrase)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        pass  # raised anew below, for nobody to find the library's error, and what it may quote, as its context
    message = (
        "the private key cannot be opened: the passphrase is wrong, or the key is damaged"
        if passphrase is not None
        else "the private key cannot be read: it is damaged or cut off; copy the whole PEM text, from BEGIN to END"
    )
    raise SettingsError(message)


def _refuse_what_is_no_private_key(pem: str, *, unlocking: bool) -> None:
    kind = pem.partition(_BEGIN)[2].partition("-----")[0]
    if not kind.endswith("PRIVATE KEY"):
        found = "the public half of a key" if "PUBLIC" in kind else "no private key"
        message = f"the PEM text is {found}: requests are signed with the private key (BEGIN PRIVATE KEY)"
    elif kind.startswith("OPENSSH"):
        message = "the private key is in OpenSSH's own form: Binance's keys are PKCS#8 PEM (BEGIN PRIVATE KEY)"
    elif _is_locked(pem) and not unlocking:
        message = (
            "the private key is encrypted: give its passphrase (..._PRIVATE_KEY_PASSPHRASE beside "
            "..._PRIVATE_KEY_FILE, or `unlock_private_key`), or keep it without one, readable by nobody else"
        )
    else:
        return
    raise SettingsError(message)


def _signing(key: PrivateKeyTypes) -> Sign:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415  an extra
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15  # noqa: PLC0415  an extra
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey  # noqa: PLC0415  an extra
    from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415  an extra

    if isinstance(key, Ed25519PrivateKey):
        return key.sign
    if isinstance(key, RSAPrivateKey):
        return lambda text: key.sign(text, PKCS1v15(), SHA256())
    message = "the private key is neither RSA nor Ed25519, and Binance takes no other kind (no EC, DSA, Ed448)"
    raise SettingsError(message)
