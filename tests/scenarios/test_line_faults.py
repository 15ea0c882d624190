"""The line to the exchange stalls, drips, is slow, lets frames overtake, or says nothing: the engine heals from all."""

from __future__ import annotations

import asyncio
from typing import Literal

import pytest

from simulator.core.faults.rule import Rule
from simulator.core.faults.verdict import Drip, Drop, HalfOpen, Reorder, Stall, Throttle, Verdict
from tests.scenarios.desk import SYMBOL, Desk, live_desk, open_desk
from user_stream.core.lifecycle import Live


async def trade(desk: Desk, name: str, fills: int = 5) -> None:
    """Let an order rest, be filled in parts, and another one be cancelled."""
    await desk.orders.place_limit_order(SYMBOL, "BUY", "0.050", "60000", client_order_id=name)
    await desk.orders.place_limit_order(SYMBOL, "BUY", "0.010", "59000", client_order_id=f"{name}-away")
    for _ in range(fills):
        desk.sim.fill(name, "0.010")
        await asyncio.sleep(0.05)
    await desk.orders.cancel_order(f"{name}-away")
    await desk.until_state(name, "filled")
    await desk.until_state(f"{name}-away", "cancelled")


async def test_row_3_an_order_that_is_not_read_until_it_is_too_old_is_lost_and_not_placed_again() -> None:
    async with live_desk() as desk:
        desk.sim.faults.install(Rule(on="request", path="/fapi/v1/order", verdict=Stall(30.0), times=1))
        for name in ("before", "unread", "after"):
            await desk.orders.place_limit_order(SYMBOL, "BUY", "0.010", "60000", client_order_id=name)
        for name, state in (("before", "active"), ("unread", "lost"), ("after", "active")):
            await desk.until_state(name, state)

        sent = desk.sim.journal.entries(path="/fapi/v1/order", kind="request")
        assert len([entry for entry in sent if entry.method == "POST"]) == 3
        await desk.is_square()


async def test_row_6_answers_that_drip_are_read_to_their_end() -> None:
    async with open_desk() as desk:
        slow = desk.sim.faults.install(Rule(on="connection", event="rest", verdict=Drip(1000)))
        async with desk.service:
            await desk.until_live()
            await trade(desk, "slowly")
            assert slow.hits > 0
            slow.release()
            await desk.is_square()


async def test_row_20_a_stream_that_lags_behind_its_frames_is_told_whole() -> None:
    async with open_desk() as desk:
        slow = desk.sim.faults.install(Rule(on="connection", event="user_stream", verdict=Throttle(300)))
        async with desk.service:
            await desk.until_live()
            await trade(desk, "late")
            slow.release()
            await desk.until(lambda: isinstance(desk.service.state, Live))
            await desk.is_square()


@pytest.mark.parametrize("of", ["its_type", "other_types"])
async def test_rows_13_and_14_frames_that_overtake_each_other_end_in_the_same_state(
    of: Literal["its_type", "other_types"],
) -> None:
    async with live_desk() as desk:
        mixed = desk.sim.faults.install(Rule(on="frame", verdict=Reorder(of=of, patience_s=2.0), probability=0.5))
        for number in range(4):
            await trade(desk, f"mixed-{number}")

        assert mixed.hits > 10
        mixed.release()
        await asyncio.sleep(120)  # until REST is asked, if an older account update came last
        await desk.is_square()


async def test_row_7_a_stream_on_which_no_ping_is_answered_is_replaced() -> None:
    """Rule 25."""
    async with live_desk() as desk:
        desk.sim.faults.install(Rule(on="ping", event="received", connection=1, verdict=Drop()))
        await desk.until_live(after_epoch=1)
        await trade(desk, "after")

        await desk.is_square()


@pytest.mark.parametrize("verdict", [Drop(), HalfOpen(), Stall()])
async def test_row_7_a_handshake_that_is_never_answered_is_tried_again(verdict: Verdict) -> None:
    async with open_desk() as desk:
        never = desk.sim.faults.install(Rule(on="handshake", event="user_stream", verdict=verdict, times=2))
        async with desk.service:
            await desk.until_live()
            assert never.hits > 0
            await trade(desk, "at-last")
            await desk.is_square()


async def test_row_4_a_stream_that_goes_half_open_at_a_fill_is_replaced_and_the_fill_is_told() -> None:
    async with live_desk() as desk:
        instead = Rule(on="frame", event="ORDER_TRADE_UPDATE", status="FILLED", times=1, verdict=HalfOpen())
        desk.sim.faults.install(instead)
        await trade(desk, "filled")

        assert desk.epoch > 1
        await desk.is_square()
