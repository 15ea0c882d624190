"""How long a stream connection lives, and what it may not do: keep silent, read nothing, flood, carry too much."""

from __future__ import annotations

import asyncio
from typing import Literal

import aiohttp
import pytest

from simulator import Profile, Simulator
from simulator.core.security.rate_limits import FLOODS_UNTIL_BAN, REFUSALS_UNTIL_BAN
from tests.simulator.runtime.wire import Wire


async def test_the_exchange_pings_every_three_minutes_and_drops_who_does_not_answer() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        start_ms = simulator.time_ms
        stream = await wire.stream()
        pings = []
        while (message := await stream.frame(700)).type is aiohttp.WSMsgType.PING:
            pings.append(simulator.time_ms - start_ms)

        assert pings == [180_000, 360_000, 540_000, 720_000]
        assert (message.type, message.data, message.extra) == (aiohttp.WSMsgType.CLOSE, 1008, "Pong timeout")
        assert simulator.time_ms - start_ms == 780_000


async def test_who_answers_pings_lives_for_a_day() -> None:
    async with Simulator(start_ms=0) as simulator, Wire(simulator) as wire:
        stream = await wire.connect(f"/private/ws?listenKey={await wire.listen_key()}&events=TRADE_LITE")

        assert await stream.end() == 1001
        assert simulator.time_ms == 86_400_000
        assert list(simulator.connections) == []


async def test_pings_of_the_client_are_answered_with_their_payload() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        stream = await wire.stream()
        simulator.silence_connections()
        await stream.ping(b"are you there")

        message = await stream.frame()

    assert (message.type, message.data) == (aiohttp.WSMsgType.PONG, b"are you there")


async def test_a_client_that_reads_nothing_is_reset_and_nothing_is_dropped_before() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        reader, writer = await asyncio.open_connection("127.0.0.1", simulator.port, limit=1)
        key = await wire.listen_key()
        handshake = (
            f"GET /ws/{key} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n"
        )
        writer.write(handshake.encode())
        await simulator.wait_for(lambda sim: len(sim.connections) == 1, 5)

        megabyte = "x" * 1_000_000
        while simulator.connections:
            simulator.push(megabyte)

        assert "does not read" in simulator.journal.entries(kind="connection")[-1].summary
        assert not reader.at_eof()
        writer.close()


async def test_an_address_that_is_banned_opens_no_stream() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        for _ in range(61):
            await wire.ask("GET", "/fapi/v1/openOrders")
        for _ in range(REFUSALS_UNTIL_BAN):
            await wire.send("GET", "/fapi/v1/ping")

        assert await wire.refusal("/private/ws") == 418
        await asyncio.sleep(121)
        assert await (await wire.connect("/private/ws")).ask(method="LIST_SUBSCRIPTIONS", id=1)


async def test_ten_messages_a_second_are_allowed_and_eleven_end_the_connection() -> None:
    """A minute's start is a second's start, on a clock that begins there."""
    async with Simulator(start_ms=1_700_000_040_000) as simulator, Wire(simulator) as wire:
        stream = await wire.stream()
        for _ in range(2):
            for _ in range(4):
                await stream.ping(b"")
                await stream.frame()
            for number in range(6):
                await stream.ask(method="LIST_SUBSCRIPTIONS", id=number)
            await asyncio.sleep(1)
        for _ in range(11):
            await stream.pong(b"")

        assert await stream.end() == 1008
        assert "Too many requests" in simulator.journal.entries(kind="connection")[-1].summary
        assert await wire.stream()


async def test_floods_may_bring_a_ban() -> None:
    exchange = Simulator(profile=Profile(flood="ban"), start_ms=1_700_000_040_000)
    async with exchange as simulator, Wire(simulator) as wire:
        for _ in range(FLOODS_UNTIL_BAN):
            stream = await wire.connect("/private/ws")
            for _ in range(11):
                await stream.ping(b"")
            assert await stream.end() == 1008

        assert await wire.refusal("/private/ws") == 418


async def test_a_flood_is_let_be_where_limits_are_only_counted() -> None:
    async with Simulator(rate_limits="counted") as simulator, Wire(simulator) as wire:
        stream = await wire.stream()
        for number in range(50):
            assert await stream.ask(method="LIST_SUBSCRIPTIONS", id=number)


async def test_a_shutdown_may_be_announced_ten_minutes_before_the_end_of_a_day() -> None:
    exchange = Simulator(profile=Profile(server_shutdown="announced"), connection_lifetime_s=1200)
    async with exchange as simulator, Wire(simulator) as wire:
        key = await wire.listen_key()
        raw, wrapped = [await wire.connect(f"/private/{kind}?listenKey={key}") for kind in ("ws", "stream")]
        opened_ms = simulator.time_ms
        frames = []
        for stream in (raw, wrapped):
            while (message := await stream.frame(700)).type is not aiohttp.WSMsgType.TEXT:
                pass
            frames.append(message.json())

        assert frames[0] == {"e": "serverShutdown", "E": opened_ms + 600_000}
        assert frames[1] == {"stream": key, "data": frames[0]}
        assert await raw.end() == 1001


async def test_more_streams_than_a_connection_may_have_are_refused() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        names = [f"s{number}@depth" for number in range(500)]
        stream = await wire.connect(f"/public/stream?streams={'/'.join(names)}")
        answer = await stream.ask(method="SUBSCRIBE", params=[f"t{number}@depth" for number in range(525)], id=1)
        assert answer["error"]["code"] == 2
        assert await stream.ask(method="SUBSCRIBE", params=[f"t{number}@depth" for number in range(524)], id=2) == {
            "result": None,
            "id": 2,
        }


@pytest.mark.parametrize(("pong", "ended"), [("any", False), ("matching", True)])
async def test_an_unsolicited_pong_keeps_a_stream_alive_or_does_not(
    pong: Literal["any", "matching"], ended: bool
) -> None:
    exchange = Simulator(profile=Profile(pong=pong))
    async with exchange as simulator, Wire(simulator) as wire:
        stream = await wire.connect("/private/ws")
        for _ in range(12):
            await asyncio.sleep(60)
            await stream.pong(b"keep alive")
        await asyncio.sleep(120)

        assert (list(simulator.connections) == []) is ended


async def test_a_pong_with_the_payload_of_any_ping_keeps_a_stream_alive() -> None:
    async with Simulator(profile=Profile(pong="matching")) as simulator, Wire(simulator) as wire:
        stream = await wire.connect("/private/ws")
        for _ in range(5):
            pings = [(await stream.frame(200)).data for _ in range(3)]
            await stream.pong(bytes(pings[0]))

        assert len(simulator.connections) == 1
