"""Requests as the bytes that are sent, and the signature over exactly these bytes.

Binance signs and verifies text, not parameters (USDⓈ-M Futures, General Info, SIGNED Endpoint Security): the string
that is signed must be the string that is sent, in its order and its percent-encoding. So a query string is made once,
signed, and never taken apart again. The signature is the last parameter: HMAC SHA-256 as hex when the account has a
secret; base64, percent-encoded because of its `+`, `/` and `=`, when it has an RSA or Ed25519 key.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote, urlencode

from user_stream.core.private_keys import Sign, is_pem, open_private_key
from user_stream.errors import SettingsError

__all__ = ["Signer", "query_string"]

_NEEDS_NO_ENCODING: Final = re.compile(r"[A-Za-z0-9_.~=&-]*", re.ASCII)


def query_string(params: Mapping[str, str | int]) -> str:
    """Return the parameters percent-encoded, in their order."""
    plain = "&".join([f"{name}={value}" for name, value in params.items()])
    # nearly every request has nothing to encode, and to see that takes a tenth of encoding it
    is_told_apart = plain.count("=") == len(params) == plain.count("&") + 1
    return plain if is_told_apart and _NEEDS_NO_ENCODING.fullmatch(plain) else urlencode(params)


class Signer:
    """Signs as the secret says: PEM text is a private key, RSA or Ed25519; anything else is an HMAC secret.

    Neither `repr` nor anything else shows it. Raises `SettingsError` for a private key that cannot sign for Binance,
    and for what is the name of a key's file.
    """

    __slots__ = ("_begun", "_private_key")

    def __init__(self, api_secret: str) -> None:
        if api_secret.endswith((".pem", ".key", ".der")):
            message = "the API secret looks like the name of a file: give what is in it, the text of the private key"
            raise SettingsError(message)
        self._private_key: Sign | None = open_private_key(api_secret) if is_pem(api_secret) else None
        # the hash of the secret is the same for every request
        self._begun = hmac.new(b"" if self._private_key else api_secret.encode(), digestmod=hashlib.sha256)

    def __repr__(self) -> str:
        return "Signer(<hidden>)"

    def sign(self, query: str) -> str:
        """Return the query with its signature as the last parameter."""
        return f"{query}&signature={self._signature(query.encode())}"

    def _signature(self, text: bytes) -> str:
        if self._private_key is None:
            begun = self._begun.copy()
            begun.update(text)
            return begun.hexdigest()
        return quote(base64.b64encode(self._private_key(text)), safe="")
