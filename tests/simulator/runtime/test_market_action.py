"""A scenario can do to the market what Python can."""

from __future__ import annotations

import asyncio
from decimal import Decimal

from simulator import RiskTerms, Simulator
from simulator.core.scenario.observation import NOTHING
from simulator.runtime.action import perform
from simulator.scenario import FollowPath, SetDepth, SetFundingRate, SetMark, SetPrice, SetStatus
from tests.simulator.runtime.wire import MARKET_ORDER, ORDER, Wire

BTC = "BTCUSDT"


async def test_the_mark_and_the_index_move_apart_from_the_market() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        perform(simulator, SetMark(symbol=BTC, mark="64000", index="63990"), NOTHING)
        premium = (await wire.ask("GET", "/fapi/v1/premiumIndex", symbol=BTC)).body

        assert [float(premium["markPrice"]), float(premium["indexPrice"])] == [64_000, 63_990]
        assert simulator.price(BTC) == 65_000


async def test_there_is_to_take_what_the_scenario_says_until_it_says_nothing() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        perform(simulator, SetDepth(symbol=BTC, levels={"65000": "0.002", "65010": "0.003"}), NOTHING)
        eaten = (await wire.ask("POST", ORDER, **MARKET_ORDER | {"newOrderRespType": "RESULT"})).body
        assert (eaten["status"], eaten["executedQty"]) == ("EXPIRED", "0.005")

        perform(simulator, SetDepth(symbol=BTC), NOTHING)
        filled = (await wire.ask("POST", ORDER, **MARKET_ORDER | {"newOrderRespType": "RESULT"})).body
        assert filled["status"] == "FILLED"


async def test_a_symbol_that_is_halted_takes_no_orders_until_it_trades_again() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        perform(simulator, SetStatus(symbol=BTC, status="TRADING_HALT"), NOTHING)
        assert "code" in (await wire.ask("POST", ORDER, **MARKET_ORDER)).body

        perform(simulator, SetStatus(symbol=BTC, status="TRADING"), NOTHING)
        assert "orderId" in (await wire.ask("POST", ORDER, **MARKET_ORDER)).body


async def test_the_next_funding_is_at_the_rate_that_was_chosen() -> None:
    async with Simulator(risk=RiskTerms(funding="automatic")) as simulator, Wire(simulator) as wire:
        perform(simulator, SetFundingRate(symbol=BTC, rate="0.0025"), NOTHING)
        await asyncio.sleep(8 * 3600)

        premium = (await wire.ask("GET", "/fapi/v1/premiumIndex", symbol=BTC)).body
        assert Decimal(premium["lastFundingRate"]) == Decimal("0.0025")


async def test_a_path_goes_on_until_it_is_constant() -> None:
    async with Simulator() as simulator:
        perform(simulator, FollowPath(symbol=BTC, path="walk"), NOTHING)
        assert list(simulator.moving_symbols) == [BTC]

        perform(simulator, FollowPath(symbol=BTC, path="constant"), NOTHING)
        perform(simulator, SetPrice(symbol=BTC, price="64000"), NOTHING)
        assert not simulator.moving_symbols
        assert simulator.price(BTC) == 64_000
