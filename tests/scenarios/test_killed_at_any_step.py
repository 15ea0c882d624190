"""Killed at any step of any task, once or again and again, an engine is in the end where the exchange is (rule 28)."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, suppress
from pathlib import Path

import pytest

from simulator import ExecuteThen, ExecuteThenReset
from simulator.core.faults.fault import Delay
from simulator.errors import SimulatorError
from tests.scenarios.desk import SYMBOL
from tests.scenarios.lives import Life, Lives, open_lives
from user_stream import Settings
from user_stream.core.lifecycle import GapRepaired

pytestmark = pytest.mark.no_cover


KILLS = 12


def lives_in(path: Path) -> AbstractAsyncContextManager[Lives]:
    """Open an exchange for lives that keep their journal as in production, a group to a commit."""
    return open_lives(path, settings=Settings(journal=path))


async def day(lives: Lives) -> AsyncIterator[None]:
    """A day in acts: what the engine of the present life does, and what happens to its orders whoever lives."""
    sim = lives.sim
    await lives.place(lives.all[-1], "rests")
    yield
    await lives.place(lives.all[-1], "half", qty="0.020")
    with suppress(SimulatorError):
        sim.fill("half", "0.005")
    yield
    await lives.place(lives.all[-1], "taken", price="66000")
    sim.place_external(symbol=SYMBOL, side="BUY", type="MARKET", quantity="0.003", client_order_id="web_1")
    yield
    sim.on_request("POST", "/fapi/v1/order", ExecuteThenReset(), newClientOrderId="no answer")
    await lives.place(lives.all[-1], "no-answer")
    sim.on_request("POST", "/fapi/v1/order", ExecuteThen(Delay(2)), newClientOrderId="late-answer")
    late = asyncio.ensure_future(lives.place(lives.all[-1], "late-answer"))
    await asyncio.sleep(1)
    with suppress(SimulatorError):
        sim.fill("late-answer", "0.010")
    await late
    yield
    sim.cut_connections()
    with suppress(SimulatorError):
        sim.fill("half", "0.007")
        sim.cancel("rests")
    await asyncio.sleep(2)
    yield
    with suppress(SimulatorError):
        sim.fill("half", "0.008")
    await lives.place(lives.all[-1], "sold", side="SELL", price="60000")
    yield
    await asyncio.sleep(60)
    await lives.place(lives.all[-1], "last")
    yield


async def until_confirmed(life: Life) -> None:
    """Wait until everything is known for certain, and every question answered."""
    await life.desk.until_live()
    await asyncio.sleep(120)
    gaps = life.desk.notices(GapRepaired)
    assert not gaps or not gaps[-1].provisional


async def steps_of_a_day(path: Path) -> int:
    """Return how many steps the tasks of a life take in a day on which nobody is killed."""
    async with lives_in(path) as lives:
        life = await lives.live()
        async for _ in day(lives):
            await asyncio.sleep(0.5)
        await until_confirmed(life)
        await lives.is_square()
        return life.steps


async def test_killed_at_any_step_it_goes_on_where_it_was(tmp_path: Path) -> None:
    """Every fill is told once over both lives, but for one group, which is marked."""
    steps = await steps_of_a_day(tmp_path / "unhurt")
    draw = random.Random(28)  # noqa: S311  a case, not a secret
    for number in range(KILLS):
        last_step = draw.randrange(steps * number // KILLS, steps * (number + 1) // KILLS)
        async with lives_in(tmp_path / f"{number}") as lives:
            first = lives.born()
            first.last_step = last_step
            lives.start(first)
            await first.do(first.desk.service.wait_until_ready())
            async for _ in day(lives):
                await asyncio.sleep(0.5)
                if lives.all[-1].over:
                    await lives.live()
            first.kill()
            if lives.all[-1] is first:
                await lives.live()
            await until_confirmed(lives.all[-1])
            await lives.is_square()


async def test_killed_again_and_again_it_goes_on_where_it_was(tmp_path: Path) -> None:
    """A life that ends during its recovery leaves the next one no less to recover."""
    for seed in range(4):
        draw = random.Random(seed)  # noqa: S311  a case, not a secret
        async with lives_in(tmp_path / f"{seed}") as lives:
            await lives.live()
            async for _ in day(lives):
                await asyncio.sleep(draw.random())
                lives.all[-1].kill()
                for _ in range(draw.randrange(3)):
                    life = lives.born()
                    life.last_step = draw.randrange(1, 400)
                    lives.start(life)
                    await asyncio.sleep(draw.random() * 3)
                await lives.live()
            await until_confirmed(lives.all[-1])
            await lives.is_square()
