"""The port: one listener, whose every request is answered by one function."""

from __future__ import annotations

import errno
from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import web

from simulator.errors import PortInUseError

__all__ = ["Listener"]

_CLOSE_WAIT_S: Final = 1.0

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


class Listener:
    """A server that listens from `open` to `close`."""

    def __init__(self, handler: Handler) -> None:
        self._runner = web.ServerRunner(web.Server(handler), shutdown_timeout=_CLOSE_WAIT_S)

    async def open(self, host: str, port: int) -> int:
        """Listen, and return the port: `port`, or a free one for 0. Raises `PortInUseError`."""
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, host, port).start()
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
