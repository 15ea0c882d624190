"""A witness sees each moment of an engine, and the run goes on as it does without one."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from decimal import Decimal

from simulator.chaos.engine import EngineFactory, Exchange, FillSeen, Liveness, OrderSeen, PositionSeen
from simulator.chaos.witness import Witness
from simulator.chaos.world import run_scenario
from simulator.core.scenario.action import CutConnections, Place, Transfer
from simulator.core.scenario.engine_action import EngineCrash, EnginePlace
from simulator.core.scenario.laboratory import Laboratory
from simulator.core.scenario.scenario import Scenario, Step

QUANTITY = Decimal("0.010")


class Told:
    """An engine that learns everything by itself: it is told a fill five seconds after it placed an order."""

    def __init__(self, exchange: Exchange) -> None:
        self._orders: list[OrderSeen] = []
        self._fills: list[FillSeen] = []
        self._life = exchange.life

    async def start(self) -> None:
        await asyncio.sleep(1)

    async def stop(self) -> None:
        pass

    async def place(self, order: EnginePlace) -> None:
        self._orders = [OrderSeen(order.symbol, "7", order.client_order_id, "NEW", Decimal(0))]
        await asyncio.sleep(5)
        self._fills.append(FillSeen(order.symbol, "7", 1, QUANTITY, Decimal(64000)))
        self._orders = [OrderSeen(order.symbol, "7", order.client_order_id, "FILLED", QUANTITY)]

    async def cancel(self, symbol: str, client_order_id: str) -> None:
        pass

    def orders(self) -> Iterable[OrderSeen]:
        return self._orders

    def fills(self) -> Iterable[FillSeen]:
        return self._fills

    def positions(self) -> Iterable[PositionSeen]:
        return [PositionSeen("BTCUSDT", "BOTH", QUANTITY)] if self._fills else []

    def liveness(self) -> Liveness | None:
        return Liveness(30) if self._fills else None


class Shy(Told):
    """An engine that cannot be asked before it has an order."""

    def orders(self) -> Iterable[OrderSeen]:
        if not self._orders and self._life == 1:
            raise AttributeError
        return self._orders


def seen(factory: EngineFactory) -> list[tuple[int, str]]:
    witness = Witness()
    place = EnginePlace(symbol="BTCUSDT", side="BUY", quantity="0.010", price="64000", client_order_id="c-1")
    steps = [Step(at="10s", do=place), Step(at="40s", do=EngineCrash(down="2s"))]
    scenario = Scenario(name="x", steps=steps, laboratory=Laboratory(seed=7, length="50s", calm="1m"))
    run_scenario(scenario, factory, witness)
    began_ms = witness.moments[0].time_ms
    return [(moment.time_ms - began_ms, moment.text) for moment in witness.moments]


def test_each_moment_is_seen_when_it_comes() -> None:
    assert seen(Told)[:11] == [
        (0, "life 1 begins"),
        (0, "is sure of nothing"),
        (1_000, "life 1 is ready"),
        (10_000, "has order BTCUSDT c-1: NEW 0"),
        (15_000, "promises to know after 30 s"),
        (15_000, "is told fill 1 of BTCUSDT c-1: 0.010 at 64000"),
        (15_000, "has order BTCUSDT c-1: FILLED 0.010"),
        (15_000, "has position BTCUSDT BOTH: 0.010"),
        (40_000, "life 1 is over: crash"),
        (42_000, "life 2 begins"),
        (42_000, "is sure of nothing"),
    ]


def test_an_engine_that_cannot_be_asked_is_told_of_once() -> None:
    told = [text for _, text in seen(Shy) if "cannot say" in text]

    assert told == ["cannot say what it knows: AttributeError()"]


def test_a_witness_changes_nothing_and_a_failure_has_its_timeline() -> None:
    steps = [
        Step(
            at="10s", do=Place(symbol="BTCUSDT", side="BUY", quantity="0.010", price="60000", client_order_id="web-1")
        ),
        Step(at="20s", do=[CutConnections(), Transfer(asset="USDT", amount="1")]),
    ]
    scenario = Scenario(name="x", steps=steps, laboratory=Laboratory(seed=7, length="50s", calm="1m"))

    plain, witnessed = run_scenario(scenario, Told), run_scenario(scenario, Told, Witness())

    assert witnessed.journal_digest == plain.journal_digest
    assert witnessed.divergences == plain.divergences != ()
    assert plain.timeline == ()
    assert any("life 1 is ready" in line for line in witnessed.timeline)
    assert any("web-1 NEW" in line for line in witnessed.timeline)
