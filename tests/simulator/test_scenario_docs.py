"""What the documentation of scenarios shows is accepted, and everything that there is, is shown."""

from __future__ import annotations

import inspect
import re
from dataclasses import asdict
from pathlib import Path
from types import FunctionType

import pytest

from simulator import Simulator, scenario
from simulator.core.scenario.action import ACTIONS
from simulator.core.scenario.expectation import EXPECTATIONS
from simulator.core.scenario.laboratory import Laboratory
from simulator.core.scenario.scenario_text import parse_scenario
from simulator.runtime.deeds import Deeds
from simulator.scenario import Scenario

TEXT = (Path(__file__).parents[2] / "docs" / "scenarios.md").read_text()
STEPS = re.findall(r"`((?:do|at|on|after): .+?)`", TEXT)
EXPECTED = re.findall(rf"\| `((?:{'|'.join(EXPECTATIONS)}): \{{.+?)` \|", TEXT)


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)


def step(text: str) -> str:
    """Return a scenario around a part of a step."""
    kind, _, value = text.partition(": ")
    parts = {"name": "it", "do": "cut_connections"} | {kind: value}
    if kind == "do":
        is_answer = re.search("reject|respond|reset|delay", value)
        parts |= {"on": "POST /fapi/v1/order"} if is_answer else {"after": "{event: ORDER_TRADE_UPDATE}"}
    lines = "\n    ".join(f"{name}: {part}" for name, part in parts.items())
    named = "".join(f"  - {{name: {name}, at: 0s, do: cut_connections}}\n" for name in ("cut", "half"))
    return f"steps:\n{named}  - {lines}\n"


@pytest.mark.parametrize("text", blocks("yaml"))
def test_a_file_in_the_documentation_is_accepted(text: str) -> None:
    assert parse_scenario(text, "docs", "docs").steps


@pytest.mark.parametrize("text", STEPS)
def test_a_step_in_the_documentation_is_accepted(text: str) -> None:
    assert parse_scenario(step(text), "docs", "docs").steps


@pytest.mark.parametrize("text", EXPECTED)
def test_an_expectation_in_the_documentation_is_accepted(text: str) -> None:
    named = "steps: [{name: cut, at: 0s, do: cut_connections}]\n"

    assert parse_scenario(f"{named}expect:\n  - {text}\n", "docs", "docs").expect


def test_every_action_and_expectation_has_an_example() -> None:
    shown = " ".join(STEPS)

    assert [name for name in ACTIONS if not re.search(rf"\b{name}\b", shown)] == []
    assert [name for name in EXPECTATIONS if not any(text.startswith(f"{name}:") for text in EXPECTED)] == []


def test_the_python_example_makes_a_scenario() -> None:
    (program,) = blocks("python")
    names: dict[str, object] = {}

    exec(program, names)  # noqa: S102  the documentation's own program

    assert isinstance(names["scenario"], Scenario)


def test_every_public_name_is_there() -> None:
    assert [name for name in scenario.__all__ if not hasattr(scenario, name)] == []
    assert sorted(scenario.__all__) == scenario.__all__


def test_every_field_of_the_laboratory_is_told_with_its_default() -> None:
    _, _, table = TEXT.partition("| field | values | default |\n")
    told = dict(re.findall(r"^\| `(\w+)` \| [^|]+ \| `([^`]+)` \|$", table.partition("\n\n")[0], re.MULTILINE))

    assert told == {name: str(value) for name, value in asdict(Laboratory()).items()}


def deeds() -> set[str]:
    """Return the names of all that Python can do to a running exchange."""
    kinds = [kind for kind in Simulator.__mro__ if issubclass(kind, Deeds)]
    return {name for kind in kinds for name, member in vars(kind).items() if isinstance(member, FunctionType)}


def test_whatever_python_does_to_the_exchange_a_scenario_can_do() -> None:
    performed = "".join(file.read_text() for file in (Path(inspect.getfile(Simulator)).parent).glob("*action.py"))
    shown = {name for name in deeds() if not name.startswith("_")}
    of_python_alone = {"play", "on_request", "reset", "state", "price", "start", "stop", "subscribe", "wait_for"}

    assert {"set_price", "liquidate", "cut_api_connections", "on_frame"} <= shown
    assert {name for name in shown if not re.search(rf"\bsimulator\.{name}\b", performed)} == of_python_alone
