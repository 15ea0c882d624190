"""`simulator interleavings`: what it prints, and when it fails."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from simulator.cli import main

ONE = ["interleavings", "--only", "place, acknowledge, fill", "--law", "tcp", "--pause", "0.01", "--workers", "1"]


def test_ordering_that_fails_is_shown_and_fails_the_command() -> None:
    done = CliRunner().invoke(main, [*ONE, "--engine", "benchmarks.naive:NaiveEngine"])

    assert done.exit_code == 1
    assert "  answer POST /fapi/v1/order\n  -> order: order BTCUSDT" in done.output
    assert "place, acknowledge, fill" in done.output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--only", "nothing like it"], "no window has 'nothing like it' in its name: place, acknowledge, fill"),
        (["--engine", "nowhere:Engine"], "there is no module nowhere"),
    ],
)
def test_unknown_window_or_engine_is_named(arguments: list[str], said: str) -> None:
    done = CliRunner().invoke(main, ["interleavings", *arguments])

    assert done.exit_code == 2
    assert said in done.output
