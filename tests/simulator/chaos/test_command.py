"""`simulator chaos` tells what failed and how to see it again, its exit code is the outcome, and it can be left."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result

from simulator.chaos.result import RunResult
from simulator.cli import main
from simulator.core.scenario.laboratory import Laboratory
from simulator.core.scenario.scenario import Scenario
from simulator.runtime.script import load_scenario
from tests.simulator.chaos import fake_world

WORLD = fake_world.__name__
ENGINE = f"{WORLD}:an_engine"
FAILS, PASSES = str(fake_world.FAILS), str(fake_world.PASSES)


class WorkerHere:
    """A worker without a process of its own."""

    killed_by: signal.Signals | None = None
    """What a seed that hangs gets this process."""

    def __init__(self, engine: str, limit_s: float, world: str) -> None:
        assert (engine, world) == (ENGINE, WORLD)
        assert limit_s >= 90
        self._ended = threading.Event()

    def run_seed(self, seed: int, hours: float) -> RunResult:
        if seed == fake_world.HANGS and self.killed_by:
            _await_lines(Path("campaign.jsonl"), 2)
            os.kill(os.getpid(), self.killed_by)
            self._ended.wait()
            return RunResult(seed=seed, virtual_s=0, real_s=0)
        result = fake_world.run_seed(seed, hours)
        return msgspec.structs.replace(result, timeline=("00:00:09.000  >>> order c-1",))

    def run_scenario(self, scenario: Scenario) -> RunResult:
        return fake_world.run_scenario(scenario, fake_world.an_engine)  # type: ignore[arg-type]  # it is never asked

    def still_fails(self, scenario: Scenario, rule: str) -> bool:
        return any(broken.rule == rule for broken in self.run_scenario(scenario).divergences)

    def end(self) -> None:
        self._ended.set()

    def close(self) -> None:
        self.end()


def _await_lines(file: Path, count: int) -> None:
    """Wait until another thread has written so many lines."""
    deadline_s = time.monotonic() + 60
    while file.read_bytes().count(b"\n") < count:
        assert time.monotonic() < deadline_s
        time.sleep(0.001)


@pytest.fixture(autouse=True)
def _somewhere_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simulator.chaos.command.WORLD", WORLD)
    monkeypatch.setattr("simulator.chaos.trial.WorkerProcess", WorkerHere)
    monkeypatch.syspath_prepend(Path.cwd())
    monkeypatch.chdir(tmp_path)


def chaos(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["chaos", "--engine", ENGINE, "--workers", "1", *arguments])


def test_a_seed_that_passes_is_a_line_and_exit_code_0() -> None:
    result = chaos("--seed", PASSES)

    assert result.exit_code == 0
    assert "seed 100 passed: 1 h in 0.50 s, 3 orders, 2 fills, 2 lives, journal 0000" in result.stdout


def test_a_seed_that_fails_is_told_in_full_written_and_exit_code_1() -> None:
    result = chaos("--first", PASSES, "--seeds", "2", "--json", "all.json", "--junit", "all.xml", "--report", "all.md")

    assert result.exit_code == 1
    assert "seeds 100 to 101, 1 virtual h each" in result.stdout
    assert "seed 101 failed (fill): order c-1: a fill\n  was lost\n" in result.stdout
    assert "00:00:09.000  >>> order c-1" in result.stdout
    assert f"replay: simulator chaos --seed 101 --hours 1 --engine {ENGINE}" in result.stdout
    assert re.search(r"seeds failed +1 \(1 fill\)", result.stdout)
    assert "seed 101 failed (fill)" in result.stderr
    assert json.loads(Path("all.json").read_bytes())["summary"]["failed"] == 1
    assert 'name="seed 101"' in Path("all.xml").read_text()
    assert f"`simulator chaos --first 100 --seeds 2 --hours 1 --engine {ENGINE}`" in Path("all.md").read_text()


def test_the_first_failure_ends_it_when_that_is_wanted() -> None:
    result = chaos("--seed", FAILS, "--seed", PASSES, "--fail-fast")

    assert result.exit_code == 1
    assert "seed 100" not in result.stdout


def test_what_has_been_run_is_not_run_again() -> None:
    first = chaos("--seeds", "2", "--resume", "campaign.jsonl")
    again = chaos("--seeds", "3", "--resume", "campaign.jsonl")

    assert (first.exit_code, again.exit_code) == (0, 0)
    assert "2 of them were run before" in again.stdout
    begun = re.search(r"seeds (\d+) to", first.stdout)
    assert begun is not None
    assert f"seeds {begun[1]} to" in again.stdout
    assert len(Path("campaign.jsonl").read_text().splitlines()) == 4


def test_results_of_other_hours_are_not_mixed_unless_forced() -> None:
    chaos("--seed", PASSES, "--resume", "campaign.jsonl")

    refused = chaos("--seed", PASSES, "--hours", "24", "--resume", "campaign.jsonl")
    forced = chaos("--seed", PASSES, "--hours", "24", "--resume", "campaign.jsonl", "--force")

    assert refused.exit_code == 2
    assert "holds results of hours 1.0, and this is 24.0" in refused.stderr
    assert forced.exit_code == 0


def test_a_failure_is_shrunk_to_a_file_that_fails_the_same_way() -> None:
    result = chaos("--seed", FAILS, "--shrink")

    scenario = load_scenario("chaos-101.yaml")
    assert "20 steps are 3 in chaos-101.yaml" in result.stdout
    assert [type(step.do).__name__ for step in scenario.steps] == ["EnginePlace", "EngineCrash", "Fill"]
    assert scenario.laboratory == Laboratory(seed=101, length="1s")
    assert CliRunner().invoke(main, ["check", "chaos-101.yaml"]).exit_code == 0
    replayed = chaos("--scenario", "chaos-101.yaml")
    assert replayed.exit_code == 1
    assert "chaos-101.yaml: seed 101 failed, fill" in replayed.stdout
    assert "replay: simulator chaos --scenario chaos-101.yaml" in replayed.stdout


def test_kept_seeds_are_tried_with_their_own_hours_first() -> None:
    Path("corpus.txt").write_text("101 0.5  # once\n")

    result = chaos("--corpus", "corpus.txt", "--seed", PASSES)

    assert result.exit_code == 1
    assert "1 kept seeds and seed 100" in result.stdout
    assert "replay: simulator chaos --seed 101 --hours 0.5" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--engine", "no_such_module:E"], "there is no module no_such_module"),
        (["--seed", "1", "--seeds", "2"], "--seed and --seeds contradict each other"),
        (["--scenario", "x.yaml", "--first", "2"], "--scenario and --first contradict each other"),
        (["--scenario", "x.yaml", "--hours", "1"], "--scenario and --hours contradict each other"),
        (["--force"], "--force is for --resume"),
        (["--hours", "0"], "--hours"),
        (["--scenario", "none.yaml"], "none.yaml: cannot be read"),
        (["--corpus", "none.txt"], "none.txt: No such file"),
        (["--seed", "1", "--resume", "none/campaign"], "none/campaign: No such file"),
    ],
)
def test_wrong_usage_is_said_and_exit_code_2(arguments: list[str], message: str) -> None:
    result = chaos(*arguments)

    assert result.exit_code == 2
    assert message in result.stderr


def test_a_report_that_could_not_be_written_is_refused_before_anything_is_run() -> None:
    result = chaos("--seed", PASSES, "--json", "nowhere/results.json")
    assert result.exit_code == 2
    assert "there is no directory nowhere" in result.stderr
    assert not result.stdout


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_left_early_it_shows_and_writes_what_it_found(number: signal.Signals, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(WorkerHere, "killed_by", number)

    result = chaos("--seed", FAILS, "--seed", str(fake_world.HANGS), "--resume", "campaign.jsonl", "--json", "all.json")

    assert result.exit_code == 1
    assert "seed 101 failed (fill)" in result.stdout
    assert "ended before all seeds were tried" in result.stderr
    assert json.loads(Path("all.json").read_bytes())["campaign"]["interrupted"] is True


def test_left_early_with_nothing_wrong_it_did_not_pass_either(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(WorkerHere, "killed_by", signal.SIGINT)

    result = chaos("--seed", PASSES, "--seed", str(fake_world.HANGS), "--resume", "campaign.jsonl")

    assert result.exit_code == 130


def test_workers_are_processes() -> None:
    code = f"import simulator.chaos.command as c, simulator.cli as s; c.WORLD = {WORLD!r}; s.main()"
    command = [sys.executable, "-c", code, "chaos", "--engine", ENGINE, "--seed", PASSES, "--workers", "1"]
    environment = {"PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "PYTHONHASHSEED": "9"}

    ended = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120, check=False)  # noqa: S603  our own

    assert ended.returncode == 0
    assert re.search("seed 100 passed.*journal 0+64-0", ended.stdout)
