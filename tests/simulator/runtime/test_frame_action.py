"""A scenario can do to frames and connections what Python can."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from simulator import Simulator
from simulator.core.scenario.observation import NOTHING
from simulator.core.scenario.scenario_text import parse_scenario
from simulator.runtime.action import perform
from simulator.scenario import (
    CloseNextConnections,
    CorruptFrames,
    CutConnections,
    DelayFrames,
    DropFrames,
    DuplicateFrames,
    ExpireListenKey,
    HalfOpenConnections,
    HoldFrames,
    NextConnectionsSilent,
    ReleaseFrames,
    ReplaceListenKey,
    ScenarioError,
)
from tests.simulator.runtime.wire import MARKET_ORDER, ORDER, Wire

MATCH = ["TRADE_LITE", "ORDER_TRADE_UPDATE", "ACCOUNT_UPDATE", "ORDER_TRADE_UPDATE"]


@pytest_asyncio.fixture
async def simulator() -> AsyncIterator[Simulator]:
    async with Simulator() as running:
        yield running


@pytest_asyncio.fixture
async def wire(simulator: Simulator) -> AsyncIterator[Wire]:
    async with Wire(simulator) as client:
        yield client


async def test_frames_are_dropped_doubled_and_spoilt(simulator: Simulator, wire: Wire) -> None:
    stream = await wire.stream()
    perform(simulator, DropFrames(event="TRADE_LITE"), NOTHING)
    perform(simulator, DuplicateFrames(event="ACCOUNT_UPDATE", after="2s", frames=1), NOTHING)
    perform(simulator, CorruptFrames(status="FILLED", replace={"o.X": "NEW_ADL"}), NOTHING)
    await wire.ask("POST", ORDER, **MARKET_ORDER)

    told = [await stream.read() for _ in range(4)]

    assert [frame["e"] for frame in told] == [*MATCH[1:], "ACCOUNT_UPDATE"]
    assert told[2]["o"]["X"] == "NEW_ADL"


async def test_one_connection_lags_and_another_is_half_open(simulator: Simulator, wire: Wire) -> None:
    streams = [await wire.stream() for _ in range(2)]
    perform(simulator, DelayFrames(by="3s", connection=1), NOTHING)
    perform(simulator, HalfOpenConnections(connection=2), NOTHING)
    began = simulator.time_ms
    await wire.ask("POST", ORDER, **MARKET_ORDER)

    assert await streams[0].read_names(4) == MATCH
    assert simulator.time_ms - began == pytest.approx(3_000, abs=10)
    assert await streams[1].is_silent()


async def test_held_frames_are_released(simulator: Simulator, wire: Wire) -> None:
    stream = await wire.stream()
    perform(simulator, HoldFrames(), NOTHING)
    await wire.ask("POST", ORDER, **MARKET_ORDER)
    perform(simulator, ReleaseFrames(), NOTHING)

    assert await stream.read_names(4) == MATCH


async def test_coming_connections_are_closed_and_silent(simulator: Simulator, wire: Wire) -> None:
    perform(simulator, CloseNextConnections(code=1008), NOTHING)
    perform(simulator, NextConnectionsSilent(control="answered"), NOTHING)

    assert await (await wire.stream()).end() == 1008
    stream = await wire.stream()
    await wire.ask("POST", ORDER, **MARKET_ORDER)
    assert len((await stream.ask(method="LIST_SUBSCRIPTIONS", id=1))["result"]) == 1
    assert await stream.is_silent()


async def test_a_listen_key_expires_twice_and_is_replaced(simulator: Simulator, wire: Wire) -> None:
    stream = await wire.stream()
    perform(simulator, ExpireListenKey(twice_after="14ms"), NOTHING)
    assert await stream.read_names(2) == ["listenKeyExpired", "listenKeyExpired"]
    key = await wire.listen_key()
    perform(simulator, ReplaceListenKey(), NOTHING)

    assert await wire.listen_key() != key


async def test_one_connection_is_cut_by_its_number(simulator: Simulator, wire: Wire) -> None:
    streams = [await wire.stream() for _ in range(2)]
    perform(simulator, CutConnections(connection=1), NOTHING)

    assert await streams[0].end() == 1006
    assert [connection.number for connection in simulator.connections] == [2]


def test_a_number_below_one_is_a_mistake_with_its_place() -> None:
    text = json.dumps({"steps": [{"at": "0s", "do": {"drop_frames": {"connection": 0}}}]})

    with pytest.raises(ScenarioError, match=r"drop_frames\.connection: expected 1 or more, got 0"):
        parse_scenario(text, "file", "file")
