"""One run of the laboratory: exchange, network, clock and engine in one loop, from the first moment to the judgement.

The run has three parts. For its `length` things happen: the steps of the scenario. Then every fault stops: rules are
removed, what was held back is let go, the exchange answers as a correct one does. For `calm` nothing happens any more,
and at its end the engine must be where the exchange is. Last, engine and exchange are stopped, and nothing of them may
be left.

The clock is virtual, and the run is a function of its scenario. What does not come to its end on a clock that goes on
by itself never will, and is told as `hung`, with every task's position.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path
from typing import Any, Final

import msgspec

from simulator.chaos.draw import draw_scenario
from simulator.chaos.engine import EngineFactory, Exchange
from simulator.chaos.opening import laboratory_of, latency_of, new_exchange, start_ms
from simulator.chaos.player import Player
from simulator.chaos.result import Divergence, Rule, RunResult
from simulator.chaos.single_life import SingleLives
from simulator.core.scenario.notation import milliseconds
from simulator.core.scenario.scenario import Scenario
from simulator.core.scenario.scenario_rules import check, check_names
from simulator.runtime.memory_network import MemoryLoop
from simulator.runtime.server import Simulator
from simulator.runtime.virtual_time import DeadlockError, positions, virtual_wall_clock

__all__ = ["run_scenario", "run_seed"]

_STOPPING_S: Final = 120.0
"""How long an engine may take to stop."""


def run_seed(seed: int, hours: float, factory: EngineFactory) -> RunResult:
    """Draw the run of a seed, and run it."""
    return run_scenario(draw_scenario(seed, hours), factory)


def run_scenario(scenario: Scenario, factory: EngineFactory) -> RunResult:
    """Run a scenario with the engine, and return how it ended. Raises `ScenarioError` when it cannot be played."""
    check(scenario)
    began_s = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="laboratory-") as directory:
        world = _World(scenario, factory, Path(directory))
        with virtual_wall_clock(start_ms(world.laboratory.seed)):
            try:
                with asyncio.Runner(loop_factory=lambda: MemoryLoop(latency_of(world.laboratory))) as runner:
                    runner.run(world.run())
            except DeadlockError as error:
                world.diverge("hung", str(error))
    return world.result(time.perf_counter() - began_s)


class _World:
    """The run."""

    def __init__(self, scenario: Scenario, factory: EngineFactory, directory: Path) -> None:
        self._scenario = scenario
        self.laboratory = laboratory_of(scenario)
        self._factory = factory
        self._directory = directory
        self._simulator = new_exchange(self.laboratory)
        self._divergences: list[Divergence] = []
        self._happened: Counter[str] = Counter()
        self._skipped = 0
        self._lives = 0
        self._virtual_s = 0.0
        self._begun_ms = 0
        self._digest = ""

    async def run(self) -> None:
        """Play, let it calm down, judge, and clear away."""
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(self._unheard)
        async with self._simulator as simulator:
            check_names(self._scenario, simulator.symbols, [account.name for account in simulator.accounts])
            self._begun_ms = simulator.time_ms
            stage = SingleLives(self._factory, self._exchange_of, simulator)
            await self._play(stage)
            self._virtual_s = loop.time()
            self._digest = _digest(simulator)

    async def _play(self, stage: SingleLives) -> None:
        simulator, laboratory = self._simulator, self.laboratory
        if laboratory.assets_mode == "multi":
            simulator.request_external("POST", "/fapi/v1/multiAssetsMargin", multiAssetsMargin="true")
        stage.begin()
        player = Player(simulator, stage, self._scenario)
        try:
            await player.play()
            await self._until(milliseconds(laboratory.length))
            self._stop_faults()
            await self._until(milliseconds(laboratory.length) + milliseconds(laboratory.calm))
            self._judge(stage, player)
        finally:
            self._happened, self._skipped, self._lives = player.happened, player.skipped, stage.lives
            await self._stop(stage)

    async def _until(self, run_ms: int) -> None:
        await asyncio.sleep(max(0, self._begun_ms + run_ms - self._simulator.time_ms) / 1000)

    def _stop_faults(self) -> None:
        simulator = self._simulator
        simulator.rest_lag()
        simulator.restore_api_key()

    def _judge(self, stage: SingleLives, player: Player) -> None:
        if stage.trading is None:
            self.diverge("hung", f"the engine has not started:\n{_positions()}")
        if player.asked:
            self.diverge("hung", f"{len(player.asked)} deeds of the engine have not ended:\n{_positions()}")
        for deed, error in (*player.raised, *stage.raised):
            self.diverge("raised", f"{deed}: {_told(error)}")

    async def _stop(self, stage: SingleLives) -> None:
        try:
            async with asyncio.timeout(_STOPPING_S):
                await stage.stop()
        except TimeoutError:
            self.diverge("hung", f"the engine does not stop:\n{_positions()}")
        except Exception as error:  # noqa: BLE001  whatever it raises is told
            self.diverge("raised", f"stop: {_told(error)}")

    def _exchange_of(self, life: int) -> Exchange:
        simulator = self._simulator
        return Exchange(
            rest_url=simulator.rest_url,
            ws_url=simulator.ws_url,
            api_key=simulator.account.api_key,
            api_secret=simulator.account.api_secret,
            directory=self._directory,
            life=life,
            seed=self.laboratory.seed,
            settings=self.laboratory.engine,
        )

    def _unheard(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Take what was raised where nobody heard it."""
        error = context.get("exception")
        told = "" if error is None else f": {_told(error)}"
        self.diverge("raised", f"{context.get('message', '')}{told}")

    def diverge(self, rule: Rule, what: str) -> None:
        """Note what must not be."""
        at_ms = 0
        with contextlib.suppress(Exception):
            at_ms = self._simulator.time_ms
        self._divergences.append(Divergence(rule=rule, what=what, at_ms=at_ms))

    def result(self, real_s: float) -> RunResult:
        """Return how it ended."""
        return RunResult(
            seed=self.laboratory.seed,
            virtual_s=self._virtual_s,
            real_s=real_s,
            divergences=tuple(self._divergences),
            happened=dict(sorted(self._happened.items())),
            skipped=self._skipped,
            lives=self._lives,
            journal_digest=self._digest,
        )


def _digest(simulator: Simulator) -> str:
    digest = hashlib.sha256()
    encode = msgspec.msgpack.Encoder().encode
    for entry in simulator.journal:
        digest.update(encode(entry))
    return digest.hexdigest()


def _told(error: BaseException) -> str:
    return "".join(traceback.format_exception(error)).rstrip()


def _positions() -> str:
    return positions(asyncio.get_running_loop())
