"""The endpoints of conditional orders: what is asked, by which name, and what "not found" is."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from simulator import Respond, Simulator
from user_stream import Environment, RequestRejectedError
from user_stream.errors import UnreachableError
from user_stream.runtime.binance_rest import BinanceRest

ALGO_ORDER = "/fapi/v1/algoOrder"
STOP = {
    "symbol": "BTCUSDT", "side": "SELL", "type": "STOP_MARKET", "quantity": "0.010", "trigger_price": "50000",
    "client_algo_id": "stop",
}  # fmt: skip


@pytest.fixture
async def sim() -> AsyncIterator[Simulator]:
    async with Simulator() as running:
        yield running


@pytest.fixture
async def rest(sim: Simulator) -> AsyncIterator[BinanceRest]:
    environment = Environment.simulator(sim.rest_url, sim.ws_url)
    made = BinanceRest(sim.account.api_key, sim.account.api_secret, environment=environment)
    yield made
    await made.close()


async def test_open_orders_of_all_symbols_are_listed_and_found_by_either_name(
    sim: Simulator, rest: BinanceRest
) -> None:
    algo_id = sim.place_external_algo(**STOP)
    sim.place_external_algo(
        **{**STOP, "symbol": "ETHUSDT", "quantity": "1", "trigger_price": "1000", "client_algo_id": "other"}
    )

    rows = await rest.algo.open_orders()

    assert sorted(row.symbol for row in rows) == ["BTCUSDT", "ETHUSDT"]
    assert await rest.algo.order("stop") == await rest.algo.order("", algo_id=algo_id)


@pytest.mark.parametrize("code", [-2013, -2011])
async def test_order_that_is_not_found_is_none(sim: Simulator, rest: BinanceRest, code: int) -> None:
    """Row 6: threads report either code."""
    sim.on_request("GET", ALGO_ORDER, Respond(400, code, "Order does not exist."))

    assert await rest.algo.order("nobody") is None


async def test_refusal_is_no_absence(sim: Simulator, rest: BinanceRest) -> None:
    sim.on_request("GET", ALGO_ORDER, Respond(400, -1102, "Mandatory parameter was not sent."))

    with pytest.raises(RequestRejectedError, match="-1102"):
        await rest.algo.order("stop")


async def test_cancelled_order_is_shown_as_cancelled_and_the_rest_of_its_symbol_with_it(
    sim: Simulator, rest: BinanceRest
) -> None:
    algo_id = sim.place_external_algo(**STOP)
    sim.place_external_algo(**{**STOP, "client_algo_id": "other"})

    await rest.algo.cancel("stop", algo_id=algo_id)
    found = await rest.algo.order("stop")
    assert found is not None
    assert found.algo_status == "CANCELED"
    await rest.algo.cancel_open("BTCUSDT")

    assert await rest.algo.open_orders() == []


async def test_answer_in_no_documented_shape_tells_nothing(sim: Simulator, rest: BinanceRest) -> None:
    sim.on_request("GET", ALGO_ORDER, Respond(200, body={"algoStatus": "NEW"}))

    with pytest.raises(UnreachableError, match="undocumented shape"):
        await rest.algo.order("stop")
