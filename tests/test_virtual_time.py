"""The virtual clock that the other tests stand on."""

from __future__ import annotations

import asyncio
import socket

import pytest

from simulator.runtime.virtual_time import DeadlockError, VirtualTimeLoop
from tests.conftest import NetworkForbiddenError


async def test_a_day_passes_without_waiting() -> None:
    loop = asyncio.get_running_loop()

    await asyncio.sleep(86_400)

    assert loop.time() == pytest.approx(86_400)


async def test_bytes_on_a_loopback_socket_arrive_before_the_clock_moves() -> None:
    loop = asyncio.get_running_loop()

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(100):
            writer.write(data)
        writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    for _ in range(100):
        writer.write(b"ping")
        async with asyncio.timeout(0.001):
            assert await reader.readexactly(4) == b"ping"
    assert loop.time() == 0
    writer.close()
    await writer.wait_closed()
    server.close()


def test_a_run_that_can_never_go_on_is_raised_with_every_tasks_position() -> None:
    async def wait_for_ever() -> None:
        await asyncio.get_running_loop().create_future()

    with (
        asyncio.Runner(loop_factory=VirtualTimeLoop) as runner,
        pytest.raises(DeadlockError, match="wait_for_ever"),
    ):
        runner.run(wait_for_ever())


def test_no_test_can_leave_this_machine() -> None:
    with pytest.raises(NetworkForbiddenError, match=r"fapi\.binance\.com"):
        socket.getaddrinfo("fapi.binance.com", 443)
    with socket.socket() as outward, pytest.raises(NetworkForbiddenError, match=r"192\.0\.2\.1"):
        outward.connect(("192.0.2.1", 443))
