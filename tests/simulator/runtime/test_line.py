"""What is done to a connection, its client sees, on real sockets and in memory; bytes keep their order meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from simulator.runtime.clock import Clock
from simulator.runtime.line import Line, Lines, line_of, reset_transport, waiting_bytes
from simulator.runtime.memory_network import MemoryLoop
from simulator.runtime.virtual_time import VirtualTimeLoop


class Ear(asyncio.Protocol):
    """The server's end: what it was told, and when, in s."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.heard: list[tuple[float, bytes]] = []
        self.ended = False
        self.is_lost = False

    @property
    def all_heard(self) -> bytes:
        return b"".join(data for _, data in self.heard)

    @property
    def here(self) -> asyncio.Transport:
        assert self.transport is not None
        return self.transport

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.heard.append((round(asyncio.get_running_loop().time(), 3), data))

    def eof_received(self) -> bool:
        self.ended = True
        return False

    def connection_lost(self, _error: Exception | None) -> None:
        self.transport, self.is_lost = None, True


class Wire:
    """A connection: a client, and the server's end of it."""

    def __init__(self, ear: Ear, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.ear, self.reader, self.writer = ear, reader, writer
        self.lines = Lines(Clock(0))
        self.line = self.lines.on(ear.here)

    async def arrivals(self, count: int) -> list[tuple[float, bytes]]:
        """Return what comes at the client, piece by piece, until so many bytes have come, and when, in s."""
        found: list[tuple[float, bytes]] = []
        while sum(len(data) for _, data in found) < count:
            data = await self.reader.read(65_536)
            found.append((round(asyncio.get_running_loop().time(), 3), data))
        return found

    async def is_silent(self, seconds: float = 3600.0) -> bool:
        """Say whether the client hears nothing, not even an end, for so long."""
        try:
            async with asyncio.timeout(seconds):
                await self.reader.read(1)
        except TimeoutError:
            return True
        return False


Claim = Callable[[Wire], Awaitable[None]]
Live = Callable[[Claim], None]


async def _on_a_wire(claim: Claim) -> None:
    ears: asyncio.Queue[Ear] = asyncio.Queue()

    def begin() -> Ear:
        ear = Ear()
        asyncio.get_running_loop().call_soon(ears.put_nowait, ear)
        return ear

    server = await asyncio.get_running_loop().create_server(begin, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname()[:2])
    wire = Wire(await ears.get(), reader, writer)
    try:
        await claim(wire)
    finally:
        wire.lines.end()
        writer.transport.abort()
        if wire.ear.transport is not None:
            wire.ear.transport.abort()
        server.close()
        await asyncio.sleep(0.1)


@pytest.fixture(params=[VirtualTimeLoop, MemoryLoop], ids=["sockets", "memory"])
def live(request: pytest.FixtureRequest) -> Live:
    """Try a claim on a connection of each kind."""

    def try_out(claim: Claim) -> None:
        with asyncio.Runner(loop_factory=request.param) as runner:
            runner.run(_on_a_wire(claim))

    return try_out


def test_a_half_open_connection_hears_and_says_nothing_and_never_ends(live: Live) -> None:
    async def claim(wire: Wire) -> None:
        wire.line.freeze()
        wire.ear.here.write(b"into the void")
        wire.writer.write(b"is anybody there?")
        wire.ear.here.close()
        assert await wire.is_silent()
        assert wire.ear.heard == []
        wire.writer.write_eof()
        assert await wire.is_silent()
        assert not wire.ear.is_lost
        assert waiting_bytes(wire.ear.here) == 0

    live(claim)


def test_only_the_end_of_everything_ends_what_is_half_open_and_that_is_a_reset(live: Live) -> None:
    async def claim(wire: Wire) -> None:
        wire.line.freeze()
        wire.line.release(None)
        assert await wire.is_silent()
        wire.lines.end()
        with pytest.raises(ConnectionResetError):
            await wire.reader.read()
        assert wire.ear.is_lost

    live(claim)


def test_a_stalled_connection_is_not_read_for_a_while_and_then_in_its_order(live: Live) -> None:
    async def claim(wire: Wire) -> None:
        wire.line.stall(5.0)
        wire.writer.write(b"first ")
        await asyncio.sleep(1)
        wire.writer.write(b"second")
        wire.ear.here.write(b"what is sent comes")
        assert (await wire.arrivals(18))[0][0] == pytest.approx(1, abs=0.1)
        assert wire.ear.heard == []
        await asyncio.sleep(4.5)
        assert wire.ear.all_heard == b"first second"
        assert wire.ear.heard[0][0] == pytest.approx(5, abs=0.01)

    live(claim)


def test_the_writes_of_a_stalled_client_pile_up_with_it(live: Live) -> None:
    async def claim(wire: Wire) -> None:
        wire.line.stall()
        wire.writer.transport.set_write_buffer_limits(0)
        wire.writer.write(bytes(32 * 1024 * 1024))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(60):
                await wire.writer.drain()
        assert wire.ear.heard == []

    live(claim)


def test_what_was_slowed_down_on_somebodys_behalf_is_free_when_that_is_released(live: Live) -> None:
    async def claim(wire: Wire) -> None:
        wire.line.stall(cause="a rule")
        wire.line.drip(1, cause="another")
        wire.writer.write(b"question")
        wire.ear.here.write(b"answer")
        await asyncio.sleep(2.5)
        wire.lines.release("a rule")
        await asyncio.sleep(0.1)
        assert wire.ear.all_heard == b"question"
        wire.lines.release("another")
        arrived = await wire.arrivals(6)
        assert b"".join(data for _, data in arrived) == b"answer"
        assert arrived[-1][0] == pytest.approx(2.6, abs=0.01)

    live(claim)


def test_what_drips_comes_byte_by_byte(live: Live) -> None:
    async def claim(wire: Wire) -> None:
        wire.line.drip(2)
        wire.ear.here.write(b"ab")
        wire.ear.here.write(b"cd")
        wire.writer.write(b"at once")
        arrived = await wire.arrivals(4)
        assert [data for _, data in arrived] == [b"a", b"b", b"c", b"d"]
        assert [at for at, _ in arrived] == pytest.approx([0.5, 1, 1.5, 2], abs=0.01)
        assert wire.ear.heard[0][0] == pytest.approx(0, abs=0.1)

    live(claim)


def test_a_throttled_connection_is_slow_in_both_directions(live: Live) -> None:
    async def claim(wire: Wire) -> None:
        wire.line.throttle(1000)
        wire.ear.here.write(bytes(5000))
        wire.writer.write(bytes(3000))
        arrived = await wire.arrivals(5000)
        assert arrived[-1][0] == pytest.approx(5, abs=0.02)
        assert wire.ear.heard[-1][0] == pytest.approx(3, abs=0.02)
        assert len(wire.ear.heard) == 30
        wire.ear.here.write(b"x" * 100)
        assert (await wire.arrivals(100))[0][0] == pytest.approx(5.1, abs=0.02)

    live(claim)


def test_a_throttled_server_takes_no_more_of_a_client_than_it_can_read(live: Live) -> None:
    async def claim(wire: Wire) -> None:
        wire.line.throttle(10_000)
        wire.writer.transport.set_write_buffer_limits(0)
        wire.writer.write(bytes(32 * 1024 * 1024))
        await asyncio.sleep(10)
        assert len(wire.ear.all_heard) == pytest.approx(100_000, abs=2_000)
        assert wire.writer.transport.get_write_buffer_size() > 20 * 1024 * 1024

    live(claim)


def test_a_line_leaves_when_nothing_is_done_and_nothing_waits_any_more(live: Live) -> None:
    async def claim(wire: Wire) -> None:
        wire.line.drip(10, cause="a rule")
        held = wire.ear.here
        held.write(b"slow")
        assert isinstance(held, Line)
        wire.lines.release("a rule")
        assert len(wire.lines) == 0
        assert wire.ear.here is held.below
        assert line_of(held) is held.below
        held.write(b" and ")
        wire.ear.here.write(b"quick")
        wire.writer.write(b"heard")
        assert b"".join(data for _, data in await wire.arrivals(14)) == b"slow and quick"
        assert wire.ear.all_heard == b"heard"
        again = wire.lines.on(held)
        assert again is wire.ear.here

    live(claim)


def test_a_close_waits_for_what_drips_and_a_reset_does_not(live: Live) -> None:
    async def close(wire: Wire) -> None:
        wire.line.drip(1)
        wire.ear.here.write(b"bye")
        wire.ear.here.close()
        assert await wire.reader.read() == b"bye"
        assert asyncio.get_running_loop().time() == pytest.approx(3, abs=0.01)

    async def reset(wire: Wire) -> None:
        wire.line.drip(1)
        wire.ear.here.write(b"bye")
        reset_transport(wire.ear.here)
        with pytest.raises(ConnectionResetError):
            await wire.reader.read()

    live(close)
    live(reset)


def test_the_end_of_what_a_client_sends_is_learned_behind_what_it_sent(live: Live) -> None:
    async def claim(wire: Wire) -> None:
        wire.line.throttle(10)
        wire.writer.write(b"x" * 20)
        wire.writer.write_eof()
        await asyncio.sleep(1)
        assert not wire.ear.ended
        await asyncio.sleep(1.5)
        assert wire.ear.all_heard == b"x" * 20
        assert wire.ear.ended
        assert await wire.reader.read() == b""

    live(claim)


def test_a_protocol_that_pauses_gets_nothing_until_it_resumes(live: Live) -> None:
    async def claim(wire: Wire) -> None:
        wire.line.throttle(1000)
        wire.ear.here.pause_reading()
        wire.writer.write(b"wait")
        await asyncio.sleep(5)
        assert wire.ear.heard == []
        wire.ear.here.resume_reading()
        await asyncio.sleep(1)
        assert wire.ear.all_heard == b"wait"

    live(claim)


def test_a_connection_left_unanswered_is_read_and_ends_when_its_client_leaves(live: Live) -> None:
    async def claim(wire: Wire) -> None:
        transport = wire.line.below
        wire.lines.leave_unanswered(transport)
        assert wire.ear.is_lost
        wire.writer.write(bytes(1_000_000))
        await wire.writer.drain()
        assert await wire.is_silent()
        wire.writer.write_eof()
        assert await wire.reader.read() == b""

    live(claim)
