"""The exchange opens, halts and closes symbols, and every client can read it."""

from __future__ import annotations

import pytest

from simulator import BadStatusError, Simulator, UnknownSymbolError
from tests.simulator.runtime.wire import Wire


async def test_a_symbol_that_was_halted_is_listed_so() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        simulator.set_status("ETHUSDT", "TRADING_HALT")

        answer = await wire.ask("GET", "/fapi/v1/exchangeInfo")

        status = {symbol["symbol"]: symbol["status"] for symbol in answer.body["symbols"]}
        assert (status["BTCUSDT"], status["ETHUSDT"]) == ("TRADING", "TRADING_HALT")


async def test_wrong_names_are_refused() -> None:
    async with Simulator() as simulator:
        with pytest.raises(UnknownSymbolError):
            simulator.set_status("NOSUCHUSDT", "CLOSE")
        with pytest.raises(BadStatusError):
            simulator.set_status("BTCUSDT", "SLEEPING")
