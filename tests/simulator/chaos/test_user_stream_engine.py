"""Our own client in the laboratory: it lives, dies at any await, and lives again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import pytest

from simulator import Simulator
from simulator.chaos.engine import Exchange
from simulator.chaos.lives import Lives
from simulator.chaos.user_stream_engine import UserStreamEngine, WatchedBook, settings_of
from simulator.core.scenario.engine_action import EngineAmend, EnginePlace, EnginePlaceAlgo
from simulator.runtime.memory_network import MemoryLoop
from simulator.runtime.virtual_time import virtual_wall_clock

START_MS = 1_797_066_123_456
FAST = {"journal": "on"}


@dataclass
class Stage:
    sim: Simulator
    lives: Lives

    @property
    def engine(self) -> UserStreamEngine:
        engine = self.lives.trading
        assert isinstance(engine, UserStreamEngine)
        return engine

    async def trades(self) -> UserStreamEngine:
        async with asyncio.timeout(300):
            while self.lives.trading is None:  # noqa: ASYNC110  the world looks at the engine, not the other way round
                await asyncio.sleep(0.1)
        return self.engine


def on_stage(
    play: Callable[[Stage], Coroutine[Any, Any, None]], directory: Path, settings: dict[str, str] | None = None
) -> list[str]:
    """Play, stop, bury; return what the loop was told that nobody heard."""
    unheard: list[str] = []

    async def run() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: unheard.append(str(context)))
        async with Simulator(start_ms=START_MS) as sim:

            def make(life: int) -> UserStreamEngine:
                return UserStreamEngine(
                    Exchange(
                        rest_url=sim.rest_url, ws_url=sim.ws_url, api_key=sim.account.api_key,
                        api_secret=sim.account.api_secret, directory=directory, life=life, seed=1,
                        settings=FAST if settings is None else settings,
                    )
                )  # fmt: skip

            lives = Lives(make, now_ms=lambda: sim.time_ms)
            try:
                await play(Stage(sim, lives))
            finally:
                await lives.stop()
                await lives.bury()
            assert lives.raised == []
            assert [living.left_tasks for living in lives.all if living.left_tasks] == []
            assert [living.life.tasks for living in lives.all if living.life.tasks] == []
            assert asyncio.all_tasks() == {asyncio.current_task()}

    with virtual_wall_clock(START_MS), asyncio.Runner(loop_factory=MemoryLoop) as runner:
        runner.run(run())
        loop = runner.get_loop()
        assert isinstance(loop, MemoryLoop)
        assert loop.open_ends == 0
    return unheard


def place(name: str, **terms: Any) -> EnginePlace:
    return EnginePlace(**{"symbol": "BTCUSDT", "side": "BUY", "quantity": "0.010", "price": "60000"} | terms,
                       client_order_id=name)  # fmt: skip


def test_engine_lives_trades_and_stops_and_leaves_nothing(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        stage.lives.begin()
        engine = await stage.trades()
        await stage.lives.perform(engine.place(place("a")))
        await stage.lives.perform(engine.place(place("m", type="MARKET", price=None)))
        stage.sim.fill("a", "0.004")
        await asyncio.sleep(1)
        seen = {order.client_order_id: (order.status, order.executed_quantity) for order in engine.orders()}
        assert seen == {"a": ("PARTIALLY_FILLED", Decimal("0.004")), "m": ("FILLED", Decimal("0.010"))}
        assert [fill.quantity for fill in engine.fills()] == [Decimal("0.010"), Decimal("0.004")]
        assert [held.amount for held in engine.positions()] == [Decimal("0.014")]
        await stage.lives.perform(
            engine.amend(EngineAmend(symbol="BTCUSDT", side="BUY", order="a", quantity="0.020", price="59000"))
        )
        await stage.lives.perform(
            engine.place_algo(
                EnginePlaceAlgo(
                    symbol="BTCUSDT", side="SELL", quantity="0.01", trigger_price="50000", client_order_id="s"
                )
            )
        )
        await asyncio.sleep(1)
        assert list(engine.waiting_algo_orders()) == ["s"]
        await stage.lives.perform(engine.cancel_algo("BTCUSDT", "s"))
        await stage.lives.perform(engine.cancel("BTCUSDT", "a"))
        await asyncio.sleep(1)
        assert list(engine.waiting_algo_orders()) == []
        assert engine.liveness() is not None
        assert list(engine.breaches()) == []

    assert on_stage(play, tmp_path) == []


@pytest.mark.parametrize("steps", [0, 1, 7, 40, 150])
def test_engine_that_is_killed_at_any_await_goes_on_in_its_next_life(steps: int, tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        stage.lives.begin()
        engine = await stage.trades()
        await stage.lives.perform(engine.place(place("a")))
        stage.lives.crash(steps, down_s=3)
        stage.sim.fill("a", "0.004")
        while stage.lives.lives < 2:  # noqa: ASYNC110  as above
            await asyncio.sleep(10)
        await asyncio.sleep(60)
        second = await stage.trades()
        assert stage.lives.all[0].end == "crash"
        assert [order.executed_quantity for order in second.orders()] == [Decimal("0.004")]
        told = [fill.trade_id for living in stage.lives.all for fill in (living.engine.fills() if living.engine else ())
                if not fill.redelivered]  # fmt: skip
        assert len(told) == len(set(told))
        assert second.orders()

    assert on_stage(play, tmp_path) == []


def test_nothing_of_a_dead_life_reaches_the_exchange(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        stage.lives.begin()
        await stage.trades()
        stage.lives.crash(0, down_s=3600)
        await asyncio.sleep(0.1)
        after = stage.sim.journal.next_seq
        await asyncio.sleep(3000)
        assert stage.sim.journal.entries(since=after - 1, kind="request") == []
        assert stage.sim.connections == []

    assert on_stage(play, tmp_path) == []


def test_engine_is_restarted_as_it_stops_itself(tmp_path: Path) -> None:
    async def play(stage: Stage) -> None:
        stage.lives.begin()
        engine = await stage.trades()
        await stage.lives.perform(engine.place(place("a")))
        stage.lives.restart(2)
        await asyncio.sleep(0.5)
        stage.sim.fill("a", "0.010")
        second = await stage.trades()
        assert second is not engine
        await asyncio.sleep(1)
        assert [order.status for order in second.orders()] == ["FILLED"]
        assert stage.lives.all[0].end == "stop"

    assert on_stage(play, tmp_path) == []


def test_settings_are_the_services_own_and_wrong_ones_are_refused(tmp_path: Path) -> None:
    def exchange(**settings: str) -> Exchange:
        return Exchange(rest_url="http://127.0.0.1:1", ws_url="ws://127.0.0.1:1", api_key="k", api_secret="s",
                        directory=tmp_path, life=1, seed=1, settings=settings)  # fmt: skip

    settings = settings_of(exchange(connections="2", comparison_interval_s="10", journal="off"))
    assert (settings.connections, settings.comparison_interval_s, settings.journal) == (2, 10.0, None)
    with pytest.raises(ValueError, match="no setting 'conections'"):
        settings_of(exchange(conections="2"))
    with pytest.raises(ValueError, match="on or off"):
        settings_of(exchange(journal="maybe"))


def test_snapshot_that_speaks_over_the_stream_is_a_breach_until_there_was_a_gap() -> None:
    """Rule 22: REST may show the past."""
    book = WatchedBook()

    def tell(reason: str, amount: str) -> None:
        position = {"symbol": "BTCUSDT", "position_side": "BOTH", "position_amount": amount, "entry_price": "60000"}
        rest = ("break_even_price", "accumulated_realized", "unrealized_pnl", "margin_type", "isolated_wallet")
        patch = {"reason": reason, "event_time": 0, "transaction_time": 0, "balances": []}
        book.on_account_update(cast("Any", {**patch, "positions": [position | dict.fromkeys(rest, "")]}))

    tell("SNAPSHOT", "1")
    tell("ORDER", "2")
    tell("SNAPSHOT", "2")
    assert book.breaches == []
    tell("SNAPSHOT", "1")
    assert book.breaches == ["position BTCUSDT BOTH: a snapshot said 1 when the stream had said 2"]
    book.begin_anew()
    tell("SNAPSHOT", "3")
    assert len(book.breaches) == 1
