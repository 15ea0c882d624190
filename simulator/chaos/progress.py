"""How far it is, while it goes on: a bar in a terminal, a line now and then elsewhere. All of it on stderr."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import click
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

from simulator.chaos.result import RunResult

__all__ = ["following", "shrinking"]

_EVERY_S: Final = 30.0


@contextmanager
def following(total: int, already: int) -> Iterator[Callable[[RunResult], None]]:
    """Show how many of `total` runs have ended, `already` of them before. What is yielded is told of each."""
    console = Console(stderr=True)
    tally = _Tally(total, already)
    if not console.is_terminal:
        lines = _Lines()
        yield lambda result: lines.tell(urgent=tally.heard(result), line=tally.line())
        return
    columns = (
        SpinnerColumn(),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.description}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console) as bar:
        shown = bar.add_task("", total=total, completed=already)

        def heard(result: RunResult) -> None:
            failure = tally.heard(result)
            if failure:
                bar.console.print(f"[red]{escape(failure)}[/red]")
            bar.update(shown, advance=1, description=tally.rates())

        yield heard


@contextmanager
def shrinking(seed: int, most_runs: int) -> Iterator[Callable[[int, int], None]]:
    """Show how far shrinking is. What is yielded is told how many runs there were, and how many steps are left."""
    console = Console(stderr=True)
    about = f"shrinking seed {seed}"
    if not console.is_terminal:
        lines = _Lines()
        yield lambda runs, steps: lines.tell(f"{about}: run {runs} of at most {most_runs}, {steps} steps left", "")
        return
    with console.status(about) as status:
        yield lambda runs, steps: status.update(f"{about}: run {runs} of at most {most_runs}, {steps} steps left")


class _Lines:
    """A line at most every half a minute, but for what cannot wait."""

    def __init__(self) -> None:
        self._said_s = time.monotonic()

    def tell(self, line: str, urgent: str) -> None:
        if urgent:
            click.echo(urgent, err=True)
        if time.monotonic() - self._said_s >= _EVERY_S:
            self._said_s = time.monotonic()
            click.echo(line, err=True)


class _Tally:
    def __init__(self, total: int, already: int) -> None:
        self._total = total
        self._ended = already
        self._failed = 0
        self._virtual_s = 0.0
        self._began_s = time.monotonic()

    def heard(self, result: RunResult) -> str:
        """Count a result; return what is to be said of it at once."""
        self._ended += 1
        self._virtual_s += result.virtual_s
        if not result.divergences:
            return ""
        self._failed += 1
        first = result.divergences[0]
        return f"seed {result.seed} failed ({first.rule}): {first.what.partition(chr(10))[0]}"

    def rates(self) -> str:
        rate = self._virtual_s / 3600 / max(time.monotonic() - self._began_s, 1e-9)
        return f"{self._failed} failed, {rate:.2f} virtual h/s"

    def line(self) -> str:
        return f"{self._ended} of {self._total} seeds, {self.rates()}"
