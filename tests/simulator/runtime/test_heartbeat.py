"""Every connection is pinged and ended at its own times, although one timer serves them all."""

from __future__ import annotations

import asyncio
from typing import Any

from simulator.core.profile import Profile
from simulator.core.streams.stream_target import StreamTarget
from simulator.core.streams.subscriptions import Subscriptions
from simulator.runtime.clock import Clock
from simulator.runtime.connection import ConnectionRules, StreamConnection
from simulator.runtime.heartbeat import Heartbeat

RULES = ConnectionRules(lifetime_s=1000.0, ping_interval_s=100.0, pong_timeout_s=250.0)


class Ward:
    """A heartbeat, and what it did: who was pinged and ended, and when, in s."""

    def __init__(self) -> None:
        self.done: list[tuple[int, str, int]] = []
        self._clock = Clock(0)
        self.heartbeat = Heartbeat(self._clock, RULES, Profile(), self._end, lambda _: None)

    def open(self, number: int) -> StreamConnection:
        nobody: Any = None
        connection = Patient(
            number=number,
            root="private",
            subscriptions=Subscriptions(StreamTarget("private", False), (), "wrapped"),
            clock=self._clock,
            listener=nobody,
        )
        connection.note = lambda what: self.done.append((number, what, self._clock.time_ms() // 1000))
        self.heartbeat.start(connection)
        return connection

    def _end(self, connection: StreamConnection, code: int, _reason: str) -> None:
        self.heartbeat.stop(connection)
        self.done.append((connection.number, str(code), self._clock.time_ms() // 1000))


class Patient(StreamConnection):
    """A connection without a socket that tells of its pings."""

    note: Any

    def ping(self, _payload: bytes) -> None:
        """Tell of a ping."""
        self.note("ping")


async def test_connections_are_pinged_each_from_its_own_start() -> None:
    ward = Ward()
    ward.open(1)
    await asyncio.sleep(30)
    ward.open(2)
    await asyncio.sleep(200)

    assert ward.done == [(1, "ping", 100), (2, "ping", 130), (1, "ping", 200), (2, "ping", 230)]


async def test_who_never_answers_is_ended_when_the_first_ping_has_waited_too_long() -> None:
    ward = Ward()
    ward.open(1)
    await asyncio.sleep(2000)

    assert ward.done[-1] == (1, "1008", 350)


async def test_who_answers_lives_until_the_life_is_over() -> None:
    ward = Ward()
    connection = ward.open(1)
    for _ in range(9):
        await asyncio.sleep(101)
        ward.heartbeat.on_pong(connection, b"")
    await asyncio.sleep(2000)

    assert ward.done[-1] == (1, "1001", 1000)


async def test_who_was_stopped_is_left_alone_and_no_timer_stays() -> None:
    ward = Ward()
    ward.heartbeat.stop(ward.open(1))
    before = asyncio.get_running_loop().time()
    await asyncio.sleep(5000)

    assert ward.done == []
    assert asyncio.get_running_loop().time() - before >= 5000
