"""The README's code runs, as it stands there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from simulator import Simulator
from user_stream import Environment

README = Path(__file__).parent.parent / "README.md"


def blocks() -> list[str]:
    return re.findall(r"```python\n(.*?)```", README.read_text(), flags=re.DOTALL)


def defined_by(block: str) -> dict[str, Any]:
    names: dict[str, Any] = {"__name__": "readme"}
    exec(compile(block, str(README), "exec"), names)  # noqa: S102  the README's own code, which is what this tests
    return names


def test_readme_holds_no_placeholder() -> None:
    assert re.findall(r"^[A-Z]+_[A-Z_]+$", README.read_text(), flags=re.MULTILINE) == []


@pytest.mark.parametrize("block", blocks())
def test_code_in_the_readme_can_be_run(block: str) -> None:
    defined_by(block)


async def test_engine_of_the_readme_trades_on_a_simulator(capsys: pytest.CaptureFixture[str]) -> None:
    (block,) = [block for block in blocks() if "async def trade" in block]
    async with Simulator() as sim:
        environment = Environment.simulator(sim.rest_url, sim.ws_url)
        order = await defined_by(block)["trade"](sim.account.api_key, sim.account.api_secret, environment)

    assert order.state in {"cancelling", "cancelled"}
    assert "Live(epoch=1" in capsys.readouterr().out


async def test_guarded_engine_of_the_readme_trades_while_it_knows_what_the_exchange_knows() -> None:
    (block,) = [block for block in blocks() if "async def guarded" in block]
    async with Simulator() as sim:
        environment = Environment.simulator(sim.rest_url, sim.ws_url)
        assert await defined_by(block)["guarded"](sim.account.api_key, sim.account.api_secret, environment)
        assert len(sim.state()["accounts"]["default"]["algo_orders"]) == 1


async def test_own_order_manager_of_the_readme_follows_an_account() -> None:
    (block,) = [block for block in blocks() if "async def follow" in block]
    async with Simulator() as sim:
        environment = Environment.simulator(sim.rest_url, sim.ws_url)
        await defined_by(block)["follow"](sim.account.api_key, sim.account.api_secret, environment)


async def test_simulator_of_the_readme_runs() -> None:
    (block,) = [block for block in blocks() if "async def exchange" in block]
    await defined_by(block)["exchange"]()
