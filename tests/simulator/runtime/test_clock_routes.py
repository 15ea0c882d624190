"""Over HTTP the exchange's time is bent as in Python, and nonsense is refused with what was expected."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from simulator import Simulator

MIDNIGHT_MS = 1_790_035_200_000


class Console:
    """Somebody at the control plane."""

    def __init__(self, simulator: Simulator, session: aiohttp.ClientSession) -> None:
        self.simulator = simulator
        self._session = session

    async def get(self) -> Any:
        async with self._session.get(f"{self.simulator.rest_url}/sim/clock") as answer:
            return await answer.json()

    async def post(self, path: str, body: object = None) -> tuple[int, Any]:
        url = f"{self.simulator.rest_url}/sim/{path}"
        async with self._session.post(url, **({"data": body} if isinstance(body, str) else {"json": body})) as answer:
            return answer.status, await answer.json()

    async def refused(self, path: str, body: object) -> str:
        status, answer = await self.post(path, body)
        assert status == 400
        return str(answer["error"])


@pytest_asyncio.fixture
async def console() -> AsyncIterator[Console]:
    async with Simulator(start_ms=MIDNIGHT_MS) as simulator, aiohttp.ClientSession() as session:
        yield Console(simulator, session)


async def test_the_clock_is_shown(console: Console) -> None:
    await console.post("clock", {"mode": "frozen"})

    assert await console.get() == {
        "mode": "frozen",
        "scale": 1.0,
        "time_ms": console.simulator.time_ms,
        "next_due_ms": console.simulator.clock.next_due_ms,
        "ahead_ms": console.simulator.clock.ahead_ms,
        "is_advancing": False,
    }


async def test_time_is_advanced_and_the_answer_comes_after_it(console: Console) -> None:
    status, answer = await console.post("clock/advance", {"hours": 1, "minutes": 0.5, "seconds": 1, "ms": 1})

    assert status == 200
    assert 0 <= answer["time_ms"] - MIDNIGHT_MS - 3_631_001 < 100
    assert 3_630_000 < answer["ahead_ms"] <= 3_631_001


async def test_the_clients_clocks_can_be_taken_along(console: Console) -> None:
    _, answer = await console.post("clock/advance", {"minutes": 61, "shift_server_time": True})

    assert answer["ahead_ms"] == 0


async def test_time_goes_on_in_steps(console: Console) -> None:
    _, before = await console.post("clock", {"mode": "stepped"})
    _, after = await console.post("clock/step")

    assert after["mode"] == "stepped"
    assert after["time_ms"] >= (before["next_due_ms"] or 0)


async def test_a_pace_that_is_chosen_during_a_step_holds_after_it(console: Console) -> None:
    clock = console.simulator.clock
    clock.freeze()
    clock.call_at(clock.time_ms + 5, lambda: clock.run(60))
    await console.post("clock/step", None)
    before_ms = clock.time_ms
    await asyncio.sleep(1)

    assert clock.mode == "running"
    assert clock.time_ms - before_ms >= 60_000


async def test_time_runs_faster(console: Console) -> None:
    _, before = await console.post("clock", {"mode": "running", "scale": 60})
    await asyncio.sleep(10)

    assert before["scale"] == 60
    assert (await console.get())["time_ms"] - before["time_ms"] >= 600_000


@pytest.mark.parametrize(
    ("path", "body", "expected"),
    [
        ("clock", {"mode": "paused"}, "there are mode (running, frozen, stepped) and scale (a number)"),
        ("clock", "", 'the body is empty: expected a body such as {"mode": "running", "scale": 60}, as JSON'),
        ("clock", {}, "missing required field `mode`"),
        ("clock", {"mode": "running", "speed": 2}, "unknown field `speed`"),
        ("clock", {"mode": "frozen", "scale": 2}, "only time that runs has one, and the mode is 'frozen'"),
        ("clock", {"mode": "running", "scale": 0}, "scale: expected a number above 0, at most 10000, got 0"),
        ("clock", "{", "expected a body such as"),
        ("clock/advance", {"minute": 61}, "unknown field `minute`"),
        (
            "clock/advance",
            {"minute": 61},
            "there are hours, minutes, seconds, ms (numbers) and shift_server_time (true",
        ),
        ("clock/advance", " ", "the body is empty"),
        ("clock/advance", {"minutes": "61"}, "Expected `float`, got `str`"),
        ("clock/advance", {"minutes": -61}, "minutes: expected a number, 0 or more, got -61"),
        ("clock/advance", {"minutes": 1e308}, "by 1 ms to 366 days at once"),
        ("clock/advance", {}, "by 1 ms to 366 days at once, such as minutes=61, not by 0 ms"),
        ("clock/advance", [], "Expected `object`, got `array`"),
    ],
)
async def test_nonsense_is_refused_and_changes_nothing(
    console: Console, path: str, body: object, expected: str
) -> None:
    assert expected in await console.refused(path, body)
    assert console.simulator.time_ms - MIDNIGHT_MS < 1000
    assert console.simulator.clock.mode == "running"
