"""Conditional orders from placing to their child's end, whatever the exchange leaves out and whenever it breaks.

Row 2 of the failure catalogue, and rule 12.
"""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any

import pytest

from simulator import AccountSpec, Delay, Drop, ExecuteThen, Profile, Reset, Respond, Simulator
from tests.scenarios.desk import SYMBOL, Desk, live_desk
from user_stream import Order, Settings
from user_stream.core.lifecycle import OrderLost

ALGO_ORDER = "/fapi/v1/algoOrder"
UNKNOWN = Respond(503, -1000, "Unknown error, please check your request or try again later.")
NOT_FOUND = Respond(400, -2013, "Order does not exist.")


def exchange(**profile: Any) -> Simulator:
    return Simulator(accounts=(AccountSpec(balance="100000"),), profile=Profile(**profile))


def stands(desk: Desk, name: str = "stop") -> Order:
    """Return an order that is known, as it stands."""
    order = desk.orders.get_order(name)
    assert order is not None
    return order


def asked(desk: Desk, method: str, path: str = ALGO_ORDER) -> int:
    return len([entry for entry in desk.sim.journal.entries(path=path, kind="request") if entry.method == method])


async def holds_long(desk: Desk) -> None:
    """Buy something to protect."""
    await desk.orders.place_market_order(SYMBOL, "BUY", "0.010", client_order_id="entry")
    await desk.until_state("entry", "filled")


async def place_stop(desk: Desk, name: str = "stop", **terms: Any) -> Order:
    """Place a stop and wait until it waits."""
    terms = terms or {"quantity": "0.010"}
    await desk.orders.place_stop_order(SYMBOL, "SELL", "50000", client_order_id=name, **terms)
    await desk.until_state(name, "active")
    return stands(desk, name)


# --- a life ---------------------------------------------------------------------------------------------------------


async def test_stop_waits_is_triggered_and_fills_as_one_order() -> None:
    async with live_desk() as desk:
        await holds_long(desk)
        order = await place_stop(desk)
        assert (order.algo_status, order.order_id, order.filled_qty) == ("NEW", "", Decimal(0))

        desk.sim.set_price(SYMBOL, "49990")
        await desk.until_state("stop", "filled")

        order = stands(desk)
        assert (order.filled_qty, order.order_type, order.external) == (Decimal("0.010"), "STOP_MARKET", False)
        assert desk.orders.states["stop"][:2] == ["placing", "active"]
        assert desk.orders.states["stop"][-1] == "filled"
        assert len(desk.orders.orders) == 2
        assert desk.book.position_amount(SYMBOL) == 0
        await desk.is_square()


@pytest.mark.parametrize("name", ["same", "generated"])
@pytest.mark.parametrize("child", ["before_triggered", "after_triggered"])
@pytest.mark.parametrize("triggered", ["with_child_id", "without_child_id"])
@pytest.mark.parametrize("lite", ["first", "last", "absent"])
async def test_child_is_never_a_second_order_whatever_the_exchange_calls_it_and_when(
    name: str, child: str, triggered: str, lite: str
) -> None:
    """Rule 12, U13: fills before or after TRIGGERED, `ai` given or empty, either name."""
    sim = exchange(algo_child_id=name, algo_child=child, algo_triggered=triggered, trade_lite=lite)
    async with live_desk(sim=sim) as desk:
        await holds_long(desk)
        await place_stop(desk, close_position=True)

        desk.sim.set_price(SYMBOL, "49990")
        await desk.until_state("stop", "filled")

        assert [order.client_order_id for order in desk.orders.orders] == ["entry", "stop"]
        fills = [data for data in desk.orders.deliveries if data["last_filled_qty"] != "0" and data["side"] == "SELL"]
        assert [data.get("algo_id") for data in fills] == [stands(desk).algo_id]
        await desk.is_square()


