"""The command `simulator faults`: which faults have a name, and what each of them is made of."""

from __future__ import annotations

import click
import msgspec

from simulator.command_life import one_line
from simulator.core.faults.catalogue import CATALOGUE, find_fault
from simulator.core.faults.catalogue import table as rows_of_table
from simulator.core.faults.named_fault import NamedFault
from simulator.core.faults.rule_data import data_of
from simulator.core.scenario.scenario import Scenario, Step
from simulator.core.scenario.writing import scenario_text

__all__ = ["faults"]


@click.group()
def faults() -> None:
    """Show the faults that have a name."""


@faults.command("list")
@click.option("--row", type=click.IntRange(1, 25), help="Only those that come from this row of the failure modes.")
def list_faults(row: int | None) -> None:
    """List the named faults, one in a line. The numbers are those of the failure modes that they come from."""
    shown = [fault for fault in CATALOGUE.values() if row is None or row in fault.rows]
    width = max(len(fault.name) for fault in shown)
    for fault in shown:
        rows = ",".join(map(str, fault.rows))
        click.echo(f"{fault.name:<{width}}  {rows:<8}  {fault.does}")


@faults.command()
@click.argument("name")
def show(name: str) -> None:
    """Show what the fault NAME is made of: its rules, as /sim/faults takes them, and its deeds."""
    with one_line():
        click.echo(described_fault(find_fault(name)))


def described_fault(fault: NamedFault) -> str:
    """Return a fault as text: its line, and each of its rules and deeds."""
    lines = [f"{fault.name}: {fault.does}", f"failure modes {', '.join(map(str, fault.rows))}"]
    lines += [f"  rule {msgspec.json.encode(data_of(rule)).decode()}" for rule in fault.rules]
    for deed in fault.deeds:
        written = scenario_text(Scenario(name="", steps=[Step(at="0s", do=deed)]))
        lines.append(f"  deed {written.partition('do: ')[2].strip().removesuffix('}')}")
    return "\n".join(lines)


@faults.command()
def table() -> None:
    """Write the named faults as the Markdown table that docs/faults.md has."""
    click.echo("| fault | row | what it sees | what it does |\n|---|---|---|---|")
    for fault in rows_of_table():
        rows = ", ".join(map(str, fault["rows"]))
        click.echo(f"| `{fault['name']}` | {rows} | {fault['on']} | {fault['does']} |")
