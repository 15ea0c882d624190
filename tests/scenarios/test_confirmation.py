"""A repair is provisional until REST can hide nothing more: row 6, rules 13, 14 and 16."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest

from simulator import Delay, ExecuteThen, Respond
from tests.scenarios.desk import Desk, live_desk
from tests.scenarios.watching import filled_quantities, opened
from user_stream import Settings
from user_stream.core.lifecycle import Degraded, GapOpened, GapRepaired, Live

LAG_S = Settings().rest_lag_s


async def lose_a_fill_just_before_the_reconnect(desk: Desk) -> None:
    """REST lags as far as it may; the stream is cut, and a fill comes 50 ms before it is there again."""
    desk.sim.rest_lag(orders_s=LAG_S, account_s=5)
    epoch = desk.epoch
    desk.sim.cut_connections()
    await desk.until(lambda: isinstance(desk.service.state, Degraded))
    await asyncio.sleep(0.95)
    desk.sim.fill("order", "0.004")
    await desk.until_live(after_epoch=epoch)


async def test_fill_that_no_answer_shows_yet_is_told_by_the_second_pass_and_then_confirmed() -> None:
    """Rule 16: its order is still listed open, and nothing looks absent; the first pass finds nothing."""
    async with live_desk() as desk:
        await desk.resting("order")
        await asyncio.sleep(100)
        await lose_a_fill_just_before_the_reconnect(desk)

        (first,) = desk.notices(GapRepaired)
        assert first.provisional
        assert not first.report.fills
        assert filled_quantities(desk, "order") == []
        await desk.until(lambda: len(desk.notices(GapRepaired)) == 2)

        confirmed = desk.notices(GapRepaired)[-1]
        assert not confirmed.provisional
        assert [fill.quantity for fill in confirmed.report.fills] == ["0.004"]
        assert filled_quantities(desk, "order") == [Decimal("0.004")]
        assert opened(desk) == [1, 2]
        assert len(desk.notices(GapOpened)) == 1
        desk.sim.rest_lag()
        await desk.is_square()


async def test_confirmation_begins_no_sooner_than_rest_can_lag_and_says_no_more_than_it_found() -> None:
    """Rule 16: nothing was missed; two `GapRepaired`, the bound of the lag apart."""
    async with live_desk() as desk:
        times: list[float] = []
        desk.service.add_listener(
            lambda item: times.append(asyncio.get_running_loop().time()) if isinstance(item, GapRepaired) else None
        )
        await asyncio.sleep(100)
        desk.sim.cut_connections()
        await asyncio.sleep(150)

        assert [repaired.provisional for repaired in desk.notices(GapRepaired)] == [True, False]
        assert not desk.notices(GapRepaired)[-1].report
        assert LAG_S <= times[1] - times[0] < LAG_S + 2


@pytest.mark.parametrize("after_s", [0.5, 10, 29, 39])
async def test_second_cut_before_the_confirmation_recovers_from_the_old_watermark(after_s: float) -> None:
    """Rules 13 and 16: whatever was proven meanwhile is kept aside; only a confirmation moves the watermark."""
    async with live_desk() as desk:
        await desk.resting("order")
        await asyncio.sleep(300)
        await lose_a_fill_just_before_the_reconnect(desk)
        await asyncio.sleep(after_s / 2)
        desk.sim.transfer("USDT", "1")  # an event proves the connection, and moves nothing
        await asyncio.sleep(after_s / 2)
        desk.sim.cut_connections()
        await desk.until_live(after_epoch=2)

        first, second = desk.notices(GapOpened)
        assert second.since == first.since
        since = int(desk.sim.journal.entries(path="/fapi/v1/allOrders", kind="request")[-1].body["startTime"])
        assert since == first.since - 60_000
        await desk.until(lambda: desk.notices(GapRepaired)[-1].provisional is False)
        assert filled_quantities(desk, "order") == [Decimal("0.004")]
        desk.sim.rest_lag()
        await desk.is_square()


async def test_gap_after_a_confirmation_begins_at_what_was_proven_last() -> None:
    """Rules 13 and 14: the confirmation moved the watermark, and so does every event after it."""
    async with live_desk() as desk:
        await asyncio.sleep(300)
        desk.sim.cut_connections()
        await asyncio.sleep(200)
        desk.sim.transfer("USDT", "1")
        proven_at = desk.sim.time_ms
        await asyncio.sleep(10)
        desk.sim.cut_connections()
        await desk.until(lambda: len(desk.notices(GapOpened)) == 2)

        assert desk.notices(GapOpened)[1].since == proven_at


async def test_gap_begins_neither_at_a_pong_nor_at_local_time() -> None:
    """Rule 14: the socket answered pings to the end; the last proof is a comparison, as old as REST may lag."""
    async with live_desk() as desk:
        await asyncio.sleep(1000)
        desk.sim.cut_connections()
        await desk.until(lambda: desk.notices(GapOpened))

        assert desk.sim.time_ms - desk.notices(GapOpened)[0].since >= LAG_S * 1000


async def test_confirmation_that_rest_refuses_to_answer_is_tried_again() -> None:
    """Rule 16: it is owed until it has been had."""
    async with live_desk() as desk:
        await desk.resting("order")
        await asyncio.sleep(100)
        await lose_a_fill_just_before_the_reconnect(desk)
        desk.sim.on_request("GET", "/fapi/v1/allOrders", Respond(500), times=5)
        await asyncio.sleep(300)

        assert not desk.notices(GapRepaired)[-1].provisional
        assert filled_quantities(desk, "order") == [Decimal("0.004")]
        assert isinstance(desk.service.state, Live)
        desk.sim.rest_lag()
        await desk.is_square()


@pytest.mark.parametrize(
    "path", ["v1/openOrders", "v1/allOrders", "v1/userTrades", "v1/order", "v3/positionRisk", "v3/balance"]
)
async def test_answer_that_was_read_long_before_it_came_overwrites_nothing(path: str) -> None:
    """Row 8: a snapshot of t arrives at t + 3 s; the stream tells more in between, and again what the snapshot told."""
    async with live_desk() as desk:
        await desk.resting("order")
        await desk.orders.place_market_order("ETHUSDT", "BUY", "1", client_order_id="held")
        await desk.until_state("held", "filled")
        await asyncio.sleep(100)
        desk.sim.on_request("GET", f"/fapi/{path}", ExecuteThen(Delay(3)), times=4)
        desk.sim.cut_connections()
        desk.sim.fill("order", "0.002")
        await asyncio.sleep(1.5)
        for quantity in ("0.003", "0.001", "0.004"):
            desk.sim.fill("order", quantity)
            desk.sim.transfer("USDT", "1")
            await asyncio.sleep(1)
        desk.sim.place_external(symbol="ETHUSDT", side="SELL", type="MARKET", quantity="1", client_order_id="web")
        await asyncio.sleep(200)

        assert sorted(filled_quantities(desk, "order")) == [Decimal(f"0.00{digit}") for digit in (1, 2, 3, 4)]
        assert not desk.notices(GapRepaired)[-1].provisional
        await desk.is_square()


@pytest.mark.seeds(4)
async def test_order_that_ended_under_the_lag_is_told_with_its_fills_and_its_end(seed: int) -> None:
    """Rules 4, 5 and 16, row 6: filled in part and cancelled just before the reconnect, listed open for 40 s more."""
    async with live_desk() as desk:
        await desk.resting("order")
        await asyncio.sleep(100)
        desk.sim.rest_lag(orders_s=LAG_S, account_s=5, replicas="alternating" if seed % 2 else "one")
        desk.sim.cut_connections()
        await asyncio.sleep(0.2 + 0.25 * seed)
        desk.sim.fill("order", "0.004")
        desk.sim.cancel("order")
        await desk.until_state("order", "cancelled")

        told = [(status, Decimal(quantity)) for status, quantity, _ in desk.orders.told("order")]
        assert told[-2:] == [("PARTIALLY_FILLED", Decimal("0.004")), ("CANCELED", Decimal(0))]
        await asyncio.sleep(150)
        desk.sim.rest_lag()
        await desk.is_square()


async def test_constant_trading_that_rest_shows_before_the_stream_does_puts_no_confirmation_off() -> None:
    """Rule 16: what is newer than the connection is the stream's to tell, and says nothing about the gap."""
    async with live_desk() as desk:
        await desk.resting("steady", quantity="10")
        desk.sim.on_frame(Delay(0.9), event="ORDER_TRADE_UPDATE", times=None)
        desk.sim.on_frame(Delay(0.9), event="TRADE_LITE", times=None)
        desk.sim.cut_connections()
        for _ in range(400):
            desk.sim.fill("steady", "0.001")
            await asyncio.sleep(0.25)

        assert [repaired.provisional for repaired in desk.notices(GapRepaired)] == [True, False]
        await asyncio.sleep(60)
        await desk.is_square()