async def test_stop_limit_that_is_triggered_rests_and_is_cancelled_as_its_child() -> None:
    """Row 2: triggered, and never filled."""
    async with live_desk() as desk:
        await holds_long(desk)
        await desk.orders.place_conditional_order(
            SYMBOL, "SELL", "STOP", quantity="0.010", trigger_price="50000", price="55000", client_order_id="stop"
        )
        await desk.until_state("stop", "active")
        desk.sim.set_price(SYMBOL, "49990")
        await desk.until(lambda: stands(desk).order_id)
        assert stands(desk).state == "active"

        await desk.orders.cancel_order("stop")
        await desk.until_state("stop", "cancelled")

        assert asked(desk, "DELETE") == 0
        assert stands(desk).filled_qty == 0
        await desk.is_square()


async def test_stop_limit_that_rests_as_its_child_can_be_amended_and_fills_in_parts() -> None:
    async with live_desk() as desk:
        await holds_long(desk)
        await desk.orders.place_conditional_order(
            SYMBOL, "SELL", "STOP", quantity="0.010", trigger_price="50000", price="55000", client_order_id="stop"
        )
        await desk.until_state("stop", "active")
        desk.sim.set_price(SYMBOL, "49990")
        await desk.until(lambda: stands(desk).order_id)

        await desk.orders.amend_order("stop", price="54000")
        await desk.until(lambda: stands(desk).price == 54000)
        desk.sim.fill(int(stands(desk).order_id), "0.004")
        await desk.until(lambda: stands(desk).filled_qty == Decimal("0.004"))
        assert stands(desk).state == "active"
        desk.sim.set_price(SYMBOL, "54001")
        await desk.until_state("stop", "filled")

        await desk.is_square()


@pytest.mark.parametrize(
    ("status", "state"), [("CANCELED", "cancelled"), ("EXPIRED", "expired"), ("REJECTED", "rejected")]
)
async def test_stop_that_the_exchange_ends_has_ended(status: str, state: str) -> None:
    async with live_desk() as desk:
        await holds_long(desk)
        await place_stop(desk)

        desk.sim.end_algo("stop", status, reason="Reduce Only reject")
        await desk.until_state("stop", state)

        assert stands(desk).algo_status == status
        await desk.is_square()


async def test_trailing_stop_that_is_activated_is_one_order_still() -> None:
    async with live_desk() as desk:
        await holds_long(desk)
        await desk.orders.place_conditional_order(
            SYMBOL, "SELL", "TRAILING_STOP_MARKET", quantity="0.010", callback_rate="1", activate_price="80000",
            client_order_id="stop",
        )  # fmt: skip
        await desk.until_state("stop", "active")
        desk.sim.set_price(SYMBOL, "80000")
        desk.sim.set_price(SYMBOL, "79000")
        await desk.until_state("stop", "filled")

        assert len(desk.orders.orders) == 2
        await desk.is_square()


async def test_conditional_order_of_somebody_else_is_followed_as_external() -> None:
    async with live_desk() as desk:
        await holds_long(desk)
        desk.sim.place_external_algo(
            symbol=SYMBOL, side="SELL", type="STOP_MARKET", quantity="0.010", trigger_price="50000",
            client_algo_id="web_1",
        )  # fmt: skip
        await desk.until_state("web_1", "active")
        desk.sim.set_price(SYMBOL, "49990")
        await desk.until_state("web_1", "filled")

        assert stands(desk, "web_1").external
        assert len(desk.orders.orders) == 2
        await desk.is_square()


async def test_foreign_order_at_the_moment_of_a_trigger_waits_and_is_told_as_its_own() -> None:
    """Rule 12: what may be a child waits, and what is none goes on."""
    async with live_desk(sim=exchange(algo_trigger_ms=400)) as desk:
        await holds_long(desk)
        await place_stop(desk)
        desk.sim.set_price(SYMBOL, "49990")
        desk.sim.place_external(symbol=SYMBOL, side="SELL", type="MARKET", quantity="0.002", client_order_id="web_1")
        await desk.until_state("stop", "filled")
        await desk.until_state("web_1", "filled")

        assert (stands(desk, "web_1").algo_id, stands(desk, "web_1").external) == (0, True)
        await desk.is_square()


