"""Who does a step: the engine that can, or somebody else on its account."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from simulator.chaos.engine import Exchange, FillSeen, OrderSeen, PositionSeen
from simulator.chaos.result import RunResult
from simulator.chaos.world import run_scenario
from simulator.core.scenario.action import Action, Fill, Place
from simulator.core.scenario.engine_action import (
    EngineAmend,
    EngineCancelAlgo,
    EngineCancelAll,
    EnginePlace,
    EnginePlaceAlgo,
)
from simulator.core.scenario.laboratory import Laboratory
from simulator.core.scenario.scenario import Scenario, Step

REST = Place(symbol="BTCUSDT", side="BUY", quantity="0.010", price="60000")
AMEND = EngineAmend(symbol="BTCUSDT", side="BUY", order="web_1", quantity="0.020", price="60000")
STOP = EnginePlaceAlgo(symbol="BTCUSDT", side="SELL", quantity="0.010", trigger_price="60000", client_order_id="a-1")


class Simple:
    """An engine of the least that one has to be."""

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def place(self, order: EnginePlace) -> None: ...

    async def cancel(self, symbol: str, client_order_id: str) -> None: ...

    def orders(self) -> Iterable[OrderSeen]:
        return []

    def fills(self) -> Iterable[FillSeen]:
        return []

    def positions(self) -> Iterable[PositionSeen]:
        return []


class Able(Simple):
    """One that does everything, and keeps what it did."""

    done: ClassVar[list[object]] = []

    async def amend(self, change: EngineAmend) -> None:
        self.done.append(change)

    async def cancel_all(self, symbol: str) -> None:
        self.done.append(symbol)

    async def place_algo(self, order: EnginePlaceAlgo) -> None:
        self.done.append(order)

    async def cancel_algo(self, symbol: str, client_order_id: str) -> None:
        self.done.append((symbol, client_order_id))

    def waiting_algo_orders(self) -> Iterable[str]:
        return []


def play(engine: type[Simple], *actions: Action) -> RunResult:
    steps = [Step(at=f"{number + 1}s", do=action) for number, action in enumerate(actions)]
    return run_scenario(Scenario(name="played", steps=steps, laboratory=Laboratory(length="20s", calm="1s")), engine)


def test_what_the_engine_cannot_do_somebody_else_does() -> None:
    result = play(
        Simple,
        REST,
        AMEND,
        Fill(order="web_1", quantity="0.020"),
        STOP,
        EngineCancelAlgo(symbol="BTCUSDT", order="a-1"),
    )
    assert result.skipped == 0
    assert (result.orders, result.fills) == (1, 1)


def test_what_the_engine_can_do_it_does_itself() -> None:
    Able.done.clear()
    cancel = EngineCancelAlgo(symbol="BTCUSDT", order="a-1")
    result = play(Able, REST, AMEND, STOP, cancel, EngineCancelAll(symbol="BTCUSDT"))
    assert Able.done == [AMEND, STOP, ("BTCUSDT", "a-1"), "BTCUSDT"]
    assert result.skipped == 0


def test_everything_of_a_symbol_is_cancelled_for_an_engine_that_cannot() -> None:
    end = Fill(order="web_1")
    result = play(
        Simple, REST, STOP, EngineCancelAll(symbol="BTCUSDT"), end, EngineCancelAlgo(symbol="BTCUSDT", order="a-1")
    )
    assert result.skipped == 2  # nothing is left to be filled or cancelled
