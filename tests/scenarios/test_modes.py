"""Position mode and multi-assets mode change without an event: row 12, rule 24."""

from __future__ import annotations

import asyncio

from simulator import AccountSpec, Respond, Simulator
from tests.scenarios.desk import SYMBOL, Desk, live_desk
from user_stream.core.lifecycle import AccountModeKnown

POSITION_MODE = "/fapi/v1/positionSide/dual"
MULTI_ASSETS = "/fapi/v1/multiAssetsMargin"


def hedge(desk: Desk, wanted: str = "true") -> None:
    """Another client of the account changes the position mode."""
    desk.sim.request_external("POST", POSITION_MODE, dualSidePosition=wanted)


async def test_modes_are_said_once_at_the_start() -> None:
    sim = Simulator(accounts=(AccountSpec(balance="100000", dual_side_position=True),))
    async with live_desk(sim=sim) as desk:
        await asyncio.sleep(300)

        assert desk.notices(AccountModeKnown) == [AccountModeKnown(hedge=True, multi_assets=False)]
        await desk.is_square()


async def test_position_mode_that_changed_is_noticed_at_the_next_synchronization() -> None:
    """Rule 24, row 12: no event says so."""
    async with live_desk() as desk:
        await asyncio.sleep(100)
        hedge(desk)
        await asyncio.sleep(100)
        assert [mode.hedge for mode in desk.notices(AccountModeKnown)] == [False]
        desk.sim.cut_connections()
        await desk.until_live(after_epoch=1)

        assert [mode.hedge for mode in desk.notices(AccountModeKnown)] == [False, True]
        await asyncio.sleep(60)
        await desk.is_square()


async def test_multi_assets_mode_that_changed_is_noticed_at_the_next_synchronization() -> None:
    async with live_desk() as desk:
        await asyncio.sleep(100)
        desk.sim.request_external("POST", MULTI_ASSETS, multiAssetsMargin="true")
        desk.sim.cut_connections()
        await desk.until_live(after_epoch=1)

        assert [mode.multi_assets for mode in desk.notices(AccountModeKnown)] == [False, True]
        await desk.is_square()


async def test_order_refused_for_its_position_side_has_the_modes_read_at_once() -> None:
    """Rule 24: -4061 says that the mode is not what we took it for; the next order fits it."""
    async with live_desk() as desk:
        await asyncio.sleep(100)
        hedge(desk)
        await desk.orders.place_market_order(SYMBOL, "BUY", "0.010", client_order_id="refused")
        await desk.until_state("refused", "rejected")
        await asyncio.sleep(1)

        assert [mode.hedge for mode in desk.notices(AccountModeKnown)] == [False, True]
        await desk.orders.place_market_order(SYMBOL, "BUY", "0.010", position_side="LONG", client_order_id="long")
        await desk.until_state("long", "filled")
        await asyncio.sleep(60)
        assert list(desk.book.positions) == [(SYMBOL, "LONG")]
        assert desk.epoch == 1


async def test_mode_that_changes_to_and_fro_is_told_each_time() -> None:
    async with live_desk() as desk:
        for epoch, wanted in enumerate(["true", "false", "true"], start=1):
            hedge(desk, wanted)
            desk.sim.cut_connections()
            await desk.until_live(after_epoch=epoch)

        assert [mode.hedge for mode in desk.notices(AccountModeKnown)] == [False, True, False, True]
        await desk.is_square()


async def test_modes_that_the_exchange_refuses_to_tell_keep_nobody_from_going_live() -> None:
    async with live_desk() as desk:
        desk.sim.on_request("GET", POSITION_MODE, Respond(400, -1000, "refused"), times=None)
        desk.sim.cut_connections()
        await desk.until_live(after_epoch=1)

        assert len(desk.notices(AccountModeKnown)) == 1
        await desk.is_square()
