"""An engine that takes its time, or blocks the loop, is named; nothing is lost, and the order is kept (row 18)."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys

import tests.scenarios.blocking_engine
from tests.scenarios.blocking_engine import BLOCKS_FOR_S
from tests.scenarios.desk import live_desk
from user_stream import Order, Settings
from user_stream.core.lifecycle import CallbackFailed, CallbackSlow, GapOpened


def test_callback_that_blocks_the_loop_is_timed_and_named_and_nothing_is_lost() -> None:
    """Row 18, with a real clock in a process of its own, for a virtual one stands still while somebody blocks."""
    ended = subprocess.run(  # noqa: S603  our own module
        [sys.executable, "-m", tests.scenarios.blocking_engine.__name__],
        capture_output=True,
        text=True,
        timeout=50,
        check=True,
    )
    said = json.loads(ended.stdout)

    assert said["told"] == ["NEW", "PARTIALLY_FILLED", "FILLED"]
    ((name, seconds),) = said["slow"]
    assert name == "Engine.on_order_update"
    assert BLOCKS_FOR_S <= seconds < 20
    assert said["state"] == "Stopped(cause='')"


async def test_slow_coroutine_is_named_and_what_waits_behind_it_comes_in_order() -> None:
    """Row 18: the consumer is slow, so events are late; none is lost, and no gap is opened."""
    async with live_desk(settings=Settings(callback_slow_s=5)) as desk:
        await desk.resting("a")

        async def slow(_: Order) -> None:
            await asyncio.sleep(8)

        desk.orders.on_partial = slow
        for _ in range(4):
            desk.sim.fill("a", "0.002")
        desk.sim.fill("a", "0.002")
        await desk.until_state("a", "filled")
        await desk.until(lambda: len(desk.notices(CallbackSlow)) == 4)

        assert {notice.callback for notice in desk.notices(CallbackSlow)} == {"RecordingOrderManager.on_order_update"}
        assert {round(notice.seconds) for notice in desk.notices(CallbackSlow)} == {8}
        assert desk.notices(GapOpened) == []
        await desk.is_square()


async def test_callback_that_is_cut_off_is_named_as_slow_and_as_failed() -> None:
    async with live_desk(settings=Settings(callback_timeout_s=7, callback_slow_s=5)) as desk:
        await desk.resting("a")

        async def hang(_: Order) -> None:
            await asyncio.Event().wait()

        desk.orders.on_fill = hang
        desk.sim.fill("a", "0.010")
        await desk.until(lambda: desk.notices(CallbackSlow))

        assert TimeoutError in [type(notice.error) for notice in desk.notices(CallbackFailed)]
        assert 5 < desk.notices(CallbackSlow)[0].seconds <= 8
