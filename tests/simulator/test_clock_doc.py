"""What the documentation of the clock shows works, and names what there is."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

from simulator import Simulator
from simulator.runtime.clock_control import PATIENCE_S, QUIET_S, ClockControl
from simulator.runtime.clock_routes import clock_routes

TEXT = (Path(__file__).parents[2] / "docs" / "clock.md").read_text()


def test_the_program_runs() -> None:
    (program,) = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    body, run, _ = program.partition("asyncio.run(")
    names: dict[str, object] = {}
    exec(f"{body}ended = {run}the_last_hour_of_a_key())", names)  # noqa: S102  the documentation's own program

    assert names["ended"] == 0, "without a client there is no key"


def test_everything_is_named() -> None:
    public = {name for name in vars(ClockControl) if not name.startswith("_")}
    inner = {"close", "begin_advance", "change", "state", "waiting"}

    assert {name for name in public - inner if not re.search(rf"\.{name}\b", TEXT)} == set()
    assert all(f"{path}`" in TEXT for path in clock_routes(Simulator()))


def test_the_waits_are_as_long_as_it_says() -> None:
    assert f"{QUIET_S * 1000:g} ms" in TEXT
    assert f"at most {PATIENCE_S:g} s" in TEXT


def test_the_state_has_the_fields_that_are_shown() -> None:
    async def fields() -> set[str]:
        async with Simulator() as simulator:
            return set(simulator.clock.state())

    shown = re.search(r'^\{"mode".*$', TEXT, re.MULTILINE)
    assert shown is not None
    assert set(re.findall(r'"(\w+)":', shown[0])) == asyncio.run(fields())
