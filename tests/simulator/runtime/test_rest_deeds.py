"""Queries may show the exchange as it was a while ago (row 6); commands never do."""

from __future__ import annotations

import asyncio

import pytest

from simulator import BadAmountError, Simulator, UnknownPathError
from tests.simulator.runtime.wire import LIMIT_ORDER, MARKET_ORDER, ORDER, Wire

RESTING = LIMIT_ORDER | {"newClientOrderId": "cli-1"}
MINE = {"symbol": "BTCUSDT", "origClientOrderId": "cli-1"}


async def test_row_6_a_new_order_is_unknown_until_the_lag_is_over() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        simulator.rest_lag(orders_s=40)
        await wire.ask("POST", ORDER, **RESTING)

        early = await wire.ask("GET", ORDER, **MINE)
        listed = (await wire.ask("GET", "/fapi/v1/openOrders")).body
        await asyncio.sleep(39.9)
        still = await wire.ask("GET", ORDER, **MINE)
        await asyncio.sleep(0.2)
        late = await wire.ask("GET", ORDER, **MINE)

    assert (early.status, early.body["code"], listed) == (400, -2013, [])
    assert still.body["code"] == -2013
    assert late.body["status"] == "NEW"


async def test_row_6_a_filled_order_is_still_open_and_its_trade_not_listed() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        await wire.ask("POST", ORDER, **RESTING)
        await asyncio.sleep(60)
        simulator.rest_lag(orders_s=40)
        simulator.fill("cli-1", "0.010")

        open_orders = (await wire.ask("GET", "/fapi/v1/openOrders", symbol="BTCUSDT")).body
        trades = (await wire.ask("GET", "/fapi/v1/userTrades", symbol="BTCUSDT")).body
        every = (await wire.ask("GET", "/fapi/v1/allOrders", symbol="BTCUSDT")).body
        await asyncio.sleep(40)
        later = (await wire.ask("GET", "/fapi/v1/allOrders", symbol="BTCUSDT")).body

    assert [order["status"] for order in open_orders] == ["NEW"]
    assert trades == []
    assert [order["status"] for order in every] == ["NEW"]
    assert [order["status"] for order in later] == ["FILLED"]


async def test_row_6_positions_and_balances_lag_by_themselves() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        simulator.rest_lag(account_s=5)
        await wire.ask("POST", ORDER, **MARKET_ORDER)

        trades = (await wire.ask("GET", "/fapi/v1/userTrades", symbol="BTCUSDT")).body
        before = await wire.ask("GET", "/fapi/v3/positionRisk"), await wire.ask("GET", "/fapi/v3/balance")
        await asyncio.sleep(5)
        after = await wire.ask("GET", "/fapi/v3/positionRisk"), await wire.ask("GET", "/fapi/v3/balance")

    assert len(trades) == 1
    assert (before[0].body, before[1].body[0]["balance"]) == ([], "10000.00000000")
    assert after[0].body[0]["positionAmt"] == "0.010"
    assert after[1].body[0]["balance"] == "9999.74000000"


async def test_a_cancel_is_answered_by_the_matching_engine_itself() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        simulator.rest_lag(orders_s=40, account_s=40)
        await wire.ask("POST", ORDER, **RESTING)

        cancelled = await wire.ask("DELETE", ORDER, **MINE)

    assert cancelled.body["status"] == "CANCELED"


async def test_a_path_may_lag_alone_and_replicas_may_take_turns() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        simulator.rest_lag(paths={"/fapi/v1/openOrders": 12.0}, replicas="alternating")
        await wire.ask("POST", ORDER, **RESTING)

        counts = [len((await wire.ask("GET", "/fapi/v1/openOrders")).body) for _ in range(3)]
        queried = await wire.ask("GET", ORDER, **MINE)

    assert counts == [0, 1, 0]
    assert queried.status == 200


async def test_an_id_that_was_used_again_names_the_order_of_then() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        first = (await wire.ask("POST", ORDER, **RESTING)).body["orderId"]
        simulator.cancel("cli-1")
        await asyncio.sleep(10)
        second = (await wire.ask("POST", ORDER, **RESTING)).body["orderId"]
        simulator.rest_lag(orders_s=5)

        then = (await wire.ask("GET", ORDER, **MINE)).body
        simulator.rest_lag()
        now = (await wire.ask("GET", ORDER, **MINE)).body

    assert ((then["orderId"], then["status"]), (now["orderId"], now["status"])) == (
        (first, "CANCELED"),
        (second, "NEW"),
    )


async def test_what_cannot_lag_is_refused_in_words() -> None:
    async with Simulator() as simulator:
        with pytest.raises(BadAmountError, match="a lag of 0 to 600 s, got '601'"):
            simulator.rest_lag(orders_s=601)
        with pytest.raises(UnknownPathError, match=r"did you mean .*/fapi/v1/openOrders"):
            simulator.rest_lag(paths={"/fapi/v1/openOrder5": 1})
