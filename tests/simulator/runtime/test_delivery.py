"""Frames can be dropped, doubled, late, held or spoilt, each connection by itself; what is not scripted is at once."""

from __future__ import annotations

import json
from typing import Any

import aiohttp
import pytest

from simulator import Corrupt, Delay, Drop, Duplicate, Hold, Simulator
from simulator.core.faults.rule import RuleBook
from simulator.core.journal import Journal
from simulator.core.streams.stream_target import StreamTarget
from simulator.core.streams.subscriptions import Subscriptions
from simulator.runtime.chronicle import Chronicle
from simulator.runtime.clock import Clock
from simulator.runtime.connection import StreamConnection
from simulator.runtime.delivery import Delivery
from tests.simulator.runtime.wire import LIMIT_ORDER, MARKET_ORDER, ORDER, Socket, Wire

MATCH = ["TRADE_LITE", "ORDER_TRADE_UPDATE", "ACCOUNT_UPDATE", "ORDER_TRADE_UPDATE"]
QUIET_S = 30.0


async def until_quiet(stream: Socket) -> list[Any]:
    """Return every event until nothing comes any more."""
    events: list[Any] = []
    while True:
        try:
            message = await stream.frame(QUIET_S)
        except TimeoutError:
            return events
        if message.type is aiohttp.WSMsgType.TEXT:
            events.append(json.loads(message.data))


def names(events: list[Any]) -> list[str]:
    return [event["e"] for event in events]


async def test_a_dropped_frame_never_comes_and_the_others_do() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        stream = await wire.stream()
        rule = simulator.on_frame(Drop(), event="ORDER_TRADE_UPDATE", nth=2)
        await wire.ask("POST", ORDER, **MARKET_ORDER)

        assert names(await until_quiet(stream)) == MATCH[:3]
        assert rule.hits == 1
        event = simulator.journal.entries(event="ORDER_TRADE_UPDATE", kind="event")[-1]
        assert event.sockets == 0


async def test_row_20_a_late_frame_is_overtaken_by_other_types_but_not_by_its_own() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        stream = await wire.stream()
        simulator.on_frame(Delay(3.0), event="ORDER_TRADE_UPDATE", status="NEW")
        began = simulator.time_ms
        await wire.ask("POST", ORDER, **MARKET_ORDER)

        first = await stream.read_names(2)
        late = [await stream.read(), await stream.read()]
        took = simulator.time_ms - began

    assert first == ["TRADE_LITE", "ACCOUNT_UPDATE"]
    assert [frame["o"]["X"] for frame in late] == ["NEW", "FILLED"]
    assert took == pytest.approx(3_000, abs=10)


async def test_row_20_a_whole_stream_may_be_minutes_late_and_then_comes_in_its_order() -> None:
    async with Simulator(ping_interval_s=3600) as simulator, Wire(simulator) as wire:
        stream = await wire.stream()
        simulator.on_frame(Delay(135.0), times=None)
        began = simulator.time_ms
        await wire.ask("POST", ORDER, **MARKET_ORDER)

        first = json.loads((await stream.frame(200.0)).data)
        took = simulator.time_ms - began
        rest = await stream.read_names(3)

    assert [first["e"], *rest] == MATCH
    assert took == pytest.approx(135_000, abs=10)


async def test_rows_5_and_16_of_two_connections_one_may_lag_or_lose_events() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        simulator.on_frame(Delay(3.0), connection=2, times=None)
        simulator.on_frame(Drop(), connection=3, times=None)
        streams = [await wire.stream() for _ in range(3)]
        began = simulator.time_ms
        await wire.ask("POST", ORDER, **MARKET_ORDER)

        prompt = await streams[0].read_names(4)
        at_once = simulator.time_ms - began
        late = await streams[1].read_names(4)
        took = simulator.time_ms - began

        assert (prompt, late) == (MATCH, MATCH)
        assert at_once < 100
        assert took == pytest.approx(3_000, abs=10)
        assert await until_quiet(streams[2]) == []


