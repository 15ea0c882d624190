"""How a WebSocket begins: the handshake is answered here, and the socket is taken away from the HTTP server.

aiohttp reads the request. From then on the transport belongs to the stream connection itself, so that an idle stream
keeps no task, no parser and no request alive. Extensions are not negotiated (Binance compresses nothing), nor are
subprotocols.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
from typing import Final

from aiohttp import web

__all__ = ["Taken", "take_over"]

_MAGIC: Final = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_VERSION: Final = "13"
_KEY_BYTES: Final = 16


class Taken(web.Response):
    """What a handler returns when the socket is not the server's any more: there is nothing to answer."""

    async def prepare(self, _request: web.BaseRequest) -> None:
        """End the server's part, as if the client had gone."""
        message = "the socket was taken over"
        raise ConnectionResetError(message)


def take_over(request: web.BaseRequest, protocol: asyncio.Protocol) -> asyncio.Transport | None:
    """Answer the handshake and let `protocol` have the socket from now on; None when the client has gone.

    Raises `aiohttp.web.HTTPBadRequest` for half a handshake. The handler has to return `Taken()` then.
    """
    accept = _accept_of(request)
    transport, server = request.transport, request.protocol
    if transport is None:
        return None
    transport.write(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: %b\r\n\r\n" % accept
    )
    server.transport = None
    transport.set_protocol(protocol)
    server.connection_lost(None)
    return transport


def _accept_of(request: web.BaseRequest) -> bytes:
    if "upgrade" not in request.headers.get("Connection", "").lower():
        raise web.HTTPBadRequest(text="No CONNECTION upgrade header")
    if request.headers.get("Sec-WebSocket-Version", "") != _VERSION:
        raise web.HTTPBadRequest(text="Unsupported version of the WebSocket protocol")
    key = request.headers.get("Sec-WebSocket-Key", "")
    try:
        is_key = len(base64.b64decode(key, validate=True)) == _KEY_BYTES
    except binascii.Error:
        is_key = False
    if not is_key:
        raise web.HTTPBadRequest(text="Bad Sec-WebSocket-Key")
    return base64.b64encode(hashlib.sha1(f"{key}{_MAGIC}".encode()).digest())  # noqa: S324  RFC 6455 says SHA-1
