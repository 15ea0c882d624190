"""Who may use the control plane: this machine, under its own name.

The control plane has no password, so three things must hold. The peer is a loopback address. The `Host` that it asks
for is one too: a web page whose own DNS points here (rebinding) still sends its own name. And its `Origin`, if it has
one, is a page of this machine: any site may make a browser send a POST here.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from urllib.parse import urlsplit

__all__ = ["is_loopback", "why_refused"]


def is_loopback(host: str) -> bool:
    """Say whether a host name or an address is this machine's own."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def why_refused(peer: str, headers: Mapping[str, str]) -> str:
    """Return why a request from this address is not for us to serve, or "" when it is."""
    if not is_loopback(peer):
        return "the control plane is for this machine alone: ask over a loopback address"
    host = headers.get("Host", "")
    if not is_loopback(_host_name(f"//{host}")):
        return f"the control plane is not served under the name {host!r}: use 127.0.0.1 or localhost"
    origin = headers.get("Origin")
    if origin is not None and not is_loopback(_host_name(origin)):
        return f"the control plane is not for pages of {origin}"
    return ""


def _host_name(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