async def test_held_frames_come_in_a_burst_when_they_are_released() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        stream = await wire.stream()
        rule = simulator.on_frame(Hold(), times=None)
        await wire.ask("POST", ORDER, **LIMIT_ORDER)
        await wire.ask("POST", ORDER, **MARKET_ORDER)
        assert await until_quiet(stream) == []

        rule.release()
        burst = names(await until_quiet(stream))
        await wire.ask("POST", ORDER, **LIMIT_ORDER | {"price": "59000"})

        assert burst == ["ORDER_TRADE_UPDATE", *MATCH]
        assert await stream.read_names(1) == ["ORDER_TRADE_UPDATE"]


async def test_a_doubled_frame_comes_again_later_past_newer_ones() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        stream = await wire.stream()
        simulator.on_frame(Duplicate(after_s=5.0), event="ORDER_TRADE_UPDATE")
        await wire.ask("POST", ORDER, **MARKET_ORDER)

        told = await until_quiet(stream)

    assert names(told) == [*MATCH, "ORDER_TRADE_UPDATE"]
    assert told[4] == told[1]


async def test_row_10_spoilt_frames_arrive_as_they_were_spoilt() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        stream = await wire.stream()
        for how in ("truncated", "binary", "unknown_event"):
            simulator.on_frame(Corrupt(how), event="ORDER_TRADE_UPDATE")
        for price in ("60000", "59000", "58000"):
            await wire.ask("POST", ORDER, **LIMIT_ORDER | {"price": price})

        truncated, binary, unknown = [await stream.frame() for _ in range(3)]

    with pytest.raises(json.JSONDecodeError):
        json.loads(truncated.data)
    assert binary.type is aiohttp.WSMsgType.BINARY
    assert json.loads(unknown.data)["e"] == "SOMETHING_NEW"


async def test_a_spoilt_frame_is_wrapped_where_the_others_are() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        key = await wire.listen_key()
        stream = await wire.connect(f"/private/stream?listenKey={key}")
        simulator.on_frame(Corrupt("text_event_time"))
        await wire.ask("POST", ORDER, **LIMIT_ORDER)

        frame = await stream.read()

    assert frame["stream"] == key
    assert frame["data"]["E"] == str(frame["data"]["T"])


async def test_a_reply_to_a_control_message_may_stay_away() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        stream = await wire.stream()
        simulator.on_frame(Drop(), event="LIST_SUBSCRIPTIONS")
        simulator.on_frame(Drop(), times=None)

        with pytest.raises(TimeoutError):
            await stream.ask(method="LIST_SUBSCRIPTIONS", id=1)
        answered = await stream.ask(method="LIST_SUBSCRIPTIONS", id=2)

    assert answered["id"] == 2


async def test_a_reset_forgets_the_rules_and_an_unknown_field_is_refused() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        simulator.on_frame(Drop(), times=None)
        simulator.reset()
        stream = await wire.stream()
        await wire.ask("POST", ORDER, **MARKET_ORDER)

        assert await stream.read_names(4) == MATCH
        with pytest.raises(TypeError, match="colour"):
            simulator.on_frame(Drop(), colour="red")


async def test_what_waits_is_lost_with_its_connection() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        stream = await wire.stream()
        simulator.on_frame(Delay(3.0), times=None)
        await wire.ask("POST", ORDER, **MARKET_ORDER)
        simulator.cut_connections()
        other = await wire.stream()

        assert await stream.end() == 1006
        assert await until_quiet(other) == []


class Written(StreamConnection):
    """A connection without a socket that keeps what is written to it."""

    pieces: list[bytes]

    def write(self, frame: bytes) -> None:
        """Keep a piece."""
        self.pieces.append(frame)


def written(number: int) -> Written:
    nobody: Any = None
    target = StreamTarget("private", False)
    subscriptions = Subscriptions(target, (), "wrapped")
    found = Written(number=number, root="private", subscriptions=subscriptions, clock=Clock(0), listener=nobody)
    found.pieces = []
    return found


async def test_what_is_gathered_leaves_in_its_order_and_in_one_piece_per_connection() -> None:
    clock = Clock(0)
    delivery = Delivery(Chronicle(Journal(), clock), clock, RuleBook(), lambda _: None)
    first, second = written(1), written(2)

    with delivery.gathered():
        delivery.write(first, b"a")
        with delivery.gathered():
            delivery.write(second, b"x")
            delivery.write(first, b"b")
        assert (first.pieces, second.pieces) == ([], [])
    delivery.write(first, b"c")

    assert (first.pieces, second.pieces) == ([b"ab", b"c"], [b"x"])
