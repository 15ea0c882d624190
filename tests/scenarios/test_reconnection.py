"""Connections break in every way; what happened meanwhile is told, once, and said to have been missed."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest

from simulator import AccountSpec, JournalEntry, Simulator
from tests.scenarios.desk import SYMBOL, live_desk, open_desk
from user_stream import BackoffPolicy, Settings
from user_stream.core.lifecycle import Connecting, Degraded, GapOpened, GapRepaired, Live


async def test_cut_without_a_fill_in_the_gap_is_repaired_with_nothing_to_tell() -> None:
    async with live_desk() as desk:
        await desk.resting("quiet")
        before = len(desk.orders.deliveries)

        desk.sim.cut_connections()
        await desk.until_live(after_epoch=1)

        assert len(desk.orders.deliveries) == before
        assert len(desk.notices(GapOpened)) == 1
        (repaired,) = desk.notices(GapRepaired)
        assert not repaired.report
        await desk.is_square()


async def test_fill_inside_the_gap_is_told_once_from_rest() -> None:
    async with live_desk() as desk:
        await desk.resting("gap")

        desk.sim.cut_connections()
        desk.sim.fill("gap", "0.010")
        await desk.until_state("gap", "filled")

        assert desk.orders.told("gap")[-1] == ("FILLED", "0.010", "rest")
        assert [len(notice.report.fills) for notice in desk.notices(GapRepaired)] == [1]
        await desk.is_square()


async def test_parts_before_in_and_after_the_gap_add_up() -> None:
    async with live_desk() as desk:
        await desk.resting("parts")
        desk.sim.fill("parts", "0.002")
        await asyncio.sleep(1)

        desk.sim.cut_connections()
        desk.sim.fill("parts", "0.003")
        desk.sim.fill("parts", "0.001")
        await desk.until_live(after_epoch=1)
        desk.sim.fill("parts", "0.004")
        await desk.until_state("parts", "filled")

        quantities = [Decimal(quantity) for _, quantity, _ in desk.orders.told("parts") if quantity != "0"]
        assert quantities == [Decimal("0.002"), Decimal("0.003"), Decimal("0.001"), Decimal("0.004")]
        await desk.is_square()


async def test_order_part_filled_and_cancelled_inside_the_gap_tells_its_fill_then_its_end() -> None:
    async with live_desk() as desk:
        await desk.resting("pc")

        desk.sim.cut_connections()
        desk.sim.fill("pc", "0.004")
        desk.sim.cancel("pc")
        await desk.until_state("pc", "cancelled")

        told = [(status, Decimal(quantity)) for status, quantity, _ in desk.orders.told("pc")]
        assert told[-2:] == [("PARTIALLY_FILLED", Decimal("0.004")), ("CANCELED", Decimal(0))]
        await desk.is_square()


async def test_order_of_another_client_that_lived_and_died_inside_the_gap_is_told() -> None:
    async with live_desk() as desk:
        desk.sim.cut_connections()
        desk.sim.place_external(
            symbol="ETHUSDT", side="BUY", type="MARKET", quantity="1", client_order_id="web_never_seen"
        )
        await desk.until_state("web_never_seen", "filled")

        await desk.is_square()


async def test_position_that_was_closed_inside_the_gap_is_told_as_zero() -> None:
    async with live_desk() as desk:
        await desk.orders.place_market_order(SYMBOL, "BUY", "0.010", client_order_id="open")
        await desk.until(lambda: desk.book.position_amount(SYMBOL))

        desk.sim.cut_connections()
        desk.sim.place_external(
            symbol=SYMBOL, side="SELL", type="MARKET", quantity="0.010", client_order_id="web_close"
        )
        await desk.until_live(after_epoch=1)

        assert desk.book.position_amount(SYMBOL) == 0
        await desk.is_square()


async def test_deposit_inside_the_gap_reaches_the_risk_engine() -> None:
    async with live_desk() as desk:
        desk.sim.cut_connections()
        desk.sim.transfer("USDT", "250")
        await desk.until_live(after_epoch=1)

        assert desk.book.wallet_balance("USDT") == Decimal(100_250)


async def test_close_with_a_code_is_named_as_the_cause() -> None:
    async with live_desk() as desk:
        desk.sim.close_connections(1008, "policy")
        await desk.until_live(after_epoch=1)

        (gap,) = desk.notices(GapOpened)
        assert "1008" in gap.cause
        assert "policy" in gap.cause


async def test_refused_handshakes_are_tried_again_with_growing_waits() -> None:
    async with live_desk() as desk:
        desk.sim.refuse_connections(times=4, status=503)
        desk.sim.cut_connections()
        await desk.until_live(after_epoch=1)

        waits = [notice.retry_in_s for notice in desk.notices(Degraded)]
        assert waits == [1.0, 2.0, 4.0, 8.0, 16.0]
        assert len(desk.notices(GapOpened)) == len(desk.notices(GapRepaired)) == 1


async def test_waits_are_capped_and_never_end() -> None:
    settings = Settings(backoff=BackoffPolicy(initial_s=1, maximum_s=10, jitter=0))
    async with live_desk(settings=settings) as desk:
        desk.sim.refuse_connections(times=100, status=403)
        desk.sim.cut_connections()
        await desk.until(lambda: desk.epoch > 1, within_s=1100)

        waits = [notice.retry_in_s for notice in desk.notices(Degraded)]
        assert len(waits) == 101
        assert max(waits) == 10


async def test_connection_that_was_not_stable_does_not_start_the_backoff_anew() -> None:
    async with live_desk(settings=Settings(stable_after_s=60)) as desk:
        for epoch in (1, 2, 3):
            await asyncio.sleep(5)
            desk.sim.cut_connections()
            await desk.until_live(after_epoch=epoch)
        await asyncio.sleep(60)
        desk.sim.cut_connections()
        await desk.until_live(after_epoch=4)

        assert [notice.retry_in_s for notice in desk.notices(Degraded)] == [1.0, 2.0, 4.0, 1.0]
        assert [notice.attempt for notice in desk.notices(Connecting)] == [1, 2, 3, 4, 2]


async def test_connection_is_cut_by_the_exchange_after_a_day_and_nothing_is_lost() -> None:
    async with live_desk(settings=Settings(comparison_interval_s=900)) as desk:
        await desk.resting("overnight")
        await asyncio.sleep(86_400 + 60)
        desk.sim.fill("overnight", "0.010")
        await desk.until_state("overnight", "filled")

        assert desk.epoch == 2
        await desk.is_square()


async def test_orders_open_at_the_start_are_told_as_a_baseline_and_their_fills_never() -> None:
    sim = Simulator(accounts=(AccountSpec(balance="100000"),))
    async with open_desk(sim=sim) as desk:
        sim.place_external(
            symbol=SYMBOL, side="BUY", type="LIMIT", quantity="0.010", price="60000", client_order_id="old"
        )
        sim.fill("old", "0.004")
        await asyncio.sleep(120)
        async with desk.service:
            sim.fill("old", "0.006")
            await desk.until_state("old", "filled")

        baseline, *later = desk.orders.deliveries
        assert (baseline["order_status"], baseline["last_filled_qty"], baseline["source"]) == (
            "PARTIALLY_FILLED", "0", "rest",
        )  # fmt: skip
        assert Decimal(baseline["accumulated_filled_qty"]) == Decimal("0.004")
        assert sum(Decimal(data["last_filled_qty"]) for data in later) == Decimal("0.006")
        assert later[-1]["order_status"] == "FILLED"


@pytest.mark.parametrize("path", ["v1/openOrders", "v1/allOrders", "v1/userTrades", "v3/positionRisk", "v3/balance"])
async def test_fills_that_happen_while_rest_is_read_are_told_once(path: str) -> None:
    async with live_desk() as desk:
        await desk.resting("racing")
        fills = iter(["0.002", "0.003"])

        def fill_while_rest_is_read(entry: JournalEntry) -> None:
            if (entry.kind, entry.path) == ("request", f"/fapi/{path}"):
                for quantity in fills:
                    desk.sim.fill("racing", quantity)

        desk.sim.cut_connections()
        desk.sim.fill("racing", "0.001")
        desk.sim.subscribe(fill_while_rest_is_read)
        await desk.until_live(after_epoch=1)
        desk.sim.fill("racing", "0.004")
        await desk.until_state("racing", "filled")

        quantities = [Decimal(quantity) for _, quantity, _ in desk.orders.told("racing") if quantity != "0"]
        assert quantities == [Decimal("0.001"), Decimal("0.002"), Decimal("0.003"), Decimal("0.004")]
        await desk.is_square()


async def test_buffer_that_overflows_is_read_again_over_rest() -> None:
    async with live_desk(settings=Settings(buffer_frames=3)) as desk:
        await desk.resting("burst")
        burst = iter([True])

        def fill_at_the_first_question(entry: JournalEntry) -> None:
            if (entry.kind, entry.path) == ("request", "/fapi/v1/openOrders") and next(burst, False):
                for _ in range(10):
                    desk.sim.fill("burst", "0.001")

        desk.sim.cut_connections()
        desk.sim.subscribe(fill_at_the_first_question)
        await desk.until_state("burst", "filled")

        await desk.is_square()


async def test_connection_whose_first_answer_overflowed_is_proven_by_a_second_one() -> None:
    async with live_desk(settings=Settings(buffer_frames=3)) as desk:
        await desk.resting("burst")
        burst = iter([True])

        def fill_with_the_answer(entry: JournalEntry) -> None:
            if entry.kind == "frame" and "LIST_SUBSCRIPTIONS" in entry.summary and next(burst, False):
                for _ in range(10):
                    desk.sim.fill("burst", "0.001")

        desk.sim.cut_connections()
        desk.sim.subscribe(fill_with_the_answer)
        await desk.until_state("burst", "filled")
        await desk.until(lambda: isinstance(desk.service.state, Live) and desk.service.state.proven)

        await desk.is_square()


async def test_cut_during_the_synchronization_starts_another() -> None:
    async with live_desk() as desk:
        await desk.resting("twice")
        cuts = iter([True, True])

        def cut_while_rest_is_read(entry: JournalEntry) -> None:
            if (entry.kind, entry.path) == ("request", "/fapi/v1/openOrders") and next(cuts, False):
                desk.sim.cut_connections()

        desk.sim.cut_connections()
        desk.sim.fill("twice", "0.010")
        desk.sim.subscribe(cut_while_rest_is_read)
        await desk.until_state("twice", "filled")
        await desk.until_live(after_epoch=3)

        assert len(desk.notices(GapOpened)) == 1
        await desk.is_square()


async def test_one_side_of_a_hedged_position_that_was_closed_inside_the_gap_is_told_as_zero() -> None:
    sim = Simulator(accounts=(AccountSpec(balance="100000", dual_side_position=True),))
    async with live_desk(sim=sim) as desk:
        for side, position_side in (("BUY", "LONG"), ("SELL", "SHORT")):
            await desk.orders.place_market_order(SYMBOL, side, "0.010", position_side=position_side)
        await desk.until(lambda: len(desk.book.positions) == 2)

        desk.sim.cut_connections()
        desk.sim.place_external(
            symbol=SYMBOL, side="BUY", type="MARKET", quantity="0.010", position_side="SHORT", client_order_id="web"
        )
        await desk.until_live(after_epoch=1)

        assert list(desk.book.positions) == [(SYMBOL, "LONG")]
        await desk.is_square()
