"""Requests as the bytes that are sent, and the signature over exactly these bytes.

Binance signs and verifies text, not parameters (USDⓈ-M Futures, General Info, SIGNED Endpoint Security): the string
that is signed must be the string that is sent, in its order and its percent-encoding. So a query string is made once,
signed, and never taken apart again.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import urlencode

__all__ = ["Signer", "query_string"]


def query_string(params: Mapping[str, str | int]) -> str:
    """Return the parameters percent-encoded, in their order."""
    return urlencode(params)


class Signer:
    """Signs with an API secret by HMAC SHA-256. Neither `repr` nor anything else shows the secret."""

    __slots__ = ("_secret",)

    def __init__(self, api_secret: str) -> None:
        self._secret = api_secret.encode()

    def __repr__(self) -> str:
        return "Signer(<hidden>)"

    def sign(self, query: str) -> str:
        """Return the query with its signature as the last parameter."""
        signature = hmac.new(self._secret, query.encode(), hashlib.sha256).hexdigest()
        return f"{query}&signature={signature}"
