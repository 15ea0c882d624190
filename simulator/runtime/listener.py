"""The port: one listener, and one function that answers every request; plain ones (`runtime.plain_http`) have another.

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
from simulator.runtime.plain_http import Meet, PlainConnection, PlainRequest
from simulator.runtime.whole_answer import WholeAnswer

__all__ = ["Listener"]

_CLOSE_WAIT_S: Final = 1.0

Complain = Callable[[str], object]
Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]
PlainHandler = Callable[[PlainRequest], Awaitable[WholeAnswer]]


class Listener:
    """A server that listens from `open` to `close`, for TLS only if it is given a context.

    `complain` is told what clients sent that is not HTTP. Without a `plain_handler` nothing is plain. `meet` is shown
    the first bytes of each connection on which something plain may come.
    """

    def __init__(
        self,
        handler: Handler,
        complain: Complain,
        tls: ssl.SSLContext | None = None,
        plain_handler: PlainHandler | None = None,
        meet: Meet | None = None,
    ) -> None:
        self._tls = tls
        self._plain_handler = plain_handler
        self._meet = meet
        self._plain: dict[PlainConnection, None] = {}  # in their order: a run is the same each time
        self._ports: asyncio.Server | None = None
        self._encrypted: WeakSet[asyncio.Transport] = WeakSet()
        logger = logging.Logger("simulator")  # noqa: LOG001  one of its own: no configuration may print what it is told
        logger.addHandler(_Complaints(complain))
        # no access log either: the address of a request holds its signature, that of a stream its listen key
        self._server = web.Server(self._remembering(handler) if tls else handler, logger=logger, access_log=None)
        self._runner = web.ServerRunner(self._server, shutdown_timeout=_CLOSE_WAIT_S)

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
            self._ports = await asyncio.get_running_loop().create_server(self._begin, host, port, ssl=self._tls)
        except OSError as error:
            await self._runner.cleanup()
            if error.errno == errno.EADDRINUSE:
                raise PortInUseError(host, port) from error
            raise
        found: int = self._ports.sockets[0].getsockname()[1]
        return found

    async def close(self) -> None:
        """Listen no more, and end what is open."""
        if self._ports is not None:
            self._ports.close()
        await self._close_plain()
        await self._runner.cleanup()
        for transport in list(self._encrypted):
            transport.abort()
        await asyncio.sleep(0)

    def _begin(self) -> asyncio.Protocol:
        if self._plain_handler is None:
            return self._server()
        return PlainConnection(self._plain_handler, self._server, self._plain, self._meet)

    async def _close_plain(self) -> None:
        """End the plain connections; what is being answered has a while for that."""
        work = [connection.work for connection in self._plain if connection.work is not None]
        if work:
            _, late = await asyncio.wait(work, timeout=_CLOSE_WAIT_S)
            for task in late:
                task.cancel()
        for connection in list(self._plain):
            if connection.transport is not None:
                (connection.transport.abort if self._tls else connection.transport.close)()


class _Complaints(logging.Handler):
    def __init__(self, complain: Complain) -> None:
        super().__init__(logging.WARNING)
        self._complain = complain

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        cause = f": {error}" if error else ""
        self._complain(" ".join(f"{record.getMessage()}{cause}".split()))
