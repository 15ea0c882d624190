"""A client in another process, over real sockets and in real time, is taken through hours in a moment."""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from simulator import Simulator

SCRIPT = Path(__file__).with_name("outside_client.py")
HOUR_MS = 3_600_000
PATIENCE_S = 20.0


class Outsider:
    """The process, and what it says."""

    def __init__(self, process: asyncio.subprocess.Process, said: asyncio.StreamReader) -> None:
        self._process = process
        self._said = said

    async def until(self, word: str) -> str:
        """Return the code of the next line with this word."""
        while True:
            line = (await asyncio.wait_for(self._said.readline(), PATIENCE_S)).decode()
            assert line, "the client has died"
            if line.split()[0] == word:
                return line.split()[1]

    async def does(self, what: str) -> str:
        """Let it do something, and return the code of its answer."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{what}\n".encode())
        return await self.until(what)


@asynccontextmanager
async def outsider(simulator: Simulator) -> AsyncIterator[Outsider]:
    account = simulator.account
    arguments = (simulator.rest_url, simulator.ws_url, account.api_key, account.api_secret)
    process = await asyncio.create_subprocess_exec(sys.executable, str(SCRIPT), *arguments, stdin=PIPE, stdout=PIPE)
    assert process.stdout is not None
    try:
        client = Outsider(process, process.stdout)
        await client.until("connected")
        yield client
    finally:
        process.kill()
        await process.wait()


async def post(simulator: Simulator, path: str, body: dict[str, object]) -> Any:
    """Bend the exchange's time as a test in another language would."""
    url = f"{simulator.rest_url}/sim/{path}"
    async with aiohttp.ClientSession() as session, session.post(url, json=body) as answer:
        return await answer.json()


def in_real_time(live: Callable[[], Awaitable[None]]) -> None:
    """Run on a loop whose time is real: the tests' own is virtual."""

    async def run() -> None:
        await asyncio.wait_for(live(), 60)

    asyncio.run(run())


def test_the_last_hour_of_a_key_takes_a_moment() -> None:
    async def live() -> None:
        async with Simulator() as simulator, outsider(simulator) as client:
            began_ms, began_s = simulator.time_ms, asyncio.get_running_loop().time()
            state = await post(simulator, "clock/advance", {"minutes": 61})

            assert state["time_ms"] >= began_ms + 61 * 60_000
            assert asyncio.get_running_loop().time() - began_s < PATIENCE_S
            await client.until("expired")
            await client.until("connected")
            (expired,) = simulator.journal.entries(event="listenKeyExpired")
            asked = simulator.journal.entries(kind="request", method="POST", path="/fapi/v1/listenKey")
            assert 3_590_000 < expired.time_ms - began_ms <= HOUR_MS
            assert [entry.time_ms for entry in asked][1:] == [expired.time_ms], "at that moment, not a minute later"
            assert not [e for e in simulator.journal.entries(event="closed") if "Pong timeout" in e.summary]

    in_real_time(live)


def test_a_day_of_pings_is_answered_and_then_the_connection_ends() -> None:
    async def live() -> None:
        async with Simulator(listen_key_lifetime_s=200_000) as simulator, outsider(simulator) as client:
            await simulator.clock.advance(hours=25)

            assert await client.until("closed") == "1001"
            await client.until("connected")
            closed = [entry.summary for entry in simulator.journal.entries(event="closed")]
            assert closed == ["closed by the exchange, code 1001 24 hours are over"]
            assert len(simulator.connections) == 1

    in_real_time(live)


def test_the_clients_own_clock_counts_until_the_servers_time_is_shifted() -> None:
    async def live() -> None:
        async with Simulator() as simulator, outsider(simulator) as client:
            await simulator.clock.advance(minutes=30)
            assert await client.does("balance") == "200"
            assert await client.does("synchronize") == "200"
            assert await client.does("balance") == "200"
            await simulator.clock.advance(minutes=20, shift_server_time=True)
            assert await client.does("balance") == "-1021"
            assert await client.does("synchronize") == "200"
            assert await client.does("balance") == "200"

    in_real_time(live)


def test_frozen_time_serves_a_client_and_scaled_time_leaves_it_well() -> None:
    async def live() -> None:
        async with Simulator() as simulator, outsider(simulator) as client:
            simulator.clock.freeze()
            frozen_ms = simulator.time_ms
            assert await client.does("balance") == "200"
            assert simulator.time_ms == frozen_ms
            simulator.clock.run(scale=3600)
            await client.until("expired")
            await client.until("connected")
            assert await client.does("balance") == "200"

    in_real_time(live)
