"""What the exchange would never say, over the stream or over REST, neither stops the service nor keeps it down."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from simulator import Respond
from tests.scenarios.desk import SYMBOL, live_desk, open_desk
from tests.scenarios.test_frames import order_trade_update, trade_lite
from user_stream.core.lifecycle import FrameRefused, GapRepaired, Live

ROW: dict[str, Any] = {
    "symbol": SYMBOL, "orderId": 5, "status": "NEW", "side": "BUY", "price": "60000.5", "origQty": "1",
    "clientOrderId": "web_w",
}  # fmt: skip


def account_update(time: int) -> dict[str, Any]:
    positions = [{"s": SYMBOL, "pa": "", "ep": "0"}]
    return {"e": "ACCOUNT_UPDATE", "E": time, "T": time, "a": {"m": "ORDER", "B": [], "P": positions}}


@pytest.mark.parametrize(
    "frame",
    [
        lambda time: order_trade_update(time=time, x="TRADE", X="FILLED", l="", z="", L="", t=1),
        lambda time: order_trade_update(time=time, x="TRADE", X="FILLED", l="NaN", z="0.010", L="1", t=1),
        lambda time: order_trade_update(time=time, x="TRADE", X="FILLED", l="0.010", z="0.010", L="", t=1),
        lambda time: order_trade_update(time=time, x="CANCELED", X="CANCELED", z="abc"),
        lambda time: trade_lite(time=time, l="x"),
        account_update,
    ],
    ids=["no amounts", "NaN", "no price", "words", "words in a trade lite", "no position"],
)
async def test_frame_whose_amount_is_no_number_is_refused_and_looked_up(frame: Callable[[int], dict[str, Any]]) -> None:
    async with live_desk() as desk:
        desk.sim.push(frame(desk.sim.time_ms))
        await desk.until(lambda: desk.notices(GapRepaired))

        await desk.orders.place_market_order(SYMBOL, "BUY", "0.010", client_order_id="after")
        await desk.until_state("after", "filled")

        assert len(desk.notices(FrameRefused)) == 1
        assert desk.epoch == 1
        await desk.is_square()


@pytest.mark.parametrize(
    "answer",
    [
        Respond(503, body={"code": "SERVICE_UNAVAILABLE", "message": "gateway"}),
        Respond(502, body={"code": None, "msg": None}),
        Respond(200, body=[{"asset": "USDT", "balance": ""}]),
    ],
    ids=["code of words", "code of null", "no balance"],
)
async def test_answer_that_cannot_be_read_costs_nothing_but_time(answer: Respond) -> None:
    async with live_desk() as desk:
        rule = desk.sim.on_request("GET", "/fapi/v3/balance", answer)
        desk.sim.cut_connections()
        await desk.until_live(after_epoch=1)

        assert rule.hits == 1
        await desk.is_square()


@pytest.mark.parametrize(
    "row",
    [ROW | {"price": 60000.5}, ROW | {"price": None}, {"symbol": SYMBOL, "new_kind_of_row": 1}],
    ids=["number", "null", "of a new kind"],
)
async def test_strange_row_that_stays_in_the_answer_keeps_nothing_down(row: dict[str, Any]) -> None:
    async with open_desk() as desk:
        rule = desk.sim.on_request("GET", "/fapi/v1/openOrders", Respond(200, body=[row]), times=None)
        async with asyncio.timeout(600), desk.service:
            assert rule.hits
            assert isinstance(desk.service.state, Live)


async def test_price_that_came_as_a_number_is_told_as_the_text_of_it() -> None:
    async with open_desk() as desk:
        row = ROW | {"price": 60000.5, "origQty": 1}
        desk.sim.on_request("GET", "/fapi/v1/openOrders", Respond(200, body=[row]), times=None)
        async with desk.service:
            (told,) = desk.orders.deliveries

        assert (told["client_order_id"], told["price"], told["orig_qty"]) == ("web_w", "60000.5", "1")


async def test_refused_question_for_one_order_keeps_nothing_else_unanswered() -> None:
    async with live_desk() as desk:
        await desk.resting("delisted")
        await desk.resting("other")
        order = desk.orders.get_order("delisted")
        assert order is not None
        await asyncio.sleep(300)
        desk.sim.transfer("USDT", "1")
        await asyncio.sleep(1)
        refusal = Respond(400, -1121, "Invalid symbol.")
        refused = desk.sim.on_request("GET", "/fapi/v1/order", refusal, times=None, orderId=order.order_id)

        desk.sim.cut_connections()
        desk.sim.cancel("delisted")
        desk.sim.fill("other", "0.010")
        await desk.until_live(after_epoch=1)

        assert refused.hits
        assert desk.epoch == 2
        assert desk.orders.told("other")[-1] == ("FILLED", "0.010", "rest")
