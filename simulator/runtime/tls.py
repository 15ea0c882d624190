"""TLS for clients that insist on https:// and wss://: a certificate authority that lives as long as the simulator.

`trustme` makes the authority and a certificate for localhost, 127.0.0.1, ::1 and the address that is listened on. Its
private keys never leave the process. Clients have to trust the authority: its certificate is written to a file that
only this user can read, which is deleted when the simulator stops. It vouches for nobody else.
"""

from __future__ import annotations

import os
import ssl
import tempfile
from pathlib import Path
from typing import Final

from simulator.errors import ConfigurationError

__all__ = ["TRUST_VARIABLES", "ThrowAwayAuthority"]

TRUST_VARIABLES: Final = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")
"""The environment variables by which clients find an authority: OpenSSL and what is built on it, requests, Node."""

_NAMES: Final = ("localhost", "127.0.0.1", "::1")


class ThrowAwayAuthority:
    """A certificate authority, its file, and what a server needs to be trusted by those who trust it.

    Raises `ConfigurationError` when the extra `tls` is not installed, or `host` can be in no certificate.
    """

    def __init__(self, host: str) -> None:
        try:
            import trustme  # noqa: PLC0415  it is an extra
        except ImportError:
            message = "TLS needs the extra `tls`: pip install 'binance-user-stream[tls]'"
            raise ConfigurationError(message) from None
        authority = trustme.CA(organization_name="Simulated Binance")
        try:
            certificate = authority.issue_cert(*dict.fromkeys((*_NAMES, *filter(None, (host,)))))
        except ValueError as error:
            message = f"no certificate can be made for the address {host!r} ({error}): listen on another one"
            raise ConfigurationError(message) from error
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.file = _private_file(authority.cert_pem.bytes())
        certificate.configure_cert(self.context)

    def delete(self) -> None:
        """Delete the file of the authority."""
        self.file.unlink(missing_ok=True)


def _private_file(content: bytes) -> Path:
    number, name = tempfile.mkstemp(prefix="simulator-ca-", suffix=".pem")
    with os.fdopen(number, "wb") as file:
        file.write(content)
    return Path(name)
