"""One use of `simulator chaos`: seeds that are tried and told of, or scenarios that are played again."""

from __future__ import annotations

import importlib
import time
from collections.abc import Iterable, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click
from rich.console import Console
from rich.table import Table

from simulator.chaos.campaign import Seed, outcomes
from simulator.chaos.campaign_file import CampaignFile, Terms
from simulator.chaos.corpus import KeptSeed
from simulator.chaos.junit import junit_xml
from simulator.chaos.progress import following
from simulator.chaos.provenance import Provenance, provenance
from simulator.chaos.report import (
    Campaign,
    document,
    failure_text,
    markdown,
    one_line_of,
    replay_command,
    scenario_command,
)
from simulator.chaos.shrink_file import shrink_to_file
from simulator.chaos.summary import happenings, rows, summarize
from simulator.chaos.worker_process import WorkerProcess
from simulator.runtime.script import load_scenario

__all__ = ["Trial", "replay", "try_seeds"]

INTERRUPTED: Final = 130
_FEW: Final = 10
"""So many failures are told in full, so many chosen seeds in a line each."""
_MOST_SHRUNK: Final = 3
_WIDTH: Final = 120
"""Of a table that nobody's terminal shows, in characters."""


@dataclass(frozen=True, kw_only=True)
class Trial:
    """What the command line says."""

    engine: str
    hours: float
    chosen: Sequence[int]
    count: int
    first: int | None
    drawn_first: int
    kept: Sequence[KeptSeed]
    workers: int
    limit_s: float
    fail_fast: bool
    shrink: bool
    resume: Path | None
    force: bool
    json_file: Path | None
    junit_file: Path | None
    report_file: Path | None
    world: str

    def worker(self) -> WorkerProcess:
        """Return a new worker."""
        return WorkerProcess(self.engine, self.limit_s, self.world)

    def replay_command(self, seed: int) -> str:
        """Return what runs a seed again, of however long a run."""
        hours = next((kept.hours for kept in self.kept if kept.seed == seed), self.hours)
        return replay_command(seed, hours, self.engine)


def replay(trial: Trial, files: Iterable[Path]) -> int:
    """Play scenarios; return the exit code. Raises `ScenarioError`, `RefusedError`."""
    scenarios = [(file, load_scenario(file)) for file in files]
    failed = 0
    with closing(trial.worker()) as worker:
        for file, scenario in scenarios:
            result = worker.run_scenario(scenario)
            click.echo(f"{file}: {one_line_of(result)}")
            if not result.passed:
                failed = 1
                command = scenario_command(file, trial.engine)
                click.echo(failure_text(result, command))
                if trial.shrink:
                    shrink_to_file(worker, scenario, result, command, trial.engine)
    return failed


def try_seeds(trial: Trial) -> int:
    """Try the seeds; return the exit code. Raises `CampaignFileError`, `OSError`."""
    origin = provenance()
    with ExitStack() as stack:
        file = stack.enter_context(CampaignFile(trial.resume)) if trial.resume else None
        first = _first(trial, file)
        if file is not None:
            _go_on(trial, file, origin, first)
        sitting = _Sitting(trial, first, file)
        interrupted = sitting.run()
        campaign = sitting.campaign(origin, interrupted=interrupted)
    _tell(trial, campaign)
    _write(trial, campaign)
    failures = [result for result in campaign.results if not result.passed]
    if trial.shrink and not interrupted:
        for result in sorted(failures, key=lambda failure: failure.seed)[:_MOST_SHRUNK]:
            with closing(trial.worker()) as worker:
                scenario = importlib.import_module(trial.world).draw_scenario(
                    result.seed, sitting.hours_of(result.seed)
                )
                shrink_to_file(worker, scenario, result, trial.replay_command(result.seed), trial.engine)
    return 1 if failures else INTERRUPTED if interrupted else 0


def _first(trial: Trial, file: CampaignFile | None) -> int:
    """Return the first seed: as it is said, or as the campaign's file has it, or a fresh one."""
    if trial.first is not None:
        return trial.first
    return file.terms[-1].first if file is not None and file.terms else trial.drawn_first


def _go_on(trial: Trial, file: CampaignFile, origin: Provenance, first: int) -> None:
    terms = Terms(commit=origin.commit, engine=trial.engine, hours=trial.hours, python=origin.python, first=first)
    if not trial.force:
        file.refuse_others(terms)
    file.begin(terms)


