"""What a stream said on one day can be said again by the simulator."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

from simulator import AccountSpec, Simulator
from simulator.runtime.script import load_scenario
from tests.scenarios.desk import SYMBOL, live_desk
from tests.simulator.runtime.wire import Wire
from user_stream import Settings
from user_stream.core.journal_export import scenario_lines
from user_stream.runtime.clock import LoopClock
from user_stream.runtime.journal import Journal
from user_stream.runtime.journal_reader import reading


async def test_frames_of_a_journal_are_played_by_another_simulator_to_the_letter(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    async with Simulator() as sim, Wire(sim) as client:
        clock = LoopClock()
        journal = Journal.open(path, api_key=sim.account.api_key, retention_s=3_600, clock=clock)
        socket = await client.stream()
        sim.place_external(symbol=SYMBOL, side="BUY", type="MARKET", quantity="0.010", client_order_id="web_1")
        said = []
        for _ in range(3):
            frame = await socket.frame()
            said.append(frame.data)
            journal.frame(clock.time_ms(), 1, frame.data.encode())
            await clock.sleep(0.25)
        journal.close()

    file = tmp_path / "day.yaml"
    with reading(path) as reader:
        file.write_text("\n".join(scenario_lines(reader.frames(), about="a day")))
    async with Simulator(accounts=(AccountSpec(name="another"),)) as sim, Wire(sim) as client:
        run = sim.play(load_scenario(file))
        socket = await client.stream()
        assert [(await socket.frame()).data for _ in said] == said
        await run.finished()
        run.check()


async def test_events_that_two_connections_told_are_pushed_once(tmp_path: Path) -> None:
    """Rule 27: replayed, the day has as many events as it had."""
    path, file = tmp_path / "journal", tmp_path / "day.yaml"
    async with live_desk(settings=Settings(journal=path, connections=2)) as desk:
        for number in range(3):
            name = f"web_{number}"
            desk.sim.place_external(symbol=SYMBOL, side="BUY", type="MARKET", quantity="0.010", client_order_id=name)
            await asyncio.sleep(1)

    with reading(path) as reader:
        brought = Counter(kept.epoch for kept in reader.frames() if kept.event_type)
        file.write_text("\n".join(scenario_lines(reader.frames(), about="a day on two connections")))
    assert brought[1] == brought[2] > 0
    assert len(load_scenario(file).steps) == brought[1]
