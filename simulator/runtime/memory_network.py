"""A virtual loop with a network of its own: TCP between the programs in it is kept in memory.

Client and exchange run unmodified: `create_server` listens on a port that only this loop knows, and whoever connects to
it from within, by `create_connection` with a host or with a socket that `sock_connect` was told to connect, is joined
with it without any system call. So a run depends on nothing but the program: ports are handed out in order, bytes
arrive in the order in which they were written, and the same seed is the same run in any process.

The network is this machine's loopback and nothing else: no other address can be reached, and no name but localhost is
known. It has no TLS. Sockets made in other ways (socket pairs, Unix sockets) stay real, and work.
"""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import math
import socket
from collections.abc import Callable, Iterable
from contextvars import copy_context
from functools import partial
from itertools import count
from typing import Any, Final, TypeAlias, TypeVar
from weakref import WeakKeyDictionary

from simulator.runtime.memory_server import MemoryServer
from simulator.runtime.memory_transport import Address, Latency, MemoryTransport, join
from simulator.runtime.virtual_time import MOST_TURNS, VirtualTimeLoop

__all__ = ["MemoryLoop"]

_FIRST_SERVER_PORT: Final = 20_000
_FIRST_CLIENT_PORT: Final = 32_768
_CLIENT_PORTS: Final = 28_232
_ANY: Final = ("0.0.0.0", "::")  # noqa: S104  compared, and bound to nothing

_P = TypeVar("_P", bound=asyncio.BaseProtocol)
_AddressInfo: TypeAlias = tuple[socket.AddressFamily, socket.SocketKind, int, str, Any]


