"""Plain requests are answered without the HTTP server, and nobody who sends others notices."""

from __future__ import annotations

import asyncio

import pytest

from simulator import Delay, Reset, Simulator
from simulator.runtime.plain_http import plain_request

PING = b"GET /fapi/v1/ping HTTP/1.1\r\nHost: x\r\n\r\n"
CHUNKED = b"POST /fapi/v1/ping HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"


async def answered(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """Read one answer; return its status and body."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
    length = int(head.partition("content-length: ")[2].partition("\r\n")[0])
    return int(head.split()[1]), await reader.readexactly(length)


def test_a_plain_request_is_read_whole() -> None:
    request = plain_request(
        b"POST /fapi/v1/order?a=%2F HTTP/1.1\r\nhost: x\r\nx-mbx-apikey:  k \r\n"
        b"Content-Type: application/x-www-form-urlencoded\r\nCONTENT-LENGTH: 3\r\nConnection: Keep-Alive\r\n\r\nb=1"
    )

    assert request is not None
    assert (request.method, request.raw_path) == ("POST", "/fapi/v1/order?a=%2F")
    assert request.headers["X-MBX-APIKEY"] == "k"
    assert request.content_type == "application/x-www-form-urlencoded"
    assert asyncio.run(request.read()) == b"b=1"


@pytest.mark.parametrize(
    "data",
    [
        PING[:-1],
        PING + b"x",
        PING + PING,
        b"GET /sim/state HTTP/1.1\r\n\r\n",
        b"HEAD /fapi/v1/ping HTTP/1.1\r\n\r\n",
        b"GET /fapi/v1/ping HTTP/1.0\r\n\r\n",
        b"GET http://x/fapi/v1/ping HTTP/1.1\r\n\r\n",
        b"GET /fapi/v1/ping?a=\xc3\xa4 HTTP/1.1\r\n\r\n",
        b"GET /private/ws HTTP/1.1\r\nUpgrade: websocket\r\n\r\n",
        b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n",
        b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
        b"GET / HTTP/1.1\r\nname : x\r\n\r\n",
        b"GET / HTTP/1.1\r\n folded: x\r\n\r\n",
        b"GET / HTTP/1.1\r\na: b\nc: d\r\n\r\n",
        b"POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 0\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx",
        b"POST / HTTP/1.1\r\nContent-Length: +1\r\n\r\nx",
        CHUNKED,
        b"\x16\x03\x01",
        b"",
    ],
)
def test_what_is_unusual_is_not_plain(data: bytes) -> None:
    assert plain_request(data) is None


async def test_plain_and_other_requests_are_answered_in_turn_on_one_connection() -> None:
    async with Simulator() as sim:
        reader, writer = await asyncio.open_connection(sim.host, sim.port)
        for sent, status in ((PING, 200), (PING[:20], 0), (PING[20:], 200), (CHUNKED, 404), (PING, 200)):
            writer.write(sent)
            if status:
                assert (await answered(reader))[0] == status
            await asyncio.sleep(0.1)
        writer.close()


async def test_requests_that_come_while_one_is_answered_wait_for_it() -> None:
    async with Simulator() as sim:
        sim.on_request("GET", "/fapi/v1/ping", Delay(5.0))
        reader, writer = await asyncio.open_connection(sim.host, sim.port)
        writer.write(PING)
        await asyncio.sleep(1)
        writer.write(PING.replace(b"ping", b"time"))
        await asyncio.sleep(1)
        writer.write(CHUNKED)

        answers = [await answered(reader) for _ in range(3)]

        assert [status for status, _ in answers] == [200, 200, 404]
        assert b"serverTime" in answers[1][1]
        writer.close()


async def test_a_reset_ends_a_plain_connection_without_an_answer() -> None:
    async with Simulator() as sim:
        sim.on_request("GET", "/fapi/v1/ping", Reset())
        reader, writer = await asyncio.open_connection(sim.host, sim.port)
        writer.write(PING)

        with pytest.raises(ConnectionResetError):
            await reader.read()
        assert sim.journal.entries(kind="failure") == []
        writer.close()


async def test_the_stop_lets_an_answer_out_that_comes_soon() -> None:
    sim = Simulator()
    await sim.start()
    sim.on_request("GET", "/fapi/v1/ping", Delay(0.5))
    reader, writer = await asyncio.open_connection(sim.host, sim.port)
    writer.write(PING)
    await asyncio.sleep(0.1)
    await sim.stop()

    assert (await answered(reader))[0] == 200
    assert await reader.read() == b""
    writer.close()


async def test_who_sends_on_while_a_request_is_answered_is_not_read() -> None:
    async with Simulator() as sim:
        sim.on_request("GET", "/fapi/v1/ping", Delay(5.0))
        reader, writer = await asyncio.open_connection(sim.host, sim.port)
        writer.write(PING)
        await asyncio.sleep(1)
        for _ in range(100):
            writer.write(PING * 10_000)
            await asyncio.sleep(0.01)

        assert writer.transport.get_write_buffer_size() > 10_000_000
        assert (await answered(reader))[0] == 200
        assert (await answered(reader))[0] == 200
        writer.transport.abort()


async def test_the_stop_leaves_no_request_behind_whose_sender_has_gone() -> None:
    tasks = asyncio.all_tasks()
    sim = Simulator()
    await sim.start()
    sim.on_request("GET", "/fapi/v1/ping", Delay(500.0))
    _, writer = await asyncio.open_connection(sim.host, sim.port)
    writer.write(PING)
    await asyncio.sleep(1)
    writer.transport.abort()
    await asyncio.sleep(1)

    await sim.stop()

    assert asyncio.all_tasks() == tasks
