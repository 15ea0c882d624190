"""docs/faults.md: every example runs as it stands, and its tables are those of the code."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import aiohttp
import pytest
from click.testing import CliRunner

import simulator as public
from simulator import Simulator
from simulator.cli import main
from simulator.core.faults.catalogue import CATALOGUE
from simulator.core.faults.rule import Rule
from simulator.core.faults.rule_check import FILTERS, name_of
from simulator.core.faults.verdict import SIGHTS, TAKES, VERDICTS, What
from simulator.core.scenario.scenario_text import parse_scenario

PAGE = (Path(__file__).parents[2] / "docs" / "faults.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def marked_table(names: Iterable[str], fits: Mapping[What, set[str]]) -> str:
    head = f"| | {' | '.join(SIGHTS)} |\n|---|{'---|' * len(SIGHTS)}\n"
    return head + "".join(
        f"| `{name}` | {' | '.join('x' if name in fits[sight] else ' ' for sight in SIGHTS)} |\n" for name in names
    )


def verdict_table() -> str:
    taken = {sight: {name_of(kind) for kind in kinds} for sight, kinds in TAKES.items()}
    return marked_table((name_of(kind) for kind in VERDICTS), taken)


def filter_table() -> str:
    filters = [name for name in Rule.__struct_fields__ if any(name in known for known in FILTERS.values())]
    return marked_table(filters, {sight: set(known) for sight, known in FILTERS.items()})


def commands() -> Iterator[tuple[list[str], str]]:
    (session,) = blocks("console")
    for said in session.removeprefix("$ ").split("\n$ "):
        command, _, answer = said.partition("\n")
        yield shlex.split(command), answer.strip()


def test_the_tables_are_those_of_the_code() -> None:
    assert verdict_table() in PAGE
    assert filter_table() in PAGE


def test_the_catalogue_is_the_one_that_the_command_writes() -> None:
    written = CliRunner().invoke(main, ["faults", "table"]).output

    assert written.count("\n") == len(CATALOGUE) + 2
    assert written in PAGE, "write it anew: simulator faults table"
    assert f"{len(CATALOGUE)} faults of the field have a name" in PAGE


def test_every_field_of_a_rule_is_told() -> None:
    assert [name for name in Rule.__struct_fields__ if f"`{name}`" not in PAGE] == []


def test_every_verdict_is_public() -> None:
    assert [kind.__name__ for kind in VERDICTS if not hasattr(public, kind.__name__)] == []


def test_the_program_runs(capsys: pytest.CaptureFixture[str]) -> None:
    (program,) = blocks("python")

    exec(program, {})  # noqa: S102  the documentation's own program

    assert "late-frames: frame account=default for_s=60" in capsys.readouterr().out


@pytest.mark.parametrize("text", blocks("yaml"))
async def test_the_scenario_plays(text: str) -> None:
    async with Simulator() as simulator:
        run = simulator.play(parse_scenario(text, "docs", "docs"))
        for number in range(3):
            terms = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "quantity": "0.010", "price": "60000"}
            simulator.place_external(**terms, client_order_id=f"web_{number}")
        outcome = await run.finished()

    assert outcome.shortfalls == ()


async def test_the_session_runs_as_it_is_written() -> None:
    async with Simulator() as simulator, aiohttp.ClientSession() as session:
        for words, answer in commands():
            url = words[-1].replace("localhost:9010", simulator.rest_url)
            body = words[words.index("-d") + 1] if "-d" in words else None
            method = words[words.index("-X") + 1] if "-X" in words else "GET" if body is None else "POST"
            async with session.request(method, url, data=body) as response:
                assert await response.json() == json.loads(answer)
