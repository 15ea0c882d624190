"""What waits at the gate, and in which order it leaves."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, cast

import aiohttp
import websockets

from simulator import Simulator
from simulator.chaos.gate import Gate, GatedLoop

SYMBOL = "BTCUSDT"


def run(program: Callable[[Simulator, Gate], Coroutine[Any, Any, None]]) -> None:
    """Run a program against an exchange behind a gate."""

    async def main() -> None:
        async with Simulator() as sim:
            await program(sim, cast("GatedLoop", asyncio.get_running_loop()).gate)

    with asyncio.Runner(loop_factory=GatedLoop) as runner:
        runner.run(main())


@asynccontextmanager
async def opened_stream(sim: Simulator) -> AsyncIterator[websockets.ClientConnection]:
    """Open the default account's stream, as any client does."""
    headers = {"X-MBX-APIKEY": sim.account.api_key}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{sim.rest_url}/fapi/v1/listenKey", headers=headers) as answer,
    ):
        listen_key = (await answer.json())["listenKey"]
    async with websockets.connect(f"{sim.ws_url}/private/ws/{listen_key}") as stream:
        yield stream


def labels(gate: Gate) -> list[str]:
    return [message.label for message in gate.waiting]


def test_answers_and_frames_wait_by_their_labels_and_leave_when_they_are_let_through() -> None:
    async def program(sim: Simulator, gate: Gate) -> None:
        async with opened_stream(sim) as stream, aiohttp.ClientSession() as session:
            gate.close(["answer GET /fapi/v1/time", "A TRADE_LITE", "A ORDER_TRADE_UPDATE FILLED"])
            asked = asyncio.create_task(session.get(f"{sim.rest_url}/fapi/v1/time"))
            sim.place_external(symbol=SYMBOL, side="BUY", type="MARKET", quantity="0.010")
            await asyncio.sleep(1)
            assert labels(gate) == ["A TRADE_LITE", "A ORDER_TRADE_UPDATE FILLED", "answer GET /fapi/v1/time"]
            assert [message.behind for message in gate.waiting] == [0, 1, 0]

            gate.waiting[-1].let_through()
            assert (await asked).status == 200
            gate.waiting[1].let_through()
            assert await _event_of(stream) == "ORDER_TRADE_UPDATE"
            gate.open()
            assert labels(gate) == []
            assert await _event_of(stream) == "TRADE_LITE"

    run(program)


def test_end_of_a_connection_is_a_message_behind_its_frames() -> None:
    async def program(sim: Simulator, gate: Gate) -> None:
        async with opened_stream(sim) as stream:
            gate.close(["A TRADE_LITE", "end of A"])
            sim.place_external(symbol=SYMBOL, side="BUY", type="MARKET", quantity="0.010")
            sim.cut_connections()
            await asyncio.sleep(1)
            assert labels(gate) == ["A TRADE_LITE", "end of A"]

            gate.waiting[0].let_through()
            assert await _event_of(stream) == "TRADE_LITE"
            gate.open()

    run(program)


def test_open_gate_keeps_nothing() -> None:
    async def program(sim: Simulator, gate: Gate) -> None:
        async with opened_stream(sim) as stream:
            sim.place_external(symbol=SYMBOL, side="BUY", type="MARKET", quantity="0.010")
            assert await _event_of(stream) == "TRADE_LITE"
            assert labels(gate) == []

    run(program)


async def _event_of(stream: websockets.ClientConnection) -> str:
    return str(json.loads(await stream.recv())["e"])
