"""Requests that are as plain as nearly all are, read and answered without the HTTP server.

A connection begins here. While each piece of what arrives on it is one whole request of HTTP/1.1, of a usual method,
with a body of known length or none, to be answered over a connection that goes on, REST answers it: aiohttp reads and
writes all there is in HTTP, and takes longer for that than the exchange for an order. With the first piece that is
anything else, a handshake, half a request, a request for the control plane, no request at all, the connection is
aiohttp's from its first byte of that piece on, for good. So nothing that is unusual is understood here.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from functools import lru_cache
from typing import Final, Protocol, TypeAlias

from aiohttp import HttpVersion11
from multidict import CIMultiDict, CIMultiDictProxy

from simulator.runtime.line import Line
from simulator.runtime.whole_answer import Asker, WholeAnswer

__all__ = ["HttpRequest", "Meet", "PlainConnection", "PlainRequest", "plain_request"]

_REQUEST_LINE: Final = re.compile(r"(GET|POST|PUT|DELETE) (/[!-~]*) HTTP/1\.1")
Meet: TypeAlias = Callable[[asyncio.Transport, bytes], None]
"""Told of a connection, and of the first bytes that came on it."""

_CONTROL_PLANE: Final = "/sim/"
_UNUSUAL: Final = ("Upgrade", "Transfer-Encoding", "Content-Encoding", "Expect")


class HttpRequest(Asker, Protocol):
    """What REST has to know of a request; aiohttp's requests are such, too."""

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers, whose names may be asked for in any case."""

    @property
    def content_type(self) -> str:
        """What the body is said to be."""

    @property
    def can_read_body(self) -> bool:
        """Whether there is a body."""

    @property
    def remote(self) -> str | None:
        """The client's address."""

    async def read(self) -> bytes:
        """Return the body."""


class PlainRequest:
    """A request that has arrived whole."""

    keep_alive = True
    version = HttpVersion11

    connection: PlainConnection | None = None
    """What it came on."""

    def __init__(self, method: str, raw_path: str, headers: Mapping[str, str], body: bytes) -> None:
        self.method = method
        self.raw_path = raw_path
        self.headers = headers
        self.content_type = headers.get("Content-Type", "").lower()
        self.can_read_body = bool(body)
        self.remote: str | None = None
        self._body = body

    @property
    def transport(self) -> asyncio.Transport | None:
        """Where the answer goes, unless the client has gone."""
        return None if self.connection is None else self.connection.transport

    async def read(self) -> bytes:
        """Return the body."""
        return self._body


def plain_request(data: bytes) -> PlainRequest | None:
    """Return the one request that these bytes are, or None: they are less, or more, or not as plain as that."""
    head, end, body = data.partition(b"\r\n\r\n")
    if not end or not head.isascii():
        return None
    request_line, _, lines = head.decode().partition("\r\n")
    asked = _REQUEST_LINE.fullmatch(request_line)
    headers = _headers(lines)
    if asked is None or headers is None or asked[2].startswith(_CONTROL_PLANE):
        return None
    lengths = headers.getall("Content-Length", ["0"])
    if lengths != [str(len(body))] or headers.get("Connection", "keep-alive").lower() != "keep-alive":
        return None
    return PlainRequest(asked[1], asked[2], headers, body)


@lru_cache(maxsize=256)
def _headers(lines: str) -> CIMultiDictProxy[str] | None:
    """Return the headers, or None: one of them is written in an unusual way, or asks for something unusual.

    A client writes the same ones for nearly every request.
    """
    pairs = []
    for line in lines.split("\r\n") if lines else ():
        name, colon, value = line.partition(":")
        if not colon or not line.isprintable() or not name.replace("-", "").isalnum():
            return None
        pairs.append((name, value.strip(" ")))
    headers = CIMultiDict(pairs)
    return None if any(name in headers for name in _UNUSUAL) else CIMultiDictProxy(headers)


class PlainConnection(asyncio.Protocol):
    """A connection whose requests are all plain so far.

    `answer` answers one; `successor` makes the protocol that has the connection when one of them is not; `meet` is
    shown its first bytes before anybody reads them. While the connection is this one's, or a request of it is being
    answered, it is in `open_ones`.
    """

    def __init__(
        self,
        answer: Callable[[PlainRequest], Awaitable[WholeAnswer]],
        successor: Callable[[], asyncio.Protocol],
        open_ones: dict[PlainConnection, None],
        meet: Meet | None = None,
    ) -> None:
        self.transport: asyncio.Transport | None = None
        self.work: asyncio.Task[None] | None = None
        self._answer = answer
        self._successor = successor
        self._open_ones = open_ones
        self._meet = meet
        self._remote = ""
        self._later = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  a socket's
        self.transport = transport
        peer = transport.get_extra_info("peername")
        self._remote = str(peer[0]) if peer else ""
        self._open_ones[self] = None

    def connection_lost(self, _error: Exception | None) -> None:
        """Be over. What is executed already goes on to its end."""
        self.transport = None
        if self.work is None:
            self._open_ones.pop(self, None)

    def data_received(self, data: bytes) -> None:
        """Answer a request, after that before it; or give the connection away."""
        if self._meet is not None and self.transport is not None:
            meet, self._meet = self._meet, None
            if not self._meets(meet, self.transport, data):
                return
        if self.work is not None:
            self._later += data
            if self.transport is not None:
                self.transport.pause_reading()  # who sends on meanwhile may not fill the memory
            return
        request = plain_request(data)
        if request is None:
            self._give_away(data)
            return
        request.remote, request.connection = self._remote, self
        self.work = asyncio.get_running_loop().create_task(self._serve(request))

    def _meets(self, meet: Meet, transport: asyncio.Transport, data: bytes) -> bool:
        """Show the first bytes; return whether they are still to be read here and now."""
        meet(transport, data)
        found = self.transport
        if isinstance(found, Line):
            found.data_received(data)
            return False
        return found is not None and not found.is_closing()

    async def _serve(self, request: PlainRequest) -> None:
        answer = await self._answer(request)
        self.work = None
        with suppress(ConnectionError):
            answer.send(request)
        if self.transport is None:
            self._open_ones.pop(self, None)
        elif self._later:
            data, self._later = self._later, b""
            self.transport.resume_reading()
            self.data_received(data)

    def _give_away(self, data: bytes) -> None:
        transport = self.transport
        if transport is not None:
            self.connection_lost(None)
            protocol = self._successor()
            transport.set_protocol(protocol)
            protocol.connection_made(transport)
            protocol.data_received(data)
