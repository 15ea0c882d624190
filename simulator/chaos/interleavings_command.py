"""`simulator interleavings`: every ordering of every dangerous window, tried on all cores."""

from __future__ import annotations

import logging
import multiprocessing
import os
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Final, NamedTuple

import click
from rich.console import Console
from rich.table import Table

from simulator.chaos.factory import engine_factory
from simulator.chaos.interleavings import Law, Ordering, orderings
from simulator.chaos.windows import WINDOWS
from simulator.errors import SimulatorError

__all__ = ["interleavings"]

_OURS: Final = "simulator.chaos.user_stream_engine:UserStreamEngine"
_LAWS: Final[tuple[Law, ...]] = ("tcp", "any")
_SHOWN: Final = 3
"""How many failures of a window are shown whole."""


class _Task(NamedTuple):
    engine: str
    window: int
    law: Law
    pause_s: float


class _Tried(NamedTuple):
    task: _Task
    orderings: int
    seconds: float
    failures: list[Ordering]


@click.command()
@click.option("--engine", default=_OURS, metavar="MODULE:FACTORY", help="Whose orderings; default: this project's.")
@click.option("--only", default="", metavar="NAME", help="Windows whose name has this in it.")
@click.option("--law", type=click.Choice(["tcp", "any", "both"]), default="both", show_default=True,
              help="tcp: each connection keeps its order; any: nothing does.")  # fmt: skip
@click.option("--pause", "pauses", type=float, multiple=True, default=(0.01, 3.0), show_default=True,
              help="Seconds between two messages; may be given several times.")  # fmt: skip
@click.option("--workers", type=click.IntRange(1), default=os.cpu_count() or 1, help="Processes; default: all cores.")
def interleavings(engine: str, only: str, law: str, pauses: Sequence[float], workers: int) -> None:
    """Try every ordering of the messages of the dangerous windows: place and fill, cancel and fill, two streams, ..."""
    laws = [each for each in _LAWS if law in {each, "both"}]
    chosen = [number for number, window in enumerate(WINDOWS) if only in window.name]
    if not chosen:
        names = "\n".join(f"  {each.name}" for each in WINDOWS)
        raise click.UsageError(f"no window has {only!r} in its name: there are\n{names}")
    try:
        engine_factory(engine)
    except SimulatorError as error:
        raise click.UsageError(str(error)) from None
    tasks = [_Task(engine, number, each, pause) for number in chosen for each in laws for pause in pauses]
    console = Console(soft_wrap=True)
    tried = list(_try_all(tasks, workers))
    console.print(_table(tried))
    for each in tried:
        _show(console, each)
    sys.exit(any(each.failures for each in tried))


def _try_all(tasks: Sequence[_Task], workers: int) -> Iterator[_Tried]:
    """Try all of them, the longest first, and yield them in their order."""
    context = multiprocessing.get_context("spawn")  # the same on every system, and nothing of ours is inherited
    with ProcessPoolExecutor(min(workers, len(tasks)), mp_context=context) as pool:
        hardest_first = sorted(tasks, key=lambda task: task.law)
        found = dict(zip(hardest_first, pool.map(_try, hardest_first), strict=True))
    return (found[task] for task in tasks)


def _try(task: _Task) -> _Tried:
    logging.disable()
    began = time.perf_counter()
    factory, count, failures = engine_factory(task.engine), 0, []
    for ordering in orderings(WINDOWS[task.window], factory, law=task.law, pause_s=task.pause_s):
        count += 1
        if not ordering.passed:
            failures.append(ordering)
    return _Tried(task, count, time.perf_counter() - began, failures)


def _table(tried: Sequence[_Tried]) -> Table:
    table = Table("window", "order", "pause", "orderings", "failures", "ms each")
    for each in tried:
        failures = f"[red]{len(each.failures)}" if each.failures else "0"
        each_ms = f"{1000 * each.seconds / each.orderings:.0f}"
        name = WINDOWS[each.task.window].name
        table.add_row(name, each.task.law, f"{each.task.pause_s:g} s", str(each.orderings), failures, each_ms)
    total, failed = sum(each.orderings for each in tried), sum(len(each.failures) for each in tried)
    table.add_section()
    table.add_row("all", "", "", str(total), str(failed), "")
    return table


def _show(console: Console, tried: _Tried) -> None:
    failures = [failure for failure in tried.failures if failure.divergences]
    for failure in failures[:_SHOWN]:
        console.print(f"\n[red]{failure.window}[/], {failure.law}, {tried.task.pause_s:g} s:")
        for label in failure.released:
            console.print(f"  {label}", highlight=False, markup=False)
        for divergence in failure.divergences:
            console.print(f"  -> {divergence.rule}: {divergence.what}", highlight=False, markup=False)
    if len(failures) > _SHOWN:
        console.print(f"  ... and {len(failures) - _SHOWN} more")
    _show_cut(console, tried)


def _show_cut(console: Console, tried: _Tried) -> None:
    cut = [failure for failure in tried.failures if failure.cut]
    if cut:
        first = cut[0]
        console.print(f"\n[red]{first.window}[/], {first.law}, {tried.task.pause_s:g} s: not every ordering was tried.")
        console.print(
            f"  {len(cut)} of {tried.orderings} were cut after {len(first.choices)} choices. The first could go on "
            f"with {' or '.join(first.cut)}. Let the window keep fewer messages, or have fewer moves.",
            highlight=False,
            markup=False,
        )
