"""Connections can be accepted and silent, half-open, or closed at once; each by its number."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest

from simulator import BadFrameError, Profile, Simulator
from tests.simulator.runtime.wire import MARKET_ORDER, ORDER, Wire

LIST = {"method": "LIST_SUBSCRIPTIONS", "id": 1}


async def test_row_7_the_next_connection_accepts_the_handshake_and_says_nothing() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        simulator.next_connections_silent()
        first, second = await wire.stream(), await wire.stream()
        await wire.ask("POST", ORDER, **MARKET_ORDER)

        assert len(await second.read_names(4)) == 4
        assert await first.is_silent()
        await first.ping(b"are you there")
        assert (await first.frame()).type is aiohttp.WSMsgType.PONG
        with pytest.raises(TimeoutError):
            await first.ask(**LIST)


async def test_row_5_a_silent_connection_may_still_answer_with_its_binding() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        simulator.next_connections_silent(control="answered")
        key = await wire.listen_key()
        stream = await wire.connect(f"/private/ws?listenKey={key}")
        await wire.ask("POST", ORDER, **MARKET_ORDER)

        assert (await stream.ask(**LIST))["result"] == [key]
        assert await stream.is_silent()


async def test_row_7_a_half_open_connection_answers_no_ping_and_no_close_and_never_ends() -> None:
    async with Simulator(ping_interval_s=30, connection_lifetime_s=60) as simulator, Wire(simulator) as wire:
        stream = await wire.stream()
        assert simulator.half_open_connections() == 1
        await wire.ask("POST", ORDER, **MARKET_ORDER)
        await stream.ping(b"are you there")

        assert await stream.is_silent(timeout_s=7200)
        assert len(simulator.connections) == 1


async def test_row_17_connections_are_accepted_and_closed_at_once() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        simulator.close_next_connections(times=2, code=1008, reason="no")

        assert [await (await wire.stream()).end() for _ in range(2)] == [1008, 1008]
        third = await wire.stream()
        await wire.ask("POST", ORDER, **MARKET_ORDER)
        assert len(await third.read_names(4)) == 4
        with pytest.raises(BadFrameError):
            simulator.close_next_connections(code=70_000)


async def test_row_17_handshakes_are_refused_with_the_status_of_a_firewall_or_of_a_country() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        simulator.refuse_connections(1, 403)
        simulator.refuse_connections(1, 451)

        assert [await wire.refusal("/private/ws") for _ in range(2)] == [403, 451]


async def test_a_connection_is_chosen_by_its_number() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        streams = [await wire.stream() for _ in range(3)]

        assert simulator.cut_connections(connection=2) == 1
        assert await streams[1].end() == 1006
        assert simulator.close_connections(1001, connection=3) == 1
        assert await streams[2].end() == 1001
        assert [connection.number for connection in simulator.connections] == [1]
        assert simulator.silence_connections(connection=7) == 0


async def test_a_reset_forgets_what_was_meant_for_the_next_connections() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        simulator.next_connections_silent(5)
        simulator.reset()
        stream = await wire.stream()
        await asyncio.sleep(0)
        await wire.ask("POST", ORDER, **MARKET_ORDER)

        assert len(await stream.read_names(4)) == 4


async def test_row_5_a_form_may_be_told_at_once_that_its_key_has_expired() -> None:
    profile = Profile(expiring_forms=frozenset({"query"}))
    async with Simulator(profile=profile) as simulator, Wire(simulator) as wire:
        key = await wire.listen_key()
        plain = await wire.connect(f"/private/stream?listenKey={key}")
        filtered = await wire.connect(f"/private/ws?listenKey={key}&events=ORDER_TRADE_UPDATE")

        told = await plain.read()

        assert (told["stream"], told["data"]["e"], told["data"]["listenKey"]) == (key, "listenKeyExpired", key)
        assert await filtered.is_silent()
        await wire.ask("POST", ORDER, **MARKET_ORDER)
        assert await filtered.read_names(2) == ["ORDER_TRADE_UPDATE"] * 2
        assert await plain.is_silent()
