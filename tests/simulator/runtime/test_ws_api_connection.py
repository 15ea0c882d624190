"""Connections to the WebSocket API are pinged, end after a day, and end when they ping too much."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest

from simulator import Respond, Simulator
from tests.simulator.runtime.api_socket import connect, open_api


async def test_a_ping_comes_every_three_minutes_and_its_pong_keeps_the_connection() -> None:
    async with open_api() as (simulator, api):
        began = simulator.time_ms
        for _ in range(10):
            ping = await api.frame(200.0)
            assert ping.type is aiohttp.WSMsgType.PING
            await api.pong(ping.data)

        assert simulator.time_ms - began == pytest.approx(1_800_000, abs=100)
        assert len(simulator.api_connections) == 1


@pytest.mark.parametrize("payload", [None, b"", b"something else"])
async def test_no_pong_or_another_one_ends_the_connection_after_ten_minutes(payload: bytes | None) -> None:
    """A pong of the client's own accord does not prevent it."""
    async with open_api() as (simulator, api):
        began = simulator.time_ms
        while (message := await api.frame(200.0)).type is aiohttp.WSMsgType.PING:
            if payload is not None:
                await api.pong(payload)

        assert (message.type, message.data) == (aiohttp.WSMsgType.CLOSE, 1008)
        assert simulator.time_ms - began == pytest.approx(780_000, abs=100)


async def test_a_late_pong_to_the_first_of_several_pings_is_enough() -> None:
    async with open_api() as (simulator, api):
        first = await api.frame(200.0)
        await api.frame(200.0)
        await api.pong(first.data)
        await asyncio.sleep(500.0)

        assert len(simulator.api_connections) == 1


async def test_a_connection_ends_after_a_day() -> None:
    async with open_api(ping_interval_s=10**9) as (simulator, api):
        began = simulator.time_ms
        message = await api.frame(90_000.0)

        assert (message.type, message.data) == (aiohttp.WSMsgType.CLOSE, 1001)
        assert simulator.time_ms - began == pytest.approx(86_400_000, abs=100)


async def test_a_ping_is_answered() -> None:
    async with open_api() as (_, api):
        await api.ping(b"x")
        pong = await api.frame()

    assert (pong.type, pong.data) == (aiohttp.WSMsgType.PONG, b"x")


async def test_five_pings_and_pongs_in_a_second_are_allowed_and_six_are_not() -> None:
    async with open_api(start_ms=1_797_066_123_000) as (_, api):
        for _ in range(3):
            await asyncio.sleep(1.0)
            for _ in range(4):
                await api.ping()
            await api.pong()
        allowed = [(await api.frame()).type for _ in range(12)]
        await asyncio.sleep(1.0)
        for _ in range(3):
            await api.pong()
        for _ in range(3):
            await api.ping()
        last = [(await api.frame()).type for _ in range(2)]
        message = await api.frame()

    assert set(allowed + last) == {aiohttp.WSMsgType.PONG}
    assert (message.type, message.data) == (aiohttp.WSMsgType.CLOSE, 1008)


async def test_a_connection_that_is_cut_ends_without_a_close_frame() -> None:
    async with Simulator() as simulator, connect(simulator) as first, connect(simulator) as second:
        assert simulator.cut_api_connections(connection=1) == 1
        end = await first.frame()
        alive = await second.send("ticker.price", 1, {"symbol": "BTCUSDT"})

    assert end.type in {aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR}
    assert alive["status"] == 200


async def test_a_connection_is_closed_with_the_code_and_the_reason_that_were_asked_for() -> None:
    async with open_api() as (simulator, api):
        assert simulator.close_api_connections(1012, "restart") == 1
        message = await api.frame()

    assert (message.type, message.data, message.extra) == (aiohttp.WSMsgType.CLOSE, 1012, "restart")


async def test_a_half_open_connection_answers_nothing_and_never_ends() -> None:
    async with open_api() as (simulator, api):
        await api.send("ticker.price", 1, {"symbol": "BTCUSDT"})
        assert simulator.half_open_api_connections() == 1
        await api.start("ticker.price", 2, {"symbol": "BTCUSDT"})
        await api.ping()

        assert await api.is_silent(100_000.0)
        assert len(simulator.api_connections) == 1


async def test_a_reset_of_the_simulator_closes_its_connections() -> None:
    async with open_api() as (simulator, api):
        simulator.reset()
        message = await api.frame()

    assert (message.type, message.data) == (aiohttp.WSMsgType.CLOSE, 1001)


async def test_the_end_of_the_simulator_closes_its_connections() -> None:
    simulator = Simulator()
    await simulator.start()
    async with connect(simulator) as api:
        stopping = asyncio.ensure_future(simulator.stop())
        message = await api.frame()
        await stopping

    assert (message.type, message.data) == (aiohttp.WSMsgType.CLOSE, 1001)


async def test_a_client_that_does_not_read_its_responses_is_reset() -> None:
    async with open_api() as (simulator, api):
        simulator.on_request("WS", "session.status", Respond(200, body={"x": "x" * 8_000_000}), times=None)
        for number in range(4):
            await api.start("session.status", number)
        await simulator.wait_for(lambda simulator: not simulator.api_connections, 5.0)
