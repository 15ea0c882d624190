"""This project's client passes what is drawn, and what failed once; an engine that has a bug does not."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import replace as changed
from pathlib import Path

import pytest

from simulator.chaos.corpus import KeptSeed, read_corpus
from simulator.chaos.draw import draw_scenario
from simulator.chaos.engine import FillSeen
from simulator.chaos.report import failure_text, replay_command, scenario_command
from simulator.chaos.shrink import shrink
from simulator.chaos.user_stream_engine import UserStreamEngine
from simulator.chaos.world import run_scenario, run_seed
from simulator.core.scenario.action import Cancel, CutConnections, Fill
from simulator.core.scenario.engine_action import EngineCrash, EnginePlace
from simulator.core.scenario.laboratory import Laboratory
from simulator.core.scenario.market_action import SetPrice
from simulator.core.scenario.scenario import Scenario, Step
from simulator.core.scenario.scenario_text import parse_scenario
from simulator.core.scenario.writing import scenario_text
from simulator.runtime.script import load_scenario

RULE = "fill"
HERE = Path(__file__).parent
KEPT = read_corpus((HERE / "corpus.txt").read_text(encoding="utf-8"), "corpus.txt")
SCENARIOS = sorted((HERE / "corpus").glob("*.yaml"))
OURS = "simulator.chaos.user_stream_engine:UserStreamEngine"


@pytest.mark.seeds(3)
def test_our_client_passes_a_drawn_hour(seed: int) -> None:
    result = run_seed(seed, 1, UserStreamEngine)

    assert result.passed, failure_text(result, replay_command(seed, 1, OURS))
    assert result.orders


@pytest.mark.parametrize("kept", KEPT, ids=[f"{kept.seed}-{kept.hours:g}h" for kept in KEPT])
def test_our_client_passes_each_seed_that_failed_once(kept: KeptSeed) -> None:
    result = run_seed(kept.seed, kept.hours, UserStreamEngine)

    assert result.passed, failure_text(result, replay_command(kept.seed, kept.hours, OURS))


@pytest.mark.parametrize("file", SCENARIOS, ids=[file.stem for file in SCENARIOS])
def test_our_client_passes_each_scenario_that_failed_once(file: Path) -> None:
    result = run_scenario(load_scenario(file), UserStreamEngine)

    assert result.passed, failure_text(result, scenario_command(file, OURS))


@pytest.mark.parametrize("seed", range(0, 1000, 50))
def test_a_drawn_run_can_be_written_down_and_read(seed: int) -> None:
    drawn = draw_scenario(seed, 0.25)
    steps = [changed(step, do=list(step.do) if isinstance(step.do, tuple) else step.do) for step in drawn.steps]

    assert parse_scenario(scenario_text(drawn), "drawn.yaml", "x") == changed(drawn, steps=steps)


def test_a_seed_is_the_same_to_the_byte_in_every_process() -> None:
    code = (
        "from simulator.chaos.world import run_seed\n"
        "from simulator.chaos.user_stream_engine import UserStreamEngine\n"
        "print(run_seed(4711, 0.2, UserStreamEngine).journal_digest)"
    )
    told = [
        subprocess.run(  # noqa: S603  our own
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONHASHSEED": number, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        ).stdout.strip()
        for number in ("1", "2")
    ]

    here = run_seed(4711, 0.2, UserStreamEngine).journal_digest
    assert told == [here, here]
    assert len(here) == 64


class OneFillOfEach(UserStreamEngine):
    """Our client with a bug: it tells of no more than one fill of each order."""

    def fills(self) -> Iterable[FillSeen]:
        first: dict[str, FillSeen] = {}
        for fill in super().fills():
            first.setdefault(fill.order_id, fill)
        return first.values()


def half_a_minute_of_trading() -> Scenario:
    """Return four orders with two fills each, among disturbances."""
    steps = [Step(at="3s", do=[CutConnections(), SetPrice(symbol="ETHUSDT", price="3500")])]
    for number in range(1, 5):
        order = f"c-{number}"
        place = EnginePlace(symbol="BTCUSDT", side="BUY", quantity="0.010", price="64000", client_order_id=order)
        fills = [Step(at=f"{5 * number + 1}s", do=Fill(order=order, quantity="0.004")) for _ in range(2)]
        steps += [Step(at=f"{5 * number}s", do=place), *fills, Step(at=f"{5 * number + 2}s", do=Cancel(order=order))]
    steps.insert(9, Step(at="12s", do=EngineCrash(after_steps=5)))
    return Scenario(name="trading", steps=steps, laboratory=Laboratory(seed=7, length="30s", calm="2m", latency="20ms"))


def breaks(scenario: Scenario) -> bool:
    return any(broken.rule == RULE for broken in run_scenario(scenario, OneFillOfEach).divergences)


def test_a_planted_bug_is_shrunk_to_a_file_that_shows_it_again(tmp_path: Path) -> None:
    drawn = half_a_minute_of_trading()
    assert breaks(drawn)
    assert run_scenario(drawn, UserStreamEngine).passed

    shrunk = shrink(drawn, breaks, most_runs=40)

    file = tmp_path / "chaos-7.yaml"
    file.write_text(scenario_text(shrunk.scenario))
    left = load_scenario(file)
    assert [type(step.do) for step in left.steps] == [EnginePlace, Fill, Fill]
    assert (
        len({getattr(step.do, "client_order_id", None) or getattr(step.do, "order", None) for step in left.steps}) == 1
    )
    assert breaks(left)
    assert run_scenario(left, UserStreamEngine).passed
