"""What must hold at every moment: each test is our client, made worse in one way, and what the watch says of it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

import aiohttp
import pytest

from simulator.chaos.engine import Exchange, FillSeen, Liveness, OrderSeen
from simulator.chaos.result import RunResult
from simulator.chaos.user_stream_engine import UserStreamEngine
from simulator.chaos.watch import MOST_CONNECTIONS
from simulator.chaos.world import run_scenario
from simulator.core.faults.rule import Rule
from simulator.core.faults.verdict import Respond
from simulator.core.scenario.action import CutConnections, RestLag
from simulator.core.scenario.engine_action import EngineCrash, EnginePlace
from simulator.core.scenario.fault_action import fault_of
from simulator.core.scenario.laboratory import Laboratory
from simulator.core.scenario.scenario import Scenario, Step
from user_stream import OrderManager

PLACE = Step(
    do=EnginePlace(symbol="BTCUSDT", side="BUY", type="MARKET", quantity="0.010", client_order_id="c-1"), at="5s"
)


def run(engine: type[Any], *steps: Step, **terms: Any) -> RunResult:
    laboratory = Laboratory(**{"length": "60s", "calm": "2m", "faults": "lawful"} | terms)
    return run_scenario(Scenario(name="watched", steps=steps or (PLACE,), laboratory=laboratory), engine)


def rules(result: RunResult) -> set[str]:
    return {divergence.rule for divergence in result.divergences}


class Worse(UserStreamEngine):
    def __init__(self, exchange: Exchange) -> None:
        super().__init__(exchange)
        self.exchange = exchange

    async def ask(self, path: str, times: int) -> None:
        headers = {"X-MBX-APIKEY": self.exchange.api_key}
        async with aiohttp.ClientSession(self.exchange.rest_url, headers=headers) as session:
            for _ in range(times):
                async with session.get(path) as answer:
                    await answer.read()


class Deaf(Worse):
    """Hears of no fill, and says that it is sure."""

    def liveness(self) -> Liveness | None:
        return Liveness(5.0)

    def fills(self) -> Iterable[FillSeen]:
        return []

    def order(self, symbol: str, order_id: str) -> OrderSeen | None:  # noqa: ARG002  as it is asked
        return None


class Twice(Worse):
    """Sends each order once more."""

    async def place(self, order: EnginePlace) -> None:
        await super().place(order)
        keys = (self.exchange.api_key, self.exchange.api_secret)
        async with OrderManager(*keys, environment=self._service._environment) as another:  # noqa: SLF001  its own
            await another.place_market_order(
                order.symbol, order.side, order.quantity, client_order_id=order.client_order_id
            )


class Inventive(Worse):
    """Places what nobody asked for."""

    async def place(self, order: EnginePlace) -> None:
        await self._orders.place_market_order(order.symbol, order.side, order.quantity)


class Greedy(Worse):
    """Asks until it is refused."""

    async def place(self, order: EnginePlace) -> None:
        await super().place(order)
        await self.ask("/fapi/v1/openOrders", 70)


class LeavesTask(Worse):
    async def start(self) -> None:
        await super().start()
        self.task = asyncio.create_task(asyncio.sleep(9_999), name="left behind")


class LeavesTimer(Worse):
    async def start(self) -> None:
        await super().start()
        asyncio.get_running_loop().call_later(9_999, print)


class Patient(Deaf):
    def liveness(self) -> Liveness | None:
        return Liveness(35.0)


class LeavesConnection(Worse):
    async def start(self) -> None:
        await super().start()
        port = int(self.exchange.rest_url.rpartition(":")[2])
        self.left = [await asyncio.open_connection("127.0.0.1", port)]


class Clinging(Worse):
    """Opens more connections than anybody needs."""

    async def place(self, order: EnginePlace) -> None:
        port = int(self.exchange.rest_url.rpartition(":")[2])
        opened = [await asyncio.open_connection("127.0.0.1", port) for _ in range(MOST_CONNECTIONS)]
        await super().place(order)
        for _, writer in opened:
            writer.close()


def test_engine_as_it_is_does_nothing_wrong() -> None:
    result = run(UserStreamEngine)
    assert result.divergences == ()
    assert result.heal_ms == ()


def test_what_a_live_engine_does_not_know_after_its_bound_is_late() -> None:
    result = run(Deaf)
    late = [divergence for divergence in result.divergences if divergence.rule == "late"]
    assert "became FILLED 0.01, fill 0.01 of trade" in late[-1].what
    assert "promises to know after 5 s, does not" in late[-1].what
    assert late[-1].about == "c-1"


def test_nobody_is_late_where_any_fault_may_be() -> None:
    assert "late" not in rules(run(Deaf, faults="any"))


def test_nobody_is_late_while_his_questions_fail() -> None:
    fails = Step(do=fault_of(Rule(on="request", method="GET", verdict=Respond(503))), at="6s")
    late, without = (
        min(each.at_ms for each in run(Patient, *steps).divergences if each.rule == "late")
        for steps in ([PLACE, fails], [])
    )
    assert late > without + 20_000


def test_what_rest_may_keep_back_is_added_to_the_bound() -> None:
    assert "late" not in rules(run(Deaf, PLACE, Step(do=RestLag(orders="300s"), at="59s")))


@pytest.mark.parametrize(
    ("engine", "rule"),
    [
        (Twice, "resent"),
        (Inventive, "resent"),
        (Greedy, "rate limit"),
        (LeavesTask, "leak"),
        (LeavesTimer, "leak"),
        (LeavesConnection, "leak"),
    ],
)
def test_misconduct_is_told(engine: type[Worse], rule: str) -> None:
    assert rules(run(engine)) == {rule}


def test_too_many_connections_are_told_when_they_are_there() -> None:
    told = [divergence.what for divergence in run(Clinging).divergences]
    assert told
    assert all("the engine holds 6" in what for what in told)


def test_disturbance_lasts_until_everything_is_sure_again() -> None:
    cut = run(UserStreamEngine, Step(do=CutConnections(), at="10s"), PLACE)
    assert cut.divergences == ()
    (healed_ms,) = cut.heal_ms
    assert 40_000 < healed_ms < 50_000
    crash = run(UserStreamEngine, PLACE, Step(do=EngineCrash(down="20s"), at="10s"))
    assert crash.divergences == ()
    assert [60_000 < ms < 70_000 for ms in crash.heal_ms] == [True]


def test_an_engine_that_cannot_say_what_it_promises_has_failed() -> None:
    class Speechless(Worse):
        def liveness(self) -> Liveness | None:
            message = "no answer"
            raise KeyError(message)

    [divergence] = run(Speechless).divergences
    assert divergence.rule == "raised"
    assert divergence.what.startswith("the engine, asked what it knows: Traceback")
