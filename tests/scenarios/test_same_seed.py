"""A run in memory is the same run in every process: its journal, byte for byte, whatever Python hashes texts to."""

from __future__ import annotations

import asyncio
import hashlib
import os
import random
import subprocess
import sys

import msgspec
import pytest

from simulator.runtime.memory_network import MemoryLoop
from simulator.runtime.virtual_time import virtual_wall_clock
from tests.conftest import START_MS
from tests.scenarios.desk import SYMBOL, live_desk
from tests.scenarios.test_eventful_days import Day

HAPPENINGS = 15


async def eventful(seed: int) -> list[bytes]:
    """Live an eventful while with a whole desk, and return the journal of the exchange."""
    async with live_desk() as desk:
        await Day(desk, seed).pass_by(HAPPENINGS)
        await desk.is_square()
        return [msgspec.json.encode(entry) for entry in desk.sim.journal.entries(limit=1_000_000)]


def journal_of(seed: int) -> bytes:
    """Return the journal of a run whose bytes take up to a tenth of a second, drawn from the seed."""
    draw = random.Random(seed)  # noqa: S311  the same latencies in every run
    with (
        virtual_wall_clock(START_MS),
        asyncio.Runner(loop_factory=lambda: MemoryLoop(lambda: draw.random() / 10)) as runner,
    ):
        return b"\n".join(runner.run(eventful(seed)))


def digests_elsewhere(seed: int, *hash_seeds: str) -> list[str]:
    """Return the digests of a run's journal, in processes whose sets of texts have other orders."""
    work = f"import hashlib; from {__name__} import journal_of; print(hashlib.sha256(journal_of({seed})).hexdigest())"
    processes = [
        subprocess.Popen(  # noqa: S603  this interpreter, this module
            [sys.executable, "-c", work],
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            stdout=subprocess.PIPE,
            text=True,
        )
        for hash_seed in hash_seeds
    ]
    return [process.communicate()[0].strip() for process in processes]


def test_the_same_seed_gives_the_same_journal_byte_for_byte_in_every_process() -> None:
    here = hashlib.sha256(journal_of(7)).hexdigest()

    assert digests_elsewhere(7, "1", "2") == [here, here]


def test_another_seed_gives_another_journal() -> None:
    assert journal_of(7) != journal_of(8)


def test_hours_of_a_whole_desk_pass_in_memory_and_leave_no_connection() -> None:
    async def hours() -> float:
        async with live_desk() as desk:
            for number in range(6):
                await desk.resting(f"o-{number}")
                await asyncio.sleep(900)
                desk.sim.fill(f"o-{number}", quantity="0.010")
                await asyncio.sleep(900)
            assert [len(desk.orders.told(f"o-{number}")) for number in range(6)] == [2] * 6
            assert desk.book.positions[SYMBOL, "BOTH"]["position_amount"] == "0.06"
            await desk.is_square()
        loop = asyncio.get_running_loop()
        assert isinstance(loop, MemoryLoop)
        await asyncio.sleep(60)
        assert loop.open_ends == 0
        return loop.time()

    with virtual_wall_clock(START_MS), asyncio.Runner(loop_factory=MemoryLoop) as runner:
        assert runner.run(hours()) == pytest.approx(3 * 3_600, abs=120)
