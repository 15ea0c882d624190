"""The endpoints: histories are read whole, in windows and pages that the exchange allows."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from typing import Any

import pytest

from simulator import AccountSpec, Respond, Simulator
from user_stream import Environment, RequestRejectedError
from user_stream.core.rest_rows import OrderRow
from user_stream.runtime.binance_rest import BinanceRest

DAY_MS = 86_400_000


@pytest.fixture
async def sim() -> AsyncIterator[Simulator]:
    async with Simulator(accounts=(AccountSpec(balance="1000000"),)) as running:
        yield running


@pytest.fixture
async def rest(sim: Simulator) -> AsyncIterator[BinanceRest]:
    made = BinanceRest(
        sim.account.api_key, sim.account.api_secret, environment=Environment.simulator(sim.rest_url, sim.ws_url)
    )
    await made.synchronize_clock()
    yield made
    await made.close()


def asked(sim: Simulator, path: str) -> list[dict[str, Any]]:
    return [entry.body for entry in sim.journal.entries(path=path, kind="request")]


async def test_history_longer_than_a_week_is_read_in_windows(sim: Simulator, rest: BinanceRest) -> None:
    since = sim.time_ms
    for day in range(17):
        sim.place_external(symbol="BTCUSDT", side="BUY", type="MARKET", quantity="0.001", client_order_id=f"day-{day}")
        await asyncio.sleep(86_400)

    rows = await rest.orders_since(since, until=rest.exchange_time_ms())

    assert [row.client_order_id for row in rows] == [f"day-{day}" for day in range(17)]
    windows = [(int(params["startTime"]), int(params["endTime"])) for params in asked(sim, "/fapi/v1/allOrders")]
    assert len(windows) == 3
    assert all(end - start < 7 * DAY_MS for start, end in windows)
    assert all(later[0] == earlier[1] + 1 for earlier, later in itertools.pairwise(windows))


async def test_pages_that_end_within_one_millisecond_lose_nothing(sim: Simulator, rest: BinanceRest) -> None:
    since = sim.time_ms
    for number in range(1500):
        sim.place_external(symbol="BTCUSDT", side="BUY", type="MARKET", quantity="0.001", client_order_id=f"n-{number}")
        await asyncio.sleep(0.002)

    rows = await rest.orders_since(since, until=rest.exchange_time_ms())

    assert len(rows) == 1500
    assert len(asked(sim, "/fapi/v1/allOrders")) == 2


async def test_trades_of_an_old_order_are_found_from_its_own_time(sim: Simulator, rest: BinanceRest) -> None:
    order_id = sim.place_external(
        symbol="BTCUSDT", side="BUY", type="LIMIT", quantity="0.010", price="60000", client_order_id="old"
    )
    sim.fill("old", "0.004")
    await asyncio.sleep(20 * 86_400)
    sim.fill("old", "0.006")

    row = await rest.order("BTCUSDT", str(order_id))
    assert row is not None
    trades = await rest.trades_of_order(row)

    assert [trade.qty for trade in trades] == ["0.004", "0.006"]
    assert trades[0].id < trades[1].id


async def test_order_that_is_not_found_is_none_and_other_refusals_are_raised(sim: Simulator, rest: BinanceRest) -> None:
    assert await rest.order("BTCUSDT", "1") is None
    assert await rest.order_by_client_id("BTCUSDT", "nobody") is None
    sim.on_request("GET", "/fapi/v1/order", Respond(400, -1121, "Invalid symbol."))
    with pytest.raises(RequestRejectedError, match="Invalid symbol"):
        await rest.order("BTCUSDT", "1")


async def test_rows_of_every_endpoint_are_typed(sim: Simulator, rest: BinanceRest) -> None:
    sim.place_external(symbol="BTCUSDT", side="BUY", type="MARKET", quantity="0.010")
    sim.place_external(symbol="ETHUSDT", side="BUY", type="LIMIT", quantity="1", price="3000")

    (position, *_) = [row for row in await rest.positions() if row.symbol == "BTCUSDT"]
    (balance,) = await rest.balances()
    (order,) = await rest.open_orders()

    assert position.position_amt == "0.010"
    assert balance.asset == "USDT"
    assert isinstance(order, OrderRow)
    assert order.symbol == "ETHUSDT"
