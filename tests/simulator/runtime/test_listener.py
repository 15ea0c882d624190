"""One port, one function that answers."""

from __future__ import annotations

import asyncio
import logging

import aiohttp
import pytest
from aiohttp import web

from simulator import PortInUseError, Simulator
from simulator.runtime.listener import Listener


async def answer(_request: web.BaseRequest) -> web.StreamResponse:
    return web.Response(text="here")


async def test_it_answers_from_open_to_close() -> None:
    listener = Listener(answer, print)
    port = await listener.open("127.0.0.1", 0)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert b"here" in await reader.read()
    writer.close()

    await listener.close()

    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", port)


async def test_a_port_in_use_is_named_with_its_host() -> None:
    first, second = Listener(answer, print), Listener(answer, print)
    port = await first.open("127.0.0.1", 0)

    with pytest.raises(PortInUseError, match=f"port {port} on 127.0.0.1"):
        await second.open("127.0.0.1", port)

    await first.close()


async def test_what_is_not_http_is_answered_and_complained_about_in_one_line(caplog: pytest.LogCaptureFixture) -> None:
    complaints: list[str] = []
    listener = Listener(answer, complaints.append)
    port = await listener.open("127.0.0.1", 0)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)

    writer.write(b"GET /\xff HTTP/1.1\r\nHost: x\r\n\r\n")

    assert (await reader.read()).startswith(b"HTTP/1.0 400 ")
    (complaint,) = complaints
    assert "Invalid char in url path" in complaint
    assert "\n" not in complaint
    assert caplog.records == []
    writer.close()
    await listener.close()


async def test_another_error_of_the_system_is_not_hidden() -> None:
    with pytest.raises(OSError, match=r"192\.0\.2\.1"):
        await Listener(answer, print).open("192.0.2.1", 0)


async def test_requests_are_not_logged_for_they_hold_signatures_and_listen_keys(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    async with Simulator() as sim, aiohttp.ClientSession() as session:
        await session.get(f"{sim.rest_url}/fapi/v1/order?symbol=BTCUSDT&signature=SECRETSIGNATURE")
        await session.get(f"{sim.rest_url}/private/ws?listenKey=SECRETKEY")

    assert "SECRET" not in caplog.text
