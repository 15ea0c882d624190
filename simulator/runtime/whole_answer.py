"""An HTTP answer that is whole when it is made: its head is put together once, and leaves with its body in one piece.

aiohttp's own answer may be changed, compressed and divided until it is sent, and takes several times as long for it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus
from typing import Final, Protocol

from aiohttp import HttpVersion, HttpVersion10, web

__all__ = ["Asker", "ForAiohttp", "WholeAnswer"]

_BODILESS: Final = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED})


class Asker(Protocol):
    """What an answer depends on of its request; aiohttp's requests are such, too."""

    @property
    def method(self) -> str:
        """The request's method."""

    @property
    def version(self) -> HttpVersion:
        """The client's version of HTTP."""

    @property
    def keep_alive(self) -> bool:
        """Whether the client wants the connection to go on after the answer."""

    @property
    def transport(self) -> asyncio.Transport | None:
        """Where the answer goes, unless the client has gone."""


class WholeAnswer:
    """An answer; names of headers are written as they are given, and no text has a line break.

    `time_ms` is what its date is made of; None means this machine's time.
    """

    def __init__(
        self,
        status: int,
        payload: bytes = b"",
        content_type: str = "text/plain",
        headers: Mapping[str, str] = {},
        *,
        time_ms: int | None = None,
    ) -> None:
        self.status = status
        self._time_ms = time_ms
        self._payload = payload
        self._content_type = content_type
        self._headers = headers
        self._is_sent = False

    def send(self, asker: Asker) -> None:
        """Send the answer, once. Raises `ConnectionResetError` when the client has gone."""
        if self._is_sent:
            return
        if asker.transport is None or asker.transport.is_closing():
            message = "the client has gone"
            raise ConnectionResetError(message)
        self._is_sent = True
        self._leave(asker, asker.transport)

    def _leave(self, asker: Asker, transport: asyncio.Transport) -> None:
        transport.write(self.whole(asker))

    def whole(self, asker: Asker) -> bytes:
        """Return all that is sent."""
        has_body = self.status >= HTTPStatus.OK and self.status not in _BODILESS
        payload = self._payload if has_body and asker.method != "HEAD" else b""
        return b"".join((self._head(asker, has_body).encode(), payload))

    def _head(self, asker: Asker, has_body: bool) -> str:  # noqa: FBT001  the status says it
        """Return the head; that of an answer to HEAD says how long its body would be (RFC 9110, section 8.6)."""
        is_old = asker.version == HttpVersion10
        lines = [f"HTTP/1.{0 if is_old else 1} {_named(self.status)}", f"date: {_date(self._second())}"]
        if has_body:
            lines += (f"content-type: {self._content_type}", f"content-length: {len(self._payload)}")
        if is_old is asker.keep_alive:
            lines.append("connection: keep-alive" if is_old else "connection: close")
        lines += [f"{name}: {value}" for name, value in self._headers.items()]
        return "\r\n".join(lines) + "\r\n\r\n"

    def _second(self) -> int:
        return int(time.time()) if self._time_ms is None else self._time_ms // 1000


class ForAiohttp(web.Response):
    """What a handler of aiohttp's returns to answer with a `WholeAnswer`."""

    def __init__(self, answer: WholeAnswer) -> None:
        super().__init__(status=answer.status)
        self._answer = answer
        self._is_kept_open = False

    @property
    def keep_alive(self) -> bool:
        """Whether the connection goes on after this."""
        return self._is_kept_open

    async def prepare(self, request: web.BaseRequest) -> None:
        """Send the answer."""
        self._is_kept_open = request.keep_alive
        self._answer.send(request)
        if request.transport is None:
            message = "the connection was taken away"
            raise ConnectionResetError(message)

    async def write_eof(self, _data: bytes = b"") -> None:
        """Do nothing: all of it is sent."""


@lru_cache(maxsize=1)
def _date(second: int) -> str:
    return formatdate(second, usegmt=True)


@lru_cache
def _named(status: int) -> str:
    """Return the status and what it is called; a status that nobody knows is called nothing."""
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return f"{status} "