# --- cancelling -----------------------------------------------------------------------------------------------------


async def test_cancel_all_ends_both_books() -> None:
    """Row 2."""
    async with live_desk() as desk:
        await holds_long(desk)
        await place_stop(desk)
        await desk.resting("limit")

        await desk.orders.cancel_all_orders()
        await desk.until_state("stop", "cancelled")
        await desk.until_state("limit", "cancelled")

        await desk.is_square()


async def test_cancel_that_crosses_with_the_trigger_does_not_lose_the_fill() -> None:
    """Row 15."""
    async with live_desk() as desk:
        await holds_long(desk)
        await place_stop(desk)
        desk.sim.on_request("DELETE", ALGO_ORDER, Delay(0.005))
        desk.sim.set_price(SYMBOL, "49990")

        order = await desk.orders.cancel_order("stop")
        assert order.state in {"active", "cancelling", "filled"}  # -4117 says that it is being triggered: not cancelled
        await desk.until_state("stop", "filled")

        await desk.is_square()


async def test_cancel_with_a_lost_answer_is_resolved_by_asking() -> None:
    """Row 3."""
    async with live_desk() as desk:
        await holds_long(desk)
        await place_stop(desk)
        desk.sim.silence_connections()
        desk.sim.on_request("DELETE", ALGO_ORDER, ExecuteThen(UNKNOWN))

        await desk.orders.cancel_order("stop")
        await desk.until_state("stop", "cancelled")

        assert ("CANCELED", "0", "rest") in desk.orders.told("stop")


async def test_cancel_that_was_never_executed_brings_the_stop_back_to_active() -> None:
    async with live_desk() as desk:
        await holds_long(desk)
        await place_stop(desk)
        desk.sim.on_request("DELETE", ALGO_ORDER, UNKNOWN)

        await desk.orders.cancel_order("stop")
        assert stands(desk).state == "cancelling"
        await desk.until_state("stop", "active")

        await desk.is_square()


# --- unknown outcomes -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("answer", [ExecuteThen(UNKNOWN), ExecuteThen(Reset())], ids=["503", "reset"])
async def test_stop_that_was_placed_behind_a_lost_answer_is_found_and_not_placed_again(answer: Any) -> None:
    """Row 3."""
    async with live_desk() as desk:
        await holds_long(desk)
        desk.sim.silence_connections()
        desk.sim.on_request("POST", ALGO_ORDER, answer)

        await desk.orders.place_stop_order(SYMBOL, "SELL", "50000", quantity="0.010", client_order_id="stop")
        await desk.until_state("stop", "active")

        assert desk.orders.told("stop") == [("NEW", "0", "rest")]
        assert asked(desk, "POST") == 1


async def test_stop_that_never_arrived_is_lost_past_every_bound_and_not_before() -> None:
    """Rule 17."""
    async with live_desk() as desk:
        desk.sim.on_request("POST", ALGO_ORDER, UNKNOWN)

        await desk.orders.place_stop_order(SYMBOL, "SELL", "50000", quantity="0.010", client_order_id="stop")
        before = desk.sim.time_ms
        await desk.until(lambda: desk.notices(OrderLost))

        assert desk.notices(OrderLost) == [OrderLost("stop")]
        assert stands(desk).state == "lost"
        assert desk.sim.time_ms - before >= 45_000


async def test_stop_that_rest_does_not_show_yet_is_neither_lost_nor_rejected() -> None:
    """Row 6."""
    async with live_desk() as desk:
        desk.sim.silence_connections()
        desk.sim.on_request("POST", ALGO_ORDER, ExecuteThen(UNKNOWN))
        desk.sim.on_request("GET", ALGO_ORDER, NOT_FOUND, times=4)

        await desk.orders.place_stop_order(SYMBOL, "SELL", "50000", quantity="0.010", client_order_id="stop")
        await desk.until_state("stop", "active")

        assert desk.notices(OrderLost) == []


