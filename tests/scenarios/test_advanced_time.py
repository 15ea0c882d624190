"""The exchange's clock jumps, the client's does not: keys expire unheard, connections grow old, and it recovers.

Its keepalive goes by the client's own clock: an hour of the exchange's passes without one.
"""

from __future__ import annotations

import asyncio

import pytest

from simulator import AccountSpec, Profile, RiskTerms, Simulator
from tests.scenarios.desk import Desk, live_desk
from user_stream.core.lifecycle import GapOpened

MIDNIGHT_MS = 1_790_035_200_000


def exchange(**options: object) -> Simulator:
    terms = {"accounts": (AccountSpec(balance="100000"),), "start_ms": MIDNIGHT_MS} | options
    return Simulator(**terms)  # type: ignore[arg-type]  # the options of a simulator, by name


async def trades_and_is_square(desk: Desk) -> None:
    """What happens after it all is known, once and in order."""
    await desk.resting("after")
    desk.sim.fill("after", "0.010")
    await desk.until_state("after", "filled")
    await desk.is_square()


async def test_a_key_that_expires_in_a_jump_is_replaced_at_that_moment() -> None:
    """Row 2."""
    async with live_desk(sim=exchange()) as desk:
        await desk.resting("order")
        await desk.sim.clock.advance(minutes=61)
        await desk.until_live(after_epoch=1)
        desk.sim.fill("order", "0.010")
        await desk.until_state("order", "filled")

        (expired,) = desk.sim.journal.entries(event="listenKeyExpired")
        made = desk.sim.journal.entries(kind="request", method="POST", path="/fapi/v1/listenKey")
        assert made[-1].time_ms - expired.time_ms < 2_000
        assert "expired" in desk.notices(GapOpened)[0].cause
        await trades_and_is_square(desk)


async def test_a_key_that_expires_unsaid_in_a_jump_is_found_dead_by_the_keepalive() -> None:
    """Rule 26: what is filled meanwhile is told nobody, and found."""
    async with live_desk(sim=exchange(profile=Profile(listen_key_expiry="silent"))) as desk:
        await desk.resting("order")
        await desk.sim.clock.advance(minutes=61)
        assert desk.epoch == 1
        desk.sim.fill("order", "0.010")
        await desk.until_live(after_epoch=1)
        await desk.until_state("order", "filled")

        await trades_and_is_square(desk)


async def test_orders_that_are_filled_while_time_flies_are_told_once() -> None:
    async with live_desk(sim=exchange()) as desk:
        for number in range(5):
            await desk.resting(f"order {number}".replace(" ", "-"), price=f"{60_000 - number}")
        desk.sim.follow_path("BTCUSDT", "steps:every=10m,64000,60001,59999,59998,59997,59000")
        await desk.sim.clock.advance(hours=2)
        for number in range(5):
            await desk.until_state(f"order-{number}", "filled")
        desk.sim.set_price("BTCUSDT", "65000")

        await trades_and_is_square(desk)


@pytest.mark.parametrize(
    "profile", [Profile(), Profile(listen_key_expiry="announce_and_close", server_shutdown="announced")]
)
async def test_a_day_in_a_moment_leaves_engine_and_exchange_equal(profile: Profile) -> None:
    """Rows 2 and 4: each hour the key expires, and a connection that lived so long is cut after 24 hours."""
    sim = exchange(profile=profile, risk=RiskTerms(funding="automatic"))
    async with live_desk(sim=sim) as desk:
        await desk.orders.place_market_order("BTCUSDT", "BUY", "0.010", client_order_id="held")
        await desk.until_state("held", "filled")
        began_s = asyncio.get_running_loop().time()
        await desk.sim.clock.advance(hours=25)
        await desk.until_live()

        assert asyncio.get_running_loop().time() - began_s < 600, "of the client's time"
        paid = [e for e in desk.sim.journal.entries(event="ACCOUNT_UPDATE") if "FUNDING_FEE" in str(e.body)]
        assert [entry.time_ms - MIDNIGHT_MS for entry in paid] == [hours * 3_600_000 for hours in (8, 16, 24)]
        await trades_and_is_square(desk)


async def test_a_connection_that_grows_old_in_a_jump_is_replaced() -> None:
    """Row 4: the service has no time to replace it before the exchange cuts it."""
    sim = exchange(listen_key_lifetime_s=200_000)
    async with live_desk(sim=sim) as desk:
        await desk.resting("order")
        await desk.sim.clock.advance(hours=24, minutes=1)
        await desk.until_live(after_epoch=1)
        closed = [entry.summary for entry in desk.sim.journal.entries(event="closed")]
        assert closed == ["closed by the exchange, code 1001 24 hours are over"]
        desk.sim.fill("order", "0.010")
        await desk.until_state("order", "filled")

        await trades_and_is_square(desk)


async def test_a_client_that_has_to_ask_for_the_time_does() -> None:
    """-1021 after a jump that takes the server's time along: the service synchronizes, and goes on."""
    async with live_desk(sim=exchange()) as desk:
        await desk.sim.clock.advance(minutes=10, shift_server_time=True)

        await trades_and_is_square(desk)


async def test_an_exchange_that_is_sixty_times_as_fast_is_kept_up_with() -> None:
    """Its keys expire after a minute of the client's time, its pings come every three seconds."""
    async with live_desk(sim=exchange()) as desk:
        desk.sim.clock.run(scale=60)
        await asyncio.sleep(300)
        desk.sim.clock.run()
        await desk.until_live()

        assert len(desk.sim.journal.entries(event="listenKeyExpired")) >= 4
        await trades_and_is_square(desk)
