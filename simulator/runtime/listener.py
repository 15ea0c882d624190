"""The port: one listener, whose every request is answered by one function.

What is not HTTP never gets that far: the server answers 400 by itself and would print a traceback for each. It is the
client's mistake, not ours, so it is told to `complain`, in one line.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import ssl
from collections.abc import Awaitable, Callable
from typing import Final
from weakref import WeakSet

from aiohttp import web

from simulator.errors import PortInUseError

__all__ = ["Listener"]

_CLOSE_WAIT_S: Final = 1.0

Complain = Callable[[str], object]
Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


class Listener:
    """A server that listens from `open` to `close`, for TLS only if it is given a context.

    `complain` is told what clients sent that is not HTTP.
    """

    def __init__(self, handler: Handler, complain: Complain, tls: ssl.SSLContext | None = None) -> None:
        self._tls = tls
        self._encrypted: WeakSet[asyncio.Transport] = WeakSet()
        logger = logging.Logger("simulator")  # noqa: LOG001  one of its own: no configuration may print what it is told
        logger.addHandler(_Complaints(complain))
        # no access log either: the address of a request holds its signature, that of a stream its listen key
        server = web.Server(self._remembering(handler) if tls else handler, logger=logger, access_log=None)
        self._runner = web.ServerRunner(server, shutdown_timeout=_CLOSE_WAIT_S)

    def _remembering(self, handler: Handler) -> Handler:
        """Remember whom to leave without a farewell: closed by TLS, each would wait 30 s for the client's."""

        async def handle(request: web.BaseRequest) -> web.StreamResponse:
            if request.transport is not None:
                self._encrypted.add(request.transport)
            return await handler(request)

        return handle

    async def open(self, host: str, port: int) -> int:
        """Listen, and return the port: `port`, or a free one for 0. Raises `PortInUseError`."""
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, host, port, ssl_context=self._tls).start()
        except OSError as error:
            await self._runner.cleanup()
            if error.errno == errno.EADDRINUSE:
                raise PortInUseError(host, port) from error
            raise
        found: int = self._runner.addresses[0][1]
        return found

    async def close(self) -> None:
        """Listen no more, and end what is open."""
        await self._runner.cleanup()
        for transport in list(self._encrypted):
            transport.abort()
        await asyncio.sleep(0)


class _Complaints(logging.Handler):
    def __init__(self, complain: Complain) -> None:
        super().__init__(logging.WARNING)
        self._complain = complain

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        cause = f": {error}" if error else ""
        self._complain(" ".join(f"{record.getMessage()}{cause}".split()))