# --- gaps -----------------------------------------------------------------------------------------------------------


async def test_stop_that_was_triggered_and_filled_inside_a_gap_is_one_filled_order() -> None:
    """Row 4, rule 15."""
    async with live_desk(sim=exchange(algo_child_id="generated")) as desk:
        await holds_long(desk)
        await place_stop(desk)
        epoch = desk.epoch
        desk.sim.cut_connections()
        desk.sim.set_price(SYMBOL, "49990")
        await desk.until_live(after_epoch=epoch)
        await desk.until_state("stop", "filled")

        assert [order.client_order_id for order in desk.orders.orders] == ["entry", "stop"]
        await desk.is_square()


async def test_stop_that_was_placed_inside_a_gap_and_that_rest_hides_from_a_recovery_is_found() -> None:
    """Row 6: its placing was answered, so nobody was in doubt, and neither pass of the recovery saw it."""
    async with live_desk() as desk:
        await holds_long(desk)
        desk.sim.cut_connections()
        desk.sim.on_request("GET", ALGO_ORDER, NOT_FOUND, times=4)
        await desk.orders.place_stop_order(SYMBOL, "SELL", "50000", quantity="0.010", client_order_id="stop")
        desk.sim.end_algo("stop", "CANCELED")

        await desk.until_state("stop", "cancelled")

        assert desk.notices(OrderLost) == []
        await desk.is_square()


async def test_stop_that_ended_inside_a_gap_has_ended() -> None:
    async with live_desk() as desk:
        await holds_long(desk)
        await place_stop(desk)
        epoch = desk.epoch
        desk.sim.cut_connections()
        desk.sim.end_algo("stop", "EXPIRED")
        await desk.until_live(after_epoch=epoch)

        await desk.until_state("stop", "expired")
        await desk.is_square()


async def test_stop_that_was_placed_by_somebody_else_inside_a_gap_is_met() -> None:
    async with live_desk() as desk:
        await holds_long(desk)
        epoch = desk.epoch
        desk.sim.cut_connections()
        desk.sim.place_external_algo(
            symbol=SYMBOL, side="SELL", type="STOP_MARKET", quantity="0.010", trigger_price="50000",
            client_algo_id="web_1",
        )  # fmt: skip
        await desk.until_live(after_epoch=epoch)

        assert stands(desk, "web_1").state == "active"
        await desk.is_square()


async def test_exchange_that_refuses_questions_about_conditional_orders_keeps_nothing_else_unanswered() -> None:
    async with live_desk() as desk:
        await desk.resting("limit")
        desk.sim.on_request("GET", "/fapi/v1/openAlgoOrders", Respond(404, 0, "not found"), times=None)
        epoch = desk.epoch
        desk.sim.cut_connections()
        await desk.until_live(after_epoch=epoch)


async def test_triggering_whose_end_was_never_told_is_looked_up() -> None:
    """TRIGGERED is lost with the connection, right after TRIGGERING; so is FINISHED."""
    async with live_desk(sim=exchange(algo_child_id="generated", algo_trigger_ms=2_000)) as desk:
        await holds_long(desk)
        await place_stop(desk)
        epoch = desk.epoch
        desk.sim.set_price(SYMBOL, "49990")
        await desk.until(lambda: stands(desk).algo_status == "TRIGGERING")
        desk.sim.cut_connections()
        await desk.until_live(after_epoch=epoch)
        await desk.until_state("stop", "filled")

        await desk.until(lambda: len(desk.orders.orders) == 2)
        await desk.is_square()


