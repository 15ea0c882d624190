"""Two ends of a connection in memory: what loopback does, without it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextvars import ContextVar
from typing import Any

import pytest

from simulator.runtime.line import reset_transport
from simulator.runtime.memory_network import MemoryLoop
from simulator.runtime.memory_transport import WINDOW, Latency, MemoryTransport

PIECE = b"x" * 10_000


class Notebook(asyncio.Protocol):
    """Notes what a protocol is told, and when."""

    def __init__(self) -> None:
        self.transport: MemoryTransport
        self.told: list[tuple[str, object]] = []
        self.times: list[float] = []
        self.keeps_open = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, MemoryTransport)
        self.transport = transport

    def _note(self, what: str, detail: object = None) -> None:
        self.told.append((what, detail))
        self.times.append(asyncio.get_running_loop().time())

    def data_received(self, data: bytes) -> None:
        self._note("data", data)

    def eof_received(self) -> bool:
        self._note("eof")
        return self.keeps_open

    def connection_lost(self, error: Exception | None) -> None:
        self._note("lost", type(error).__name__ if error else None)

    def pause_writing(self) -> None:
        self._note("pause")

    def resume_writing(self) -> None:
        self._note("resume")

    @property
    def received(self) -> bytes:
        """What has arrived."""
        return b"".join(detail for what, detail in self.told if what == "data" and isinstance(detail, bytes))

    @property
    def events(self) -> list[str]:
        """What it was told beside data."""
        return [what for what, _ in self.told if what != "data"]


Ends = Callable[[Notebook, Notebook], Coroutine[Any, Any, None]]


def between(latency: Latency | None = None, server: type[Notebook] = Notebook) -> Callable[[Ends], None]:
    """Run a coroutine at both ends of a connection, client and server."""

    async def connected(ends: Ends) -> None:
        loop = asyncio.get_running_loop()
        accepted: list[Notebook] = []

        def accept() -> Notebook:
            accepted.append(server())
            return accepted[-1]

        listening = await loop.create_server(accept, "127.0.0.1", 0)
        _, client = await loop.create_connection(Notebook, *listening.sockets[0].getsockname())
        await ends(client, accepted[0])
        listening.close()

    def run(ends: Ends) -> None:
        with asyncio.Runner(loop_factory=lambda: MemoryLoop(latency)) as runner:
            runner.run(connected(ends))

    return run


def test_what_is_written_arrives_piece_by_piece_in_order_and_in_no_time() -> None:
    @between()
    async def _(client: Notebook, server: Notebook) -> None:
        client.transport.write(b"one")
        client.transport.writelines([b"two ", bytearray(b"three")])
        client.transport.write(memoryview(b"four"))
        assert server.told == []
        await asyncio.sleep(0)

        assert server.told == [("data", b"one"), ("data", b"two three"), ("data", b"four")]
        assert server.times == [0, 0, 0]


def test_pieces_of_one_direction_keep_their_order_whatever_each_ones_latency() -> None:
    latencies = iter([0.0, 0.0, 0.5, 0.1, 0.3, 0.1, 0.9])

    @between(latency=lambda: next(latencies))
    async def _(client: Notebook, server: Notebook) -> None:
        for number in range(4):
            client.transport.write(b"%d" % number)
        server.transport.write(b"back")
        await asyncio.sleep(1)

        assert server.received == b"0123"
        assert server.times == pytest.approx([0.5, 0.5, 0.5, 0.5])
        assert client.times == pytest.approx([0.9])


def test_what_arrives_late_at_one_who_does_not_read_waits_in_its_order() -> None:
    @between(latency=lambda: 0.1)
    async def _(client: Notebook, server: Notebook) -> None:
        server.transport.pause_reading()
        for number in range(3):
            client.transport.write(b"%d" % number)
            await asyncio.sleep(0.04)
        client.transport.write(b"3")
        await asyncio.sleep(0.05)
        server.transport.resume_reading()
        await asyncio.sleep(1)

        assert server.received == b"0123"


def test_a_reset_that_arrives_while_the_other_end_is_still_sending_ends_it() -> None:
    @between(latency=lambda: 0.1)
    async def _(client: Notebook, server: Notebook) -> None:
        client.transport.pause_reading()
        server.transport.write(b"x" * (WINDOW + 1))
        server.transport.close()
        client.transport.abort()
        assert server.told == []
        await asyncio.sleep(1)

        assert server.told == [("lost", "ConnectionResetError")]
        assert client.told == [("lost", None)]


def test_connecting_takes_a_round_trip() -> None:
    @between(latency=lambda: 0.05)
    async def _(_client: Notebook, _server: Notebook) -> None:
        assert asyncio.get_running_loop().time() == pytest.approx(0.1)


def test_who_does_not_read_makes_the_writer_wait_and_loses_nothing() -> None:
    @between()
    async def _(client: Notebook, server: Notebook) -> None:
        server.transport.pause_reading()
        pieces = WINDOW // len(PIECE) + 20
        for _ in range(pieces):
            client.transport.write(PIECE)
        await asyncio.sleep(60)

        assert server.told == []
        assert client.events == ["pause"]
        assert client.transport.get_write_buffer_size() == pieces * len(PIECE) - WINDOW

        server.transport.resume_reading()
        await asyncio.sleep(0)

        assert client.events == ["pause", "resume"]
        await asyncio.sleep(0)
        assert client.transport.get_write_buffer_size() == 0
        await asyncio.sleep(0)
        assert server.received == PIECE * pieces


def test_water_marks_say_when_a_writer_is_told_to_pause() -> None:
    @between()
    async def _(client: Notebook, server: Notebook) -> None:
        server.transport.pause_reading()
        client.transport.set_write_buffer_limits(high=100)
        assert client.transport.get_write_buffer_limits() == (25, 100)
        client.transport.write(b"x" * (WINDOW + 100))
        assert client.events == []
        client.transport.write(b"x")
        assert client.events == ["pause"]
        with pytest.raises(ValueError, match="high water"):
            client.transport.set_write_buffer_limits(high=1, low=2)


def test_close_is_told_behind_all_that_was_written() -> None:
    @between()
    async def _(client: Notebook, server: Notebook) -> None:
        server.transport.pause_reading()
        client.transport.write(b"x" * (WINDOW + 1))
        client.transport.close()
        client.transport.write(b"too late")
        await asyncio.sleep(1)
        assert (client.told, server.told) == ([], [])
        assert client.transport.is_closing()

        server.transport.resume_reading()
        await asyncio.sleep(1)

        assert len(server.received) == WINDOW + 1
        assert server.events == ["eof", "lost"]
        assert server.told[-1] == ("lost", None)
        assert client.told == [("lost", None)]


def test_abort_is_a_reset_behind_what_has_left_and_the_rest_is_lost() -> None:
    @between()
    async def _(client: Notebook, server: Notebook) -> None:
        client.transport.write(b"x" * (WINDOW + 1))
        client.transport.abort()
        await asyncio.sleep(1)

        assert len(server.received) == WINDOW
        assert server.told[-1] == ("lost", "ConnectionResetError")
        assert server.events == ["lost"]
        assert client.told == [("lost", None)]


def test_the_simulators_cut_is_a_reset() -> None:
    @between()
    async def _(client: Notebook, server: Notebook) -> None:
        reset_transport(server.transport)
        await asyncio.sleep(0)
        await asyncio.sleep(0)

        assert client.told == [("lost", "ConnectionResetError")]
        assert server.told == [("lost", None)]


def test_who_has_paused_reading_learns_of_a_reset_when_it_writes() -> None:
    @between()
    async def _(client: Notebook, server: Notebook) -> None:
        server.transport.pause_reading()
        client.transport.abort()
        await asyncio.sleep(3_600)
        assert server.told == []

        server.transport.write(b"still there?")
        await asyncio.sleep(0)

        assert server.told == [("lost", "ConnectionResetError")]


def test_who_closes_with_something_unread_resets_as_linux_does() -> None:
    @between()
    async def _(client: Notebook, server: Notebook) -> None:
        server.transport.pause_reading()
        client.transport.write(b"never read")
        await asyncio.sleep(1)
        server.transport.close()
        await asyncio.sleep(1)

        assert client.told == [("lost", "ConnectionResetError")]


def test_bytes_for_an_end_that_is_gone_are_answered_with_a_reset() -> None:
    @between(latency=lambda: 1.0)
    async def _(client: Notebook, server: Notebook) -> None:
        client.keeps_open = True
        server.transport.close()
        await asyncio.sleep(1.5)
        assert client.events == ["eof"]

        client.transport.write(b"half closed")
        await asyncio.sleep(3)

        assert client.told[-1] == ("lost", "ConnectionResetError")


def test_who_has_said_that_it_writes_no_more_may_still_be_written_to() -> None:
    @between()
    async def _(client: Notebook, server: Notebook) -> None:
        server.keeps_open = True
        assert client.transport.can_write_eof()
        client.transport.write(b"question")
        client.transport.write_eof()
        with pytest.raises(RuntimeError, match="write_eof"):
            client.transport.write(b"more")
        await asyncio.sleep(0)
        server.transport.write(b"answer")
        server.transport.close()
        await asyncio.sleep(1)

        assert (server.received, server.events) == (b"question", ["eof", "lost"])
        assert (client.received, client.told[-1]) == (b"answer", ("lost", None))


def test_a_protocol_may_hand_its_connection_to_another() -> None:
    @between()
    async def _(client: Notebook, server: Notebook) -> None:
        successor = Notebook()
        server.transport.set_protocol(successor)
        assert server.transport.get_protocol() is successor
        client.transport.write(b"for the new one")
        client.transport.close()
        await asyncio.sleep(1)

        assert server.told == []
        assert (successor.received, successor.events) == (b"for the new one", ["eof", "lost"])


def test_a_protocol_that_fails_loses_its_connection_and_no_other() -> None:
    class Failing(Notebook):
        def data_received(self, data: bytes) -> None:  # noqa: ARG002  a protocol's method
            raise ZeroDivisionError

    @between(server=Failing)
    async def _(client: Notebook, server: Notebook) -> None:
        told: list[dict[str, Any]] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))
        client.transport.write(b"x")
        await asyncio.sleep(1)

        assert [type(context["exception"]) for context in told] == [ZeroDivisionError]
        assert server.told == [("lost", "ZeroDivisionError")]
        assert client.told == [("lost", "ConnectionResetError")]


def test_a_protocol_with_buffers_of_its_own_is_served() -> None:
    class Buffered(asyncio.BufferedProtocol):
        def __init__(self) -> None:
            self.buffer = bytearray(4)
            self.received = b""

        def get_buffer(self, _sizehint: int) -> bytearray:
            return self.buffer

        def buffer_updated(self, nbytes: int) -> None:
            self.received += self.buffer[:nbytes]

    @between()
    async def _(client: Notebook, server: Notebook) -> None:
        buffered = Buffered()
        server.transport.set_protocol(buffered)
        client.transport.write(b"more than four")
        await asyncio.sleep(0)

        assert buffered.received == b"more than four"


def test_each_end_is_called_in_the_context_of_its_own_program() -> None:
    whose: ContextVar[str] = ContextVar("whose", default="nobody's")

    class Asking(Notebook):
        def data_received(self, data: bytes) -> None:  # noqa: ARG002  a protocol's method
            self._note(whose.get())

    @between(server=Asking)
    async def _(client: Notebook, server: Notebook) -> None:
        whose.set("the client's")
        client.transport.write(b"x")
        await asyncio.sleep(0)

        assert server.events == ["nobody's"]


def test_an_end_tells_its_addresses_and_has_no_socket() -> None:
    @between()
    async def _(client: Notebook, server: Notebook) -> None:
        info = client.transport.get_extra_info
        assert info("peername") == server.transport.get_extra_info("sockname") == ("127.0.0.1", 20_000)
        assert info("sockname") == server.transport.get_extra_info("peername") == ("127.0.0.1", 32_768)
        assert info("socket") is None
        assert "open" in repr(client.transport)


def test_only_bytes_can_be_written() -> None:
    @between()
    async def _(client: Notebook, _server: Notebook) -> None:
        with pytest.raises(TypeError, match="not str"):
            client.transport.write("text")  # type: ignore[arg-type]  # that is the point
