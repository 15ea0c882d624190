"""Public keys as the library `cryptography` knows them. It is an extra, so only `signatures` imports this module, and
only when an account has a public key.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS, AsymmetricPadding, PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from simulator.errors import ConfigurationError

__all__ = ["PublicKey", "open_public_key"]

_ED25519_BYTES: Final = 64


class PublicKey:
    """An RSA or Ed25519 key: `kind`, and how many bytes each of its signatures has."""

    def __init__(self, key: RSAPublicKey | Ed25519PublicKey) -> None:
        self._key = key
        self.kind = "RSA" if isinstance(key, RSAPublicKey) else "Ed25519"
        self.signature_bytes = key.key_size // 8 if isinstance(key, RSAPublicKey) else _ED25519_BYTES

    def verifies(self, signed: bytes, signature: bytes) -> bool:
        """Say whether this is the signature of the text, RSA's by PKCS#1 v1.5 with SHA-256."""
        return self._holds(signed, signature, PKCS1v15())

    def verifies_by_pss(self, signed: bytes, signature: bytes) -> bool:
        """Say whether this is an RSA signature by the padding that Binance does not take."""
        return self.kind == "RSA" and self._holds(signed, signature, PSS(MGF1(SHA256()), PSS.AUTO))

    def _holds(self, signed: bytes, signature: bytes, padding: AsymmetricPadding) -> bool:
        try:
            if isinstance(self._key, RSAPublicKey):
                self._key.verify(signature, signed, padding, SHA256())
            else:
                self._key.verify(signature, signed)
        except InvalidSignature:
            return False
        return True


@lru_cache(maxsize=256)
def open_public_key(pem: str) -> PublicKey:
    """Return the key of a PEM text. Raises `ConfigurationError` when it is none of RSA and Ed25519."""
    try:
        key = load_pem_public_key(pem.strip().encode())
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, (RSAPublicKey, Ed25519PublicKey)):
        message = "it is not the PEM text of an RSA or Ed25519 public key (-----BEGIN PUBLIC KEY-----)"
        raise ConfigurationError(message)
    return PublicKey(key)
