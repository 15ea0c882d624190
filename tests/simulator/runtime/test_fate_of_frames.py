"""What fault rules decide about pings and frames, a client sees: late, lost, overtaken, or the last that it gets."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from simulator import Simulator
from simulator.core.faults.rule import Rule
from simulator.core.faults.verdict import Close, Delay, Drip, Drop, HalfOpen, Reorder, Reset, Verdict
from tests.simulator.runtime.api_socket import connect
from tests.simulator.runtime.wire import LIMIT_ORDER, MARKET_ORDER, ORDER, Socket, Wire

MATCH = ["TRADE_LITE", "ORDER_TRADE_UPDATE", "ACCOUNT_UPDATE", "ORDER_TRADE_UPDATE"]


@asynccontextmanager
async def trading(**options: Any) -> AsyncIterator[tuple[Simulator, Wire]]:
    async with Simulator(**options) as simulator, Wire(simulator) as wire:
        yield simulator, wire


async def names_until_quiet(stream: Socket) -> list[str]:
    names = []
    while True:
        try:
            names.append(json.loads((await stream.frame(30.0)).data)["e"])
        except TimeoutError:
            return names


# --- pings ----------------------------------------------------------------------------------------------------------


async def test_row_7_a_ping_of_the_exchange_that_is_lost_ends_a_connection_that_cannot_answer() -> None:
    async with trading(ping_interval_s=100, pong_timeout_s=250) as (simulator, wire):
        rule = simulator.faults.install(Rule(on="ping", event="sent", account=simulator.account.name, verdict=Drop()))
        stream = await wire.stream()
        began = simulator.time_ms

        assert await stream.end() == 1008
        assert simulator.time_ms - began == pytest.approx(350_000, abs=50)
        assert rule.hits == 3


async def test_a_ping_of_the_exchange_is_late() -> None:
    async with trading(ping_interval_s=100) as (simulator, wire):
        simulator.faults.install(Rule(on="ping", event="sent", verdict=Delay(30.0)))
        stream = await wire.stream()
        began = simulator.time_ms

        assert (await stream.frame(200)).type is aiohttp.WSMsgType.PING
        assert simulator.time_ms - began == pytest.approx(130_000, abs=50)


async def test_row_7_a_ping_of_a_client_is_not_answered_and_events_still_come() -> None:
    async with trading() as (simulator, wire):
        simulator.faults.install(Rule(on="ping", event="received", verdict=Drop()))
        stream = await wire.stream()
        await stream.ping(b"?")

        assert await stream.is_silent()
        await wire.ask("POST", ORDER, **MARKET_ORDER)
        assert await stream.read_names(4) == MATCH


async def test_a_ping_may_be_the_last_thing_that_a_connection_sees() -> None:
    async with trading(ping_interval_s=10) as (simulator, wire):
        simulator.faults.install(Rule(on="ping", nth=2, times=1, verdict=Reset()))
        stream = await wire.stream()

        assert await stream.end() == 1006
        assert simulator.connections == []


async def test_pings_on_the_websocket_api_are_lost_in_both_directions() -> None:
    async with trading(ping_interval_s=100, pong_timeout_s=250) as (simulator, _):
        simulator.faults.install(Rule(on="ping", verdict=Drop()))
        async with connect(simulator) as api:
            await api.ping(b"?")
            assert (await api.frame(400)).data == 1008


# --- frames ---------------------------------------------------------------------------------------------------------


async def test_row_4_the_connection_goes_half_open_instead_of_sending_the_second_fill() -> None:
    async with trading() as (simulator, wire):
        rule = Rule(on="frame", event="ORDER_TRADE_UPDATE", status="FILLED", nth=2, verdict=HalfOpen())
        simulator.faults.install(rule)
        stream = await wire.stream()
        for _ in range(3):
            await wire.ask("POST", ORDER, **MARKET_ORDER)

        assert await names_until_quiet(stream) == [*MATCH, *MATCH[:3]]


@pytest.mark.parametrize(("verdict", "code"), [(Close(1011), 1011), (Close(), 1006), (Reset(), 1006)])
async def test_row_4_a_connection_ends_before_any_frame(verdict: Verdict, code: int) -> None:
    async with trading() as (simulator, wire):
        simulator.faults.install(Rule(on="frame", event="ACCOUNT_UPDATE", times=1, verdict=verdict))
        stream = await wire.stream()
        await wire.ask("POST", ORDER, **MARKET_ORDER)

        before = await stream.read_names(2) if code == 1011 or isinstance(verdict, Close) else []
        assert before in ([], MATCH[:2])
        assert await stream.end() == code
        assert simulator.journal.entries(event="ACCOUNT_UPDATE", kind="event")[-1].sockets == 0


async def test_a_frame_may_be_the_first_of_a_stream_that_drips() -> None:
    async with trading() as (simulator, wire):
        simulator.faults.install(Rule(on="frame", event="TRADE_LITE", times=1, verdict=Drip(100)))
        stream = await wire.stream()
        began = simulator.time_ms
        await wire.ask("POST", ORDER, **MARKET_ORDER)

        assert await stream.read_names(1) == MATCH[:1]
        assert simulator.time_ms - began > 1_500
        await asyncio.sleep(60)
        assert await stream.read_names(3) == MATCH[1:]


async def test_row_13_a_frame_is_overtaken_by_the_next_of_its_type() -> None:
    async with trading() as (simulator, wire):
        overtaken = Rule(on="frame", event="ORDER_TRADE_UPDATE", times=1, verdict=Reorder(of="its_type"))
        simulator.faults.install(overtaken)
        stream = await wire.stream()
        await wire.ask("POST", ORDER, **MARKET_ORDER)
        frames = [await stream.read() for _ in range(4)]

        assert [frame["e"] for frame in frames] == ["TRADE_LITE", "ACCOUNT_UPDATE", *MATCH[1::2]]
        assert [frame["o"]["X"] for frame in frames[2:]] == ["FILLED", "NEW"]


async def test_row_13_a_frame_is_overtaken_by_others_and_its_own_type_waits_behind_it() -> None:
    async with trading() as (simulator, wire):
        overtaken = Rule(on="frame", event="ORDER_TRADE_UPDATE", times=1, verdict=Reorder(past=2))
        simulator.faults.install(overtaken)
        stream = await wire.stream()
        await wire.ask("POST", ORDER, **MARKET_ORDER)
        assert await stream.read_names(2) == ["TRADE_LITE", "ACCOUNT_UPDATE"]
        await wire.ask("POST", ORDER, **MARKET_ORDER)
        frames = [await stream.read() for _ in range(6)]

        assert [frame["e"] for frame in frames] == ["TRADE_LITE", *["ORDER_TRADE_UPDATE"] * 3, *MATCH[2:]]
        assert [frame["o"]["X"] for frame in frames if "o" in frame] == ["NEW", "FILLED", "NEW", "FILLED"]


async def test_what_nothing_overtakes_is_sent_when_its_patience_ends() -> None:
    async with trading() as (simulator, wire):
        simulator.faults.install(Rule(on="frame", verdict=Reorder(past=5, patience_s=3.0)))
        stream = await wire.stream()
        began = simulator.time_ms
        await wire.ask("POST", ORDER, **LIMIT_ORDER)

        assert await stream.read_names(1) == ["ORDER_TRADE_UPDATE"]
        assert simulator.time_ms - began == pytest.approx(3_000, abs=20)


async def test_frames_of_market_streams_suffer_too() -> None:
    async with trading() as (simulator, wire):
        dropped = simulator.faults.install(
            Rule(on="frame", event="aggTrade", symbol="BTCUSDT", verdict=Drop(), times=1)
        )
        stream = await wire.connect("/market/ws/btcusdt@aggTrade")
        for _ in range(2):
            await wire.ask("POST", ORDER, **MARKET_ORDER)
            await asyncio.sleep(1)  # trades of a moment are one

        assert (await stream.read())["e"] == "aggTrade"
        assert await stream.is_silent()
        assert dropped.hits == 1
