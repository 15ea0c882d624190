"""The socket of a stream is taken away from the HTTP server, and half a handshake is refused."""

from __future__ import annotations

import asyncio
import gc

import pytest
from aiohttp import web_protocol, web_request

from simulator import Simulator
from tests.simulator.runtime.wire import HANDSHAKE, Wire

GOOD = {"Host": "x", **HANDSHAKE}


async def answer_to(simulator: Simulator, headers: dict[str, str]) -> str:
    reader, writer = await asyncio.open_connection("127.0.0.1", simulator.port)
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    writer.write(f"GET /private/ws HTTP/1.1\r\n{lines}\r\n".encode())
    head = await reader.readuntil(b"\r\n\r\n")
    writer.close()
    return head.decode()


async def test_a_handshake_is_answered_as_rfc_6455_says() -> None:
    async with Simulator() as simulator:
        head = await answer_to(simulator, GOOD | {"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="})

    assert head.startswith("HTTP/1.1 101 Switching Protocols\r\n")
    assert "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" in head


async def test_no_extension_is_negotiated() -> None:
    async with Simulator() as simulator:
        head = await answer_to(simulator, GOOD | {"Sec-WebSocket-Extensions": "permessage-deflate"})

    assert "Extensions" not in head


@pytest.mark.parametrize(
    "wrong",
    [{"Connection": "close"}, {"Sec-WebSocket-Version": "12"}, {"Sec-WebSocket-Key": "short"}],
    ids=["no upgrade", "another version", "no key"],
)
async def test_half_a_handshake_is_refused(wrong: dict[str, str]) -> None:
    async with Simulator() as simulator:
        assert (await answer_to(simulator, GOOD | wrong)).startswith("HTTP/1.1 400 ")
        assert simulator.journal.entries(kind="failure") == []


async def test_a_connection_may_carry_requests_before_it_becomes_a_stream() -> None:
    async with Simulator() as simulator:
        reader, writer = await asyncio.open_connection("127.0.0.1", simulator.port)
        writer.write(b"GET /fapi/v1/ping HTTP/1.1\r\nHost: x\r\n\r\n")
        await reader.readuntil(b"\r\n\r\n{}")
        lines = "".join(f"{name}: {value}\r\n" for name, value in GOOD.items())
        writer.write(f"GET /private/ws HTTP/1.1\r\n{lines}\r\n".encode())

        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101 ")
        assert len(simulator.connections) == 1
        writer.close()


async def test_nothing_of_the_http_server_stays_with_a_stream() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        streams = [await wire.connect("/private/ws") for _ in range(20)]
        await asyncio.sleep(1)
        gc.collect()
        kinds = (web_protocol.RequestHandler, web_request.BaseRequest)
        left = [found for found in gc.get_objects() if isinstance(found, kinds)]

        assert len(simulator.connections) == len(streams)
        assert len(left) < len(streams)
