"""One end of a TCP connection that is kept in memory: what is written here is told to the protocol at the other end.

It behaves as loopback does, as seen through asyncio. A piece that was written arrives whole and in order, at once or
after the latency; what the other end has not read fills a window of `WINDOW` bytes, as kernels' buffers do, and what
does not fit waits in the write buffer, at whose high water the writer is told to pause. `close` sends FIN behind what
was written, and RST when something is unread, as Linux does; `abort` sends RST, and what was not sent is lost. Who has
paused reading learns of neither until it reads or writes again. Bytes for an end that is gone are answered with RST.
"""

from __future__ import annotations

import asyncio
import errno
from collections import deque
from collections.abc import Callable, Iterable
from contextvars import Context
from enum import Enum
from typing import Any, Final, TypeAlias

__all__ = ["WINDOW", "Address", "Latency", "MemoryTransport", "join"]

WINDOW: Final = 256 * 1024
"""How many bytes may be on their way to a reader, or wait for it."""
_HIGH_WATER: Final = 64 * 1024

Address: TypeAlias = tuple[str, int] | tuple[str, int, int, int]
Latency: TypeAlias = Callable[[], float]


class _End(Enum):
    FIN = 1
    RST = 2


class MemoryTransport(asyncio.Transport):
    """An end of a connection. `context` is that of the program at this end; its callbacks run in it.

    `unread` counts the bytes on their way here, or waiting here. `on_end` is told when all is over.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        protocol: asyncio.BaseProtocol,
        *,
        sockname: Address,
        peername: Address,
        context: Context,
        latency: Latency | None,
        on_end: Callable[[MemoryTransport], None],
    ) -> None:
        super().__init__({"sockname": sockname, "peername": peername})
        self._loop = loop
        self._protocol = protocol
        self.context = context
        self._latency = latency
        self._on_end = on_end
        self.peer: MemoryTransport = self
        self._inbox: deque[bytes | _End] = deque()
        self.unread = 0
        self._outbox: deque[bytes] = deque()
        self._unsent = 0
        self._low, self._high = _HIGH_WATER // 4, _HIGH_WATER
        self._last_arrival = 0.0
        self._is_waking = False
        self._is_reading_paused = False
        self._is_writing_paused = False
        self._is_reset = False
        self._has_ended_writing = False
        self._is_closing = False
        self.is_gone = False

    def __repr__(self) -> str:
        state = "closing" if self._is_closing else "open"
        return f"<MemoryTransport {self.get_extra_info('sockname')} to {self.get_extra_info('peername')} {state}>"

    def begin(self) -> None:
        """Tell the protocol that its connection is made."""
        self._loop.call_soon(self._protocol.connection_made, self, context=self.context)

    def get_protocol(self) -> asyncio.BaseProtocol:
        """Return who is told what arrives."""
        return self._protocol

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """Tell what arrives to another protocol."""
        self._protocol = protocol

    def is_closing(self) -> bool:
        """Tell whether this end was closed, or has lost its connection."""
        return self._is_closing

    def is_reading(self) -> bool:
        """Tell whether the protocol is told what arrives."""
        return not self._is_closing and not self._is_reading_paused

    def pause_reading(self) -> None:
        """Let what arrives wait."""
        self._is_reading_paused = True

    def resume_reading(self) -> None:
        """Tell the protocol what arrived, and what arrives."""
        self._is_reading_paused = False
        self._wake()

    def get_write_buffer_size(self) -> int:
        """Return how many bytes wait for room in the window."""
        return self._unsent

    def get_write_buffer_limits(self) -> tuple[int, int]:
        """Return low and high water."""
        return self._low, self._high

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Set at how many bytes that wait the protocol is told to pause writing, and to resume."""
        if high is None:
            high = _HIGH_WATER if low is None else 4 * low
        low = high // 4 if low is None else low
        if not high >= low >= 0:
            message = f"high water ({high!r}) has to be at least low water ({low!r}), and that at least 0"
            raise ValueError(message)
        self._low, self._high = low, high
        self._pause_writer()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send bytes. Raises `TypeError` for anything else, and `RuntimeError` after `write_eof`."""
        if not isinstance(data, bytes):
            if not isinstance(data, (bytearray, memoryview)):
                message = f"data has to be bytes, not {type(data).__name__}"
                raise TypeError(message)
            data = bytes(data)
        if self._has_ended_writing:
            message = "nothing can be written after write_eof()"
            raise RuntimeError(message)
        if self._is_reset:
            self._lose(_reset())
        if not data or self._is_closing:
            return
        if not self._outbox and self.peer.unread + len(data) <= WINDOW:
            self._send(data)
            return
        self._outbox.append(data)
        self._unsent += len(data)
        self.flush()
        self._pause_writer()

    def writelines(self, list_of_data: Iterable[Any]) -> None:
        """Send several pieces as one."""
        self.write(b"".join(list_of_data))

    def can_write_eof(self) -> bool:
        """Tell that `write_eof` can be called."""
        return True

    def write_eof(self) -> None:
        """Say that nothing more will be written."""
        if self._is_closing or self._has_ended_writing:
            return
        self._has_ended_writing = True
        if not self._outbox:
            self._send(_End.FIN)

    def close(self) -> None:
        """Read no more, and end the connection when all is sent."""
        if self._is_closing:
            return
        self._is_closing = True
        if not self._outbox:
            self._finish()

    def abort(self) -> None:
        """End the connection with RST."""
        if not self.is_gone:
            self._send(_End.RST)
            self._lose(None)

    @property
    def has_unsent(self) -> bool:
        """Whether something waits for room in the window."""
        return bool(self._outbox)

    def _send(self, item: bytes | _End) -> None:
        peer = self.peer
        if isinstance(item, bytes):
            peer.unread += len(item)
        if self._latency is None:
            peer.arrive(item)
            return
        self._last_arrival = max(self._last_arrival, self._loop.time() + self._latency())
        self._loop.call_at(self._last_arrival, peer.land, item, context=peer.context)

    def land(self, item: bytes | _End) -> None:
        """Take what was on its way, and tell it at once: the loop has woken for it."""
        will_wake, self._is_waking = self._is_waking, True
        self.arrive(item)
        if self.is_reading() and not will_wake:
            self._deliver()
        else:
            self._is_waking = will_wake

    def arrive(self, item: bytes | _End) -> None:
        """Take what the other end sent: `_send` is who calls this."""
        if self.is_gone:
            if isinstance(item, bytes) and not self.peer.is_gone:
                self._send(_End.RST)
            return
        if item is _End.RST:
            self._is_reset = True
            if self._is_closing:
                self._lose(_reset())
                return
        self._inbox.append(item)
        self._wake()

    def _wake(self) -> None:
        if not self._is_waking and self._inbox and self.is_reading():
            self._is_waking = True
            self._loop.call_soon(self._deliver, context=self.context)

    def _deliver(self) -> None:
        self._is_waking = False
        inbox = self._inbox
        while inbox and not self._is_reading_paused and not self._is_closing:
            item = inbox.popleft()
            if isinstance(item, bytes):
                self.unread -= len(item)
                self._tell(self._hand_over, item)
                if self.peer.has_unsent:
                    self.peer.flush()
            elif item is _End.FIN:
                self._tell(self._on_eof)
            else:
                self._lose(_reset())

    def _tell(self, told: Callable[..., None], *args: Any) -> None:
        try:
            told(*args)
        except Exception as error:  # noqa: BLE001  a program's defect ends its connection, not the loop
            message = "Fatal error: a protocol failed while it was told what arrived"
            context = {"message": message, "exception": error, "transport": self, "protocol": self._protocol}
            self._loop.call_exception_handler(context)
            if not self.is_gone:
                self._send(_End.RST)
                self._lose(error)

    def _hand_over(self, data: bytes) -> None:
        if isinstance(self._protocol, asyncio.BufferedProtocol):
            while data:
                buffer = memoryview(self._protocol.get_buffer(-1))
                size = min(len(buffer), len(data))
                buffer[:size] = data[:size]
                data = data[size:]
                self._protocol.buffer_updated(size)
        else:
            self._protocol.data_received(data)  # type: ignore[attr-defined]  # a stream's protocol has it

    def _on_eof(self) -> None:
        keeps_open = self._protocol.eof_received()  # type: ignore[attr-defined]  # as above
        if not keeps_open:
            self.close()

    def flush(self) -> None:
        """Send what there is room for: the other end has read."""
        outbox = self._outbox
        while outbox and (room := WINDOW - self.peer.unread) > 0:
            data = outbox.popleft()
            if len(data) > room:
                outbox.appendleft(data[room:])
                data = data[:room]
            self._unsent -= len(data)
            self._send(data)
        if self._is_writing_paused and self._unsent <= self._low:
            self._is_writing_paused = False
            self._protocol.resume_writing()
        if not outbox and not self.is_gone:
            if self._is_closing:
                self._finish()
            elif self._has_ended_writing:
                self._send(_End.FIN)

    def _pause_writer(self) -> None:
        if self._unsent > self._high and not self._is_writing_paused:
            self._is_writing_paused = True
            self._protocol.pause_writing()

    def _finish(self) -> None:
        if self.unread:
            self._send(_End.RST)
        elif not self._has_ended_writing:
            self._send(_End.FIN)
        self._lose(None)

    def _lose(self, error: Exception | None) -> None:
        if self.is_gone:
            return
        self._is_closing = self.is_gone = True
        self._is_reset = False
        self._inbox.clear()
        self._outbox.clear()
        self.unread = self._unsent = 0
        self._loop.call_soon(self._end, error, context=self.context)

    def _end(self, error: Exception | None) -> None:
        try:
            self._protocol.connection_lost(error)
        finally:
            self._on_end(self)


def join(one: MemoryTransport, other: MemoryTransport) -> None:
    """Make two ends one connection, and tell their protocols, the first one's first."""
    one.peer, other.peer = other, one
    for end in (one, other):
        end.begin()


def _reset() -> ConnectionResetError:
    return ConnectionResetError(errno.ECONNRESET, "Connection reset by peer")
