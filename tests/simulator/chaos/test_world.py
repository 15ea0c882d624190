"""Runs of the laboratory with engines that do little: what is told of one that hangs, raises, or does nothing wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

import pytest

from simulator.chaos.draw import draw_scenario
from simulator.chaos.engine import Engine, Exchange, FillSeen, Liveness, OrderSeen, PositionSeen
from simulator.chaos.result import RunResult
from simulator.chaos.user_stream_engine import UserStreamEngine
from simulator.chaos.world import MOST_TASKS, run_scenario, run_seed
from simulator.core.scenario.engine_action import EngineCancel, EnginePlace
from simulator.core.scenario.frame_action import NextConnectionsSilent
from simulator.core.scenario.laboratory import Laboratory
from simulator.core.scenario.market_action import SetPrice
from simulator.core.scenario.position_action import Funding
from simulator.core.scenario.scenario import Scenario, Step


class Idle:
    """An engine that trades never, and knows of nothing."""

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        self.told: list[str] = []

    async def start(self) -> None:
        await asyncio.sleep(0.2)

    async def stop(self) -> None:
        await asyncio.sleep(0.2)

    async def place(self, order: EnginePlace) -> None:
        self.told.append(order.client_order_id)

    async def cancel(self, symbol: str, client_order_id: str) -> None:
        self.told.append(f"{symbol} {client_order_id}")

    def orders(self) -> Iterable[OrderSeen]:
        return []

    def fills(self) -> Iterable[FillSeen]:
        return []

    def positions(self) -> Iterable[PositionSeen]:
        return []


PLACE = EnginePlace(symbol="BTCUSDT", side="BUY", quantity="0.010", price="60000", client_order_id="c-1")


def short(*steps: Step, **terms: Any) -> Scenario:
    return Scenario(name="short", steps=steps, laboratory=Laboratory(length="30s", calm="60s", **terms))


def run(scenario: Scenario, engine: type[Any]) -> RunResult:
    return run_scenario(scenario, engine)


def rules(result: RunResult) -> list[str]:
    return [divergence.rule for divergence in result.divergences]


def test_steps_are_played_at_their_times_and_counted() -> None:
    steps = (Step(at="1s", do=Funding(symbol="BTCUSDT", rate="0.0001")), Step(at="2s", do=PLACE))
    result = run(short(*steps), Idle)
    assert result.happened == {"engine_place": 1, "funding": 1}
    assert result.passed
    assert result.virtual_s == pytest.approx(90, abs=1)


def test_what_cannot_be_done_is_skipped() -> None:
    cancel = EngineCancel(symbol="BTCUSDT", order="c-1")
    result = run(short(Step(at="100ms", do=cancel)), Idle)  # it has not started by then
    assert (result.skipped, dict(result.happened)) == (1, {})


def test_steps_that_wait_for_something_are_played_too() -> None:
    moved = Step(name="moved", at="1s", do=SetPrice(symbol="BTCUSDT", price="64000"))
    paid = Step(after="moved", delay="2s", do=Funding(symbol="BTCUSDT", rate="0.0001"))
    assert run(short(moved, paid), Idle).happened == {"set_price": 1, "funding": 1}


def test_an_engine_that_never_starts_is_hung() -> None:
    class Sleeper(Idle):
        async def start(self) -> None:
            await asyncio.Event().wait()

    result = run(short(Step(at="1s", do=PLACE)), Sleeper)
    assert "hung" in rules(result)
    assert "Event" in result.divergences[0].what or "wait" in result.divergences[0].what


def test_a_slip_in_a_deed_is_raised() -> None:
    class Slips(Idle):
        async def place(self, order: EnginePlace) -> None:
            raise AttributeError(order.symbol)

    assert rules(run(short(Step(at="1s", do=PLACE)), Slips)) == ["raised"]


def test_a_refusal_is_an_answer() -> None:
    class Refuses(Idle):
        async def place(self, order: EnginePlace) -> None:
            raise ValueError(order.symbol)

    assert run(short(Step(at="1s", do=PLACE)), Refuses).passed


def test_what_nobody_retrieves_is_raised() -> None:
    class Forgets(Idle):
        async def place(self, order: EnginePlace) -> None:
            asyncio.get_running_loop().call_soon(int, order.symbol)

    assert "raised" in rules(run(short(Step(at="1s", do=PLACE)), Forgets))


def test_a_task_that_died_unheard_is_told_although_the_engine_holds_it() -> None:
    class Holds(Idle):
        async def place(self, order: EnginePlace) -> None:
            self.task = asyncio.create_task(self._die(order.symbol), name="reader")

        async def _die(self, symbol: str) -> None:
            raise KeyError(symbol)

    class Hears(Holds):
        async def stop(self) -> None:
            await asyncio.wait([self.task])
            self.task.exception()

    result = run(short(Step(at="1s", do=PLACE)), Holds)
    assert rules(result) == ["raised"]
    assert result.divergences[0].what.startswith("task reader, unheard: Traceback")
    assert run(short(Step(at="1s", do=PLACE)), Hears).passed


def test_an_engine_that_is_never_sure_again_has_not_healed() -> None:
    class Unsure(Idle):
        def liveness(self) -> Liveness | None:
            return None

    result = run(short(Step(at="1s", do=PLACE)), Unsure)
    assert [(each.rule, each.what) for each in result.divergences] == [
        ("late", "after 60s of calm the engine is still sure of nothing")
    ]
    assert run(short(Step(at="1s", do=PLACE), engine={"rest_lag_s": "60"}), Unsure).passed


def test_an_engine_that_has_just_begun_to_look_may_come_to_its_end() -> None:
    class Looks(Idle):
        def __init__(self, exchange: Exchange) -> None:
            super().__init__(exchange)
            self.begun_s = asyncio.get_running_loop().time()

        def liveness(self) -> Liveness | None:
            return Liveness(1) if asyncio.get_running_loop().time() - self.begun_s > 200 else None

    assert run(short(Step(at="1s", do=PLACE)), Looks).passed


def test_an_engine_whose_only_stream_is_silent_need_not_be_sure() -> None:
    silent = Step(at="0s", do=NextConnectionsSilent())
    assert run(short(silent), UserStreamEngine).passed


def test_a_heap_of_tasks_is_a_leak_although_the_stop_ends_them() -> None:
    class Hoards(Idle):
        async def start(self) -> None:
            self.tasks = [asyncio.create_task(asyncio.sleep(1000), name="left") for _ in range(MOST_TASKS + 1)]

        async def stop(self) -> None:
            for task in self.tasks:
                task.cancel()
            await asyncio.wait(self.tasks)

    result = run(short(Step(at="1s", do=PLACE)), Hoards)
    assert rules(result) == ["leak"]
    assert "257 left" in result.divergences[0].what


def test_an_engine_that_sends_none_of_many_orders_was_not_tried() -> None:
    class Refuses(Idle):
        async def place(self, order: EnginePlace) -> None:
            raise ValueError(order.symbol)

    steps = [Step(at=f"{second}s", do=PLACE) for second in range(1, 11)]
    result = run(short(*steps), Refuses)
    assert rules(result) == ["order"]
    assert result.divergences[0].what.endswith(
        "told to place 10 orders, and sent none; it raised ValueError('BTCUSDT')"
    )
    assert run(short(*steps[1:]), Refuses).passed


def test_the_same_scenario_leaves_the_same_journal() -> None:
    first, second = (run_seed(3, 0.2, Idle).journal_digest for _ in range(2))
    assert first == second != run_seed(4, 0.2, Idle).journal_digest


def test_the_engine_is_told_what_the_laboratory_says_of_it() -> None:
    lives: list[Exchange] = []

    def factory(exchange: Exchange) -> Engine:
        lives.append(exchange)
        return Idle(exchange)

    run_scenario(short(Step(at="1s", do=PLACE), seed=5, engine={"connections": "2"}), factory)
    assert [(life.life, life.seed, dict(life.settings)) for life in lives] == [(1, 5, {"connections": "2"})]


def test_a_drawn_hour_is_played() -> None:
    result = run_scenario(draw_scenario(1, 0.5), Idle)
    assert sum(result.happened.values()) > 20
