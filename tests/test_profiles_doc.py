"""docs/profiles.md leaves out no open question and no switch, and names none that is not there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final, get_args, get_type_hints

import pytest

from simulator import Profile

DOC: Final = (Path(__file__).parents[1] / "docs" / "profiles.md").read_text()
QUESTIONS: Final = range(1, 28)
SWITCHES: Final = set(Profile.__struct_fields__)


def rows() -> dict[int, str]:
    """Return the cell that names the switch, by the number of the question."""
    found = re.findall(r"^\| U(\d+) +\| .* \| (.*) \|$", DOC, re.MULTILINE)
    return {int(number): switch for number, switch in found}


def test_every_open_question_is_there_once_and_in_order() -> None:
    assert list(rows()) == list(QUESTIONS)


@pytest.mark.parametrize("number", QUESTIONS)
def test_every_question_has_a_switch_or_says_why_not(number: int) -> None:
    cell = rows()[number]
    named = set(re.findall(r"`(\w+)`", cell)) & SWITCHES

    assert named or cell.startswith("no switch: ")


def test_every_switch_is_named_and_no_other() -> None:
    assert [name for name in SWITCHES if f"`{name}`" not in DOC] == []
    assert set(re.findall(r"`([a-z_]+)`: ", DOC)) <= SWITCHES


def test_the_values_of_a_switch_are_told_with_the_default_first() -> None:
    hints = get_type_hints(Profile)
    for name, told in re.findall(r"`(\w+)`: ((?:-?\w+, )*-?\w+)(?=[;|]| \|)", DOC):
        values = [str(value) for value in get_args(hints[name])]
        if values and all(part in values for part in told.split(", ")):
            assert told.split(", ")[0] == str(getattr(Profile(), name)), name
            assert set(told.split(", ")) == set(values), name
