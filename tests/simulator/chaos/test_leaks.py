"""What many runs leave in one process."""

from __future__ import annotations

import logging
from itertools import count

import pytest

from simulator.chaos.leaks import Footprint, SteadyGrowth
from simulator.chaos.user_stream_engine import UserStreamEngine
from simulator.chaos.world import run_scenario
from simulator.core.scenario.action import CutConnections
from simulator.core.scenario.engine_action import EngineCrash, EnginePlace
from simulator.core.scenario.laboratory import Laboratory
from simulator.core.scenario.scenario import Scenario, Step


def noted(*blocks: int) -> float:
    counts = iter(blocks)
    footprint = Footprint(lambda: next(counts))
    for _ in range(len(blocks) + 3):
        footprint.note()
    return footprint.growth


def test_what_every_run_leaves_is_told_and_what_one_holds_is_not() -> None:
    assert noted(*range(1_000, 1_100, 10)) == 10
    assert noted(1_000, 1_000, 1_000, 1_000, 9_000, 1_000, 1_000, 1_000) == 0
    assert noted(1_000, 900, 1_000, 1_000, 1_000, 1_000, 1_000, 900) == 0
    assert noted(1, 2, 3) == 0


def steadily(*blocks: int) -> list[float]:
    counts = iter(blocks)
    memory = SteadyGrowth(lambda: next(counts))
    runs = [memory.note() for _ in range(40)]
    return [growth for growth in runs if growth]


def test_growth_is_told_when_it_goes_on_and_not_when_something_is_loaded_late() -> None:
    assert steadily(*range(0, 40_000, 1_000)) == [1_000]
    assert steadily(*[1_000] * 6, *[900_000] * 40) == []
    assert steadily(*range(0, 4_000, 100)) == []


@pytest.mark.no_cover
def test_runs_leave_nothing_in_their_process(caplog: pytest.LogCaptureFixture) -> None:
    """Row 25, with an engine that is cut off and killed each time. A few blocks are addresses in bounded caches."""
    caplog.set_level(logging.CRITICAL, logger="user_stream")  # what is captured, is kept
    footprint = Footprint()
    for seed, _ in zip(count(1), range(13), strict=False):
        steps = [
            Step(
                do=EnginePlace(symbol="BTCUSDT", side="BUY", type="MARKET", quantity="1", client_order_id="c"), at="1s"
            ),
            Step(do=CutConnections(), at="2s"),
            Step(do=EngineCrash(after_steps=seed), at="4s"),
        ]
        result = run_scenario(
            Scenario(name="small", steps=steps, laboratory=Laboratory(seed=seed, length="10s", calm="60s")),
            UserStreamEngine,
        )
        assert result.divergences == ()
        footprint.note()
    assert footprint.growth < 50