async def test_parent_that_nobody_names_in_time_is_linked_late() -> None:
    """Rule 12: no event names the child, and REST lags; after a second the fill is told, later whose child it is."""
    async with live_desk(sim=exchange(algo_child_id="generated")) as desk:
        await holds_long(desk)
        await place_stop(desk)
        desk.sim.on_request("GET", ALGO_ORDER, NOT_FOUND, times=4)
        desk.sim.on_frame(Drop(), event="ALGO_UPDATE", nth=2, times=2)  # TRIGGERED and FINISHED
        desk.sim.set_price(SYMBOL, "49990")
        triggered = desk.sim.time_ms
        await desk.until(lambda: len(desk.orders.orders) == 3)
        assert 1_000 <= desk.sim.time_ms - triggered <= 1_100
        assert (stands(desk).state, stands(desk).algo_status) == ("active", "TRIGGERING")

        await desk.until_state("stop", "filled")

        assert len(desk.orders.orders) == 2
        await desk.is_square()


async def test_child_that_was_told_before_anything_of_its_parents_trigger_is_asked_for() -> None:
    """TRIGGERING is lost and TRIGGERED names no child: nothing had to wait, and the query says whose it is."""
    sim = exchange(algo_child_id="generated", algo_triggered="without_child_id", algo_trigger_ms=500)
    async with live_desk(sim=sim) as desk:
        await holds_long(desk)
        await place_stop(desk)
        desk.sim.on_frame(Drop(), event="ALGO_UPDATE")
        desk.sim.on_frame(Drop(), event="ALGO_UPDATE", nth=2)
        desk.sim.set_price(SYMBOL, "49990")
        await desk.until(lambda: len(desk.orders.orders) == 3, 0.4)

        await desk.until_state("stop", "filled")

        assert len(desk.orders.orders) == 2
        await desk.is_square()


async def test_finished_order_whose_childs_end_no_stream_told_is_read() -> None:
    """Rule 12: FINISHED says that the child is over, and nothing of how."""
    async with live_desk(sim=exchange(trade_lite="absent")) as desk:
        await holds_long(desk)
        await place_stop(desk)
        desk.sim.on_frame(Drop(), event="ORDER_TRADE_UPDATE", execution_type="TRADE")

        desk.sim.set_price(SYMBOL, "49990")
        await desk.until_state("stop", "filled")

        assert desk.orders.told("stop")[-1] == ("FILLED", "0.010", "rest")
        await desk.is_square()


async def test_cancel_of_a_child_with_a_lost_answer_is_resolved_by_asking_for_the_child() -> None:
    """Row 3."""
    async with live_desk() as desk:
        await holds_long(desk)
        await desk.orders.place_conditional_order(
            SYMBOL, "SELL", "STOP", quantity="0.010", trigger_price="50000", price="55000", client_order_id="stop"
        )
        await desk.until_state("stop", "active")
        desk.sim.set_price(SYMBOL, "49990")
        await desk.until(lambda: stands(desk).order_id)
        desk.sim.silence_connections()
        desk.sim.on_request("DELETE", "/fapi/v1/order", ExecuteThen(UNKNOWN))

        await desk.orders.cancel_order("stop")
        await desk.until_state("stop", "cancelled")


@pytest.mark.parametrize("name", ["same", "generated"])
async def test_two_connections_tell_one_life_of_a_stop_although_one_dies_in_the_middle(name: str) -> None:
    """Rule 27: fills and conditional orders are merged from all connections."""
    sim = exchange(algo_child_id=name, algo_trigger_ms=300)
    async with live_desk(sim=sim, settings=Settings(connections=2)) as desk:
        await desk.until(lambda: len(sim.connections) == 2)
        await holds_long(desk)
        await place_stop(desk)
        first, second = [connection.number for connection in sim.connections]
        sim.on_frame(Delay(0.2), event="ORDER_TRADE_UPDATE", connection=first, times=None)
        sim.on_frame(Delay(0.4), event="ALGO_UPDATE", connection=second, times=None)
        sim.set_price(SYMBOL, "49990")
        await asyncio.sleep(0.1)
        sim.cut_connections(connection=second)
        await desk.until_state("stop", "filled")
        await asyncio.sleep(120)

        assert [order.client_order_id for order in desk.orders.orders] == ["entry", "stop"]
        await desk.is_square()
