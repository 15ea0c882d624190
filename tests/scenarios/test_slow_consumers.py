"""A consumer that fails or stalls breaks nothing but its own day: rows 9 and 18, rules 6 and 19."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest

from simulator import AccountSpec, Simulator
from tests.scenarios.desk import Desk, live_desk
from tests.scenarios.watching import filled_quantities, opened, was_never_down
from user_stream import MappedAccountUpdate, Order, Settings
from user_stream.core.events import Event
from user_stream.core.lifecycle import CallbackFailed, CallbackSlow, Degraded, GapOpened, GapRepaired, Live, Notice

SMALL = Settings(buffer_frames=500)


async def test_engine_that_raises_at_everything_hears_everything_in_order() -> None:
    """Row 9, rule 6: what it was given counts as delivered, and each failure is reported."""
    async with live_desk() as desk:
        await desk.resting("order", quantity="0.100")

        def fail(order: Order) -> None:
            raise RuntimeError(order.client_order_id)

        desk.orders.on_partial = desk.orders.on_fill = fail
        for _ in range(100):
            desk.sim.fill("order", "0.001")
        await desk.until_state("order", "filled")
        await asyncio.sleep(60)

        assert filled_quantities(desk, "order") == [Decimal("0.001")] * 100
        assert len([notice for notice in desk.notices(CallbackFailed) if isinstance(notice.error, RuntimeError)]) == 100
        was_never_down(desk)
        await desk.is_square()


async def test_listener_and_risk_engine_that_raise_stop_nobody() -> None:
    """Row 9: each callback fails by itself."""
    async with live_desk() as desk:
        await desk.resting("order")

        def listener(item: Event | Notice) -> None:
            raise ValueError(type(item).__name__)

        desk.service.add_listener(listener)
        applied = desk.book.on_account_update

        def apply_and_fail(data: MappedAccountUpdate) -> None:
            applied(data)
            raise ValueError

        desk.book.on_account_update = apply_and_fail  # type: ignore[method-assign]  # as an engine would be written
        desk.sim.fill("order", "0.010")
        await desk.until_state("order", "filled")
        await asyncio.sleep(60)

        was_never_down(desk)
        await desk.is_square()


def stall_once(desk: Desk, seconds: float) -> None:
    """Let the engine take its time at its next partial fill."""

    async def stall(_: Order) -> None:
        desk.orders.on_partial = None
        await asyncio.sleep(seconds)

    desk.orders.on_partial = stall


@pytest.mark.parametrize("burst", [100, 5_000])
@pytest.mark.no_cover
async def test_engine_that_stalls_for_30_seconds_while_thousands_of_frames_come(burst: int) -> None:
    """Rows 9 and 18, rule 19: what the buffer cannot hold is a declared gap and is repaired; else nothing happened."""
    async with live_desk(settings=SMALL) as desk:
        await desk.resting("order", quantity="1.000")
        await asyncio.sleep(100)
        stall_once(desk, 29)
        desk.sim.fill("order", "0.001")
        for number in range(burst):
            desk.sim.fill("order", "0.001") if number < 400 else desk.sim.transfer("USDT", "1")
            desk.sim.transfer("USDT", "1")
            if number % 100 == 0:
                await asyncio.sleep(1)
        desk.sim.fill("order", "0.100")
        await asyncio.sleep(200)

        assert len(filled_quantities(desk, "order")) == 2 + min(burst, 400)
        assert bool(desk.notices(GapOpened)) == (burst > SMALL.buffer_frames)
        assert len(opened(desk)) == 1
        if desk.notices(GapOpened):
            assert "buffer" in desk.notices(GapOpened)[0].cause
            assert not desk.notices(GapRepaired)[-1].provisional
        assert isinstance(desk.service.state, Live)
        assert desk.notices(CallbackSlow)
        await desk.is_square()


async def test_pings_are_answered_while_the_engine_stalls() -> None:
    """Row 18: the reader reads on, whatever the callbacks do; an exchange that waits for pongs is not kept waiting."""
    sim = Simulator(accounts=(AccountSpec(balance="100000"),), ping_interval_s=2, pong_timeout_s=3)
    async with live_desk(sim=sim, settings=SMALL) as desk:
        await desk.resting("order", quantity="0.100")
        stall_once(desk, 29)
        for _ in range(100):
            desk.sim.fill("order", "0.001")
            await asyncio.sleep(0.5)
        await desk.until_state("order", "filled")

        assert opened(desk) == [1]
        assert filled_quantities(desk, "order") == [Decimal("0.001")] * 100
        was_never_down(desk)
        await desk.is_square()


async def test_engine_that_stalls_all_the_time_is_late_but_misses_nothing() -> None:
    """Row 18: each callback takes a second, and fills come ten times as fast."""
    async with live_desk() as desk:
        await desk.resting("order", quantity="0.100")

        async def slow(_: Order) -> None:
            await asyncio.sleep(1)

        desk.orders.on_partial = slow
        for _ in range(100):
            desk.sim.fill("order", "0.001")
            await asyncio.sleep(0.1)
        await desk.until_state("order", "filled")
        await asyncio.sleep(100)

        assert filled_quantities(desk, "order") == [Decimal("0.001")] * 100
        assert len(opened(desk)) == 1
        await desk.is_square()


@pytest.mark.parametrize("connections", [1, 2])
async def test_stall_across_a_comparison_is_no_silence_of_the_stream(connections: int) -> None:
    """Rows 7 and 18: REST shows what waits in our own buffer; the stream is not to blame."""
    async with live_desk(settings=Settings(connections=connections, callback_timeout_s=300)) as desk:
        await desk.resting("order", quantity="0.100")
        await asyncio.sleep(95)
        stall_once(desk, 120)
        for _ in range(20):
            desk.sim.fill("order", "0.005")
            desk.sim.transfer("USDT", "1")
            await asyncio.sleep(2)
        await desk.until_state("order", "filled")
        await asyncio.sleep(200)

        assert filled_quantities(desk, "order") == [Decimal("0.005")] * 20
        assert len(opened(desk)) == connections
        assert desk.notices(GapOpened) == []
        assert {state.cause.partition(":")[0] for state in desk.notices(Degraded)} == {"the engine is behind"}
        assert isinstance(desk.service.state, Live)
        await desk.is_square()
