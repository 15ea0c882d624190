"""One run of the laboratory: exchange, network, clock and engine in one loop, from the first moment to the judgement.

The run has three parts. For its `length` things happen: the steps of the scenario. Then every fault stops: rules are
removed, what was held back is let go, the exchange answers as a correct one does. For `calm` nothing happens any more,
and at its end, or a little later if it is still looking, the engine must be where the exchange is, and sure of that, if
it is one that says so. Last, engine and exchange are stopped, and nothing of them may be left.

The clock is virtual, and the run is a function of its scenario. What does not come to its end on a clock that goes on
by itself never will, and is told as `hung`, with every task's position.
"""

from __future__ import annotations

import asyncio
import hashlib
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path
from typing import Any, Final

import msgspec

from simulator.chaos.draw import draw_scenario
from simulator.chaos.engine import Engine, EngineFactory, Exchange
from simulator.chaos.exchange_view import view_of
from simulator.chaos.life import Life
from simulator.chaos.lives import Lives, LivingEngine
from simulator.chaos.opening import laboratory_of, latency_of, new_exchange, start_ms
from simulator.chaos.oracle import EngineView, LifeView, divergences, life_view
from simulator.chaos.player import Player
from simulator.chaos.result import Divergence, Rule, RunResult
from simulator.chaos.timeline import timeline
from simulator.chaos.watch import Watch
from simulator.chaos.witness import Witness, WitnessedLoop
from simulator.core.scenario.notation import milliseconds
from simulator.core.scenario.scenario import Scenario
from simulator.core.scenario.scenario_rules import check, check_names
from simulator.errors import NotRunningError
from simulator.runtime.memory_network import MemoryLoop
from simulator.runtime.server import Simulator
from simulator.runtime.virtual_time import DeadlockError, positions, virtual_wall_clock

__all__ = ["MOST_TASKS", "run_scenario", "run_seed"]

_STOPPING_S: Final = 120.0
"""How long an engine may take to stop."""
_LOOKING_S: Final = 180.0
"""How long one that is unsure in the end may still look for what it missed: its key may just have been found dead."""
MOST_TASKS: Final = 256
"""How many tasks an engine may have when nothing happens."""
_OFTEN: Final = 10
"""Of so many orders that an engine is told to place, one is sent."""


def run_seed(seed: int, hours: float, factory: EngineFactory) -> RunResult:
    """Draw the run of a seed, and run it."""
    return run_scenario(draw_scenario(seed, hours), factory)


def run_scenario(scenario: Scenario, factory: EngineFactory, witness: Witness | None = None) -> RunResult:
    """Run a scenario with the engine, and return how it ended. Raises `ScenarioError` when it cannot be played.

    With a witness it takes longer, ends the same, and a failure has its timeline.
    """
    check(scenario)
    began_s = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="laboratory-") as directory:
        world = _World(scenario, factory, Path(directory), witness)
        with virtual_wall_clock(start_ms(world.laboratory.seed)):
            try:
                with asyncio.Runner(loop_factory=lambda: WitnessedLoop(latency_of(world.laboratory))) as runner:
                    runner.run(world.run())
            except DeadlockError as error:
                world.diverge("hung", str(error))
    return world.result(time.perf_counter() - began_s)