class _Sitting:
    """The seeds of one use of the command, and what became of them."""

    def __init__(self, trial: Trial, first: int, file: CampaignFile | None) -> None:
        self._trial = trial
        self._file = file
        drawn = range(first, first + trial.count)
        kept = [Seed(kept.seed, kept.hours) for kept in trial.kept]
        numbers = trial.chosen or drawn
        self._seeds = [*kept, *(Seed(number, trial.hours) for number in numbers)]
        self._words = _in_words(trial, first)
        wanted = {seed.number for seed in self._seeds}
        self.results = [result for result in (file.results if file else ()) if result.seed in wanted]
        self._before = len(self.results)
        self._elapsed_s = 0.0

    def hours_of(self, seed: int) -> float:
        """Return how long the run of a seed is."""
        return next(known.hours for known in self._seeds if known.number == seed)

    def run(self) -> bool:
        """Run what has not been run. Return whether it was interrupted."""
        click.echo(f"{self._words}, {self._trial.hours:g} virtual h each, engine {self._trial.engine}")
        if self._before:
            click.echo(f"{self._before} of them were run before")
        began_s = time.monotonic()
        try:
            self._take(self._left())
        except KeyboardInterrupt:
            return True
        finally:
            self._elapsed_s = time.monotonic() - began_s
        return False

    def campaign(self, origin: Provenance, *, interrupted: bool) -> Campaign:
        """Return what was found."""
        trial = self._trial
        terms = self._file.terms if self._file else ()
        return Campaign(
            provenance=origin,
            engine=trial.engine,
            hours=trial.hours,
            command=_command(trial, self._seeds),
            seeds=self._words,
            workers=trial.workers,
            elapsed_s=self._elapsed_s,
            results=tuple(self.results),
            told_before=self._before,
            commits=tuple(dict.fromkeys(known.commit for known in terms)),
            interrupted=interrupted,
        )

    def _left(self) -> list[Seed]:
        done = {result.seed for result in self.results}
        return [seed for seed in self._seeds if seed.number not in done]

    def _take(self, seeds: Sequence[Seed]) -> None:
        workers = min(self._trial.workers, len(seeds))
        with (
            following(len(self._seeds), self._before) as show,
            closing(outcomes(seeds, self._trial.worker, workers)) as ended,
        ):
            for result in ended:
                self.results.append(result)
                if self._file is not None:
                    self._file.add(result)
                show(result)
                if self._trial.fail_fast and not result.passed:
                    return


def _in_words(trial: Trial, first: int) -> str:
    if trial.chosen:
        words = f"seed{'s' if len(trial.chosen) > 1 else ''} {', '.join(map(str, trial.chosen))}"
    else:
        words = f"seeds {first} to {first + trial.count - 1}"
    return f"{len(trial.kept)} kept seeds and {words}" if trial.kept else words


def _command(trial: Trial, seeds: Sequence[Seed]) -> str:
    """Return the command that tries the same seeds."""
    if trial.chosen:
        which = " ".join(f"--seed {seed}" for seed in trial.chosen)
    else:
        which = f"--first {seeds[-1].number - trial.count + 1} --seeds {trial.count}"
    engine = replay_command(0, trial.hours, trial.engine).partition(" --hours ")[2]
    return f"simulator chaos {which} --hours {engine}"


def _tell(trial: Trial, campaign: Campaign) -> None:
    failures = sorted((result for result in campaign.results if not result.passed), key=lambda result: result.seed)
    if len(campaign.results) <= _FEW:
        for result in campaign.results:
            click.echo(one_line_of(result))
    if len(campaign.results) > 1:
        _show_table(campaign)
    for result in failures[:_FEW]:
        click.echo("\n" + failure_text(result, trial.replay_command(result.seed)))
    if len(failures) > _FEW:
        click.echo(f"\nfailed, too: {', '.join(str(result.seed) for result in failures[_FEW:])}")
    if campaign.interrupted:
        click.echo("\nended before all seeds were tried", err=True)


def _show_table(campaign: Campaign) -> None:
    summary = summarize(campaign.results)
    elapsed_s = 0 if campaign.told_before else campaign.elapsed_s
    table = Table(show_header=False, box=None)
    for what, value in rows(summary, elapsed_s):
        table.add_row(what, value)
    for group, named in happenings(summary):
        table.add_row(group, ", ".join(f"{what} {count}" for what, count in named))
    console = Console()
    Console(width=None if console.is_terminal else _WIDTH).print(table)


def _write(trial: Trial, campaign: Campaign) -> None:
    if trial.json_file is not None:
        trial.json_file.write_bytes(document(campaign))
    if trial.junit_file is not None:
        text = junit_xml(
            campaign.results, trial.engine, lambda result: failure_text(result, trial.replay_command(result.seed))
        )
        trial.junit_file.write_text(text, encoding="utf-8")
    if trial.report_file is not None:
        trial.report_file.write_text(markdown(campaign), encoding="utf-8")
