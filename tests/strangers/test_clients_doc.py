"""The programs of `docs/clients.md` run as they stand there, and print what they are said to print."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.strangers.venue import Venue

DOCUMENT = Path(__file__).parents[2] / "docs" / "clients.md"
PROGRAMS = re.findall(r"```python\n(.*?)```\n\n```text\n(.*?)```", DOCUMENT.read_text(), flags=re.DOTALL)


def test_every_program_says_what_it_prints() -> None:
    assert len(PROGRAMS) == DOCUMENT.read_text().count("```python") == 5


@pytest.mark.parametrize(("program", "printed"), PROGRAMS, ids=["ccxt", "pro", "python_binance", "sdk", "unicorn"])
def test_program_of_the_document_runs(
    venue: Venue, program: str, printed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    here = program.replace("127.0.0.1:9010", venue.rest.removeprefix("http://"))
    names: dict[str, Any] = {"__name__": "__main__"}
    exec(compile(here, str(DOCUMENT), "exec"), names)  # noqa: S102  the document's own code, which is what this tests
    assert capsys.readouterr().out == printed
