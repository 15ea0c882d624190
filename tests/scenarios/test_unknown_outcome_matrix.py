"""Row 3, all of it: what the exchange did, what the answer said, and when the stream told, each with each.

Whatever the combination, the request is sent once, no order is called rejected that was executed, and none is called
anything before somebody proved it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from decimal import Decimal

import pytest

from simulator import Delay, ExecuteThen, Reset, Respond
from simulator.core.rest.venue_error import VenueError
from tests.scenarios.desk import SYMBOL, Desk, live_desk
from tests.scenarios.watching import requests
from user_stream import Order

pytestmark = pytest.mark.no_cover


ORDER = "/fapi/v1/order"

ANSWERS: dict[str, Respond | Reset | Delay] = {
    "reset": Reset(),
    "silence until the client gives up": Delay(60),
    "503 Unknown error": Respond(503, -1000, "Unknown error, please check your request or try again later."),
    "503 in HTML": Respond(503, body="<html>503 Service Temporarily Unavailable</html>"),
    "-1006": Respond(500, -1006, "An unexpected response was received from the message bus."),
    "-1007": Respond(408, -1007, "Timeout waiting for response from backend server."),
    "502": Respond(502, body="<html>502 Bad Gateway</html>"),
    "cut off in the middle": Respond(200, body='{"orderId":8886774,"symbol":"BTC'),
}
LATER_S: dict[str, float | None] = {
    "before the answer": 0.0,
    "while the client waits for it": 5.0,
    "after it": 30.0,
    "never": None,
}
"""When the events of the request come: so much after it was executed."""

Act = Callable[[Desk], object]


async def place_limit(desk: Desk) -> Order:
    return await desk.orders.place_limit_order(SYMBOL, "BUY", "0.010", "60000", client_order_id="u")


async def place_market(desk: Desk) -> Order:
    return await desk.orders.place_market_order(SYMBOL, "BUY", "0.010", client_order_id="u")


async def place_taker_of_a_part(desk: Desk) -> Order:
    """An order that takes what there is, and rests with what is left."""
    desk.sim.set_depth(SYMBOL, [("0.004", "65000")])
    return await desk.orders.place_limit_order(SYMBOL, "BUY", "0.010", "65000", client_order_id="u")


def stand(desk: Desk) -> tuple[str, Decimal]:
    order = desk.orders.get_order("u")
    assert order is not None
    return str(order.state), order.filled_qty


EXECUTED = {
    "rests": (place_limit, ("active", Decimal(0))),
    "fills in part": (place_taker_of_a_part, ("active", Decimal("0.004"))),
    "fills": (place_market, ("filled", Decimal("0.010"))),
}


def delay_events(desk: Desk, seconds: float | None) -> None:
    if seconds is None:
        desk.sim.silence_connections()
    elif seconds:
        desk.sim.on_frame(Delay(seconds), times=None)


@pytest.mark.parametrize("told", LATER_S)
@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("executed", EXECUTED)
async def test_order_that_was_executed_is_found_whatever_was_answered(executed: str, answer: str, told: str) -> None:
    """Row 3: accepted, the answer lost or wrong, the events early, late or never."""
    place, expected = EXECUTED[executed]
    async with live_desk() as desk:
        delay_events(desk, LATER_S[told])
        desk.sim.on_request("POST", ORDER, ExecuteThen(ANSWERS[answer]))

        order = await place(desk)
        assert order.state in {"placing", "active", "filled"}
        await desk.until(lambda: stand(desk) == expected)
        await asyncio.sleep(70)

        assert stand(desk) == expected
        assert "rejected" not in desk.orders.states["u"]
        assert "lost" not in desk.orders.states["u"]
        assert len(requests(desk, "POST", ORDER)) == 1
        await desk.is_square()


@pytest.mark.parametrize("answer", ANSWERS)
async def test_order_that_was_not_executed_stays_placing_until_every_bound_is_past(answer: str) -> None:
    """Row 3: refused, and nobody said so; after a minute of silence it is refused because its time was up."""
    async with live_desk() as desk:
        desk.sim.on_request("POST", ORDER, ANSWERS[answer])
        sent_at = desk.sim.time_ms

        await place_limit(desk)
        await desk.until(lambda: stand(desk)[0] != "placing")

        assert stand(desk)[0] == "lost"
        assert desk.sim.time_ms - sent_at >= 45_000  # recvWindow, and REST's lag
        assert len(requests(desk, "POST", ORDER)) == 1
        await desk.is_square()


@pytest.mark.parametrize("told", LATER_S)
@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("fills", [False, True])
async def test_cancel_that_was_executed_is_found_whatever_was_answered(fills: bool, answer: str, told: str) -> None:
    """Rows 3 and 15: with a part filled just before, or without."""
    async with live_desk() as desk:
        await desk.resting("u")
        delay_events(desk, LATER_S[told])
        if fills:
            desk.sim.fill("u", "0.003")
        desk.sim.on_request("DELETE", ORDER, ExecuteThen(ANSWERS[answer]))

        await desk.orders.cancel_order("u")
        await desk.until_state("u", "cancelled")
        await asyncio.sleep(70)

        assert stand(desk) == ("cancelled", Decimal("0.003") if fills else Decimal(0))
        assert len(requests(desk, "DELETE", ORDER)) == 1
        await desk.is_square()


@pytest.mark.parametrize("told", LATER_S)
@pytest.mark.parametrize("answer", ANSWERS)
async def test_amendment_that_was_executed_is_found_whatever_was_answered(answer: str, told: str) -> None:
    """Rows 3 and 15."""
    async with live_desk() as desk:
        await desk.resting("u")
        await asyncio.sleep(1)
        delay_events(desk, LATER_S[told])
        desk.sim.on_request("PUT", ORDER, ExecuteThen(ANSWERS[answer]))

        await desk.orders.amend_order("u", quantity="0.020")
        await asyncio.sleep(70)

        order = desk.orders.get_order("u")
        assert order is not None
        assert (order.state, order.quantity) == ("active", Decimal("0.020"))
        desk.sim.fill("u", "0.020")
        await desk.until_state("u", "filled")
        assert len(requests(desk, "PUT", ORDER)) == 1
        await asyncio.sleep(60)
        await desk.is_square()


async def test_engine_that_sends_an_unresolved_order_again_is_refused_here() -> None:
    """Row 3: a second order under the id would be -4116 at best, and a second position at worst."""
    async with live_desk() as desk:
        desk.sim.silence_connections()
        desk.sim.on_request("POST", ORDER, ExecuteThen(Reset()))
        await place_limit(desk)

        with pytest.raises(ValueError, match="was used before"):
            await place_limit(desk)

        assert len(requests(desk, "POST", ORDER)) == 1
        with pytest.raises(VenueError, match="ClientOrderId is duplicated"):
            desk.sim.place_external(
                symbol=SYMBOL, side="BUY", type="LIMIT", quantity="0.010", price="60000", client_order_id="u"
            )
