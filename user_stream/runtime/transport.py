"""The stream's transport: a small port, and `websockets` behind it.

Foreign exceptions end here, once. They are replaced, not chained: a handshake error may quote the address, and the
address holds the listen key. For the same reason `websockets` gets a logger that says nothing.
"""

from __future__ import annotations

import logging
import re
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI

from user_stream.errors import ConnectionLostError
from user_stream.settings import Settings

__all__ = ["Connection", "Connector", "open_websocket"]

_silent = logging.Logger("user_stream.transport")  # noqa: LOG001  outside the tree on purpose: it can never be enabled
_silent.disabled = True
_KEY = re.compile(r"[A-Za-z0-9]{32,}")
"""What a listen key looks like, whole or in part."""


class Connection(Protocol):
    """One open WebSocket."""

    async def recv(self) -> bytes:
        """Return the next frame. Raises `ConnectionLostError` when there will be none."""
        ...

    async def send(self, text: str) -> None:
        """Send a text frame. Raises `ConnectionLostError`."""
        ...


class Connector(Protocol):
    """Opens a WebSocket, as a context that closes it."""

    def __call__(self, url: str, settings: Settings, /) -> AbstractAsyncContextManager[Connection]:
        """Return the context. Entering it raises `ConnectionLostError` when the connection cannot be made."""
        ...


class _Websocket:
    """A `websockets` connection behind the port."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection

    async def recv(self) -> bytes:
        try:
            return await self._connection.recv(decode=False)
        except ConnectionClosed as closed:
            raise _lost(closed) from None

    async def send(self, text: str) -> None:
        try:
            await self._connection.send(text)
        except ConnectionClosed as closed:
            raise _lost(closed) from None


@asynccontextmanager
async def open_websocket(url: str, settings: Settings) -> AsyncIterator[Connection]:
    """Open a WebSocket that pings the server and calls a missing pong a lost connection."""
    connection = await _connect(url, settings)
    if isinstance(connection, ConnectionLostError):  # raised here: the address must not be in its context either
        raise connection
    try:
        yield _Websocket(connection)
    finally:
        try:
            await connection.close()
        finally:
            connection.transport.abort()  # who is cancelled while the peer is silent leaves no socket behind


async def _connect(url: str, settings: Settings) -> ClientConnection | ConnectionLostError:
    """Return a connection, or why there is none."""
    try:
        return await connect(
            url,
            open_timeout=settings.connect_timeout_s,
            ping_interval=settings.ping_interval_s,
            ping_timeout=settings.ping_timeout_s,
            close_timeout=settings.connect_timeout_s,
            compression=None,
            max_size=2**24,
            proxy=settings.proxy,
            logger=_silent,
        )
    except InvalidStatus as refusal:
        cause = f"the handshake was refused with HTTP {refusal.response.status_code}"
        return ConnectionLostError(cause, kind="refused")
    except (OSError, TimeoutError, InvalidHandshake, InvalidURI) as error:
        return ConnectionLostError(f"the stream cannot be opened ({type(error).__name__})", kind="unreachable")


def _lost(closed: ConnectionClosed) -> ConnectionLostError:
    if closed.rcvd is not None:
        reason = _KEY.sub("<hidden>", closed.rcvd.reason) or "no reason given"
        return ConnectionLostError(f"closed by the exchange: {reason}", code=closed.rcvd.code)
    if closed.sent is not None and closed.sent.code == 1011:
        return ConnectionLostError("the exchange did not answer a ping in time", kind="no_pong")
    return ConnectionLostError("cut without a close frame")
