"""Amendments are requests: the feed tells what became of them, and until then no order is filled by arithmetic.

Rows 3 and 15 of the failure catalogue, and rule 9.
"""

from __future__ import annotations

import asyncio
from decimal import Decimal

from simulator import Delay, ExecuteThen, Respond
from tests.scenarios.desk import Desk, live_desk
from user_stream import Order

UNKNOWN = Respond(503, -1000, "Unknown error, please check your request or try again later.")


def stands(desk: Desk, name: str) -> Order:
    """Return an order that is known, as it stands."""
    order = desk.orders.get_order(name)
    assert order is not None
    return order


async def test_amended_order_is_not_called_filled_by_the_fill_of_its_old_quantity() -> None:
    """Rule 9: what TRADE_LITE tells while an amendment is outstanding ends nothing."""
    async with live_desk() as desk:
        await desk.resting("grown", quantity="0.010")
        desk.sim.on_frame(Delay(2), event="ORDER_TRADE_UPDATE", times=None)
        await desk.orders.amend_order("grown", quantity="0.030")
        desk.sim.fill("grown", "0.010")
        await desk.until(lambda: stands(desk, "grown").filled_qty)
        assert stands(desk, "grown").state == "active"

        desk.sim.fill("grown", "0.020")
        await desk.until_state("grown", "filled")

        assert stands(desk, "grown").quantity == Decimal("0.030")
        await desk.is_square()


async def test_amendment_below_what_is_filled_ends_the_order() -> None:
    """Row 15."""
    async with live_desk() as desk:
        await desk.resting("shrunk", quantity="0.010")
        desk.sim.fill("shrunk", "0.004")
        await desk.until(lambda: stands(desk, "shrunk").filled_qty)

        await desk.orders.amend_order("shrunk", quantity="0.003")
        await desk.until_state("shrunk", "cancelled", "expired", "filled")

        assert stands(desk, "shrunk").filled_qty == Decimal("0.004")
        await desk.is_square()


async def test_amendment_with_a_lost_answer_is_resolved_by_asking() -> None:
    """Row 3."""
    async with live_desk() as desk:
        await desk.resting("mine")
        await asyncio.sleep(1)  # of two words of one millisecond nobody can say which is younger
        desk.sim.silence_connections()
        desk.sim.on_request("PUT", "/fapi/v1/order", ExecuteThen(UNKNOWN))

        await desk.orders.amend_order("mine", price="59000")
        await desk.until(lambda: stands(desk, "mine").price == 59000)

        assert stands(desk, "mine").state == "active"
