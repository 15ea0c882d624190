"""A quiet account is not silence: rows 1, 4 and 7 as negative tests, rules 25 and 26."""

from __future__ import annotations

import asyncio

import pytest

from tests.scenarios.desk import live_desk
from tests.scenarios.watching import KEY, opened, requests, states, was_never_down, weight_by_minute
from user_stream import Settings
from user_stream.core.lifecycle import LeaseAging, Live

pytestmark = pytest.mark.no_cover


DAY_S = 86_400 + 300


async def test_quiet_hours_stay_within_their_weight() -> None:
    """Rule 25: 191 of 2,400 of request weight a minute, hour after hour.

    Two minutes ask for more: the first, which reads the account, and its confirmation.
    """
    async with live_desk() as desk:
        await desk.resting("quiet")
        await asyncio.sleep(4 * 3600)

        weights = sorted(weight_by_minute(desk).values())
        assert weights[-3] <= 195
        assert weights[-1] <= 500
        was_never_down(desk)
        await desk.is_square()


async def test_quiet_day_has_one_planned_rotation_and_no_other_connection() -> None:
    """Rows 4 and 7: 24 hours and a bit, one new connection, one new question for the key, no gap, no alarm."""
    async with live_desk(settings=Settings(comparison_interval_s=120)) as desk:
        await desk.resting("overnight")
        await asyncio.sleep(DAY_S)
        desk.sim.fill("overnight", "0.010")
        await desk.until_state("overnight", "filled")

        assert opened(desk) == [1, 2]
        was_never_down(desk)
        assert states(desk)[-1] == Live(2, proven=True)
        assert max(weight_by_minute(desk).values()) <= 500
        assert len(requests(desk, "POST", KEY)) == 2
        assert desk.notices(LeaseAging) == []
        await desk.is_square()


async def test_quiet_day_of_two_connections_replaces_each_of_them_once() -> None:
    """Rule 27: they share one key, and one of them extends it for both."""
    async with live_desk(settings=Settings(connections=2, comparison_interval_s=900)) as desk:
        await desk.resting("overnight")
        await asyncio.sleep(DAY_S)
        desk.sim.fill("overnight", "0.010")
        await desk.until_state("overnight", "filled")

        assert opened(desk) == [1, 2, 3, 4]
        was_never_down(desk)
        assert 47 <= len(requests(desk, "PUT", KEY)) <= 48
        await desk.is_square()


async def test_account_that_never_had_an_event_is_not_reconnected() -> None:
    """Row 7: the connection is proven by its binding alone; that nothing comes on it means nothing."""
    async with live_desk(settings=Settings(comparison_interval_s=300)) as desk:
        await asyncio.sleep(12 * 3600)

        assert opened(desk) == [1]
        assert states(desk)[-1] == Live(1, proven=True)
        was_never_down(desk)
        await desk.is_square()
