"""What two engines lose in the laboratory, on the same seeds: the naive one, and ours. Prints a table in Markdown."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable
from contextlib import closing
from typing import Final

import click

from simulator.chaos.campaign import Seed, outcomes
from simulator.chaos.result import Divergence, RunResult
from simulator.chaos.worker_process import WorkerProcess, default_limit_s

ENGINES: Final = {
    "naive": "benchmarks.naive:NaiveEngine",
    "ours": "simulator.chaos.user_stream_engine:UserStreamEngine",
}
_LOSSES: Final = {
    "orders wrong in the end": ("order", ""),
    "fills lost": ("fill", "was never told"),
    "fills told twice": ("fill", "once more"),
    "fills told wrong, or that never were": ("fill", "was told"),
    "fills out of order": ("fill order", ""),
    "positions wrong in the end": ("position", ""),
    "orders sent twice": ("resent", ""),
    "limits not kept": ("rate limit", ""),
    "runs that hung": ("hung", ""),
    "runs in which it raised": ("raised", ""),
    "left behind": ("leak", ""),
    "other": ("", ""),
}
"""By the rule that was broken, and a word of how; the first that fits counts."""


@click.command()
@click.option("--seeds", default=100, show_default=True, help="How many.")
@click.option("--first", default=1, show_default=True, help="The first of them.")
@click.option("--hours", default=1.0, show_default=True, help="Of virtual time for each.")
@click.option("--workers", default=os.cpu_count() or 1, show_default=True, help="Processes.")
def main(seeds: int, first: int, hours: float, workers: int) -> None:
    """Run both engines on the same seeds, and print what each lost."""
    numbers = range(first, first + seeds)
    click.echo(_table({name: _runs(engine, numbers, hours, workers) for name, engine in ENGINES.items()}))


def _runs(engine: str, seeds: Iterable[int], hours: float, workers: int) -> list[RunResult]:
    drawn = [Seed(seed, hours) for seed in seeds]
    with closing(outcomes(drawn, lambda: WorkerProcess(engine, default_limit_s(hours)), workers)) as ended:
        return list(ended)


def _table(results: dict[str, list[RunResult]]) -> str:
    columns = list(results.values())
    losses = [Counter(_loss(each) for run in runs for each in run.divergences) for runs in columns]
    rows = [
        ["", *results],
        ["---", *("---:" for _ in results)],
        ["runs passed", *(f"{sum(run.passed for run in runs)} of {len(runs)}" for runs in columns)],
        ["orders on the exchange", *(f"{sum(run.orders for run in runs):,}" for runs in columns)],
        ["fills on the exchange", *(f"{sum(run.fills for run in runs):,}" for runs in columns)],
    ]
    rows += [[name, *(f"{lost[name]:,}" for lost in losses)] for name in _LOSSES if any(lost[name] for lost in losses)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _loss(divergence: Divergence) -> str:
    return next(
        name for name, (rule, word) in _LOSSES.items() if rule in {"", divergence.rule} and word in divergence.what
    )
