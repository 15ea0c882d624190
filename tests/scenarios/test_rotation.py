"""A connection is replaced before it ends, and nobody notices: row 4 (planned rotation), rules 14, 25 and 27."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from simulator import Delay, Respond
from tests.scenarios.desk import SYMBOL, Desk, live_desk
from tests.scenarios.watching import (
    KEY,
    filled_quantities,
    opened,
    requests,
    was_never_down,
    when,
)
from user_stream import Settings
from user_stream.core.lifecycle import GapOpened

SOON = Settings(rotate_after_s=300.0, rotation_dwell_s=10.0)
"""A short day, so that a scenario is read easily; nothing else differs."""

PHASES: dict[str, dict[str, Any]] = {
    "the new key is asked for": {"kind": "request", "method": "POST", "path": KEY},
    "the new one has opened": {"kind": "connection", "event": "opened", "connection": 2},
    "the new one asks for its binding": {"kind": "frame", "direction": "in", "connection": 2},
    "the old one closes": {"kind": "connection", "event": "closed", "connection": 1},
}


def fill_once(desk: Desk, name: str, quantity: str) -> Callable[[], None]:
    return lambda: desk.sim.fill(name, quantity)


@pytest.mark.parametrize("phase", PHASES)
async def test_fill_in_any_phase_of_a_rotation_is_told_once_and_at_once(phase: str) -> None:
    """Row 4: the old connection carries the stream until the new one is proven to."""
    async with live_desk(settings=SOON) as desk:
        await desk.resting("order")
        when(desk, fill_once(desk, "order", "0.004"), **PHASES[phase])
        await asyncio.sleep(330)
        assert filled_quantities(desk, "order") == [Decimal("0.004")]
        desk.sim.fill("order", "0.006")
        await desk.until_state("order", "filled")

        assert opened(desk) == [1, 2]
        assert "rest" not in [source for _, quantity, source in desk.orders.told("order") if quantity != "0"]
        was_never_down(desk)
        await desk.is_square()


@pytest.mark.parametrize("seconds", [299.9, 300.0, 300.05, 301, 305, 309.9, 310.0, 310.1])
async def test_fill_at_any_moment_around_a_rotation_is_told_once(seconds: float) -> None:
    async with live_desk(settings=SOON) as desk:
        await desk.resting("order")
        await asyncio.sleep(seconds - asyncio.get_running_loop().time())
        desk.sim.fill("order", "0.003")
        desk.sim.transfer("USDT", "10")
        desk.sim.fill("order", "0.007")
        await asyncio.sleep(30)

        assert filled_quantities(desk, "order") == [Decimal("0.003"), Decimal("0.007")]
        was_never_down(desk)
        await desk.is_square()


async def test_trading_goes_on_through_many_rotations() -> None:
    """Row 4: a fill every second, through ten of them: whole orders live across several connections."""
    async with live_desk(settings=Settings(rotate_after_s=30.0, rotation_dwell_s=10.0)) as desk:
        for number in range(4):
            name = f"order-{number}"
            await desk.resting(name, quantity="0.100")
            for _ in range(100):
                desk.sim.fill(name, "0.001")
                await asyncio.sleep(1.03)

        await desk.until_state("order-3", "filled")
        assert len(opened(desk)) >= 10
        assert [len(filled_quantities(desk, f"order-{number}")) for number in range(4)] == [100] * 4
        was_never_down(desk)
        await desk.is_square()


@pytest.mark.parametrize("slow", [1, 2])
async def test_connection_that_lags_during_the_dwell_doubles_nothing(slow: int) -> None:
    """Rule 27: both are read; what comes on the old one after the new one told it is known."""
    async with live_desk(settings=SOON) as desk:
        await desk.resting("order", quantity="0.100")
        desk.sim.on_frame(Delay(3), connection=slow, times=None)
        for _ in range(40):
            desk.sim.fill("order", "0.001")
            desk.sim.transfer("USDT", "1")
            await asyncio.sleep(10)

        assert filled_quantities(desk, "order") == [Decimal("0.001")] * 40
        assert desk.book.wallet_balance("USDT") > Decimal(100_039)
        was_never_down(desk)
        await desk.is_square()


async def test_what_the_old_connection_never_told_before_it_was_closed_is_found() -> None:
    """Rule 27: losing either runs a cheap pass. The old one lags by more than the dwell, the new one began later."""
    async with live_desk(settings=SOON) as desk:
        await desk.resting("order")
        desk.sim.on_frame(Delay(60), connection=1, times=None)
        await asyncio.sleep(299 - asyncio.get_running_loop().time())
        desk.sim.fill("order", "0.010")
        await desk.until_state("order", "filled")

        assert asyncio.get_running_loop().time() < 320
        await asyncio.sleep(120)
        await desk.is_square()


async def test_old_connection_stays_open_until_the_new_one_is_proven_and_a_dwell_has_passed() -> None:
    """Rule 27."""
    async with live_desk(settings=SOON) as desk:
        await asyncio.sleep(305)
        assert [connection.number for connection in desk.sim.connections] == [1, 2]
        await asyncio.sleep(10)
        assert [connection.number for connection in desk.sim.connections] == [2]


async def test_connection_that_is_not_proven_relieves_nobody() -> None:
    """Rules 25 and 27: the successor is silent and says nothing of its binding; the old one carries the stream on."""
    async with live_desk(settings=SOON) as desk:
        await desk.resting("order")
        desk.sim.next_connections_silent()
        await asyncio.sleep(400)
        assert [connection.number for connection in desk.sim.connections] == [1, 2]
        desk.sim.fill("order", "0.010")
        await desk.until_state("order", "filled")

        was_never_down(desk)
        await desk.is_square()


async def test_successor_that_cannot_be_made_is_tried_again_while_the_old_one_carries_the_stream() -> None:
    """Row 4: refused handshakes, a key that is not given, a connection that is closed at once."""
    async with live_desk(settings=SOON) as desk:
        await desk.resting("order")
        desk.sim.on_request("POST", KEY, Respond(503, -1016, "Service Unavailable."), times=2)
        desk.sim.refuse_connections(times=3)
        desk.sim.close_next_connections(times=2)
        await asyncio.sleep(305)
        desk.sim.fill("order", "0.010")
        await desk.until_state("order", "filled")
        await asyncio.sleep(600)

        assert len(desk.sim.connections) == 1
        was_never_down(desk)
        await desk.is_square()


async def test_exchange_that_closes_the_old_connection_in_the_middle_of_a_rotation_is_survived() -> None:
    """Row 4: the successor is proven already, so nothing was missed."""
    async with live_desk(settings=SOON) as desk:
        await desk.resting("order")
        when(desk, desk.sim.cut_connections, kind="connection", event="opened", connection=2)
        await asyncio.sleep(302)
        desk.sim.fill("order", "0.010")
        await desk.until_state("order", "filled")
        await asyncio.sleep(60)

        await desk.is_square()


async def test_new_key_comes_with_a_new_connection_before_the_old_one_is_closed() -> None:
    """Row 1: the key died; what is under way on the old socket still arrives."""
    async with live_desk() as desk:
        await desk.resting("order")
        open_then: list[int] = []
        when(
            desk,
            lambda: open_then.extend(connection.number for connection in desk.sim.connections),
            kind="connection",
            event="opened",
            connection=2,
        )
        desk.sim.expire_listen_key()
        desk.sim.fill("order", "0.010")
        await desk.until_state("order", "filled")
        await asyncio.sleep(60)

        assert open_then == [1, 2]
        assert [connection.number for connection in desk.sim.connections] == [2]
        assert len(desk.notices(GapOpened)) == 1
        await desk.is_square()


async def test_key_that_is_given_up_before_it_dies_costs_no_fill() -> None:
    """Row 1: keepalives fail for 55 minutes; the socket still carries events while the next one is made."""
    async with live_desk() as desk:
        await desk.resting("order", quantity="0.100")
        desk.sim.on_request("PUT", KEY, Respond(500, 0, ""), times=None)
        await asyncio.sleep(3200)
        for _ in range(100):
            desk.sim.fill("order", "0.001")
            await asyncio.sleep(2)
        await desk.until_state("order", "filled")

        assert filled_quantities(desk, "order") == [Decimal("0.001")] * 100
        assert len(requests(desk, "POST", KEY)) == 2
        await desk.is_square()


async def test_market_order_in_the_middle_of_a_rotation_opens_one_position() -> None:
    """Row 4: an order that is sent while both connections are open is told by both, and booked once."""
    async with live_desk(settings=SOON) as desk:
        await asyncio.sleep(304)
        await desk.orders.place_market_order(SYMBOL, "BUY", "0.010", client_order_id="market")
        await desk.until_state("market", "filled")
        await asyncio.sleep(60)

        assert desk.book.position_amount(SYMBOL) == Decimal("0.010")
        was_never_down(desk)
        await desk.is_square()
