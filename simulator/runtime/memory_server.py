"""What listens on a port of the network in memory."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import Callable
from contextvars import Context, copy_context

from simulator.runtime.memory_transport import Address, MemoryTransport

__all__ = ["MemoryServer", "MemorySocket"]


class MemorySocket:
    """What can be asked of a socket that is not there."""

    type = socket.SOCK_STREAM
    proto = socket.IPPROTO_TCP

    def __init__(self, address: Address) -> None:
        self.family = socket.AF_INET if len(address) == 2 else socket.AF_INET6
        self._address = address

    def __repr__(self) -> str:
        return f"<MemorySocket {self._address}>"

    def getsockname(self) -> Address:
        """Return the address that is listened on."""
        return self._address

    def fileno(self) -> int:
        """Tell that the system knows nothing of it."""
        return -1


class MemoryServer(asyncio.AbstractServer):
    """Listens on some addresses; `listen` and `forget` tell the network so. `factory` makes a connection's protocol."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        addresses: list[Address],
        factory: Callable[[], asyncio.BaseProtocol],
        *,
        listen: Callable[[MemoryServer], None],
        forget: Callable[[MemoryServer], None],
    ) -> None:
        self.factory = factory
        self.context: Context = copy_context()
        self.clients: dict[MemoryTransport, None] = {}
        self._loop = loop
        self._sockets: tuple[MemorySocket, ...] = tuple(map(MemorySocket, addresses))
        self._listen = listen
        self._forget = forget
        self._is_serving = False
        self._is_closed = False
        self._waiters: list[asyncio.Future[None]] = []
        self._forever: asyncio.Future[None] | None = None

    def __repr__(self) -> str:
        return f"<MemoryServer sockets={self.sockets!r}>"

    @property
    def sockets(self) -> tuple[MemorySocket, ...]:
        """What it listens on; nothing when it is closed."""
        return self._sockets

    def get_loop(self) -> asyncio.AbstractEventLoop:
        """Return the loop."""
        return self._loop

    def is_serving(self) -> bool:
        """Tell whether it takes connections."""
        return self._is_serving

    async def start_serving(self) -> None:
        """Take connections. Raises `OSError` when another server listens there."""
        if not self._is_serving and not self._is_closed:
            self._listen(self)
            self._is_serving = True

    async def serve_forever(self) -> None:
        """Take connections until this is cancelled."""
        if self._forever is not None or self._is_closed:
            message = f"{self!r} is {'closed' if self._is_closed else 'served already'}"
            raise RuntimeError(message)
        await self.start_serving()
        self._forever = self._loop.create_future()
        try:
            await self._forever
        finally:
            self._forever = None
            self.close()
            await self.wait_closed()

    def close(self) -> None:
        """Take no more connections; those that are open stay."""
        if self._is_closed:
            return
        self._is_closed, self._is_serving = True, False
        self._forget(self)
        self._sockets = ()
        if self._forever is not None:
            self._forever.cancel()
        self._wake()

    def close_clients(self) -> None:
        """Close the connections."""
        for client in list(self.clients):
            client.close()

    def abort_clients(self) -> None:
        """Reset the connections."""
        for client in list(self.clients):
            client.abort()

    def lose(self, client: MemoryTransport) -> None:
        """Learn that a connection is over."""
        self.clients.pop(client, None)
        self._wake()

    async def wait_closed(self) -> None:
        """Wait until it is closed and, from Python 3.12 on, all connections are over: so do asyncio's servers."""
        if self._is_closed and (sys.version_info < (3, 12) or not self.clients):
            return
        waiter = self._loop.create_future()
        self._waiters.append(waiter)
        await waiter

    def _wake(self) -> None:
        if self._is_closed and not self.clients:
            for waiter in self._waiters:
                if not waiter.done():
                    waiter.set_result(None)
            self._waiters.clear()
