"""The command lists every named fault in a line, and shows what one is made of."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from simulator.cli import main
from simulator.core.faults.catalogue import CATALOGUE
from simulator.core.faults.rule_data import rule_of
from simulator.core.scenario.scenario_text import parse_actions


def say(*words: str) -> str:
    result = CliRunner().invoke(main, ["faults", *words])
    assert result.exit_code == 0, result.output
    return result.output


def test_every_fault_has_a_line_and_its_failure_modes() -> None:
    lines = say("list").splitlines()

    assert [line.split()[0] for line in lines] == list(CATALOGUE)
    assert all(fault.does in line for fault, line in zip(CATALOGUE.values(), lines, strict=True))


@pytest.mark.parametrize("row", range(1, 26))
def test_each_failure_mode_is_listed_by_its_number(row: int) -> None:
    shown = {line.split()[0] for line in say("list", "--row", str(row)).splitlines()}

    assert shown == {fault.name for fault in CATALOGUE.values() if row in fault.rows}


@pytest.mark.parametrize("name", CATALOGUE)
def test_what_is_shown_can_be_sent_and_played(name: str) -> None:
    lines = say("show", name).splitlines()
    rules = [json.loads(line.strip().removeprefix("rule ")) for line in lines if line.startswith("  rule ")]
    deeds = [line.strip().removeprefix("deed ") for line in lines if line.startswith("  deed ")]

    assert [rule_of(rule) for rule in rules] == list(CATALOGUE[name].rules)
    assert [parse_actions(deed, name).steps[0].do for deed in deeds] == list(CATALOGUE[name].deeds)


def test_a_name_that_is_not_there_is_refused_in_a_line() -> None:
    result = CliRunner().invoke(main, ["faults", "show", "half-opn"])

    assert result.exit_code == 1
    assert result.output.strip().endswith("there is no fault 'half-opn': did you mean half-open?")
