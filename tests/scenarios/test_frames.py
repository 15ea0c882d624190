"""Frames in every order and shape: TRADE_LITE first or last, bad JSON, events that nobody knows yet."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any

import pytest

from simulator import Drop
from tests.scenarios.desk import SYMBOL, live_desk, open_desk
from user_stream import Settings, StreamUrlForm
from user_stream.core.events import AccountConfigUpdate, OrderTradeUpdate, RawEvent, TradeLite
from user_stream.core.lifecycle import FrameRefused, GapOpened, GapRepaired, Live


def order_trade_update(**fields: Any) -> dict[str, Any]:
    """An ORDER_TRADE_UPDATE as captured, with other values."""
    order = {
        "s": SYMBOL, "c": "web_x", "S": "BUY", "o": "LIMIT", "f": "GTC", "q": "0.010", "p": "60000", "ap": "0",
        "sp": "0", "x": "NEW", "X": "NEW", "i": 555, "l": "0", "z": "0", "L": "0", "n": "0", "N": "USDT", "t": 0,
        "b": "0", "a": "0", "m": False, "R": False, "wt": "CONTRACT_PRICE", "ot": "LIMIT", "ps": "BOTH", "cp": False,
        "rp": "0", "pP": False, "si": 0, "ss": 0, "V": "EXPIRE_MAKER", "pm": "NONE", "gtd": 0, "er": "0",
    }  # fmt: skip
    time = fields.pop("time")
    return {"e": "ORDER_TRADE_UPDATE", "T": time, "E": time, "o": {**order, "T": time, **fields}}


def trade_lite(**fields: Any) -> dict[str, Any]:
    """A TRADE_LITE as captured, with other values."""
    time = fields.pop("time")
    event = {
        "e": "TRADE_LITE", "E": time, "T": time, "s": SYMBOL, "q": "0.010", "p": "60000.00", "m": True, "c": "web_x",
        "S": "BUY", "L": "60000.00", "l": "0.010", "t": 1, "i": 555,
    }  # fmt: skip
    return event | fields


@pytest.mark.parametrize("lite_first", [True, False])
async def test_fill_is_told_once_whichever_of_its_two_events_comes_first(lite_first: bool) -> None:
    async with live_desk() as desk:
        time = desk.sim.time_ms
        desk.sim.push(order_trade_update(time=time))
        lite = trade_lite(time=time + 1)
        fill = order_trade_update(
            time=time + 1, x="TRADE", X="FILLED", l="0.010", z="0.010", L="60000", ap="60000", t=1, m=True, n="0.1"
        )
        for frame in (lite, fill) if lite_first else (fill, lite):
            desk.sim.push(frame)
        await desk.until_state("web_x", "filled")
        await asyncio.sleep(1)

        told = [(status, Decimal(quantity)) for status, quantity, _ in desk.orders.told("web_x")]
        assert told == [("NEW", Decimal(0)), ("FILLED", Decimal("0.010"))]
        order = desk.orders.get_order("web_x")
        assert order is not None
        assert order.commission == {"USDT": Decimal("0.1")}
        desk.deliveries_are_lawful()


@pytest.mark.parametrize(
    "frame",
    [b"{not json", b"[]", b"\xff\xfe\x00", '{"e":"ORDER_TRADE_UPDATE","E":1,"T":1,"o":{"s":"BTCUSDT"}}', '{"hello":1}'],
)
async def test_frame_that_cannot_be_read_is_said_and_what_it_may_have_said_is_looked_up(frame: bytes | str) -> None:
    async with live_desk() as desk:
        await desk.resting("order")
        asked = len(desk.sim.journal.entries(path="/fapi/v1/openOrders", kind="request"))

        desk.sim.push(frame)
        await desk.until(lambda: desk.notices(GapRepaired))
        desk.sim.fill("order", "0.010")
        await desk.until_state("order", "filled")

        assert len(desk.notices(FrameRefused)) == 1
        assert len(desk.notices(GapOpened)) == 1
        assert len(desk.sim.journal.entries(path="/fapi/v1/openOrders", kind="request")) == asked + 1
        assert desk.epoch == 1
        await desk.is_square()


async def test_event_that_nobody_knows_yet_is_kept_and_survived() -> None:
    async with live_desk() as desk:
        desk.sim.push({"e": "SOMETHING_OF_2027", "E": 1, "T": 1, "x": {"deep": [1, 2]}})
        await desk.until(lambda: desk.notices(RawEvent))

        (raw,) = desk.notices(RawEvent)
        assert (raw.event_type, raw.payload["x"]) == ("SOMETHING_OF_2027", {"deep": [1, 2]})
        assert desk.notices(GapOpened) == []


async def test_fill_with_an_unknown_status_and_execution_type_is_booked() -> None:
    async with live_desk() as desk:
        desk.sim.push(
            order_trade_update(
                time=desk.sim.time_ms, x="SOMETHING", X="NEW_ADL", c="adl_autoclose", l="0.010", z="0.010", t=7
            )
        )
        await desk.until_state("adl_autoclose", "filled")

        desk.deliveries_are_lawful()


async def test_listeners_hear_every_event_typed() -> None:
    async with live_desk() as desk:
        desk.sim.push({"e": "ACCOUNT_CONFIG_UPDATE", "E": 1, "T": 1, "ac": {"s": SYMBOL, "l": 25}})
        await desk.orders.place_market_order(SYMBOL, "BUY", "0.010", client_order_id="m")
        await desk.until_state("m", "filled")
        await asyncio.sleep(1)

        assert [notice.leverage.leverage for notice in desk.notices(AccountConfigUpdate) if notice.leverage] == [25]
        assert len(desk.notices(TradeLite)) == 1
        assert [event.order.order_status for event in desk.notices(OrderTradeUpdate)] == ["NEW", "FILLED"]


async def test_connection_whose_binding_is_not_told_is_proven_by_its_first_event_only() -> None:
    """Rule 25."""
    async with open_desk() as desk:
        desk.sim.on_frame(Drop(), event="LIST_SUBSCRIPTIONS", times=None)
        async with desk.service:
            assert desk.service.state == Live(1, proven=False)
            desk.sim.transfer("USDT", "1")
            await desk.until(lambda: desk.service.state == Live(1, proven=True))


async def test_connection_that_lists_its_key_is_proven_without_an_event() -> None:
    """Rule 25."""
    async with live_desk() as desk:
        await desk.until(lambda: desk.service.state == Live(1, proven=True), within_s=1)


@pytest.mark.parametrize("form", list(StreamUrlForm))
async def test_every_form_of_the_stream_address_delivers(form: StreamUrlForm) -> None:
    async with live_desk(settings=Settings(url_form=form)) as desk:
        await desk.resting("order")
        desk.sim.fill("order", "0.010")
        await desk.until_state("order", "filled")

        await desk.is_square()


async def test_burst_of_events_is_told_whole() -> None:
    async with live_desk() as desk:
        await desk.resting("burst", quantity="1.000")
        for _ in range(1000):
            desk.sim.fill("burst", "0.001")
        await desk.until_state("burst", "filled")

        assert len(desk.orders.told("burst")) == 1001
        desk.deliveries_are_lawful()
