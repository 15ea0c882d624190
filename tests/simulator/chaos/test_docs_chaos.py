"""docs/chaos.md: its program runs as it stands there, and so does its scenario."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from simulator.chaos.world import run_scenario, run_seed
from simulator.core.scenario.scenario_text import parse_scenario

pytestmark = pytest.mark.no_cover

DOC = Path(__file__).parents[3] / "docs" / "chaos.md"


def block(language: str) -> str:
    """Return the first block of a language."""
    found = re.search(rf"^```{language}\n(.*?)^```$", DOC.read_text(), re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[1]


def my_engine() -> Any:
    names: dict[str, Any] = {"__name__": "my_engine"}
    exec(compile(block("python"), str(DOC), "exec"), names)  # noqa: S102  our own program
    return names["MyEngine"]


@pytest.mark.parametrize("seed", [1, 2])
def test_program_of_the_docs_passes_seeds(seed: int) -> None:
    result = run_seed(seed, 1.0, my_engine())

    assert result.divergences == ()
    assert result.orders > 0


def test_scenario_of_the_docs_is_played_by_the_program_of_the_docs() -> None:
    result = run_scenario(parse_scenario(block("yaml"), str(DOC), "fill while away"), my_engine())

    assert result.divergences == ()
    assert (result.orders, result.fills, result.lives, result.skipped) == (1, 1, 2, 0)


def test_adapter_is_as_short_as_the_docs_say() -> None:
    """The engine above it is somebody's own."""
    _, _, adapter = block("python").partition("class MyEngine:")
    lines = [line for line in adapter.splitlines() if line.strip()]

    assert len(lines) - 1 <= 20, "its docstring aside"
