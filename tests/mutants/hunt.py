"""Hunting mutants: each is played against seeds until one of them shows it.

A seed shows a mutant only if the real package passes it. So each seed that catches one is played once more, without
it, and does not count if it fails all the same.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import msgspec

from simulator.chaos.result import Divergence
from tests.mutants.mutant import ROOT, Mutant, MutantError
from tests.mutants.worker import Caught, Playing, Report, Survived

__all__ = ["Outcome", "fails_anyway", "hunt"]

_report = msgspec.json.Decoder(Report)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of a mutant.

    `tried`: how many seeds were played; `showed`: how it was caught, "" when it was not; `error`: why it could not be
    made, or not played.
    """

    mutant: Mutant
    tried: int = 0
    seed: int | None = None
    showed: str = ""
    error: str = ""


def hunt(mutants: Sequence[Mutant], *, seeds: Sequence[int], hours: float, workers: int) -> Iterator[Outcome]:
    """Play all mutants, so many at a time, and yield what became of each, as it is known."""
    with ThreadPoolExecutor(workers) as cores:
        for done in as_completed([cores.submit(_outcome_of, mutant, seeds, hours) for mutant in mutants]):
            yield done.result()


@cache
def fails_anyway(seed: int, hours: float) -> bool:
    """Say whether the real package fails a seed, too: it shows nothing of a mutant."""
    report, _ = _play(ROOT / "user_stream", [seed], hours)
    return isinstance(report, Caught)


def _outcome_of(mutant: Mutant, seeds: Sequence[int], hours: float) -> Outcome:
    with tempfile.TemporaryDirectory(prefix="mutant-") as directory:
        try:
            package = mutant.apply(Path(directory))
        except MutantError as error:
            return Outcome(mutant=mutant, error=str(error))
        left, tried = deque(seeds), 0
        while left:
            try:
                report, played = _play(package, left, hours)
            except MutantError as error:
                return Outcome(mutant=mutant, tried=tried, error=str(error))
            tried += played
            for _ in range(played):
                left.popleft()
            if isinstance(report, Caught) and not fails_anyway(report.seed, hours):
                first, _, _ = report.divergence.what.strip().partition("\n")
                showed = f"{report.divergence.rule}: {first}"
                return Outcome(mutant=mutant, tried=tried, seed=report.seed, showed=showed)
    return Outcome(mutant=mutant, tried=tried)


def _play(package: Path, seeds: Iterable[int], hours: float) -> tuple[Report, int]:
    """Play seeds against a package in a process; return its last word, and how many it played.

    Raises `MutantError` when it ends before its first seed.
    """
    path = os.pathsep.join([str(package.parent), str(ROOT)])
    # -P: or the working directory would come before the path, and with it the package as it is
    command = [sys.executable, "-P", "-m", "tests.mutants.worker", str(package), str(hours), *map(str, seeds)]
    done = subprocess.run(  # noqa: S603  ourselves
        command,
        env={**os.environ, "PYTHONPATH": path, "PYTHONHASHSEED": "0"},
        cwd=package.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    reports = [_report.decode(line) for line in done.stdout.splitlines()]
    tried = sum(isinstance(report, Playing) for report in reports)
    if reports and isinstance(reports[-1], Caught | Survived):
        return reports[-1], tried
    return _died(reports, done.stderr), tried


def _died(reports: Sequence[Report], stderr: str) -> Report:
    """Return what a process found that ended without a word. Raises `MutantError` when it had not begun."""
    last = reports[-1] if reports else None
    if not isinstance(last, Playing):
        message = f"no seed could be played:\n{stderr.strip()}"
        raise MutantError(message)
    lines = [line.strip() for line in stderr.splitlines() if "user_stream" in line or "Error" in line]
    what = f"the process ended: {lines[-1] if lines else 'without a word'}"
    return Caught(last.seed, Divergence(rule="hung" if "Timeout" in stderr else "raised", what=what, at_ms=0))
