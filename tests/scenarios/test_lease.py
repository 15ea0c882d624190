"""The listen key is a lease that others may end: rows 1 and 16, rule 26. `test_listen_key` has its regular life."""

from __future__ import annotations

import asyncio

import pytest

from simulator import AccountSpec, Delay, Profile, Reset, Respond, Simulator
from simulator.core.faults.fault import Verdict
from tests.scenarios.desk import Desk, live_desk
from tests.scenarios.watching import KEY, opened, requests, silences, was_never_down
from user_stream import PositionBook, Settings, UserStreamService
from user_stream.core.lifecycle import Degraded, GapOpened, LeaseAging, Live

UNKNOWN_KEY = Respond(400, -1125, "This listenKey does not exist.")
RARELY = Settings(comparison_interval_s=300)
"""One comparison with REST is like the other, and hours have many."""


async def the_next_order_is_told_and_all_is_square(desk: Desk, name: str = "after") -> None:
    """Trade on what is live now, wait until REST has confirmed everything, and compare."""
    await desk.until_live()
    await desk.resting(name)
    desk.sim.fill(name, "0.010")
    await desk.until_state(name, "filled")
    await asyncio.sleep(120)
    assert requests(desk, "DELETE", KEY) == []
    await desk.is_square()


@pytest.mark.parametrize("between_ms", [1, 7, 14])
async def test_expiry_announced_twice_makes_one_key_and_one_connection(between_ms: int) -> None:
    """Row 1: the event comes twice, 1 to 14 ms apart, while the new key is being asked for."""
    async with live_desk() as desk:
        desk.sim.expire_listen_key(announce=True, twice_after_ms=between_ms)
        await asyncio.sleep(30)

        assert opened(desk) == [1, 2]
        assert len(requests(desk, "POST", KEY)) == 2
        assert len(desk.notices(GapOpened)) == 1
        await the_next_order_is_told_and_all_is_square(desk)


async def test_expiry_that_writes_its_time_as_a_text_is_understood() -> None:
    """Row 1: an official sample has `E` as a string."""
    sim = Simulator(accounts=(AccountSpec(balance="100000"),), profile=Profile(listen_key_expiry_time="text"))
    async with live_desk(sim=sim) as desk:
        desk.sim.expire_listen_key()
        await asyncio.sleep(30)

        assert opened(desk) == [1, 2]
        assert "expired" in desk.notices(GapOpened)[0].cause
        await the_next_order_is_told_and_all_is_square(desk)


@pytest.mark.parametrize("announce", [True, False], ids=["announced", "unannounced"])
async def test_key_whose_hour_is_over_is_replaced(announce: bool) -> None:
    """Row 1: keepalives are answered, but by somebody who does not know the key; at T + 60 min it is dead."""
    async with live_desk() as desk:
        await desk.resting("order")
        desk.sim.on_request("PUT", KEY, Respond(200, body={}), times=None)
        await asyncio.sleep(3600 - 60)
        desk.sim.expire_listen_key(announce=announce)
        desk.sim.fill("order", "0.010")
        await desk.until_state("order", "filled")

        await the_next_order_is_told_and_all_is_square(desk)


@pytest.mark.parametrize("nth", [1, 2, 3])
async def test_keepalive_refused_for_an_unknown_key_makes_another(nth: int) -> None:
    """Row 1: PUT answers -1125 on the n-th call: the key is dead, and its socket with it."""
    async with live_desk(settings=RARELY) as desk:
        await asyncio.sleep((nth - 1) * 1800 + 60)
        desk.sim.on_request("PUT", KEY, UNKNOWN_KEY)
        desk.sim.drop_listen_key()
        await asyncio.sleep(1800)

        assert opened(desk) == [1, 2]
        assert "-1125" in desk.notices(GapOpened)[0].cause
        assert len(requests(desk, "PUT", KEY)) == nth
        await the_next_order_is_told_and_all_is_square(desk)


@pytest.mark.parametrize("verdict", [Delay(30), Respond(500), Respond(502), Reset()], ids=repr)
@pytest.mark.parametrize("nth", [1, 2])
async def test_keepalive_that_fails_some_times_is_tried_again_within_the_margin(verdict: Verdict, nth: int) -> None:
    """Row 1: timeouts, 5xx and resets on the n-th call say nothing about the key."""
    async with live_desk(settings=RARELY) as desk:
        await asyncio.sleep((nth - 1) * 1800 + 60)
        desk.sim.on_request("PUT", KEY, verdict, times=4)
        await asyncio.sleep(3600)

        assert opened(desk) == [1]
        assert len(requests(desk, "PUT", KEY)) >= nth + 4
        was_never_down(desk)
        await the_next_order_is_told_and_all_is_square(desk)