class MemoryLoop(VirtualTimeLoop):
    """A virtual loop whose TCP connections stay in it.

    `latency` returns how many seconds a piece that is written takes to the other end; None is no time at all. Pieces of
    one direction keep their order.
    """

    def __init__(
        self, latency: Latency | None = None, *, most_turns: int = MOST_TURNS, most_s: float = math.inf
    ) -> None:
        super().__init__(most_turns=most_turns, most_s=most_s)
        self._latency = latency
        self._servers: dict[tuple[str, int], MemoryServer] = {}
        self._dialled: WeakKeyDictionary[socket.socket, Address] = WeakKeyDictionary()
        self._ends: dict[MemoryTransport, None] = {}
        self._client_ports = count()

    @property
    def open_ends(self) -> int:
        """How many ends of connections are open: two for each, once both are closed none."""
        return len(self._ends)

    @property
    def ends(self) -> Iterable[MemoryTransport]:
        """Every end of a connection that is open, oldest first."""
        return tuple(self._ends)

    async def create_server(  # type: ignore[override]  # what it returns is a server, though not asyncio's own class
        self,
        protocol_factory: Callable[[], asyncio.BaseProtocol],
        host: str | Iterable[str] | None = None,
        port: int | None = None,
        *,
        sock: socket.socket | None = None,
        ssl: Any = None,
        start_serving: bool = True,
        **_options: Any,
    ) -> MemoryServer:
        """Listen on a port of loopback, or for 0 on the next one that is free.

        Raises `OSError` when that is listened on already, and `NotImplementedError` for a socket or for TLS.
        """
        _refuse_tls(ssl)
        if sock is not None:
            message = "the network in memory listens on a host and a port, not on a socket"
            raise NotImplementedError(message)
        hosts = [host] if host is None or isinstance(host, str) else list(host)
        found = list(dict.fromkeys(_ip(name or _ANY[0], "listen on") for name in hosts))
        addresses = [_address(ip, port or self._free_port(ip)) for ip in found]
        server = MemoryServer(self, addresses, protocol_factory, listen=self._listen, forget=self._forget)
        if start_serving:
            await server.start_serving()
        return server

    async def create_connection(
        self,
        protocol_factory: Callable[[], _P],
        host: str | None = None,
        port: int | None = None,
        *,
        ssl: Any = None,
        sock: socket.socket | None = None,
        **options: Any,
    ) -> tuple[asyncio.Transport, _P]:
        """Connect to what listens in this loop. Raises `ConnectionRefusedError` when nothing does.

        `sock` is one that `sock_connect` connected; it is closed, because nothing is to be found in it. Any other is
        real. Raises `NotImplementedError` for TLS, and `socket.gaierror` for a name that is not localhost.
        """
        if sock is None:
            _refuse_tls(ssl)
            address = _address(_ip(host or "localhost", "connect to"), int(port or 0))
            await self._travel(address)
        elif sock in self._dialled:
            _refuse_tls(ssl)
            address = self._dialled.pop(sock)
            sock.close()
        else:
            return await super().create_connection(protocol_factory, sock=sock, ssl=ssl, **options)
        return await self._connect(protocol_factory, address)

    async def sock_connect(self, sock: socket.socket, address: Any) -> None:
        """Connect a socket in memory; the real one is left as it is. Raises `ConnectionRefusedError`."""
        if sock.family not in {socket.AF_INET, socket.AF_INET6}:
            await super().sock_connect(sock, address)
            return
        found = _address(_ip(address[0], "connect to"), address[1])
        await self._travel(found)
        self._dialled[sock] = found

    async def getaddrinfo(  # type: ignore[override]  # the kinds of socket may be plain numbers, too
        self,
        host: str | bytes | None,
        port: str | int | None,
        *,
        family: int = 0,
        type: int = 0,  # noqa: A002  asyncio's name for it
        **_options: Any,
    ) -> list[_AddressInfo]:
        """Return the address of localhost or of an address. Raises `socket.gaierror` for every other name."""
        name = host.decode() if isinstance(host, bytes) else host
        ip = _ip(name or "localhost", "look up")
        found = socket.AF_INET6 if ":" in ip else socket.AF_INET
        if family not in {0, found}:
            raise socket.gaierror(socket.EAI_NONAME, f"{name!r} has no address of this family")
        kind = socket.SocketKind(type or socket.SOCK_STREAM)
        return [(found, kind, socket.IPPROTO_TCP, "", _address(ip, int(port or 0)))]

    async def start_tls(self, *_args: Any, **_options: Any) -> Any:
        """Raise `NotImplementedError`."""
        _refuse_tls(True)  # noqa: FBT003

    async def _travel(self, address: Address) -> None:
        """Take the time of a handshake, and find somebody at its end."""
        await asyncio.sleep(self._latency() + self._latency() if self._latency else 0)
        self._server_at(address)

    async def _connect(self, factory: Callable[[], _P], address: Address) -> tuple[asyncio.Transport, _P]:
        server = self._server_at(address)
        source = _address("::1" if len(address) > 2 else "127.0.0.1", self._next_client_port())
        protocol, served = factory(), server.factory()
        client_end = MemoryTransport(
            self, protocol, sockname=source, peername=address, context=copy_context(), latency=self._latency,
            on_end=self._on_end,
        )  # fmt: skip
        server_end = MemoryTransport(
            self, served, sockname=address, peername=source, context=server.context.copy(), latency=self._latency,
            on_end=partial(self._on_end_of, server),
        )  # fmt: skip
        self._ends[client_end] = self._ends[server_end] = server.clients[server_end] = None
        join(server_end, client_end)
        await asyncio.sleep(0)
        return client_end, protocol

    def _on_end(self, end: MemoryTransport) -> None:
        del self._ends[end]

    def _on_end_of(self, server: MemoryServer, end: MemoryTransport) -> None:
        del self._ends[end]
        server.lose(end)

    def _server_at(self, address: Address) -> MemoryServer:
        host, port = address[:2]
        for ip in (host, *_ANY):
            if (server := self._servers.get((ip, port))) is not None:
                return server
        raise ConnectionRefusedError(errno.ECONNREFUSED, f"Connect call failed {address}: nothing listens there")

    def _listen(self, server: MemoryServer) -> None:
        places = [sock.getsockname()[:2] for sock in server.sockets]
        for place in places:
            if place in self._servers:
                raise OSError(errno.EADDRINUSE, f"error while attempting to bind on address {place}: already in use")
        self._servers.update(dict.fromkeys(places, server))

    def _forget(self, server: MemoryServer) -> None:
        for sock in server.sockets:
            place = sock.getsockname()[:2]
            if self._servers.get(place) is server:
                del self._servers[place]

    def _free_port(self, ip: str) -> int:
        return next(port for port in count(_FIRST_SERVER_PORT) if (ip, port) not in self._servers)

    def _next_client_port(self) -> int:
        return _FIRST_CLIENT_PORT + next(self._client_ports) % _CLIENT_PORTS


def _ip(host: str, purpose: str) -> str:
    """Return the address of a host of loopback."""
    if host == "localhost":
        return "127.0.0.1"
    try:
        ip = ipaddress.ip_address(host)
    except ValueError:
        message = f"the network in memory knows no host but localhost: it cannot {purpose} {host!r}"
        raise socket.gaierror(socket.EAI_NONAME, message) from None
    if not ip.is_loopback and host not in _ANY:
        raise ConnectionRefusedError(
            errno.ECONNREFUSED, f"the network in memory is loopback alone: it cannot {purpose} {host!r}"
        )
    return host


def _address(ip: str, port: int) -> Address:
    return (ip, port, 0, 0) if ":" in ip else (ip, port)


def _refuse_tls(ssl: object) -> None:
    if ssl is not None and ssl is not False:
        message = "the network in memory has no TLS: use http:// and ws://, or a VirtualTimeLoop with its real sockets"
        raise NotImplementedError(message)
