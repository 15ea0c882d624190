"""Whether a signature is that of a text, by an account's secret or its public key; and what is wrong with one.

By a secret it is the HMAC SHA-256 in hex, in any case. By a public key it is base64, percent-encoded where it is sent:
RSA by PKCS#1 v1.5 with SHA-256, or Ed25519. Public keys are PEM text and need the library `cryptography`.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, unquote_plus

from simulator.errors import ConfigurationError

if TYPE_CHECKING:
    from simulator.core.security.public_keys import PublicKey

__all__ = ["check_public_key", "describe_mistake", "is_pem", "kind_of_key", "sign", "verifies"]

_HMAC: Final = re.compile(r"[0-9A-Fa-f]{64}")
_LONG_HMAC: Final = re.compile(r"[0-9A-Fa-f]{128}")
_HMAC_BYTES: Final = 32


def is_pem(key: str) -> bool:
    """Say whether this is PEM text, such as a public key, and no secret."""
    return key.lstrip().startswith("-----BEGIN ")


def kind_of_key(key: str) -> str:
    """Return by what an account signs: HMAC, RSA or Ed25519."""
    return _open(key).kind if is_pem(key) else "HMAC"


def sign(signed: str, secret: str) -> str:
    """Return the HMAC-SHA256 of the text, in hex."""
    return hmac.new(secret.encode(), signed.encode(), hashlib.sha256).hexdigest()


def verifies(signed: str, given: str, key: str) -> bool:
    """Say whether `given`, as it was sent, is the signature of the text by `key`, a secret or a public key."""
    if not is_pem(key):
        return hmac.compare_digest(sign(signed, key), given.lower().encode("ascii", "replace").decode())
    signature = _from_base64(given)
    return signature is not None and _open(key).verifies(signed.encode(), signature)


def check_public_key(key: str) -> None:
    """Raise `ConfigurationError`, which says why, unless requests can be verified by this public key."""
    _open(key)


def describe_mistake(signed: str, given: str, key: str) -> str | None:
    """Return what is wrong with the signature itself, whatever was signed; None when it could be one."""
    if not is_pem(key):
        return None if _HMAC.fullmatch(given) else _hmac_mistake(given)
    if _HMAC.fullmatch(given):
        return "it is an HMAC in hex, and the account has a public key, no secret"
    signature = _from_base64(given)
    if signature is None:
        return _base64_mistake(given)
    public = _open(key)
    if len(signature) != public.signature_bytes:
        expected = f"one by the account's {public.kind} key has {public.signature_bytes}"
        return f"it has {len(signature)} bytes, and {expected}"
    is_pss = public.verifies_by_pss(signed.encode(), signature)
    return "its padding is PSS, and Binance's is PKCS#1 v1.5" if is_pss else None


def _hmac_mistake(given: str) -> str:
    if _LONG_HMAC.fullmatch(given):
        return "it is an HMAC SHA-512, not SHA-256"
    if len(_from_base64(given) or b"") == _HMAC_BYTES:
        return "it is an HMAC SHA-256 in base64, not in hex"
    return "it is not an HMAC SHA-256 in hex, and the account has a secret, no public key"


def _base64_mistake(given: str) -> str:
    if "+" in given:
        return "its base64 is not percent-encoded: a + reads as a blank"
    return "its base64 is percent-encoded twice" if "%" in unquote(given) else "it is not base64"


def _from_base64(given: str) -> bytes | None:
    try:
        return base64.b64decode(unquote_plus(given), validate=True)
    except ValueError:
        return None


def _open(pem: str) -> PublicKey:
    try:
        from simulator.core.security.public_keys import open_public_key  # noqa: PLC0415  it needs an extra
    except ImportError:
        message = "public keys need the extra `keys`: pip install 'binance-user-stream[keys]'"
        raise ConfigurationError(message) from None
    return open_public_key(pem)