class _World:
    """The run."""

    def __init__(self, scenario: Scenario, factory: EngineFactory, directory: Path, witness: Witness | None) -> None:
        self.laboratory = laboratory_of(scenario)
        self._scenario = scenario
        self._factory = factory
        self._directory = directory
        self._witness = witness
        self._simulator = new_exchange(self.laboratory)
        self._divergences: list[Divergence] = []
        self._told: dict[str, Any] = {}
        """What is known of the run, by the fields of its result."""
        self._begun_ms = 0

    async def run(self) -> None:
        """Play, let it calm down, judge, and clear away."""
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(self._unheard)
        async with self._simulator as simulator:
            check_names(self._scenario, simulator.symbols, [account.name for account in simulator.accounts])
            self._begun_ms = simulator.time_ms
            lives = Lives(self._new_life, now_ms=lambda: simulator.time_ms, on_death=self._cut)
            watch = Watch(simulator, lives, self._scenario, self.laboratory)
            if self._witness is not None:
                self._witness.follow(loop, simulator, lives)
            try:
                await self._play(lives, watch)
            finally:
                watch.stop()
                self._divergences += watch.divergences
                self._told["heal_ms"] = tuple(watch.heal_ms)
                await self._end(lives)
                if self._witness is not None:
                    self._witness.leave(loop)
            self._told |= {"journal_digest": _digest(simulator), "virtual_s": loop.time()}
        await self._look_for_leaks()

    async def _play(self, lives: Lives, watch: Watch) -> None:
        simulator, laboratory = self._simulator, self.laboratory
        if laboratory.assets_mode == "multi":
            simulator.request_external("POST", "/fapi/v1/multiAssetsMargin", multiAssetsMargin="true")
        lives.begin()
        player = Player(simulator, lives, self._scenario)
        try:
            await player.play()
            await self._until(milliseconds(laboratory.length))
            player.end()
            self._stop_faults()
            lives.spare()
            await self._until(milliseconds(laboratory.length) + milliseconds(laboratory.calm))
            if watch.is_unsure() and not self._looks_later:
                await asyncio.sleep(_LOOKING_S)
            self._judge(lives, player)
            self._judge_calm(lives, watch)
            self._judge_deeds(watch, player)
        finally:
            self._told |= {"happened": dict(sorted(player.happened.items())), "skipped": player.skipped}

    async def _until(self, run_ms: int) -> None:
        await asyncio.sleep(max(0, self._begun_ms + run_ms - self._simulator.time_ms) / 1000)

    def _stop_faults(self) -> None:
        simulator = self._simulator
        simulator.release_frames()
        simulator.faults.clear()
        simulator.rest_lag()
        simulator.restore_api_key()

    def _judge(self, lives: Lives, player: Player) -> None:
        if lives.trading is None:
            self.diverge("hung", f"no life of the engine is ready to trade:\n{_positions()}")
        waiting = [deed for engine, deed in player.asked.values() if engine is lives.trading]
        if waiting:
            self.diverge("hung", f"deeds that have not ended: {', '.join(waiting)}\n{_positions()}")
        view = view_of(self._simulator)
        self._told |= {"orders": len(view.orders), "fills": len(view.trades)}
        if lives.trading is not None:
            found = divergences(view, EngineView.of(lives.trading, map(_life_view, lives.all)))
            self._divergences += [each for each in found if each.rule != "fill order" or self._tells_holes()]
        for deed, error in player.raised:
            self.diverge("raised", f"{deed}: {_traced(error)}")

    def _judge_calm(self, lives: Lives, watch: Watch) -> None:
        """Say whether a life that nothing has disturbed for long has come to rest: sure of itself, with few tasks."""
        present = lives.present
        if not self._looks_later:
            watch.expect_promise(f"after {self.laboratory.calm} of calm")
        if present is not None and len(present.life.tasks) > MOST_TASKS:
            names = Counter(task.get_name().rstrip("0123456789") for task in present.life.tasks)
            named = ", ".join(f"{count} {name}" for name, count in names.most_common(3))
            self.diverge("leak", f"in calm the engine has {len(present.life.tasks)} tasks: {named}")

    @property
    def _looks_later(self) -> bool:
        """Whether the engine was told to look for the last time when the run is over."""
        return float(self.laboratory.engine.get("rest_lag_s", 0)) * 1000 >= milliseconds(self.laboratory.calm)

    def _judge_deeds(self, watch: Watch, player: Player) -> None:
        """Say whether an engine was tried at all: one that raises at each deed is right to the end."""
        placed = player.happened["engine_place"]
        if placed >= _OFTEN and not watch.orders_sent:
            said = f"; it raised {player.refusal!r}" if player.refusal is not None else ""
            self.diverge("order", f"the engine was told to place {placed} orders, and sent none{said}")

    def _tells_holes(self) -> bool:
        """Say whether an engine can see at every fill that the one before is missing.

        A TRADE_LITE does not say how much was filled before it. Where one may be lost, the next is told too early.
        """
        return self.laboratory.faults == "lawful" or self._simulator.profile.trade_lite == "absent"

    async def _end(self, lives: Lives) -> None:
        """Stop the last life, and let go of what the dead hold."""
        try:
            async with asyncio.timeout(_STOPPING_S):
                await lives.stop()
        except TimeoutError:
            self.diverge("hung", f"the engine does not stop:\n{_positions()}")
        for living in lives.all:
            for left in (*living.left_tasks, *living.left_timers, *living.left_connections):
                self.diverge("leak", f"life {living.life.number} has stopped, and left {left}")
        for where, error in lives.raised:
            self.diverge("raised", f"{where}: {_traced(error)}")
        self._told["lives"] = lives.lives
        await lives.bury()

    async def _look_for_leaks(self) -> None:
        """Say what goes on although everything has ended."""
        await asyncio.sleep(1)
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            self.diverge("leak", f"a task goes on: {task.get_name()}")
        loop = asyncio.get_running_loop()
        if isinstance(loop, MemoryLoop) and loop.open_ends:
            self.diverge("leak", f"{loop.open_ends} ends of connections are open")

    def _cut(self, _life: Life) -> None:
        self._simulator.cut_connections(account=self._simulator.account.name)

    def _new_life(self, number: int) -> Engine:
        simulator = self._simulator
        exchange = Exchange(
            rest_url=simulator.rest_url,
            ws_url=simulator.ws_url,
            api_key=simulator.account.api_key,
            api_secret=simulator.account.api_secret,
            directory=self._directory,
            life=number,
            seed=self.laboratory.seed,
            settings=self.laboratory.engine,
        )
        return self._factory(exchange)

    def _unheard(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Take what was raised where nobody heard it."""
        error = context.get("exception")
        told = "" if error is None else f": {_traced(error)}"
        self.diverge("raised", f"{context.get('message', '')}{told}")

    def diverge(self, rule: Rule, what: str) -> None:
        """Note what must not be."""
        try:
            at_ms = self._simulator.time_ms
        except NotRunningError:
            at_ms = 0
        self._divergences.append(Divergence(rule=rule, what=what, at_ms=at_ms))

    def result(self, real_s: float) -> RunResult:
        """Return how it ended."""
        told = {"virtual_s": 0.0} | self._told
        if self._witness is not None and self._divergences:
            told["timeline"] = timeline(self._divergences[0], self._simulator.journal, self._witness.moments)
        return RunResult(seed=self.laboratory.seed, real_s=real_s, divergences=tuple(self._divergences), **told)


def _life_view(living: LivingEngine) -> LifeView:
    return life_view(
        living.engine,
        ready_ms=living.ready_ms,
        over_ms=living.over_ms,
        sure_ms=living.sure_ms,
        crashed=living.end == "crash",
    )


def _digest(simulator: Simulator) -> str:
    digest = hashlib.sha256()
    encode = msgspec.msgpack.Encoder().encode
    for entry in simulator.journal:
        digest.update(encode(entry))
    return digest.hexdigest()


def _traced(error: BaseException) -> str:
    return "".join(traceback.format_exception(error)).rstrip()


def _positions() -> str:
    return positions(asyncio.get_running_loop())
