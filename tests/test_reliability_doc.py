"""docs/reliability.md leaves out no row and no rule, and names no test that is not there."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from user_stream import Settings

TESTS = Path(__file__).parent
DOC = (TESTS.parent / "docs" / "reliability.md").read_text()
ROWS = range(1, 26)
RULES = range(1, 29)
_REFERENCE = re.compile(r"`(?P<file>[a-z_/]+\.py)::(?P<name>\w+)`")


def table(first_column: str) -> dict[int, list[str]]:
    """Return the cells of a table's lines by the number in their first."""
    _, _, rest = DOC.partition(f"| {first_column} |")
    lines = rest.split("\n\n")[0].splitlines()[2:]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {int(first): others for first, *others in cells}


@cache
def names_in(file: str) -> set[str]:
    """Return the names of the test functions in a file."""
    tree = ast.parse((TESTS / file).read_text())
    functions = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return {function.name for function in functions if function.name.startswith("test_")}


def test_every_row_and_every_rule_is_there_once_and_in_order() -> None:
    assert list(table("row")) == list(ROWS)
    assert list(table("rule")) == list(RULES)


@pytest.mark.parametrize(("kind", "number"), [("row", n) for n in ROWS] + [("rule", n) for n in RULES])
def test_every_row_and_every_rule_has_a_claim_and_a_test(kind: str, number: int) -> None:
    *claims, tests = table(kind)[number]

    assert all(claims)
    assert set(_REFERENCE.sub("", tests).split("<br>")) == {""}
    assert _REFERENCE.search(tests)


@pytest.mark.parametrize(("file", "name"), sorted(set(_REFERENCE.findall(DOC))))
def test_every_test_that_is_named_exists(file: str, name: str) -> None:
    assert name in names_in(file)


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`([a-z]+(?:_[a-z]+)+(?:_s|_ms|_minute|_group))`", DOC))))
def test_every_setting_that_is_named_exists(name: str) -> None:
    assert hasattr(Settings(), name)
