"""A reset is seen by the peer as an error, not as an end."""

from __future__ import annotations

import asyncio

import pytest

from simulator.runtime.line import reset_transport


async def test_a_reset_is_an_error_at_the_other_end() -> None:
    accepted: asyncio.Queue[asyncio.StreamWriter] = asyncio.Queue()
    server = await asyncio.start_server(lambda _, writer: accepted.put_nowait(writer), "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    far_end = await accepted.get()

    reset_transport(far_end.transport)

    with pytest.raises(ConnectionResetError):
        await reader.read()
    writer.close()
    server.close()


async def test_no_transport_is_nothing_to_reset() -> None:
    reset_transport(None)
