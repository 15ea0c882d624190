"""`python -m tests.mutants`: is every deliberate bug found?"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import click
from rich.console import Console
from rich.table import Table

from tests.mutants.hunt import Outcome, hunt
from tests.mutants.mutant import MutantError, all_mutants


@click.command()
@click.option("--only", default="", metavar="NAME", help="Those whose name has this in it.")
@click.option("--seeds", default=200, show_default=True, help="How many seeds a mutant has to survive.")
@click.option("--hours", default=1.0, show_default=True, help="Of virtual time for each seed.")
@click.option("--first", default=1, show_default=True, help="The first seed.")
@click.option("--workers", type=click.IntRange(1), default=os.cpu_count() or 1, help="Processes; default: all cores.")
def main(only: str, seeds: int, hours: float, first: int, workers: int) -> None:
    """Play each mutant of tests/mutants against seeds of `simulator chaos` until one shows it.

    Fails when a mutant survives them all, its patch does not apply any more, or what it makes cannot be played.
    """
    console = Console(soft_wrap=True)
    try:
        mutants = all_mutants(only)
        outcomes = []
        for outcome in hunt(mutants, seeds=range(first, first + seeds), hours=hours, workers=workers):
            outcomes.append(outcome)
            console.print(
                f"{len(outcomes):3d}/{len(mutants)} {outcome.mutant.name}: {_in_a_word(outcome)}", style="dim"
            )
    except MutantError as error:
        raise click.ClickException(str(error)) from None
    outcomes.sort(key=lambda outcome: outcome.mutant.name)
    console.print(_table(outcomes))
    sys.exit(_failures(console, outcomes))


def _in_a_word(outcome: Outcome) -> str:
    if outcome.error:
        return "cannot be played"
    return f"caught by seed {outcome.seed}" if outcome.showed else f"survived {outcome.tried} seeds"


def _table(outcomes: Sequence[Outcome]) -> Table:
    table = Table("mutant", "weakens", "seeds", "how it showed")
    for outcome in outcomes:
        seeds = str(outcome.tried) if outcome.showed else f"[red]> {outcome.tried}"
        table.add_row(outcome.mutant.name, outcome.mutant.weakens, seeds, outcome.error or outcome.showed or "[red]not")
    return table


def _failures(console: Console, outcomes: Sequence[Outcome]) -> bool:
    """Say what is wrong, and whether anything is."""
    broken = [outcome.mutant.name for outcome in outcomes if outcome.error]
    survivors = [outcome.mutant.name for outcome in outcomes if not (outcome.error or outcome.showed)]
    if broken:
        console.print(f"[red]cannot be made, or not played: {', '.join(broken)}")
    if survivors:
        console.print(f"[red]survived: {', '.join(survivors)}")
    if not (broken or survivors):
        most = max((outcome.tried for outcome in outcomes), default=0)
        console.print(f"all {len(outcomes)} mutants were caught, each within {most} seeds")
    return bool(broken or survivors)


if __name__ == "__main__":
    main()
