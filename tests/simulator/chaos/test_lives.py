"""The lives of any engine: what ends with one, what goes on, and what is told of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from simulator.chaos.engine import Engine
from simulator.chaos.lives import Lives
from simulator.runtime.memory_network import MemoryLoop


class Probe:
    """An engine that does what a test wants, and notes what became of it."""

    def __init__(self, notes: list[str], work: Callable[[Probe], Coroutine[Any, Any, None]]) -> None:
        self.notes = notes
        self._work = work

    async def start(self) -> None:
        self.task = asyncio.create_task(self._work(self), name="work")

    async def stop(self) -> None:
        self.task.cancel()
        await asyncio.wait([self.task])

    async def place(self, order: Any) -> None:
        self.notes.append(f"placed {order}")
        await asyncio.sleep(10)
        self.notes.append("answered")

    async def cancel(self, symbol: str, client_order_id: str) -> None: ...

    def orders(self) -> list[Any]:
        return []

    def fills(self) -> list[Any]:
        return []

    def positions(self) -> list[Any]:
        return []


class HoldsFile(Probe):
    def abandon(self) -> None:
        self.notes.append("let go of the file")


async def with_finally(probe: Probe) -> None:
    try:
        await asyncio.sleep(9_999)
    finally:
        probe.notes.append("finally")


async def steps(probe: Probe) -> None:
    for number in range(1_000):
        probe.notes.append(f"step {number}")
        await asyncio.sleep(1)


def on(
    play: Callable[[Lives, list[str]], Coroutine[Any, Any, None]], work: Any, kind: type[Probe] = Probe
) -> list[str]:
    """Play with lives of probes; return the notes as they were before the burial."""
    notes: list[str] = []
    before: list[str] = []

    async def run() -> None:
        def make(life: int) -> Engine:
            notes.append(f"life {life}")
            return kind(notes, work)

        lives = Lives(make, now_ms=lambda: 1_000_000 + round(asyncio.get_running_loop().time() * 1000))
        try:
            await play(lives, notes)
            before.extend(notes)
        finally:
            await lives.stop()
            await lives.bury()
        assert asyncio.all_tasks() == {asyncio.current_task()}

    with asyncio.Runner(loop_factory=MemoryLoop) as runner:
        runner.run(run())
    return before


def test_crash_runs_no_finally_and_the_next_life_begins_when_it_was_down() -> None:
    async def play(lives: Lives, notes: list[str]) -> None:
        lives.begin()
        await asyncio.sleep(1)
        lives.crash(0, down_s=5)
        assert lives.present is None
        await asyncio.sleep(4.9)
        assert notes == ["life 1"]
        await asyncio.sleep(0.2)
        assert [(each.began_ms, each.ready_ms, each.over_ms, each.end) for each in lives.all] == [
            (1_000_000, 1_000_000, 1_001_000, "crash"),
            (1_006_000, 1_006_000, 0, ""),
        ]

    assert on(play, with_finally) == ["life 1", "life 2"]


def test_life_ends_at_the_await_that_was_named() -> None:
    async def play(lives: Lives, _notes: list[str]) -> None:
        lives.begin()
        await asyncio.sleep(0.5)
        lives.crash(3, down_s=9_999)
        await asyncio.sleep(100)

    assert on(play, steps) == ["life 1", "step 0", "step 1", "step 2", "step 3"]


def test_who_is_spared_lives_on() -> None:
    async def play(lives: Lives, _notes: list[str]) -> None:
        lives.begin()
        await asyncio.sleep(0.5)
        lives.crash(3, down_s=0)
        lives.spare()
        await asyncio.sleep(100)
        assert lives.lives == 1

    assert "step 99" in on(play, steps)


def test_what_was_under_way_when_the_life_ended_never_ends() -> None:
    async def play(lives: Lives, _notes: list[str]) -> None:
        lives.begin()
        await asyncio.sleep(1)
        assert lives.trading is not None
        deed = lives.perform(lives.trading.place("it"))  # type: ignore[arg-type]  # a probe takes anything
        await asyncio.sleep(1)
        lives.crash(0, down_s=1)
        await asyncio.sleep(100)
        assert not deed.done()

    assert on(play, with_finally) == ["life 1", "placed it", "life 2"]


def test_timers_and_callbacks_of_the_dead_are_not_called() -> None:
    async def work(probe: Probe) -> None:
        loop = asyncio.get_running_loop()
        loop.call_later(5, probe.notes.append, "timer")
        waiting = loop.create_future()
        waiting.add_done_callback(lambda _: probe.notes.append("callback"))
        loop.call_later(0.999_999, waiting.set_result, None)
        await asyncio.sleep(9_999)

    async def play(lives: Lives, _notes: list[str]) -> None:
        lives.begin()
        await asyncio.sleep(0.999_999)
        lives.crash(0, down_s=50)
        await asyncio.sleep(20)

    assert on(play, work) == ["life 1"]


def test_connections_of_the_dead_are_reset() -> None:
    heard: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.read()
        except ConnectionResetError:
            heard.append("reset")
        writer.close()

    async def work(probe: Probe) -> None:
        probe.streams = await asyncio.open_connection("127.0.0.1", 20_000)  # type: ignore[attr-defined]  # a note
        probe.notes.append("connected")
        await asyncio.sleep(9_999)

    async def play(lives: Lives, _notes: list[str]) -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 20_000)
        lives.begin()
        await asyncio.sleep(1)
        lives.crash(0, down_s=9_999)
        await asyncio.sleep(1)
        server.close()

    assert on(play, work) == ["life 1", "connected"]
    assert heard == ["reset"]


def test_engine_that_holds_locks_lets_go_of_them_when_it_is_killed() -> None:
    async def play(lives: Lives, _notes: list[str]) -> None:
        lives.begin()
        await asyncio.sleep(1)
        lives.crash(0, down_s=1)
        await asyncio.sleep(2)

    assert on(play, with_finally, HoldsFile) == ["life 1", "let go of the file", "life 2"]


def test_restart_stops_the_engine_as_it_stops_itself() -> None:
    async def play(lives: Lives, _notes: list[str]) -> None:
        lives.begin()
        await asyncio.sleep(1)
        lives.restart(2)
        assert lives.trading is None
        await asyncio.sleep(3)
        assert lives.all[0].end == "stop"
        assert lives.all[0].left_tasks == ()

    assert on(play, with_finally) == ["life 1", "finally", "life 2"]


def test_crash_while_the_engine_stops_ends_it_there() -> None:
    class Slow(Probe):
        async def stop(self) -> None:
            await asyncio.sleep(5)
            self.notes.append("stopped")

    async def play(lives: Lives, _notes: list[str]) -> None:
        lives.begin()
        await asyncio.sleep(1)
        lives.restart(2)
        await asyncio.sleep(1)
        lives.crash(0, down_s=3)
        await asyncio.sleep(10)
        assert [each.end for each in lives.all] == ["crash", ""]

    assert on(play, with_finally, Slow) == ["life 1", "life 2"]


def test_what_an_engine_raises_at_its_start_is_told() -> None:
    class Broken(Probe):
        async def start(self) -> None:
            raise ValueError("broken")

        async def stop(self) -> None: ...

    async def play(lives: Lives, _notes: list[str]) -> None:
        lives.begin()
        await asyncio.sleep(1)
        assert lives.trading is None
        assert [(where, str(error)) for where, error in lives.raised] == [("the start of life 1", "broken")]

    on(play, with_finally, Broken)


def test_nothing_is_done_by_nobody() -> None:
    async def play(lives: Lives, _notes: list[str]) -> None:
        with pytest.raises(RuntimeError, match="nobody lives"):
            lives.perform(asyncio.sleep(1))
        lives.crash(0, 1)
        lives.restart(1)
        assert lives.lives == 0

    assert on(play, with_finally) == []


def test_where_a_task_of_a_life_stands_can_be_seen() -> None:
    async def play(lives: Lives, _notes: list[str]) -> None:
        lives.begin()
        await asyncio.sleep(1)
        stacks = [task.get_stack()[-1].f_code.co_name for task in asyncio.all_tasks() if task.get_name() == "work"]
        assert stacks == ["with_finally"]

    on(play, with_finally)


def test_tasks_of_a_life_lie_in_sets_in_the_order_in_which_they_were_made() -> None:
    async def play(lives: Lives, _notes: list[str]) -> None:
        lives.begin()
        await asyncio.sleep(1)
        tasks = [lives.perform(asyncio.sleep(1)) for _ in range(5)]
        first = hash(tasks[0])
        assert [hash(task) - first for task in tasks] == [0, 1, 2, 3, 4], "not by their addresses"

    on(play, with_finally)
