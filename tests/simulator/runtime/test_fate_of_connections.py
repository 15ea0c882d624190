"""What fault rules decide about handshakes and connections, a client sees: of streams, REST and the WebSocket API."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from simulator import Simulator
from simulator.core.faults.rule import Rule
from simulator.core.faults.verdict import (
    Close,
    Delay,
    Drip,
    Drop,
    HalfOpen,
    Pass,
    RefuseThenAccept,
    Reset,
    Respond,
    Silence,
    Stall,
    Throttle,
    Verdict,
)
from tests.simulator.runtime.api_socket import ApiSocket, connect
from tests.simulator.runtime.wire import HANDSHAKE, MARKET_ORDER, ORDER, Wire

MATCH = ["TRADE_LITE", "ORDER_TRADE_UPDATE", "ACCOUNT_UPDATE", "ORDER_TRADE_UPDATE"]
PING = b"GET /fapi/v1/ping HTTP/1.1\r\nHost: x\r\n\r\n"


@asynccontextmanager
async def trading(**options: Any) -> AsyncIterator[tuple[Simulator, Wire]]:
    async with Simulator(**options) as simulator, Wire(simulator) as wire:
        yield simulator, wire


@asynccontextmanager
async def raw(simulator: Simulator) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection(simulator.host, simulator.port)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


def handshake(path: str) -> bytes:
    lines = [f"GET {path} HTTP/1.1", "Host: x", *(f"{name}: {value}" for name, value in HANDSHAKE.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


async def heard(reader: asyncio.StreamReader, seconds: float = 3600.0) -> bytes | None:
    """Return what comes first, b"" for an end, None for nothing at all in that time."""
    try:
        async with asyncio.timeout(seconds):
            return await reader.read(65_536)
    except TimeoutError:
        return None


# --- handshakes -----------------------------------------------------------------------------------------------------


async def test_row_17_a_handshake_is_refused_with_any_answer_and_the_next_accepted() -> None:
    async with trading() as (simulator, wire):
        refuse = Respond(429, -1003, "Too many requests", headers={"Retry-After": "7"})
        simulator.faults.install(Rule(on="handshake", event="user_stream", verdict=refuse, times=1))
        simulator.faults.install(Rule(on="handshake", verdict=RefuseThenAccept(403, 2)))
        answer = await wire.send("GET", "/private/ws", **HANDSHAKE)

        assert (answer.status, answer.body["code"], answer.headers["Retry-After"]) == (429, -1003, "7")
        assert [await wire.refusal("/private/ws") for _ in range(2)] == [403, 403]
        stream = await wire.stream()
        await wire.ask("POST", ORDER, **MARKET_ORDER)
        assert await stream.read_names(4) == MATCH


async def test_a_refused_handshake_may_have_a_content_type_of_its_own() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        answer = Respond(503, body="busy", headers={"Content-Type": "text/plain", "Retry-After": "3"})
        simulator.faults.install(Rule(on="handshake", verdict=answer))

        assert await wire.refusal("/public/ws/btcusdt@bookTicker") == 503


async def test_a_handshake_is_late() -> None:
    async with trading() as (simulator, wire):
        simulator.faults.install(Rule(on="handshake", path="/private/ws", verdict=Delay(4.0)))
        began = simulator.time_ms
        await wire.stream()

        assert simulator.time_ms - began == pytest.approx(4_000, abs=20)


@pytest.mark.parametrize("verdict", [Drop(), HalfOpen()])
async def test_row_7_a_handshake_is_never_answered(verdict: Verdict) -> None:
    async with trading() as (simulator, _), raw(simulator) as (reader, writer):
        simulator.faults.install(Rule(on="handshake", verdict=verdict))
        writer.write(handshake("/private/ws"))

        assert await heard(reader) is None
        writer.write_eof()
        assert await heard(reader) == (b"" if isinstance(verdict, Drop) else None)


async def test_a_handshake_is_reset_or_ends_without_a_word() -> None:
    async with trading() as (simulator, _):
        simulator.faults.install(Rule(on="handshake", verdict=Reset(), times=1))
        simulator.faults.install(Rule(on="handshake", verdict=Close(), times=1))
        async with raw(simulator) as (reader, writer):
            writer.write(handshake("/private/ws"))
            with pytest.raises(ConnectionResetError):
                await reader.read()
        async with raw(simulator) as (reader, writer):
            writer.write(handshake("/private/ws"))
            assert await reader.read() == b""


async def test_a_handshake_is_accepted_and_the_connection_closed_at_once() -> None:
    async with trading() as (simulator, wire):
        simulator.faults.install(Rule(on="handshake", verdict=Close(1013, "later"), times=1))

        assert await (await wire.stream()).end() == 1013


async def test_the_answer_to_a_handshake_drips() -> None:
    async with trading() as (simulator, _), raw(simulator) as (reader, writer):
        simulator.faults.install(Rule(on="handshake", verdict=Drip(10)))
        writer.write(handshake("/private/ws"))
        began = simulator.time_ms
        answer = await reader.readuntil(b"\r\n\r\n")

        assert answer.startswith(b"HTTP/1.1 101 ")
        assert simulator.time_ms - began == pytest.approx(len(answer) * 100, abs=50)


# --- connections ----------------------------------------------------------------------------------------------------


async def test_row_7_a_connection_is_half_open_from_its_handshake_on() -> None:
    async with trading(ping_interval_s=30) as (simulator, wire):
        simulator.faults.install(Rule(on="connection", event="user_stream", verdict=HalfOpen()))
        stream = await wire.stream()
        await wire.ask("POST", ORDER, **MARKET_ORDER)

        assert await stream.is_silent(7200)


async def test_row_5_a_connection_is_silent_and_answers_pings() -> None:
    async with trading() as (simulator, wire):
        simulator.faults.install(Rule(on="connection", event="*_stream", verdict=Silence()))
        stream = await wire.stream()
        await wire.ask("POST", ORDER, **MARKET_ORDER)

        assert await stream.is_silent()
        await stream.ping(b"?")
        assert (await stream.frame()).type is aiohttp.WSMsgType.PONG


async def test_connections_are_told_apart_by_account_and_number_and_one_may_pass() -> None:
    async with trading() as (simulator, wire):
        account = simulator.account.name
        simulator.faults.install(Rule(on="connection", connection=2, account=account, verdict=Pass()))
        simulator.faults.install(Rule(on="connection", account=account, verdict=Close(1008)))

        assert await (await wire.stream()).end() == 1008
        spared = await wire.stream()
        assert await (await wire.stream()).end() == 1008
        other = await wire.connect("/market/ws/btcusdt@aggTrade")
        assert await spared.is_silent()
        assert len(simulator.connections) == 1
        await other.close()


async def test_a_throttled_stream_is_late_and_whole_and_free_again_when_its_rule_is_released() -> None:
    async with trading() as (simulator, wire):
        with simulator.faults.install(Rule(on="connection", event="user_stream", verdict=Throttle(100))):
            stream = await wire.stream()
            began = simulator.time_ms
            await wire.ask("POST", ORDER, **MARKET_ORDER)
            assert await stream.read_names(1) == MATCH[:1]
            assert simulator.time_ms - began > 1_500
        assert await stream.read_names(3) == MATCH[1:]
        assert simulator.time_ms - began < 5_000


async def test_what_a_client_says_on_a_stalled_stream_is_read_when_the_stall_is_over() -> None:
    async with trading() as (simulator, wire):
        simulator.faults.install(Rule(on="connection", event="user_stream", verdict=Stall(20.0)))
        stream = await wire.stream()
        await stream.ping(b"?")
        await wire.ask("POST", ORDER, **MARKET_ORDER)

        assert await stream.read_names(4) == MATCH
        began = simulator.time_ms
        assert (await stream.frame(60)).type is aiohttp.WSMsgType.PONG
        assert simulator.time_ms - began == pytest.approx(20_000, abs=200)


async def test_plain_connections_are_told_apart_by_their_first_request() -> None:
    async with trading() as (simulator, _):
        for path, verdict in (("*/ping", Stall(5.0)), ("*/time", Reset()), ("*/depth", HalfOpen()), ("*", Silence())):
            simulator.faults.install(Rule(on="connection", event="rest", path=path, verdict=verdict))
        began = simulator.time_ms
        async with raw(simulator) as (reader, writer):
            writer.write(PING)
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
            assert simulator.time_ms - began == pytest.approx(5_000, abs=20)
        async with raw(simulator) as (reader, writer):
            writer.write(PING.replace(b"ping", b"time"))
            with pytest.raises(ConnectionResetError):
                await reader.read()
        for name in (b"depth", b"klines"):
            async with raw(simulator) as (reader, writer):
                writer.write(PING.replace(b"ping", name))
                assert await heard(reader) is None


async def test_an_answer_of_rest_drips_and_the_control_plane_never_does() -> None:
    async with trading() as (simulator, _):
        simulator.faults.install(Rule(on="connection", verdict=Drip(20)))
        async with raw(simulator) as (reader, writer):
            writer.write(PING)
            began = simulator.time_ms
            head = await reader.readuntil(b"\r\n\r\n")
            assert simulator.time_ms - began == pytest.approx(len(head) * 50, abs=50)
        async with raw(simulator) as (reader, writer):
            writer.write(b"GET /sim/state HTTP/1.1\r\nHost: x\r\n\r\n")
            began = simulator.time_ms
            await reader.readuntil(b"\r\n\r\n")
            assert simulator.time_ms == pytest.approx(began, abs=20)


async def test_under_tls_a_connection_suffers_the_same() -> None:
    async with trading(tls=True) as (simulator, _):
        simulator.faults.install(Rule(on="connection", event="rest", verdict=Stall(5.0), times=1))
        simulator.faults.install(Rule(on="connection", event="rest", verdict=HalfOpen(), times=1))
        context = ssl.create_default_context(cafile=simulator.ca_file)
        for answer in (b"HTTP/1.1 200", None):
            reader, writer = await asyncio.open_connection(simulator.host, simulator.port, ssl=context)
            writer.write(PING)
            found = await heard(reader)
            assert (found and found[:12]) == answer
            writer.transport.abort()


# --- the WebSocket API ----------------------------------------------------------------------------------------------


async def test_sockets_of_the_websocket_api_suffer_the_same() -> None:
    async with trading() as (simulator, _):
        simulator.faults.install(Rule(on="handshake", event="ws_api", verdict=Respond(503), times=1))
        simulator.faults.install(Rule(on="handshake", event="ws_api", verdict=Drop(), times=1))
        async with raw(simulator) as (reader, writer):
            writer.write(handshake("/ws-fapi/v1"))
            assert (await reader.readline()).startswith(b"HTTP/1.1 503")
        async with raw(simulator) as (reader, writer):
            writer.write(handshake("/ws-fapi/v1"))
            assert await heard(reader) is None

        for verdict in (HalfOpen(), Silence(), Close(1013)):
            simulator.faults.install(Rule(on="connection", event="ws_api", verdict=verdict, times=1))
        assert await _unanswered(simulator)
        async with connect(simulator) as api:
            await api.start("time")
            assert await api.is_silent()
            await api.ping(b"?")
            assert (await api.frame()).type is aiohttp.WSMsgType.PONG
        async with connect(simulator) as api:
            assert (await api.frame()).data == 1013


async def test_a_throttled_socket_of_the_websocket_api_answers_in_order_and_says_farewell() -> None:
    async with trading() as (simulator, _):
        simulator.faults.install(Rule(on="connection", event="ws_api", verdict=Throttle(100)))
        async with connect(simulator) as api:
            began = simulator.time_ms
            assert [(await api.send("time", number))["id"] for number in range(2)] == [0, 1]
            assert simulator.time_ms - began > 2_000
            simulator.close_api_connections(1012)
            assert (await api.frame(60)).data == 1012


async def _unanswered(simulator: Simulator) -> bool:
    api: ApiSocket
    async with connect(simulator) as api:
        await api.start("time")
        await api.ping(b"?")
        return await api.is_silent(3600)


# --- all together ---------------------------------------------------------------------------------------------------


async def test_older_ways_and_rules_are_asked_in_the_order_of_their_installation() -> None:
    async with trading() as (simulator, wire):
        simulator.next_connections_silent(control="answered")
        simulator.faults.install(Rule(on="connection", event="user_stream", verdict=Close(1013), times=1))
        simulator.close_next_connections(code=1011)
        first = await wire.stream()

        assert (await first.ask(method="LIST_SUBSCRIPTIONS", id=1))["id"] == 1
        assert [await (await wire.stream()).end() for _ in range(2)] == [1013, 1011]
        assert await (await wire.stream()).is_silent()


async def test_a_reset_frees_what_suffers_and_ends_what_is_half_open() -> None:
    async with trading() as (simulator, _):
        for path, verdict in (("*/ping", HalfOpen()), ("*/time", Stall())):
            simulator.faults.install(Rule(on="connection", event="rest", path=path, verdict=verdict))
        async with raw(simulator) as (reader, writer), raw(simulator) as (stalled, writer_of_stalled):
            writer.write(PING)
            writer_of_stalled.write(PING.replace(b"ping", b"time"))
            assert await heard(stalled, 60) is None
            simulator.reset()
            assert (await stalled.readline()).startswith(b"HTTP/1.1 200")
            with pytest.raises(ConnectionResetError):
                await reader.read()
