"""The transport: what ends a connection is named, and no text holds the listen key."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from websockets.asyncio.server import ServerConnection, serve

from user_stream import Settings
from user_stream.errors import ConnectionLostError
from user_stream.runtime.transport import open_websocket

SECRET = "ALISTENKEYTHATMUSTNOTBESEEN"
SETTINGS = Settings()


@asynccontextmanager
async def server(handle: Callable[[ServerConnection], Awaitable[None]]) -> AsyncIterator[str]:
    async with serve(handle, "127.0.0.1", 0, ping_interval=None) as running:
        port = next(iter(running.sockets)).getsockname()[1]
        yield f"ws://127.0.0.1:{port}/private/ws?listenKey={SECRET}"


async def test_frames_arrive_as_bytes_and_text_is_sent() -> None:
    heard: list[str | bytes] = []

    async def echo(connection: ServerConnection) -> None:
        await connection.send('{"e":"X"}')
        heard.append(await connection.recv())
        await connection.wait_closed()

    async with server(echo) as url, open_websocket(url, SETTINGS) as connection:
        assert await connection.recv() == b'{"e":"X"}'
        await connection.send('{"id":1}')
        await asyncio.sleep(1)

    assert heard == ['{"id":1}']


async def test_close_frame_is_named_with_its_code_and_reason() -> None:
    async def refuse(connection: ServerConnection) -> None:
        await connection.close(1008, "too many requests")

    async with server(refuse) as url, open_websocket(url, SETTINGS) as connection:
        with pytest.raises(ConnectionLostError, match=r"1008.*too many requests") as lost:
            await connection.recv()

    assert lost.value.code == 1008


async def test_cut_without_a_close_frame_is_named() -> None:
    async def cut(connection: ServerConnection) -> None:
        connection.transport.abort()

    async with server(cut) as url, open_websocket(url, SETTINGS) as connection:
        with pytest.raises(ConnectionLostError, match="without a close frame"):
            await connection.recv()


async def test_peer_that_answers_no_ping_is_lost_within_the_deadline() -> None:
    async def go_silent(connection: ServerConnection) -> None:
        connection.transport.pause_reading()
        await asyncio.sleep(3600)

    async with server(go_silent) as url, open_websocket(url, SETTINGS) as connection:
        loop = asyncio.get_running_loop()
        started = loop.time()
        with pytest.raises(ConnectionLostError, match="did not answer a ping"):
            await connection.recv()

        assert loop.time() - started <= SETTINGS.ping_interval_s + SETTINGS.ping_timeout_s + SETTINGS.connect_timeout_s


@pytest.mark.parametrize("url", ["ws://127.0.0.1:1/ws/{}", "nonsense://{}"])
async def test_connection_that_cannot_be_made_is_lost_without_showing_its_address(url: str) -> None:
    with pytest.raises(ConnectionLostError) as lost:
        async with open_websocket(url.format(SECRET), SETTINGS):
            pytest.fail("there is nobody to connect to")

    assert SECRET not in str(lost.value)
    assert lost.value.__cause__ is None
    assert lost.value.__context__ is None


async def test_close_that_is_cut_short_leaves_neither_socket_nor_task_behind() -> None:
    async def silent(connection: ServerConnection) -> None:
        connection.transport.pause_reading()
        await asyncio.sleep(60)

    async def visit(url: str) -> None:
        async with open_websocket(url, SETTINGS):
            await asyncio.sleep(1)

    async with server(silent) as url:
        before = len(asyncio.all_tasks())
        visitor = asyncio.create_task(visit(url))
        await asyncio.sleep(3)
        visitor.cancel()
        await asyncio.wait([visitor])
        await asyncio.sleep(0.1)
        left = [task for task in asyncio.all_tasks() if "keepalive" in str(task.get_coro())]

        assert left == []
        assert len(asyncio.all_tasks()) <= before + 1  # the server's side goes on sleeping


async def test_reason_of_a_close_frame_never_shows_a_listen_key() -> None:
    key = "aB3" * 21 + "z"

    async def quote(connection: ServerConnection) -> None:
        await connection.close(1008, f"bad key {key}")

    async with server(quote) as url, open_websocket(url, SETTINGS) as connection:
        with pytest.raises(ConnectionLostError, match="bad key <hidden>"):
            await connection.recv()


async def test_nothing_of_the_connection_is_logged_even_at_debug(caplog: pytest.LogCaptureFixture) -> None:
    async def wait(connection: ServerConnection) -> None:
        await connection.wait_closed()

    caplog.set_level(logging.DEBUG)
    async with server(wait) as url:
        caplog.clear()
        async with open_websocket(url, SETTINGS):
            await asyncio.sleep(60)

    client = [record for record in caplog.records if record.name != "websockets.server"]
    assert all(SECRET not in record.getMessage() for record in client)
