"""An HTTP answer that is whole when it is made: its head is put together once, and leaves with its body in one piece.

aiohttp's own answer may be changed, compressed and divided until it is sent, and takes several times as long for it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus
from typing import Final

from aiohttp import HttpVersion10, web

__all__ = ["WholeAnswer", "has_body"]

_BODILESS: Final = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED})


def has_body(method: str, status: int) -> bool:
    """Say whether an answer may have a body (RFC 9110, section 6.4.1). Without, it is no `WholeAnswer`."""
    return method != "HEAD" and status >= HTTPStatus.OK and status not in _BODILESS


class WholeAnswer(web.Response):
    """An answer with a body. Names of headers are written as they are given; texts hold no line breaks."""

    def __init__(self, status: int, payload: bytes, content_type: str, headers: Mapping[str, str]) -> None:
        super().__init__(status=status)
        self._head = "".join(
            (
                f"{_reason(status)}\r\ncontent-type: {content_type}\r\ncontent-length: {len(payload)}\r\n",
                f"date: {_date(int(time.time()))}\r\n",
                *[f"{name}: {value}\r\n" for name, value in headers.items()],
            )
        )
        self._payload = payload
        self._is_kept_open = False
        self._is_written = False

    @property
    def keep_alive(self) -> bool:
        """Whether the connection goes on after this."""
        return self._is_kept_open

    async def prepare(self, request: web.BaseRequest) -> None:
        """Send the answer, once. Raises `ConnectionResetError` when the client has gone."""
        if self._is_written:
            return
        if request.transport is None:
            message = "the client has gone"
            raise ConnectionResetError(message)
        self._is_kept_open, self._is_written = request.keep_alive, True
        is_old = request.version == HttpVersion10
        version = "HTTP/1.0 " if is_old else "HTTP/1.1 "
        end = "\r\n"
        if is_old is self._is_kept_open:
            end = "connection: keep-alive\r\n\r\n" if is_old else "connection: close\r\n\r\n"
        request.transport.write(b"".join((f"{version}{self._head}{end}".encode(), self._payload)))

    async def write_eof(self, _data: bytes = b"") -> None:
        """Do nothing: all of it is sent."""


@lru_cache(maxsize=1)
def _date(second: int) -> str:
    return formatdate(second, usegmt=True)


@lru_cache
def _reason(status: int) -> str:
    """Return the status and what it is called; a status that nobody knows is called nothing."""
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return f"{status} "
