"""The listen key is a lease: kept alive, and when it dies replaced together with its connection."""

from __future__ import annotations

import asyncio

import pytest

from simulator import Reset, Respond
from tests.scenarios.desk import Desk, live_desk
from user_stream import Settings
from user_stream.core.lifecycle import GapOpened, ListenKeyKept

KEY = "/fapi/v1/listenKey"
RARELY = Settings(comparison_interval_s=300)
"""One comparison with REST is like the other, and hours have many."""


def asked(desk: Desk, method: str) -> int:
    return len([entry for entry in desk.sim.journal.entries(path=KEY, kind="request") if entry.method == method])


async def test_key_is_kept_alive_every_thirty_minutes() -> None:
    async with live_desk(settings=RARELY) as desk:
        await asyncio.sleep(3 * 3600 + 60)

        assert asked(desk, "PUT") == 6
        assert asked(desk, "POST") == 1
        assert len(desk.notices(ListenKeyKept)) == 6
        assert desk.epoch == 1


async def test_interval_of_the_keepalive_can_be_chosen() -> None:
    async with live_desk(settings=Settings(keepalive_interval_s=600)) as desk:
        await asyncio.sleep(3660)

        assert asked(desk, "PUT") == 6


async def test_announced_expiry_makes_a_key_and_a_connection() -> None:
    async with live_desk() as desk:
        await desk.resting("order")

        desk.sim.expire_listen_key()
        await desk.until_live(after_epoch=1)
        desk.sim.fill("order", "0.010")
        await desk.until_state("order", "filled")

        assert asked(desk, "POST") == 2
        assert "expired" in desk.notices(GapOpened)[0].cause
        await desk.is_square()


async def test_expiry_announced_twice_is_one_rotation() -> None:
    async with live_desk() as desk:
        announcement = {"e": "listenKeyExpired", "E": desk.sim.time_ms}

        desk.sim.push(announcement)
        desk.sim.push(announcement)
        await desk.until_live(after_epoch=1)
        await asyncio.sleep(120)

        assert desk.epoch == 2
        assert asked(desk, "POST") == 2


async def test_expiry_of_somebody_elses_key_changes_nothing() -> None:
    async with live_desk() as desk:
        desk.sim.push({"e": "listenKeyExpired", "E": desk.sim.time_ms, "listenKey": "SOMEBODYELSES" * 5})
        await asyncio.sleep(120)

        assert desk.epoch == 1


async def test_key_that_dies_without_a_word_is_noticed_by_the_next_keepalive() -> None:
    async with live_desk() as desk:
        await desk.resting("order")

        desk.sim.drop_listen_key()
        await desk.until(lambda: desk.notices(GapOpened), within_s=1900)
        desk.sim.fill("order", "0.010")
        await desk.until(lambda: desk.epoch == 2)
        await desk.until_state("order", "filled")

        assert "-1125" in desk.notices(GapOpened)[0].cause
        await desk.is_square()


@pytest.mark.parametrize("verdict", [Respond(503, -1016, "Service Unavailable."), Respond(500, 0, ""), Reset()])
async def test_keepalive_that_keeps_failing_ends_in_a_new_connection_before_the_key_dies(
    verdict: Respond | Reset,
) -> None:
    async with live_desk(settings=RARELY) as desk:
        desk.sim.on_request("PUT", KEY, verdict, times=None)
        opened = asyncio.get_running_loop().time()

        await desk.until(lambda: desk.notices(GapOpened), within_s=3600)

        assert 3200 < asyncio.get_running_loop().time() - opened < 3300
        assert "could not be kept alive" in desk.notices(GapOpened)[0].cause
        await desk.until_live(after_epoch=1)
        assert asked(desk, "POST") == 2


async def test_keepalive_that_fails_for_a_while_is_tried_again_and_costs_no_connection() -> None:
    async with live_desk(settings=RARELY) as desk:
        desk.sim.on_request("PUT", KEY, Respond(500, 0, ""), times=5)
        await asyncio.sleep(4 * 3600)

        assert desk.epoch == 1
        assert desk.notices(GapOpened) == []


async def test_keepalive_answered_with_another_key_means_that_ours_is_dead() -> None:
    async with live_desk() as desk:
        desk.sim.on_request("PUT", KEY, Respond(200, body={"listenKey": "ANOTHERPROCESSESKEY" * 3}))

        await desk.until(lambda: desk.notices(GapOpened), within_s=1900)

        assert "another listen key" in desk.notices(GapOpened)[0].cause


@pytest.mark.parametrize("body", [{"listenKey": "short"}, {"listenKey": "x y" * 20}, {}, []])
async def test_answer_without_a_listen_key_in_its_form_is_said_and_asked_for_again(body: object) -> None:
    async with live_desk() as desk:
        desk.sim.on_request("POST", KEY, Respond(200, body=body))
        desk.sim.cut_connections()
        await desk.until_live(after_epoch=1)

        assert asked(desk, "POST") == 3


async def test_stop_leaves_the_key_to_other_processes() -> None:
    async with live_desk() as desk:
        await desk.service.stop()

        assert asked(desk, "DELETE") == 0


async def test_no_listen_key_shows_in_anything_that_is_said() -> None:
    async with live_desk() as desk:
        key = await _current_key(desk)
        desk.sim.expire_listen_key()
        await desk.until_live(after_epoch=1)

        assert key
        assert all(key not in repr(item) for item in desk.said)
        assert key not in repr(desk.service)


async def _current_key(desk: Desk) -> str:
    """Ask for the active key as another process of the account would."""
    from user_stream.runtime.binance_rest import BinanceRest  # noqa: PLC0415  only this test plays the other process

    account = desk.sim.account
    rest = BinanceRest(account.api_key, account.api_secret, environment=desk.environment)
    try:
        return await rest.create_listen_key()
    finally:
        await rest.close()
