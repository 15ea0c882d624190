"""Requests whose outcome nobody knows: never rejections, never sent again, always resolved."""

from __future__ import annotations

import asyncio

import pytest

from simulator import Delay, ExecuteThen, ExecuteThenReset, Reset, Respond
from tests.scenarios.desk import SYMBOL, Desk, live_desk
from user_stream import Order
from user_stream.core.lifecycle import OrderLost

ORDER = "/fapi/v1/order"
UNKNOWN = Respond(503, -1000, "Unknown error, please check your request or try again later.")
TIMEOUT = Respond(408, -1007, "Timeout waiting for response from backend server.")
NO_ANSWER = [UNKNOWN, TIMEOUT, Respond(502, 0, ""), Respond(500, -1006, "An unexpected response was received.")]


def sent(desk: Desk) -> int:
    return len([entry for entry in desk.sim.journal.entries(path=ORDER, kind="request") if entry.method == "POST"])


@pytest.mark.parametrize("answer", NO_ANSWER)
async def test_order_that_was_executed_behind_an_unknown_answer_is_resolved_by_the_stream(answer: Respond) -> None:
    async with live_desk() as desk:
        desk.sim.on_request("POST", ORDER, ExecuteThen(answer))

        await desk.orders.place_limit_order(SYMBOL, "BUY", "0.010", "60000", client_order_id="u")
        await desk.until_state("u", "active")

        assert desk.orders.states["u"] == ["placing", "active"]
        assert sent(desk) == 1
        await desk.is_square()


async def test_lost_answer_of_an_order_that_filled_is_no_failure() -> None:
    async with live_desk() as desk:
        desk.sim.on_request("POST", ORDER, ExecuteThenReset())

        order = await desk.orders.place_market_order(SYMBOL, "BUY", "0.010", client_order_id="u")
        await desk.until_state("u", "filled")

        assert order.state in {"placing", "filled"}
        assert sent(desk) == 1
        await desk.is_square()


async def test_order_executed_behind_a_silent_stream_is_resolved_by_asking() -> None:
    async with live_desk() as desk:
        desk.sim.silence_connections()
        desk.sim.on_request("POST", ORDER, ExecuteThen(UNKNOWN))

        await desk.orders.place_limit_order(SYMBOL, "BUY", "0.010", "60000", client_order_id="u")
        await desk.until_state("u", "active")

        assert desk.orders.told("u") == [("NEW", "0", "rest")]


@pytest.mark.parametrize("answer", [*NO_ANSWER, Reset()])
async def test_order_that_nobody_knows_stays_placing_until_every_bound_is_past_then_is_lost(
    answer: Respond | Reset,
) -> None:
    async with live_desk() as desk:
        lost: list[Order] = []
        desk.orders.on_lost = lost.append
        desk.sim.on_request("POST", ORDER, answer)

        await desk.orders.place_limit_order(SYMBOL, "BUY", "0.010", "60000", client_order_id="u")
        await asyncio.sleep(44)
        order = desk.orders.get_order("u")
        assert order is not None
        assert order.state == "placing"
        await desk.until_state("u", "lost")

        assert [order.client_order_id for order in lost] == ["u"]
        assert [notice.client_order_id for notice in desk.notices(OrderLost)] == ["u"]
        assert sent(desk) == 1


async def test_lost_order_that_turns_up_is_followed() -> None:
    async with live_desk() as desk:
        desk.sim.on_request("POST", ORDER, UNKNOWN)
        await desk.orders.place_limit_order(SYMBOL, "BUY", "0.010", "60000", client_order_id="u")
        await desk.until_state("u", "lost")

        desk.sim.place_external(
            symbol=SYMBOL, side="BUY", type="LIMIT", quantity="0.010", price="60000", client_order_id="u"
        )
        await desk.until_state("u", "active")
        desk.sim.fill("u", "0.010")
        await desk.until_state("u", "filled")

        order = desk.orders.get_order("u")
        assert order is not None
        assert not order.external
        await desk.is_square()


@pytest.mark.parametrize(
    "answer",
    [
        Respond(503, -1016, "Service Unavailable."),
        Respond(503, -1001, "Internal error; unable to process your request. Please try again."),
        Respond(503, -1008, "Request throttled by system-level protection."),
        Respond(429, -1015, "Too many new orders; current limit is 300 orders per TEN_SECONDS."),
    ],
)
async def test_definite_failures_are_rejections(answer: Respond) -> None:
    async with live_desk() as desk:
        desk.sim.on_request("POST", ORDER, answer)

        order = await desk.orders.place_limit_order(SYMBOL, "BUY", "0.010", "60000", client_order_id="d")

        assert order.state == "rejected"


async def test_answer_that_comes_after_the_fill_changes_nothing() -> None:
    async with live_desk() as desk:
        desk.sim.on_request("POST", ORDER, ExecuteThen(Delay(5)))

        order = await desk.orders.place_market_order(SYMBOL, "BUY", "0.010", client_order_id="slow")

        assert order.state == "filled"
        await desk.is_square()


async def test_refusal_that_comes_after_the_fill_is_not_believed() -> None:
    async with live_desk() as desk:
        desk.sim.on_request("POST", ORDER, ExecuteThen(Respond(400, -2019, "Margin is insufficient.")))

        await desk.orders.place_market_order(SYMBOL, "BUY", "0.010", client_order_id="liar")
        await desk.until_state("liar", "filled")

        await desk.is_square()


async def test_cancel_of_an_order_that_just_filled_is_a_question() -> None:
    async with live_desk() as desk:
        await desk.resting("race")
        desk.sim.silence_connections()
        desk.sim.fill("race", "0.010")

        await desk.orders.cancel_order("race")
        await desk.until_state("race", "filled")

        assert desk.orders.states["race"] == ["placing", "active", "cancelling", "filled"]


async def test_lost_answer_of_a_cancel_is_resolved() -> None:
    async with live_desk() as desk:
        await desk.resting("c")
        desk.sim.on_request("DELETE", ORDER, ExecuteThen(UNKNOWN))

        await desk.orders.cancel_order("c")
        await desk.until_state("c", "cancelled")

        await desk.is_square()


async def test_task_cancelled_while_its_order_is_in_flight_leaves_an_order_that_is_resolved() -> None:
    async with live_desk() as desk:
        desk.sim.silence_connections()
        desk.sim.on_request("POST", ORDER, ExecuteThen(Delay(5)))
        placing = asyncio.create_task(
            desk.orders.place_limit_order(SYMBOL, "BUY", "0.010", "60000", client_order_id="abandoned")
        )
        await asyncio.sleep(1)

        placing.cancel()
        await desk.until_state("abandoned", "active")

        assert desk.orders.told("abandoned") == [("NEW", "0", "rest")]


async def test_cancel_that_was_never_executed_can_be_sent_again() -> None:
    async with live_desk() as desk:
        await desk.resting("open")
        desk.sim.on_request("DELETE", ORDER, UNKNOWN)

        order = await desk.orders.cancel_order("open")
        assert order.state == "cancelling"
        await asyncio.sleep(60)
        await desk.orders.cancel_order("open")
        await desk.until_state("open", "cancelled")

        await desk.is_square()
