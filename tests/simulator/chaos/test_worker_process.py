"""A worker answers how a run ended, also when it dies of it, and then answers the next one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing

import pytest

from simulator.chaos.worker_process import RefusedError, WorkerProcess, default_limit_s
from simulator.core.scenario.laboratory import Laboratory
from simulator.core.scenario.market_action import SetPrice
from simulator.core.scenario.scenario import Scenario, Step
from tests.simulator.chaos import fake_world

WORLD = fake_world.__name__
ENGINE = f"{WORLD}:an_engine"


@pytest.fixture(scope="module")
def worker() -> Iterator[WorkerProcess]:
    process = WorkerProcess(ENGINE, 60, WORLD)
    yield process
    process.close()


def test_a_run_ends_in_another_process_as_it_would_here(worker: WorkerProcess) -> None:
    result = worker.run_seed(fake_world.FAILS, 1)

    here = fake_world.run_seed(fake_world.FAILS, 1)
    assert result.divergences == here.divergences
    assert result.timeline == ("00:00:09.000  >>> order c-1",)
    assert result.happened == here.happened


def test_every_worker_hashes_the_same_whatever_this_process_does(
    worker: WorkerProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONHASHSEED", "77")

    assert worker.run_seed(fake_world.PASSES, 1).journal_digest.endswith("-0")


def test_a_scenario_keeps_what_it_says(worker: WorkerProcess) -> None:
    steps = [Step(at="1s", do=SetPrice(symbol="BTCUSDT", price="0.10"))]

    result = worker.run_scenario(Scenario(name="x", steps=steps, laboratory=Laboratory(seed=9)))

    assert (result.seed, result.passed) == (9, True)


def test_of_a_scenario_it_is_asked_whether_it_breaks_a_rule(worker: WorkerProcess) -> None:
    scenario = fake_world.draw_scenario(fake_world.FAILS, 1)

    assert worker.still_fails(scenario, "fill")
    assert not worker.still_fails(scenario, "order")


def test_what_an_engine_prints_is_no_answer(worker: WorkerProcess) -> None:
    assert worker.run_seed(fake_world.PRINTS, 1).passed


def test_a_worker_that_dies_is_a_failed_seed_and_the_next_one_lives(worker: WorkerProcess) -> None:
    died = worker.run_seed(fake_world.DIES, 1)

    assert [(broken.rule, broken.what) for broken in died.divergences] == [("raised", "its process died (3)")]
    assert worker.run_seed(fake_world.PASSES, 1).passed


def test_a_defect_is_a_failed_seed_with_its_traceback(worker: WorkerProcess) -> None:
    result = worker.run_seed(fake_world.RAISES, 1)

    assert result.divergences[0].what == "the run broke off: RuntimeError: a defect"
    assert any("in draw_scenario" in line for line in result.timeline)


def test_of_a_group_of_defects_the_first_is_said(worker: WorkerProcess) -> None:
    [divergence] = worker.run_seed(fake_world.RAISES_IN_A_GROUP, 1).divergences
    assert divergence.what == "the run broke off: RuntimeError: a defect of a task"


def test_memory_that_each_run_leaves_fails_one_of_them() -> None:
    with closing(WorkerProcess(ENGINE, 60, WORLD)) as fresh:
        found = [each for _ in range(40) for each in fresh.run_seed(fake_world.LEAKS, 1).divergences]
    [divergence] = found
    assert divergence.rule == "leak"
    assert divergence.what.startswith("this process holds 10")


def test_what_cannot_be_played_is_said(worker: WorkerProcess) -> None:
    with pytest.raises(RefusedError, match="no such world"):
        worker.run_seed(fake_world.REFUSES, 1)


def test_a_run_that_hangs_is_a_failed_seed_that_says_where() -> None:
    worker = WorkerProcess(ENGINE, 0.2, WORLD)

    result = worker.run_seed(fake_world.HANGS, 1)

    worker.close()
    assert result.divergences[0].rule == "hung"
    assert "0.2 s of real time" in result.divergences[0].what
    assert any("in _somewhere" in line for line in result.timeline)


def test_a_worker_is_replaced_in_time_and_leaves_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simulator.chaos.worker_process._RUNS", 2)
    worker = WorkerProcess(ENGINE, 60, WORLD)
    first = worker.run_seed(fake_world.PASSES, 1)
    process = worker._process  # noqa: SLF001  what must be gone
    assert process is not None

    assert worker.run_seed(fake_world.PASSES, 1).journal_digest == first.journal_digest

    with pytest.raises(ProcessLookupError):
        os.kill(process.pid, 0)
    worker.close()


def test_a_day_may_take_longer_than_an_hour() -> None:
    assert (default_limit_s(1), default_limit_s(24)) == (120, 1500)
