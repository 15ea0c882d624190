"""What listens in memory."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Coroutine
from typing import Any, TypeVar

import pytest

from simulator.runtime.memory_network import MemoryLoop

T = TypeVar("T")


def in_memory(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on a loop whose network is in memory."""
    with asyncio.Runner(loop_factory=MemoryLoop) as runner:
        return runner.run(work)


async def stay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Stay until the other end goes."""
    try:
        await reader.read()
    except ConnectionResetError:
        pass
    finally:
        writer.close()


async def greet(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Greet, and be gone."""
    writer.write(b"hello\n")
    writer.close()


def test_ports_are_handed_out_in_order_and_again_when_they_are_free() -> None:
    async def run() -> list[int]:
        first, second = [await asyncio.start_server(greet, "127.0.0.1", 0) for _ in range(2)]
        ports = [server.sockets[0].getsockname()[1] for server in (first, second)]
        first.close()
        third = await asyncio.start_server(greet, "127.0.0.1", 0)
        return [*ports, third.sockets[0].getsockname()[1]]

    assert in_memory(run()) == [20_000, 20_001, 20_000]


def test_a_port_is_listened_on_by_one_server_alone() -> None:
    async def run() -> None:
        await asyncio.start_server(greet, "localhost", 7_000)
        with pytest.raises(OSError, match="already in use"):
            await asyncio.start_server(greet, "127.0.0.1", 7_000)

    in_memory(run())


@pytest.mark.parametrize("host", [None, "", "0.0.0.0", "localhost", ["127.0.0.1", "::1"]])  # noqa: S104  in memory
def test_a_server_is_reached_wherever_it_listens(host: Any) -> None:
    async def run() -> bytes:
        await asyncio.start_server(greet, host, 7_000)
        reader, writer = await asyncio.open_connection("localhost", 7_000)
        line = await reader.readline()
        writer.close()
        return line

    assert in_memory(run()) == b"hello\n"


def test_a_server_that_is_closed_takes_no_more_and_keeps_what_it_has() -> None:
    async def run() -> None:
        async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            while line := await reader.readline():
                writer.write(line)
            writer.close()

        server = await asyncio.start_server(echo, "127.0.0.1", 7_000)
        assert server.is_serving()
        assert server.get_loop() is asyncio.get_running_loop()
        reader, writer = await asyncio.open_connection("127.0.0.1", 7_000)
        server.close()
        server.close()

        assert server.sockets == ()
        assert not server.is_serving()
        with pytest.raises(ConnectionRefusedError, match="nothing listens there"):
            await asyncio.open_connection("127.0.0.1", 7_000)
        writer.write(b"still\n")
        assert await reader.readline() == b"still\n"
        writer.close()
        await asyncio.sleep(1)
        await server.wait_closed()

    in_memory(run())


def test_wait_closed_waits_for_what_it_does_on_real_sockets() -> None:
    async def run() -> float:
        server = await asyncio.start_server(stay, "127.0.0.1", 7_000)
        _, writer = await asyncio.open_connection("127.0.0.1", 7_000)
        asyncio.get_running_loop().call_later(5, writer.close)
        await asyncio.sleep(1)
        server.close()
        await server.wait_closed()
        passed = asyncio.get_running_loop().time()
        await asyncio.sleep(10)
        return passed

    assert in_memory(run()) == (5 if sys.version_info >= (3, 12) else 1)


def test_a_server_that_serves_for_ever_is_closed_when_that_is_cancelled() -> None:
    async def run() -> None:
        server = await asyncio.start_server(greet, "127.0.0.1", 7_000, start_serving=False)
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", 7_000)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(5), server:
                await server.serve_forever()
        assert not server.is_serving()
        with pytest.raises(RuntimeError, match="closed"):
            await server.serve_forever()

    in_memory(run())


def test_a_server_can_end_its_connections() -> None:
    async def run() -> tuple[bytes, str]:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, MemoryLoop)
        polite = await loop.create_server(lambda: asyncio.StreamReaderProtocol(asyncio.StreamReader(), stay), port=1)
        rude = await loop.create_server(lambda: asyncio.StreamReaderProtocol(asyncio.StreamReader(), stay), port=2)
        (first, one), (second, other) = [await asyncio.open_connection("127.0.0.1", port) for port in (1, 2)]
        polite.close_clients()
        rude.abort_clients()
        with pytest.raises(ConnectionResetError) as raised:
            await second.read()
        one.close()
        other.close()
        return await first.read(), type(raised.value).__name__

    assert in_memory(run()) == (b"", "ConnectionResetError")


def test_a_servers_socket_answers_what_is_asked_of_one() -> None:
    async def run() -> None:
        server = await asyncio.start_server(greet, "::1", 7_000)
        (sock,) = server.sockets
        assert (sock.getsockname(), sock.fileno()) == (("::1", 7_000, 0, 0), -1)
        assert sock.family.name == "AF_INET6"
        assert "7000" in repr(server)

    in_memory(run())
