"""What an address and an account may ask over REST, and what becomes of those that ask for more."""

from __future__ import annotations

import asyncio

from simulator import (
    Profile,
    Simulator,
)
from simulator.core.security.rate_limits import REFUSALS_UNTIL_BAN
from tests.contract.shape import fixture
from tests.simulator.runtime.wire import LIMIT_ORDER, ORDER, Wire


async def test_who_goes_beyond_the_weight_of_a_minute_is_refused_and_then_banned() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        for _ in range(60):
            assert (await wire.ask("GET", "/fapi/v1/openOrders")).status == 200
        refused = [await wire.send("GET", "/fapi/v1/ping") for _ in range(REFUSALS_UNTIL_BAN)]
        banned = await wire.send("GET", "/fapi/v1/ping")
        astray = await wire.send("GET", "/fapi/v1/none")
        banned_until_ms = simulator.time_ms + 120_000
        await asyncio.sleep(121)

        assert (await wire.send("GET", "/fapi/v1/ping")).status == 200

    expected = fixture("errors/examples.json")
    assert {(answer.status, answer.body["code"]) for answer in refused} == {(429, -1003)}
    assert refused[0].body["msg"] == expected["-1003-429"]["body"]["msg"].replace("1.2.3.4", "127.0.0.1")
    assert "retry-after" not in refused[0].headers
    assert int(refused[0].headers["x-mbx-used-weight-1m"]) > 2400
    assert (banned.status, astray.status) == (418, 418)
    assert banned.body["msg"] == expected["-1003-418"]["body"]["msg"].replace("1.2.3.4", "127.0.0.1").replace(
        "1790000000000", str(banned_until_ms)
    )


async def test_retry_after_is_told_where_the_profile_says_so() -> None:
    exchange = Simulator(profile=Profile(retry_after="present"), start_ms=1_700_000_040_000)
    async with exchange as simulator, Wire(simulator) as wire:
        for _ in range(60):
            await wire.ask("GET", "/fapi/v1/openOrders")
        await asyncio.sleep(10)
        refused = await wire.send("GET", "/fapi/v1/ping")

    assert (refused.status, refused.headers["retry-after"]) == (429, "50")


async def test_more_orders_than_the_account_may_send_are_refused_and_not_executed() -> None:
    cheap = LIMIT_ORDER | {"symbol": "ETHUSDT", "price": "2000", "quantity": "0.010"}
    async with Simulator(start_ms=1_700_000_040_000) as simulator, Wire(simulator) as wire:
        first = await wire.ask("POST", ORDER, **cheap)
        for _ in range(299):
            refused = await wire.ask("POST", ORDER, symbol="BTCUSDT")
            assert refused.status == 400
        last = await wire.ask("POST", ORDER, **cheap)
        orders = await wire.ask("GET", "/fapi/v1/openOrders", symbol="ETHUSDT")

    expected = fixture("errors/examples.json")["-1015"]
    assert (last.status, last.body) == (expected["http"], expected["body"])
    assert first.headers["x-mbx-order-count-10s"] == "1"
    assert len(orders.body) == 1


async def test_limits_may_be_counted_only() -> None:
    async with Simulator(rate_limits="counted") as simulator, Wire(simulator) as wire:
        answers = [await wire.ask("GET", "/fapi/v1/openOrders") for _ in range(62)]

    assert {answer.status for answer in answers} == {200}
    assert answers[-1].headers["x-mbx-used-weight-1m"] == str(62 * 40)


async def test_a_weight_may_be_another_than_the_documented_one() -> None:
    profile = Profile(weights={"/fapi/v2/positionRisk": 10})
    async with Simulator(profile=profile) as simulator, Wire(simulator) as wire:
        answer = await wire.ask("GET", "/fapi/v2/positionRisk")

    assert answer.headers["x-mbx-used-weight-1m"] == "10"
