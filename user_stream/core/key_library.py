"""Private keys as the library `cryptography` knows them. It is an extra, so only `private_keys` imports this module,
and only when there is a private key.
"""

from __future__ import annotations

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from user_stream.errors import SettingsError

__all__ = ["PrivateKey"]


class PrivateKey:
    """An RSA or Ed25519 key, from its PEM text. Its `repr` shows nothing of it.

    Raises `SettingsError` when the text is damaged, the passphrase is wrong, or the key is of another kind.
    """

    __slots__ = ("_key",)

    def __init__(self, pem: str, passphrase: str | None) -> None:
        key = _load(pem, passphrase)
        if not isinstance(key, (RSAPrivateKey, Ed25519PrivateKey)):
            message = "the private key is neither RSA nor Ed25519, and Binance takes no other kind (no EC, DSA, Ed448)"
            raise SettingsError(message)
        self._key = key

    def sign(self, text: bytes) -> bytes:
        """Return the signature of the text."""
        if isinstance(self._key, RSAPrivateKey):
            return self._key.sign(text, PKCS1v15(), SHA256())
        return self._key.sign(text)

    def unlocked(self) -> str:
        """Return the key as PKCS#8 PEM without encryption."""
        return self._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def _load(pem: str, passphrase: str | None) -> PrivateKeyTypes:
    try:
        return load_pem_private_key(pem.encode(), None if passphrase is None else passphrase.encode())
    except (ValueError, TypeError, UnsupportedAlgorithm):
        pass  # what is raised below does not have the library's error, and what it may quote, as its context
    message = (
        "the private key cannot be read: it is damaged or cut off; copy the whole PEM text, from BEGIN to END"
        if passphrase is None
        else "the private key cannot be opened: the passphrase is wrong, or the key is damaged"
    )
    raise SettingsError(message)
