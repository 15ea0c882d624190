"""Nothing piles up: rows 9 and 25, rule 20. Tasks, file descriptors and memory after a thousand reconnects, and after
thousands of orders, are what they were after the warm-up. `make leaks` does it with 100,000 orders in real time, where
the exchange is another process, and measures the resident set.
"""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import pytest

from simulator import AccountSpec, Simulator
from simulator.core.journal import Journal
from tests.scenarios.desk import SYMBOL, Desk, live_desk
from tests.scenarios.footprint import Footprint, footprint, held_bytes
from user_stream import Settings
from user_stream.core.retry import BackoffPolicy

pytestmark = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="file descriptors are counted in /proc")

QUICK = BackoffPolicy(initial_s=0.1, maximum_s=0.1)
LAG_S = 160.0
"""Ended orders are kept for the overlap and REST's lag, and are looked through once a minute."""


@pytest.fixture(autouse=True)
def _nothing_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """pytest keeps every record."""
    caplog.set_level(logging.CRITICAL, "user_stream")


def forgetful() -> Simulator:
    """An exchange that keeps no more of its journal than a few lines: it is measured, too."""
    sim = Simulator(accounts=(AccountSpec(balance="100000"),))
    sim.journal = Journal(limit=500)
    return sim


def runs_no_more(before: Footprint, after: Footprint) -> bool:
    """Not one task or descriptor more, but for an HTTP connection that waits for its next question: one task of the
    exchange's, and a descriptor at either end.
    """
    return after.tasks - before.tasks <= 1 and after.descriptors - before.descriptors <= 2


async def reconnect(desk: Desk, times: int) -> None:
    for _ in range(times):
        epoch = desk.epoch
        desk.sim.cut_connections()
        await desk.until_live(after_epoch=epoch)
        await asyncio.sleep(2)


@pytest.mark.timeout(600)
@pytest.mark.no_cover
async def test_thousand_reconnects_leave_nothing_behind() -> None:
    """Row 25: not a task, not a descriptor, and not one object per reconnect."""
    async with live_desk(sim=forgetful(), settings=Settings(backoff=QUICK)) as desk:
        await desk.resting("order")
        await reconnect(desk, 200)
        await asyncio.sleep(LAG_S)
        before = footprint(desk)
        await reconnect(desk, 800)
        await asyncio.sleep(LAG_S)
        after = footprint(desk)

        assert desk.epoch == 1001
        assert runs_no_more(before, after)
        assert after.blocks - before.blocks < 400
        assert after.held - before.held < 4096


async def trade(desk: Desk, orders: int) -> None:
    """Ours and other clients', filled at once, filled after a while, cancelled: ten at a time, every second."""
    for number in range(orders // 10):
        side = "SELL" if number % 2 else "BUY"
        await desk.orders.place_market_order(SYMBOL, side, "0.010")
        resting = await desk.orders.place_limit_order(SYMBOL, "BUY", "0.010", "60000")
        for _ in range(6):
            desk.sim.place_external(symbol=SYMBOL, side=side, type="MARKET", quantity="0.010")
        for price in ("60000", "59000"):
            desk.sim.place_external(
                symbol=SYMBOL,
                side="BUY",
                type="LIMIT",
                quantity="0.010",
                price=price,
                client_order_id=f"{number}-{price}",
            )
        await asyncio.sleep(1)
        desk.sim.cancel(f"{number}-60000")
        desk.sim.expire(f"{number}-59000")
        await desk.orders.cancel_order(resting.client_order_id)


@pytest.mark.timeout(600)
@pytest.mark.no_cover
async def test_thousands_of_orders_leave_nothing_behind() -> None:
    """Row 25 and rule 20: what ended, and is older than overlap and lag, is forgotten."""
    async with live_desk(sim=forgetful(), keep_ended=100) as desk:
        await trade(desk, 1_500)  # what is bounded is full by then
        await asyncio.sleep(2 * LAG_S)
        before = footprint(desk)
        await trade(desk, 2_500)
        await asyncio.sleep(2 * LAG_S)
        after = footprint(desk)

        assert len(desk.orders.orders) == 100
        assert runs_no_more(before, after)
        assert after.held - before.held < 16_384


async def test_memory_is_counted_from_the_service_on() -> None:
    """The measure can fail: what an engine's callback keeps is found through the service that calls it."""
    kept: list[object] = []

    def keep(item: object) -> None:
        kept.append(item)

    async with live_desk(sim=forgetful()) as desk:
        desk.service.add_listener(keep)
        before = held_bytes(desk.service)
        for _ in range(100):
            desk.sim.transfer("USDT", "1")
        await desk.until(lambda: len(kept) >= 100)

        assert held_bytes(desk.service) - before > 100 * 500