async def test_keepalives_that_hang_raise_an_alarm_long_before_the_key_dies() -> None:
    """Row 1: an alarm when the lease is older than 45 minutes, by a loop that is not the one that extends it."""
    async with live_desk(settings=RARELY) as desk:
        desk.sim.on_request("PUT", KEY, Delay(300), times=None)
        await desk.until(lambda: desk.notices(LeaseAging), within_s=2800)

        (alarm,) = desk.notices(LeaseAging)
        assert 2700 < alarm.age_s <= 2760
        assert alarm.lifetime_s == 3600
        assert isinstance(desk.service.state, Live)


async def test_lease_that_ages_because_nothing_is_answered_any_more_raises_the_alarm_too() -> None:
    """Row 1: REST is gone altogether, and with it every comparison; the alarm asks nobody."""
    async with live_desk(settings=RARELY) as desk:
        for method, path in (("GET", "/fapi/v1/openOrders"), ("PUT", KEY), ("POST", KEY)):
            desk.sim.on_request(method, path, Respond(503), times=None)
        await desk.until(lambda: desk.notices(LeaseAging), within_s=2800)
        await desk.until(lambda: desk.notices(Degraded), within_s=900)


async def test_key_that_is_extended_in_time_never_ages() -> None:
    async with live_desk(settings=Settings(comparison_interval_s=600)) as desk:
        await asyncio.sleep(5 * 3600)

        assert desk.notices(LeaseAging) == []


async def test_key_that_another_process_replaced_is_noticed_by_the_next_keepalive() -> None:
    """Row 16 and rule 26: PUT answers with the other process's key: ours is dead, though its socket looks healthy."""
    async with live_desk() as desk:
        await desk.resting("order")
        desk.sim.replace_listen_key()
        await desk.until(lambda: desk.notices(GapOpened), within_s=1900)

        assert "another listen key" in desk.notices(GapOpened)[0].cause
        desk.sim.fill("order", "0.010")
        await desk.until_state("order", "filled")
        assert opened(desk) == [1, 2]
        await the_next_order_is_told_and_all_is_square(desk)


async def test_key_that_another_process_replaced_is_noticed_by_the_first_fill() -> None:
    """Row 16 and rule 25: long before the keepalive, REST shows what did not come."""
    async with live_desk() as desk:
        await desk.resting("order")
        await asyncio.sleep(100)
        desk.sim.replace_listen_key()
        desk.sim.fill("order", "0.010")
        changed_at = asyncio.get_running_loop().time()
        await desk.until_state("order", "filled")

        assert asyncio.get_running_loop().time() - changed_at < 45
        assert len(silences(desk)) == 1
        await the_next_order_is_told_and_all_is_square(desk)


async def test_key_that_is_asked_for_again_while_it_lives_is_the_same_on_another_connection() -> None:
    """Rule 26: POST returns the active key and extends it; one lease goes on."""
    async with live_desk() as desk:
        await asyncio.sleep(1000)
        desk.sim.cut_connections()
        await desk.until_live(after_epoch=1)
        keys = {entry.body["listenKey"] for entry in desk.sim.journal.entries(kind="response", method="POST", path=KEY)}
        assert len(keys) == 1
        await asyncio.sleep(1700)
        assert requests(desk, "PUT", KEY) == []
        await asyncio.sleep(200)
        assert len(requests(desk, "PUT", KEY)) == 1
        await the_next_order_is_told_and_all_is_square(desk)


async def test_expiry_after_which_the_exchange_gives_out_the_same_key_is_one_rotation() -> None:
    """Row 16 and rule 26: it was announced, but another process had extended the key: "new" is the same string."""
    async with live_desk() as desk:
        key = (await _answers(desk))[-1]
        desk.sim.push({"e": "listenKeyExpired", "E": desk.sim.time_ms})
        await asyncio.sleep(60)

        assert await _answers(desk) == [key, key]
        assert opened(desk) == [1, 2]
        await the_next_order_is_told_and_all_is_square(desk)


async def test_second_process_on_the_same_key_hears_everything_and_nobody_is_disturbed() -> None:
    """Row 16: two services of one account share a key; one stops, the other one goes on."""
    async with live_desk() as desk:
        account = desk.sim.account
        other = PositionBook()
        async with UserStreamService(account.api_key, account.api_secret, _Deaf(), other, environment=desk.environment):
            desk.sim.transfer("USDT", "5")
            await asyncio.sleep(1)
            assert other.balances.keys() == desk.book.balances.keys()
        await asyncio.sleep(7200)

        was_never_down(desk)
        await the_next_order_is_told_and_all_is_square(desk)


class _Deaf:
    """An order manager that does nothing."""

    def on_order_update(self, data: object) -> None:
        del data


async def _answers(desk: Desk) -> list[str]:
    return [entry.body["listenKey"] for entry in desk.sim.journal.entries(kind="response", method="POST", path=KEY)]
