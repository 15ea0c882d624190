"""Row 10: what no parser expects, in every event of an order's life; and what no parser can read."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any

import pytest

from simulator import Corrupt
from tests.scenarios.desk import SYMBOL, Desk, live_desk
from tests.scenarios.watching import filled_quantities
from user_stream.core.lifecycle import FrameRefused, GapOpened

READABLE = ["unknown_fields", "unknown_values", "swapped_numbers", "text_event_time", "as_it_is"]
UNREADABLE = ["truncated", "binary", "wrong_types", "unknown_event"]
EVENTS = ["ORDER_TRADE_UPDATE", "TRADE_LITE", "ACCOUNT_UPDATE"]


async def trades(desk: Desk) -> None:
    """An order with everything: it rests, fills in part, is amended, is filled; and a deposit."""
    await desk.orders.place_limit_order(SYMBOL, "BUY", "0.010", "60000", client_order_id="order")
    await asyncio.sleep(1)
    desk.sim.fill("order", "0.004")
    await asyncio.sleep(1)
    desk.sim.amend("order", price="60100")
    desk.sim.transfer("USDT", "10")
    await asyncio.sleep(1)
    desk.sim.fill("order", "0.006")


@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize("how", READABLE)
async def test_event_with_what_nobody_knows_yet_is_booked_all_the_same(how: Any, event: str) -> None:
    """Row 10: unknown fields, an unknown word in every enumeration, numbers as texts and texts as numbers."""
    async with live_desk() as desk:
        desk.sim.on_frame(Corrupt(how), event=event, times=None)
        await trades(desk)
        await desk.until_state("order", "filled")
        await asyncio.sleep(60)

        assert desk.notices(FrameRefused) == []
        assert desk.epoch == 1
        await desk.is_square()


@pytest.mark.parametrize("nth", [1, 2, 3])
@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize("how", UNREADABLE)
async def test_event_that_cannot_be_read_is_looked_up(how: Any, event: str, nth: int) -> None:
    """Row 10: the frame is lost, the fact is not."""
    async with live_desk() as desk:
        desk.sim.on_frame(Corrupt(how), event=event, nth=nth)
        await trades(desk)
        await desk.until_state("order", "filled")
        await asyncio.sleep(120)

        assert filled_quantities(desk, "order") == [Decimal("0.004"), Decimal("0.006")]
        await desk.is_square()


@pytest.mark.parametrize("field", ["n", "N", "rp", "R", "ot", "V", "pm", "er", "si", "wt", "m", "gtd"])
async def test_field_that_is_missing_costs_no_fill(field: str) -> None:
    """Row 10: `N` and `n` are often absent; so may others be one day."""
    async with live_desk() as desk:
        desk.sim.on_frame(Corrupt(remove=(f"o.{field}",)), event="ORDER_TRADE_UPDATE", times=None)
        await trades(desk)
        await desk.until_state("order", "filled")
        await asyncio.sleep(60)

        assert desk.notices(FrameRefused) == []
        await desk.is_square()


async def test_answer_to_a_subscription_is_no_event() -> None:
    """Row 10: `{"result":null,"id":n}`."""
    async with live_desk() as desk:
        await desk.resting("order")
        for frame in ('{"result":null,"id":1}', '{"result":null,"id":"x"}', '{"id":8389766079988521101,"result":[]}'):
            desk.sim.push(frame)
        desk.sim.fill("order", "0.010")
        await desk.until_state("order", "filled")

        assert desk.notices(FrameRefused) == []
        assert desk.notices(GapOpened) == []


async def test_ids_beyond_doubles_keep_every_digit() -> None:
    """Row 10: 8389766079988521101 and its neighbour are two orders."""
    async with live_desk() as desk:
        numbers = (8389766079988521101, 8389766079988521102)
        for number in numbers:
            order = {
                "s": SYMBOL, "c": f"web_{number}", "S": "BUY", "o": "LIMIT", "f": "GTC", "q": "0.010", "p": "60000",
                "ap": "60000", "sp": "0", "x": "TRADE", "X": "FILLED", "i": number, "l": "0.010", "z": "0.010",
                "L": "60000", "T": desk.sim.time_ms, "t": number, "m": True, "R": False, "ps": "BOTH", "rp": "0",
            }  # fmt: skip
            desk.sim.push({"e": "ORDER_TRADE_UPDATE", "T": desk.sim.time_ms, "E": desk.sim.time_ms, "o": order})
        await desk.until_state(f"web_{numbers[1]}", "filled")

        told = [(data["order_id"], data["trade_id"]) for data in desk.orders.deliveries]
        assert told == [(str(number), number) for number in numbers]
