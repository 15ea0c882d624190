"""The market at the start, over the wire: every contract that trades can be traded, the others are refused."""

from __future__ import annotations

import pytest

from simulator import Profile, Simulator
from tests.simulator.runtime.wire import MARKET_ORDER, ORDER, Wire


async def test_a_symbol_that_is_not_ascii_is_traded_and_told() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        stream = await wire.stream()

        answer = await wire.ask("POST", ORDER, **MARKET_ORDER | {"symbol": "币安人生USDT", "quantity": "100"})

        assert (answer.status, answer.body["symbol"]) == (200, "币安人生USDT")
        assert (await stream.read())["s"] == "币安人生USDT"
        assert simulator.price("币安人生USDT") > 0


async def test_every_contract_that_trades_can_be_traded() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        simulator.transfer("USDC", "10000")
        info = (await wire.ask("GET", "/fapi/v1/exchangeInfo")).body
        trading = [symbol for symbol in info["symbols"] if symbol["status"] == "TRADING"]
        for symbol in trading:
            filters = {found["filterType"]: found for found in symbol["filters"]}
            least = float(filters["MIN_NOTIONAL"]["notional"]) / float(simulator.price(symbol["symbol"]))
            step = float(filters["LOT_SIZE"]["stepSize"])
            quantity = f"{(least // step + 1) * step:.{symbol['quantityPrecision']}f}"

            answer = await wire.ask("POST", ORDER, **MARKET_ORDER | {"symbol": symbol["symbol"], "quantity": quantity})

            assert answer.status == 200, (symbol["symbol"], answer.body)
        assert len(trading) > 30


@pytest.mark.parametrize(("symbol", "code"), [("STORJUSDT", -4141), ("SOONERUSDT", -4140)])
async def test_a_contract_that_does_not_trade_takes_no_order(symbol: str, code: int) -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        answer = await wire.ask("POST", ORDER, **MARKET_ORDER | {"symbol": symbol, "quantity": "100"})

        assert (answer.status, answer.body["code"]) == (400, code)


async def test_the_testnet_shows_its_own_limit_of_weight() -> None:
    async with Simulator(profile=Profile.testnet()) as simulator, Wire(simulator) as wire:
        limits = (await wire.ask("GET", "/fapi/v1/exchangeInfo")).body["rateLimits"]

        assert limits[0] == {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": 6000}
