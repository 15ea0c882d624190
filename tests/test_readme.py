"""The README's code runs, as it stands there."""

from __future__ import annotations

import re
from pathlib import Path
from types import FunctionType
from typing import Any

import pytest

from simulator import Simulator
from simulator.runtime.deeds import Deeds
from simulator.welcome import welcome
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


@pytest.mark.parametrize("name", ["exchange", "real_exchange"])
async def test_simulator_of_the_readme_runs(name: str) -> None:
    (block,) = [block for block in blocks() if f"async def {name}()" in block]
    await defined_by(block)[name]()


async def test_simulator_greets_as_the_readme_says() -> None:
    (shown,) = [block for block in re.findall(r"```text\n(.*?)```", README.read_text(), re.DOTALL) if "ws-api" in block]
    async with Simulator() as sim:
        greeting = welcome(sim, "profile default, a book per symbol, limits enforced")

        assert greeting.replace(f":{sim.port}", ":9010") + "\n" == shown


def test_deeds_of_the_readme_are_all_that_there_are() -> None:
    kinds = [kind for kind in Simulator.__mro__ if issubclass(kind, Deeds)]
    deeds = {name for kind in kinds for name, member in vars(kind).items() if isinstance(member, FunctionType)}
    text = README.read_text()

    unnamed = {name for name in deeds if not name.startswith("_") and f"`{name}" not in text}
    told_otherwise = {"close_api_connections", "cut_api_connections", "half_open_api_connections"}
    assert unnamed == {"stop", "price", "play"} | told_otherwise
