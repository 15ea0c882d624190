"""A network in memory, and programs that do not know of it."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Coroutine
from contextlib import closing
from typing import Any, TypeVar

import aiohttp
import pytest
from aiohttp import web
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosedError

from simulator import Simulator
from simulator.runtime.memory_network import MemoryLoop
from simulator.runtime.memory_transport import Latency
from simulator.runtime.virtual_time import DeadlockError

T = TypeVar("T")


def in_memory(work: Coroutine[Any, Any, T], latency: Latency | None = None) -> T:
    """Run a coroutine on a loop whose network is in memory, and see that it leaves no connection behind."""
    loops: list[MemoryLoop] = []

    def make() -> MemoryLoop:
        loops.append(MemoryLoop(latency))
        return loops[0]

    with asyncio.Runner(loop_factory=make) as runner:
        result = runner.run(work)
        runner.run(asyncio.sleep(1))
        assert loops[0].open_ends == 0
    return result


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_aiohttp_serves_and_asks_unmodified(host: str) -> None:
    async def run() -> tuple[list[str], float]:
        async def answer(request: web.Request) -> web.Response:
            return web.Response(text=request.path + await request.text())

        runner = web.ServerRunner(web.Server(answer))  # type: ignore[arg-type]  # it makes requests of this kind
        await runner.setup()
        await web.TCPSite(runner, host, 0).start()
        port = runner.addresses[0][1]
        async with aiohttp.ClientSession() as session:
            texts = []
            for number in range(3):
                async with session.post(f"http://{host}:{port}/{number}", data="x" * 500_000) as response:
                    texts.append(await response.text())
        await runner.cleanup()
        return texts, asyncio.get_running_loop().time()

    texts, took = in_memory(run())
    assert [text[:2] for text in texts] == ["/0", "/1", "/2"]
    assert {len(text) for text in texts} == {500_002}
    assert took == 0


def test_websockets_serves_and_connects_unmodified() -> None:
    async def run() -> tuple[int, float]:
        async def echo(connection: ServerConnection) -> None:
            async for message in connection:
                await connection.send(message)

        async with serve(echo, "127.0.0.1", 0, compression=None) as server:
            port = next(iter(server.sockets)).getsockname()[1]
            async with connect(f"ws://127.0.0.1:{port}", compression=None) as connection:
                await connection.send("x" * 1_000_000)
                size = len(await connection.recv())
                await (await connection.ping())
        return size, asyncio.get_running_loop().time()

    size, took = in_memory(run(), latency=lambda: 0.05)
    assert size == 1_000_000
    assert took == pytest.approx(0.85)


def test_the_simulator_serves_rest_and_streams_and_cuts_them() -> None:
    async def run() -> None:
        async with Simulator() as sim, aiohttp.ClientSession() as session:
            async with session.get(f"{sim.rest_url}/fapi/v1/time") as response:
                assert "serverTime" in await response.json()
            headers = {"X-MBX-APIKEY": sim.account.api_key}
            async with session.post(f"{sim.rest_url}/fapi/v1/listenKey", headers=headers) as response:
                key = (await response.json())["listenKey"]
            async with connect(f"{sim.ws_url}/private/ws?listenKey={key}") as connection:
                await asyncio.sleep(3_000)
                await (await connection.ping())
                for open_one in sim.connections:
                    open_one.cut()
                with pytest.raises(ConnectionClosedError):
                    await connection.recv()

    in_memory(run())


def test_streams_of_asyncio_wait_for_room() -> None:
    async def run() -> int:
        async def swallow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await asyncio.sleep(60)
            while await reader.read(10_000):
                pass
            writer.close()

        server = await asyncio.start_server(swallow, "127.0.0.1", 0)
        _, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        for _ in range(100):
            writer.write(b"x" * 10_000)
            await writer.drain()
        passed = asyncio.get_running_loop().time()
        writer.close()
        await writer.wait_closed()
        server.close()
        return round(passed)

    assert in_memory(run()) == 60


def test_nobody_listening_is_a_refusal() -> None:
    async def run() -> None:
        with pytest.raises(ConnectionRefusedError, match="nothing listens there"):
            await asyncio.open_connection("127.0.0.1", 9)
        async with aiohttp.ClientSession() as session:
            with pytest.raises(aiohttp.ClientConnectorError, match="nothing listens there"):
                await session.get("http://127.0.0.1:9/")

    in_memory(run())


@pytest.mark.parametrize("host", ["192.0.2.1", "2001:db8::1"])
def test_an_address_beyond_loopback_is_refused(host: str) -> None:
    async def run() -> None:
        with pytest.raises(ConnectionRefusedError, match="loopback alone"):
            await asyncio.open_connection(host, 443)
        with pytest.raises(ConnectionRefusedError, match="loopback alone"):
            await asyncio.start_server(lambda *_: None, host, 443)
        with socket.socket() as sock, pytest.raises(ConnectionRefusedError, match="loopback alone"):
            await asyncio.get_running_loop().sock_connect(sock, (host, 443))

    in_memory(run())


def test_no_name_but_localhost_is_known() -> None:
    async def run() -> None:
        loop = asyncio.get_running_loop()
        with pytest.raises(socket.gaierror, match="no host but localhost"):
            await asyncio.open_connection("fapi.binance.com", 443)
        with pytest.raises(socket.gaierror, match="family"):
            await loop.getaddrinfo("127.0.0.1", 1, family=socket.AF_INET6)
        assert [info[4] for info in await loop.getaddrinfo(b"localhost", "80")] == [("127.0.0.1", 80)]
        assert [info[4] for info in await loop.getaddrinfo("::1", 80)] == [("::1", 80, 0, 0)]

    in_memory(run())


def test_tls_is_refused_by_its_name() -> None:
    async def run() -> None:
        loop = asyncio.get_running_loop()
        with pytest.raises(NotImplementedError, match="no TLS"):
            await asyncio.start_server(lambda *_: None, "127.0.0.1", 0, ssl=ssl.create_default_context())
        with pytest.raises(NotImplementedError, match="no TLS"):
            await asyncio.open_connection("127.0.0.1", 9, ssl=True)
        server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
        _, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        with pytest.raises(NotImplementedError, match="no TLS"):
            await loop.start_tls(writer.transport, writer.transport.get_protocol(), ssl.create_default_context())
        writer.transport.abort()
        server.close()

    in_memory(run())


def test_a_socket_that_listens_cannot_be_served() -> None:
    async def run() -> None:
        with socket.socket() as sock, pytest.raises(NotImplementedError, match="not on a socket"):
            await asyncio.start_server(lambda *_: None, sock=sock)

    in_memory(run())


def test_sockets_made_in_other_ways_are_real() -> None:
    async def run() -> bytes:
        one, other = socket.socketpair()
        reader, unused = await asyncio.open_connection(sock=one)
        _, writer = await asyncio.open_connection(sock=other)
        writer.write(b"real\n")
        line = await reader.readline()
        writer.close()
        unused.close()
        return line

    assert in_memory(run()) == b"real\n"


def test_who_waits_for_a_peer_that_never_speaks_is_a_deadlock() -> None:
    async def run() -> None:
        async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with closing(writer):
                await reader.read()

        server = await asyncio.start_server(silent, "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        with closing(writer):
            await reader.readline()

    with (
        asyncio.Runner(loop_factory=MemoryLoop) as runner,
        pytest.raises(DeadlockError, match=r"in readline(?s:.*)in silent"),
    ):
        runner.run(run())
