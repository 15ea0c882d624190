"""Rows 13, 14 and 15: bursts, events that overtake answers, and requests that cross with fills, millisecond by
millisecond.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from decimal import Decimal

import pytest

from simulator import AccountSpec, Delay, Drop, ExecuteThen, Profile, Reset, Respond, Simulator, SimulatorError
from tests.scenarios.desk import SYMBOL, Desk, live_desk
from tests.scenarios.watching import filled_quantities
from user_stream import Order, RequestRejectedError

pytestmark = pytest.mark.no_cover


ORDER = "/fapi/v1/order"
TEN = Decimal("0.010")
OFFSETS_MS = range(-5, 6)
ENDED = {"filled", "cancelled", "expired"}


def stands(desk: Desk, name: str = "order") -> Order:
    order = desk.orders.get_order(name)
    assert order is not None
    return order


def at_offset(desk: Desk, method: str, offset_ms: int, act: Callable[[], object]) -> None:
    """Act so long before (after) the next request of this kind is executed; it is executed 5 ms after it arrived."""
    desk.sim.on_request(method, ORDER, Delay(0.005))

    def act_if_possible() -> None:
        try:
            act()
        except SimulatorError:  # the order has ended
            return

    def look(entry: object) -> None:
        if (getattr(entry, "kind", ""), getattr(entry, "method", "")) == ("request", method):
            end()
            asyncio.get_running_loop().call_later((5 + offset_ms) / 1000, act_if_possible)

    end = desk.sim.subscribe(look)


# --- row 13: bursts -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lite", ["first", "last", "absent"])
@pytest.mark.parametrize("parts", range(3, 11))
async def test_every_part_of_a_burst_within_one_millisecond_is_told_in_order(parts: int, lite: str) -> None:
    """Row 13: no coalescing, and none twice, wherever TRADE_LITE stands."""
    sim = Simulator(accounts=(AccountSpec(balance="100000"),), profile=Profile(trade_lite=lite))  # type: ignore[arg-type]  # one of its words
    async with live_desk(sim=sim) as desk:
        await desk.resting("order")
        sizes = [Decimal("0.001")] * (parts - 1) + [TEN - Decimal("0.001") * (parts - 1)]
        for size in sizes:
            desk.sim.fill("order", size)
        await desk.until_state("order", "filled")
        await asyncio.sleep(1)

        assert filled_quantities(desk, "order") == sizes
        told = [status for status, quantity, _ in desk.orders.told("order") if quantity != "0"]
        assert told == ["PARTIALLY_FILLED"] * (parts - 1) + ["FILLED"]
        await desk.is_square()


async def test_order_that_takes_many_levels_at_once_tells_each_of_them() -> None:
    """Row 13: one taker, ten trades in one match, all before its answer."""
    async with live_desk() as desk:
        desk.sim.set_depth(SYMBOL, [("0.001", str(65000 + tick)) for tick in range(10)])
        await desk.orders.place_market_order(SYMBOL, "BUY", "0.010", client_order_id="order")
        await desk.until_state("order", "filled")

        assert filled_quantities(desk, "order") == [Decimal("0.001")] * 10
        assert stands(desk).avg_price == Decimal("65004.5")
        await desk.is_square()


async def test_fill_that_is_told_after_the_end_is_booked_and_the_end_stays() -> None:
    """Row 13, rule 5: TRADE after CANCELED."""
    async with live_desk() as desk:
        await desk.resting("order")
        desk.sim.on_frame(Delay(0.5), event="ORDER_TRADE_UPDATE", execution_type="TRADE")
        desk.sim.on_frame(Drop(), event="TRADE_LITE", times=None)
        desk.sim.fill("order", "0.004")
        desk.sim.cancel("order")
        await desk.until_state("order", "cancelled")
        await asyncio.sleep(60)

        assert stands(desk).filled_qty == Decimal("0.004")
        assert desk.orders.states["order"][-1] == "cancelled"
        await desk.is_square()


# --- row 14: the event and the answer -------------------------------------------------------------------------------


@pytest.mark.parametrize("ahead_ms", [-5000, -1000, -100, -5, -1, 0, 1, 5, 100, 500])
@pytest.mark.parametrize("kind", ["rests", "fills"])
async def test_event_before_or_after_the_answer_ends_in_the_same(kind: str, ahead_ms: int) -> None:
    """Row 14: from 500 ms before the answer to 5 s after it."""
    async with live_desk() as desk:
        if ahead_ms > 0:
            desk.sim.on_request("POST", ORDER, ExecuteThen(Delay(ahead_ms / 1000)))
        else:
            desk.sim.on_frame(Delay(-ahead_ms / 1000), times=None)
        if kind == "rests":
            await desk.orders.place_limit_order(SYMBOL, "BUY", "0.010", "60000", client_order_id="order")
            await desk.until_state("order", "active")
        else:
            await desk.orders.place_market_order(SYMBOL, "BUY", "0.010", client_order_id="order")
            await desk.until_state("order", "filled")
        await asyncio.sleep(10)

        assert filled_quantities(desk, "order") == ([TEN] if kind == "fills" else [])
        assert desk.orders.states["order"][-1] == ("filled" if kind == "fills" else "active")
        assert not stands(desk).external
        await desk.is_square()


async def test_refusal_in_the_same_breath_finds_its_order() -> None:
    """Row 14: registered before it is sent."""
    async with live_desk() as desk:
        placed = [
            desk.orders.place_limit_order(SYMBOL, "BUY", "0.010", "60000.05", client_order_id=f"r-{number}")
            for number in range(10)
        ]
        orders = await asyncio.gather(*placed)

        assert {str(order.state) for order in orders} == {"rejected"}
        await desk.is_square()


async def test_event_of_an_order_that_nobody_announced_is_not_dropped() -> None:
    """Row 14: placed by another client under any id, filled at once."""
    async with live_desk() as desk:
        desk.sim.place_external(
            symbol="ETHUSDT", side="BUY", type="MARKET", quantity="1", client_order_id="of-somebody-else"
        )
        await desk.until_state("of-somebody-else", "filled")

        assert stands(desk, "of-somebody-else").external
        await desk.is_square()


# --- row 15: cancels and amendments that cross with fills -----------------------------------------------------------


@pytest.mark.parametrize("late_s", [0.0, 0.004, 1.0], ids=["prompt", "4 ms", "1 s"])
@pytest.mark.parametrize("quantity", ["0.004", "0.010"])
@pytest.mark.parametrize("offset_ms", OFFSETS_MS)
async def test_fill_around_a_cancel_is_told_and_the_end_is_the_exchanges(
    offset_ms: int, quantity: str, late_s: float
) -> None:
    """Row 15: -2011 is a question, not an answer."""
    async with live_desk() as desk:
        await desk.resting("order")
        if late_s:
            desk.sim.on_frame(Delay(late_s), times=None)
        at_offset(desk, "DELETE", offset_ms, lambda: desk.sim.fill("order", quantity))

        await desk.orders.cancel_order("order")
        await desk.until(lambda: stands(desk).state in ENDED)
        await asyncio.sleep(60)

        filled_first = offset_ms < 0 or (offset_ms == 0 and stands(desk).filled_qty > 0)
        assert stands(desk).filled_qty == (Decimal(quantity) if filled_first else 0)
        assert stands(desk).state == ("filled" if filled_first and quantity == "0.010" else "cancelled")
        await desk.is_square()


@pytest.mark.parametrize("answer", [Reset(), Respond(503, -1000, "Unknown error, please check your request.")])
@pytest.mark.parametrize("filled", ["0.004", "0.010"])
async def test_fill_before_a_cancel_whose_answer_is_lost_is_told_by_rest(filled: str, answer: Reset | Respond) -> None:
    """Rows 3 and 15: and the stream is silent."""
    async with live_desk() as desk:
        await desk.resting("order")
        await asyncio.sleep(1)  # of the millisecond of the synchronization nobody can say what the stream owes
        desk.sim.silence_connections()
        desk.sim.fill("order", filled)
        desk.sim.on_request("DELETE", ORDER, ExecuteThen(answer))

        await desk.orders.cancel_order("order")
        await desk.until(lambda: stands(desk).state in ENDED)
        await desk.until_live(after_epoch=1)
        await asyncio.sleep(60)

        assert (stands(desk).state, stands(desk).filled_qty) == (
            ("filled", TEN) if filled == "0.010" else ("cancelled", Decimal("0.004"))
        )
        await desk.is_square()


@pytest.mark.parametrize("to", ["0.020", "0.004", "0.003"], ids=["more", "what is filled", "less than is filled"])
@pytest.mark.parametrize("offset_ms", OFFSETS_MS)
async def test_fill_around_an_amendment_is_told_and_the_terms_are_the_exchanges(offset_ms: int, to: str) -> None:
    """Row 15: amended, refused, or ended by it."""
    async with live_desk() as desk:
        await desk.resting("order")
        at_offset(desk, "PUT", offset_ms, lambda: desk.sim.fill("order", "0.004"))

        try:
            await desk.orders.amend_order("order", quantity=to)
        except RequestRejectedError:
            assert stands(desk).quantity == TEN
        await asyncio.sleep(60)

        await desk.is_square()
        if stands(desk).state == "active":
            desk.sim.fill("order", stands(desk).remaining_qty)
            await desk.until_state("order", "filled")
        assert stands(desk).state in ENDED
        await asyncio.sleep(60)
        await desk.is_square()


@pytest.mark.parametrize("offset_ms", OFFSETS_MS)
async def test_complete_fill_around_an_amendment_is_filled_or_goes_on(offset_ms: int) -> None:
    """Row 15, rule 9: filled by its old quantity is not filled, if the amendment was first."""
    async with live_desk() as desk:
        await desk.resting("order")
        desk.sim.on_frame(Delay(1), event="ORDER_TRADE_UPDATE", times=None)
        at_offset(desk, "PUT", offset_ms, lambda: desk.sim.fill("order", "0.010"))

        try:
            await desk.orders.amend_order("order", quantity="0.020")
        except RequestRejectedError as refused:
            assert refused.code in {-2013, -2011, -5027}  # noqa: PT017  either is right, by who was first
        await asyncio.sleep(60)

        assert stands(desk).state == ("active" if stands(desk).quantity == Decimal("0.020") else "filled")
        await desk.is_square()


async def test_amendment_that_is_refused_leaves_the_order_as_it_was() -> None:
    """Row 15."""
    async with live_desk() as desk:
        await desk.resting("order")
        desk.sim.on_request("PUT", ORDER, Respond(400, -4028, "Price or quantity not changed"))
        with pytest.raises(RequestRejectedError):
            await desk.orders.amend_order("order", price="60100")

        desk.sim.fill("order", "0.010")
        await desk.until_state("order", "filled")
        assert stands(desk).price == 60000
        await desk.is_square()


async def test_cancel_all_with_mixed_results_tells_each_order_its_own() -> None:
    """Row 15: some filled before, some in part, some lost on the way."""
    async with live_desk() as desk:
        for number in range(6):
            await desk.resting(f"o-{number}", price=str(60000 + number))
        desk.sim.on_request("DELETE", "/fapi/v1/allOpenOrders", Delay(0.005))
        cancelling = asyncio.create_task(desk.orders.cancel_all_orders(SYMBOL))
        await asyncio.sleep(0.002)
        desk.sim.fill("o-0", "0.010")
        desk.sim.fill("o-1", "0.003")
        desk.sim.cancel("o-2")
        desk.sim.expire("o-3")
        await cancelling
        await desk.until(lambda: not desk.orders.get_active_orders())

        states = [str(stands(desk, f"o-{number}").state) for number in range(6)]
        assert states == ["filled", "cancelled", "cancelled", "expired", "cancelled", "cancelled"]
        assert stands(desk, "o-1").filled_qty == Decimal("0.003")
        await desk.is_square()
