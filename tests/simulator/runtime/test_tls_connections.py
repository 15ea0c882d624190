"""What a script does to connections is done to those over TLS as well."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest
import websockets

from simulator import ExecuteThenReset, Simulator
from tests.simulator.runtime.api_socket import LIMIT_ORDER, ApiSocket
from tests.simulator.runtime.test_tls import trusting, user_stream


async def test_a_cut_is_a_reset_and_not_the_end_of_tls() -> None:
    async with Simulator(tls=True) as simulator:
        async with websockets.connect(f"{simulator.ws_url}/private/ws", ssl=trusting(simulator)) as socket:
            assert simulator.cut_connections() == 1
            with pytest.raises(websockets.ConnectionClosedError) as ended:
                await socket.recv()

        assert ended.value.rcvd is None
        assert isinstance(ended.value.__cause__, ConnectionResetError)
        assert simulator.connections == []


async def test_a_half_open_stream_is_silent_and_stays() -> None:
    async with Simulator(tls=True) as simulator, aiohttp.ClientSession() as session:
        stream = await user_stream(simulator, session)
        assert simulator.half_open_connections() == 1
        await stream.ping()
        simulator.set_price("BTCUSDT", "64000")
        with pytest.raises(TimeoutError):
            await stream.receive(100_000.0)

        assert len(simulator.connections) == 1


async def test_a_half_open_stream_does_not_see_that_its_client_leaves() -> None:
    async with Simulator(tls=True) as simulator:
        async with aiohttp.ClientSession() as session:
            await user_stream(simulator, session)
            simulator.half_open_connections()
        await asyncio.sleep(1000.0)

        assert len(simulator.connections) == 1


async def test_an_order_whose_answer_is_reset_is_executed() -> None:
    async with Simulator(tls=True) as simulator, aiohttp.ClientSession() as session:
        simulator.on_request("WS", "order.place", ExecuteThenReset())
        socket = await session.ws_connect(simulator.ws_api_url, ssl=trusting(simulator))
        api = ApiSocket(simulator, socket)
        await api.start("order.place", 1, api.signed(**LIMIT_ORDER))
        end = await api.frame()

        assert end.type in {aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR}
        assert len(simulator.journal.entries(event="ORDER_TRADE_UPDATE")) == 1
        assert simulator.api_connections == []


async def test_a_client_that_does_not_read_is_reset() -> None:
    """What TLS has encrypted, and the socket has not taken, counts."""
    async with Simulator(tls=True) as simulator, aiohttp.ClientSession() as session:
        stream = await user_stream(simulator, session)
        for _ in range(4):
            simulator.push("x" * 8_000_000)

        assert simulator.connections == []
        assert "does not read" in simulator.journal.entries(kind="connection")[-1].summary
        await stream.close()
