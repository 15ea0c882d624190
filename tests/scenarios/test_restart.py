"""Killed and started again: what a journal makes of two lives (rule 28, row 19)."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.scenarios.lives import open_lives
from user_stream.core.lifecycle import GapOpened, GapRepaired


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "account.journal"


async def test_a_killed_service_resumes_its_orders_and_recovers_what_happened_meanwhile(path: Path) -> None:
    """Rule 28: ours stay ours, costs are kept, fills of the downtime are told once."""
    async with open_lives(path) as lives:
        first = await lives.live()
        await lives.place(first, "rests")
        await lives.place(first, "half", qty="0.020")
        lives.sim.fill("half", "0.005")
        await lives.place(first, "done", price="66000")
        await asyncio.sleep(1)
        first.kill()

        lives.sim.fill("half", "0.015")
        await asyncio.sleep(10)
        second = await lives.live()
        await second.desk.until(lambda: any(not gap.provisional for gap in second.desk.notices(GapRepaired)))

        assert [gap.cause for gap in second.desk.notices(GapOpened)] == ["the process was not running"]
        await lives.is_square()
