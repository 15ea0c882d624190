"""A recovery that is told to be quiet is quiet, and heals when it may speak again: row 17."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest

from simulator import Reset, Respond
from tests.scenarios.desk import SYMBOL, Desk, live_desk
from tests.scenarios.watching import KEY, filled_quantities, opened, weight_by_minute
from user_stream import BackoffPolicy, Settings
from user_stream.core.lifecycle import Degraded, GapOpened, GapRepaired

PATHS = [
    "v1/openOrders",
    "v1/allOrders",
    "v1/userTrades",
    "v1/income",
    "v3/positionRisk",
    "v3/balance",
    "v1/openAlgoOrders",
]


def asked_between(desk: Desk, begin_ms: int, end_ms: int) -> list[str]:
    """Return the paths of the requests that the exchange got strictly between two moments."""
    return [entry.path for entry in desk.sim.journal.entries(kind="request") if begin_ms < entry.time_ms < end_ms]


def refused_at(desk: Desk, status: int) -> int:
    return desk.sim.journal.entries(kind="response", status=status)[0].time_ms


async def break_and_heal(desk: Desk) -> None:
    """Cut, with a fill inside the gap; wait until it is told and confirmed."""
    desk.sim.cut_connections()
    desk.sim.fill("order", "0.010")
    await desk.until_state("order", "filled")
    await desk.until(lambda: desk.notices(GapRepaired)[-1].provisional is False)
    assert filled_quantities(desk, "order") == [Decimal("0.010")]
    assert len(desk.notices(GapOpened)) == 1
    await desk.is_square()


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("status", [429, 418])
async def test_nothing_is_asked_until_the_time_that_retry_after_names(status: int, path: str) -> None:
    """Row 17: whichever question of the recovery it answers, it speaks to the address, so to everybody: the
    question for an order of unknown outcome waits, too.
    """
    async with live_desk() as desk:
        await desk.resting("order")
        await asyncio.sleep(100)
        desk.sim.on_request("POST", "/fapi/v1/order", Reset())
        await desk.orders.place_limit_order(SYMBOL, "BUY", "0.010", "60000", client_order_id="unknown")
        refusal = Respond(status, -1003, "Too many requests.", headers={"Retry-After": "47"})
        desk.sim.on_request("GET", f"/fapi/{path}", refusal)
        await break_and_heal(desk)

        at = refused_at(desk, status)
        assert asked_between(desk, at, at + 47_000) == []


@pytest.mark.parametrize("path", ["v1/openOrders", "v3/balance"])
async def test_without_a_retry_after_nothing_is_asked_in_the_rest_of_the_minute(path: str) -> None:
    """Row 17: limits are counted by the minutes of the exchange's clock."""
    async with live_desk() as desk:
        await desk.resting("order")
        await asyncio.sleep(100)
        desk.sim.on_request("GET", f"/fapi/{path}", Respond(429, -1003, "Too many requests."))
        await break_and_heal(desk)

        at = refused_at(desk, 429)
        assert asked_between(desk, at, at - at % 60_000 + 60_000) == []


@pytest.mark.parametrize("minutes", [3, 90])
async def test_ban_is_waited_for_to_its_end(minutes: int) -> None:
    """Row 17: "banned until", without Retry-After; one of them outlasts the listen key."""
    async with live_desk() as desk:
        await desk.resting("order")
        await asyncio.sleep(100)
        until = desk.sim.time_ms + minutes * 60_000
        text = f"Way too many requests; IP(127.0.0.1) banned until {until}. Please use the websocket for live updates."
        desk.sim.on_request("GET", "/fapi/v1/openOrders", Respond(418, -1003, text))
        desk.sim.cut_connections()
        desk.sim.fill("order", "0.010")
        await desk.until(lambda: filled_quantities(desk, "order"), within_s=minutes * 60 + 120)
        await asyncio.sleep(200)

        assert asked_between(desk, refused_at(desk, 418), until) == []
        assert not desk.notices(GapRepaired)[-1].provisional
        await desk.is_square()


async def test_limit_that_strikes_again_and_again_is_obeyed_each_time() -> None:
    """Row 17."""
    async with live_desk() as desk:
        await desk.resting("order")
        await asyncio.sleep(100)
        refusal = Respond(429, -1003, "Too many requests.", headers={"Retry-After": "20"})
        desk.sim.on_request("GET", "/fapi/v1/openOrders", refusal, times=5)
        await break_and_heal(desk)

        for entry in desk.sim.journal.entries(kind="response", status=429):
            assert asked_between(desk, entry.time_ms, entry.time_ms + 20_000) == []


async def test_limit_during_a_comparison_or_a_keepalive_breaks_nothing() -> None:
    """Row 17: nothing was lost by it, so nothing is declared."""
    async with live_desk() as desk:
        await desk.resting("order")
        await asyncio.sleep(1780)
        refusal = Respond(429, -1003, "Too many requests.", headers={"Retry-After": "60"})
        desk.sim.on_request("GET", "/fapi/v1/openOrders", refusal, times=3)
        desk.sim.on_request("PUT", KEY, refusal, times=3)
        await asyncio.sleep(1200)
        desk.sim.fill("order", "0.010")
        await desk.until_state("order", "filled")
        await asyncio.sleep(100)

        assert desk.notices(GapOpened) == []
        assert opened(desk) == [1]
        await desk.is_square()


async def test_listen_key_that_is_refused_for_the_limit_is_asked_for_when_that_is_over() -> None:
    """Row 17: the connection cannot even be made."""
    async with live_desk() as desk:
        await desk.resting("order")
        await asyncio.sleep(100)
        desk.sim.on_request("POST", KEY, Respond(418, -1003, "Banned.", headers={"Retry-After": "120"}))
        await break_and_heal(desk)

        at = refused_at(desk, 418)
        assert asked_between(desk, at, at + 120_000) == []
        assert any(notice.retry_in_s >= 120 for notice in desk.notices(Degraded))


async def test_connection_that_is_closed_right_after_it_was_accepted_is_made_again_ever_more_slowly() -> None:
    """Row 17: 1008 after the handshake; only a connection that was stable starts the backoff anew."""
    settings = Settings(backoff=BackoffPolicy(initial_s=1, maximum_s=60, jitter=0))
    async with live_desk(settings=settings) as desk:
        await desk.resting("order")
        await asyncio.sleep(100)
        desk.sim.close_next_connections(times=9, code=1008, reason="Too many requests")
        desk.sim.cut_connections()
        await desk.until(lambda: len(opened(desk)) == 11, within_s=600)
        desk.sim.fill("order", "0.010")
        await desk.until_state("order", "filled")

        waits = [notice.retry_in_s for notice in desk.notices(Degraded)]
        assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60, 60]
        await asyncio.sleep(100)
        await desk.is_square()


async def test_recoveries_in_a_storm_stay_within_their_weight() -> None:
    """Row 17: a connection that is cut every few seconds; the budget of all recoveries together is kept."""
    settings = Settings(backoff=BackoffPolicy(initial_s=1, maximum_s=3, jitter=0))
    async with live_desk(settings=settings) as desk:
        await desk.resting("order", quantity="0.100")
        for _ in range(100):
            desk.sim.cut_connections()
            desk.sim.fill("order", "0.001")
            await asyncio.sleep(5)
        await asyncio.sleep(200)

        assert max(weight_by_minute(desk).values()) <= settings.recovery_weight_per_minute + 50
        assert filled_quantities(desk, "order") == [Decimal("0.001")] * 100
        await desk.is_square()
