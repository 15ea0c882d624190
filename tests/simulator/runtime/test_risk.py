"""With automatic terms an account is liquidated, and funding is paid, while nobody does anything."""

from __future__ import annotations

import asyncio

from simulator import RiskTerms, Simulator
from tests.simulator.runtime.wire import MARKET_ORDER, ORDER, Wire

AUTOMATIC = RiskTerms(liquidation="automatic", funding="automatic")
EIGHT_HOURS_S = 8 * 3600
DAY_START_MS = 1_790_035_200_000


async def test_a_move_of_the_price_liquidates_who_cannot_bear_it() -> None:
    async with Simulator(risk=AUTOMATIC) as simulator, Wire(simulator) as wire:
        await wire.ask("POST", ORDER, **(MARKET_ORDER | {"quantity": "2"}))
        simulator.set_price("BTCUSDT", "60000")

        (forced,) = (await wire.ask("GET", "/fapi/v1/forceOrders")).body
        balances = (await wire.ask("GET", "/fapi/v3/balance")).body

    assert forced["clientOrderId"].startswith("autoclose-")
    assert (forced["executedQty"], forced["timeInForce"]) == ("2.000", "IOC")
    assert balances[0]["balance"] == "0.00000000"


async def test_funding_is_paid_when_its_hour_comes() -> None:
    async with Simulator(risk=AUTOMATIC, start_ms=DAY_START_MS) as simulator, Wire(simulator) as wire:
        await wire.ask("POST", ORDER, **MARKET_ORDER)
        await wire.ask("POST", "/fapi/v1/listenKey")
        simulator.set_funding_rate("BTCUSDT", "0.001")
        await asyncio.sleep(EIGHT_HOURS_S + 1)

        (row,) = (await wire.ask("GET", "/fapi/v1/income", incomeType="FUNDING_FEE")).body

    assert (row["symbol"], row["time"]) == ("BTCUSDT", DAY_START_MS + EIGHT_HOURS_S * 1000)
    assert row["income"].startswith("-")
