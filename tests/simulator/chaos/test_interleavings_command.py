"""`simulator interleavings`: what it prints, and when it fails."""

from __future__ import annotations

import asyncio

import pytest
from click.testing import CliRunner

from benchmarks.naive import NaiveEngine
from simulator.cli import main

ONE = ["interleavings", "--only", "place, acknowledge, fill", "--law", "tcp", "--pause", "0.01", "--workers", "1"]


def test_ordering_that_fails_is_shown_and_fails_the_command() -> None:
    done = CliRunner().invoke(main, [*ONE, "--engine", "benchmarks.naive:NaiveEngine"])

    assert done.exit_code == 1
    assert "  answer POST /fapi/v1/order\n  -> order: order BTCUSDT" in done.output
    assert "place, acknowledge, fill" in done.output


class AskingEngine(NaiveEngine):
    """Asks for the open orders every second, for as long as it lives."""

    async def start(self) -> None:
        await super().start()
        self._tasks.append(asyncio.get_running_loop().create_task(self._ask()))

    async def _ask(self) -> None:
        while True:
            await self._request("GET", "/fapi/v1/openOrders", {})
            await asyncio.sleep(1)


def test_window_with_more_messages_than_are_tried_in_every_order_fails_the_command_and_says_so() -> None:
    window = ["--only", "open orders, fill", "--law", "tcp", "--pause", "0.01", "--workers", "1"]
    done = CliRunner().invoke(main, ["interleavings", *window, "--engine", f"{__name__}:{AskingEngine.__name__}"])

    assert done.exit_code == 1
    assert "open orders, fill, tcp, 0.01 s: not every ordering was tried.\n" in done.output
    assert " were cut after 20 choices. The first could go on with answer GET /fapi/v1/openOrders" in done.output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--only", "nothing like it"], "in its name: there are\n  place, acknowledge, fill\n  place"),
        (["--engine", "nowhere:Engine"], "there is no module nowhere"),
    ],
)
def test_unknown_window_or_engine_is_named(arguments: list[str], said: str) -> None:
    done = CliRunner().invoke(main, ["interleavings", *arguments])

    assert done.exit_code == 2
    assert said in done.output
