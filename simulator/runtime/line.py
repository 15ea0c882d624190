"""What can be done to a TCP connection from the server's side, while what is above and below it goes on as ever.

A `Line` stands between a transport and its protocol, from the moment that something is done to the connection until
nothing is any more: to the protocol it is the transport, to the transport the protocol. A connection that nothing is
done to has none. Any transport will do: a socket's, one under TLS, one in memory.

| what is done  | what the client sees                                                                             |
|---------------|--------------------------------------------------------------------------------------------------|
| half-open     | silence for good: nothing is read, nothing is written, nothing is ever closed                    |
| stall         | its writes are not read for a while, and pile up; what it is sent comes                          |
| drip          | what it is sent comes byte by byte                                                               |
| throttle      | both directions are slow                                                                         |

In each direction bytes keep their order, whatever is done: what waits in a line holds up what comes after it. A
protocol that asks for `transport` is given the line for as long as there is one, so protocols whose connections may
suffer keep their transport in an attribute of that name, and look it up for each write.

`cause` says on whose behalf something is done, so that it can be taken back: a fault rule that is released frees what
it has slowed down. Half-open is for good. All times are the exchange's.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable
from typing import Any, Final

from simulator.runtime.clock import Clock, Timer
from simulator.runtime.one_way import OneWay

__all__ = ["Line", "Lines", "line_of", "reset_transport", "waiting_bytes"]

MOST_UNREAD_BYTES: Final = 65_536
"""How much of what a client sent waits in a line before no more is read: the rest piles up with the client."""
_PIECES_A_SECOND: Final = 10
"""How often a throttled connection moves: bytes that are due together leave together."""


class Line(asyncio.Transport, asyncio.Protocol):
    """Stands between a transport, which is `below`, and its protocol.

    `Lines.on` puts it there; `gone` is told when it has left.
    """

    def __init__(self, transport: asyncio.Transport, clock: Clock, gone: Callable[[Line], None]) -> None:
        super().__init__()
        self.is_frozen = False
        self.below = transport
        self._protocol: Any = transport.get_protocol()
        self._clock = clock
        self._gone = gone
        self._out = OneWay(clock, self._send, self._when_sent)
        self._in = OneWay(clock, self._hand_over, self._when_read)
        self._faults: dict[str, object] = {}
        """What is done, and on whose behalf."""
        self._stall_end: Timer | None = None
        self._is_closing = self._has_ended = False
        self._is_paused = not transport.is_reading()
        self._introduce(self)
        transport.set_protocol(self)

    def __repr__(self) -> str:
        return f"<Line {', '.join(self._faults) or 'free'}: {self._in.size} bytes to read, {self._out.size} to send>"

    # --- what is done to the connection ----------------------------------------------------------------------------

    def freeze(self) -> None:
        """Be half-open for good: read nothing, write nothing, close nothing. `abort` alone ends the connection."""
        self.is_frozen = True
        self._faults["half-open"] = None
        self._end_stall()
        self._out.clear()
        self._in.clear()
        self._adjust()

    def stall(self, seconds: float | None = None, cause: object = None) -> None:
        """Read nothing for `seconds`, or until `release`: the client's writes pile up."""
        self._end_stall()
        self._faults["stall"] = cause
        self._adjust()
        if seconds is not None:
            self._stall_end = self._clock.call_later(seconds, lambda: self._lift("stall"))

    def drip(self, bytes_per_s: float, cause: object = None) -> None:
        """Send byte by byte, so many in a second."""
        self._faults["slow"] = cause
        self._in.pace(0, 0)
        self._out.pace(bytes_per_s, 1)

    def throttle(self, bytes_per_s: float, cause: object = None) -> None:
        """Move no more than so many bytes in a second, in each direction."""
        self._faults["slow"] = cause
        piece = max(1, round(bytes_per_s / _PIECES_A_SECOND))
        self._out.pace(bytes_per_s, piece)
        self._in.pace(bytes_per_s, piece)

    def release(self, cause: object) -> None:
        """Take back what is done on this behalf: what waits because of it goes on at once."""
        for fault, by in list(self._faults.items()):
            if by is cause and fault != "half-open":
                self._lift(fault)

    def end(self) -> None:
        """Take back everything; reset what is half-open."""
        if self.is_frozen:
            reset_transport(self)
            return
        for fault in list(self._faults):
            self._lift(fault)

    # --- to the protocol it is the transport -----------------------------------------------------------------------

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send bytes, in their turn."""
        if not (self.is_frozen or self.is_closing()):
            self._out.take(bytes(data))

    def close(self) -> None:
        """Read no more, and close when all is sent; what is half-open is not closed."""
        if self.is_frozen or self._is_closing:
            return
        self._is_closing = True
        self._in.clear()
        if not self._out.size:
            self.below.close()
        self._adjust()

    def abort(self) -> None:
        """Close now. What is unsent is lost."""
        self._is_closing = True
        self._out.clear()
        self._in.clear()
        self.below.abort()

    def is_closing(self) -> bool:
        """Say whether nothing can be sent any more."""
        return self._is_closing or self.below.is_closing()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Ask the transport."""
        return self.below.get_extra_info(name, default)

    def get_write_buffer_size(self) -> int:
        """Return how many bytes the client has not taken yet, those that wait here included."""
        return self._out.size + waiting_bytes(self.below)

    def get_write_buffer_limits(self) -> tuple[int, int]:
        """Ask the transport."""
        return self.below.get_write_buffer_limits()

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Tell the transport."""
        self.below.set_write_buffer_limits(high, low)

    def can_write_eof(self) -> bool:
        """Say that half of a connection cannot be closed."""
        return False

    def is_reading(self) -> bool:
        """Say whether what the client sends is read now."""
        return not (self._in.is_held or self.is_closing())

    def pause_reading(self) -> None:
        """Read no more."""
        self._is_paused = True
        self._adjust()

    def resume_reading(self) -> None:
        """Read on, as far as that is possible now."""
        self._is_paused = False
        self._adjust()

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """Let another protocol have the connection."""
        self._protocol = protocol

    def get_protocol(self) -> asyncio.BaseProtocol:
        """Return whose connection it is."""
        found: asyncio.BaseProtocol = self._protocol
        return found

    # --- to the transport it is the protocol -----------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        """Take what the client sent, for the protocol to read in its turn."""
        if not (self.is_frozen or self._is_closing):
            self._in.take(data)
            self._adjust()

    def eof_received(self) -> bool | None:
        """Learn that the client sends no more. The protocol learns it when it has read all."""
        if self.is_frozen:
            return True
        if self._in.size:
            self._has_ended = True
            return self.below.get_extra_info("sslcontext") is None  # under TLS the answer has no effect
        return bool(self._protocol.eof_received())

    def connection_lost(self, error: Exception | None) -> None:
        """Be over."""
        self._end_stall()
        self._out.clear()
        self._in.clear()
        self._gone(self)
        self._protocol.connection_lost(error)

    def pause_writing(self) -> None:
        """Pass it on."""
        self._protocol.pause_writing()

    def resume_writing(self) -> None:
        """Pass it on."""
        self._protocol.resume_writing()

    # --- its own ---------------------------------------------------------------------------------------------------

    def _send(self, data: bytes) -> None:
        self.below.write(data)

    def _hand_over(self, data: bytes) -> None:
        self._protocol.data_received(data)

    def _when_sent(self) -> None:
        if self._is_closing:
            self.below.close()
        self._leave_if_free()

    def _when_read(self) -> None:
        self._adjust()
        if self._has_ended and not self._protocol.eof_received():
            self.close()
        self._leave_if_free()

    def _lift(self, fault: str) -> None:
        del self._faults[fault]
        if fault == "stall":
            self._end_stall()
        else:
            self._out.pace(0, 0)
            self._in.pace(0, 0)
        self._adjust()
        self._leave_if_free()

    def _leave_if_free(self) -> None:
        """Let transport and protocol have each other again, when nothing is done and nothing waits."""
        if self._faults or self._in.size or self._out.size or self.is_closing() or self._has_ended:
            return
        self.below.set_protocol(self._protocol)
        self._introduce(self.below)
        self._gone(self)

    def _introduce(self, transport: asyncio.Transport) -> None:
        """Tell the protocol who its transport is now, if it knows of one."""
        if getattr(self._protocol, "transport", None) is not None:
            self._protocol.transport = transport

    def _adjust(self) -> None:
        """Hand over, and read, as much as is wanted and possible."""
        is_held = self.is_frozen or self._is_paused or "stall" in self._faults
        if is_held != self._in.is_held:
            self._in.hold(is_held)
        if is_held or self._is_closing or self._in.size > MOST_UNREAD_BYTES:
            for transport in _floors(self.below):
                transport.pause_reading()
        else:
            for transport in reversed(_floors(self.below)):
                transport.resume_reading()

    def _end_stall(self) -> None:
        if self._stall_end is not None:
            self._stall_end.cancel()
            self._stall_end = None


class Lines:
    """The lines that there are now. They end with the simulator."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._open: dict[Line, None] = {}
        self._unanswered: dict[_Unanswered, None] = {}

    def __len__(self) -> int:
        return len(self._open)

    def on(self, transport: asyncio.Transport) -> Line:
        """Return the line between a transport and its protocol; put one there if there is none."""
        found = line_of(transport)
        if isinstance(found, Line):
            return found
        line = Line(transport, self._clock, lambda gone: self._open.pop(gone, None))
        self._open[line] = None
        return line

    def leave_unanswered(self, transport: asyncio.Transport) -> None:
        """Take a connection away from its protocol: what comes is read and goes nowhere, until the client leaves."""
        before: Any = transport.get_protocol()
        protocol = _Unanswered(transport, lambda gone: self._unanswered.pop(gone, None))
        self._unanswered[protocol] = None
        transport.set_protocol(protocol)
        before.transport = None  # so that it does not close what is not its own any more
        before.connection_lost(None)

    def release(self, cause: object) -> None:
        """Take back what is done to any connection on this behalf."""
        for line in list(self._open):
            line.release(cause)

    def end(self) -> None:
        """Take back everything that is done to any connection; what is half-open or was never answered is reset."""
        for line in list(self._open):
            line.end()
        for unanswered in list(self._unanswered):
            reset_transport(unanswered.transport)


class _Unanswered(asyncio.Protocol):
    def __init__(self, transport: asyncio.Transport, gone: Callable[[_Unanswered], None]) -> None:
        self.transport = transport
        self._gone = gone

    def connection_lost(self, _error: Exception | None) -> None:
        self._gone(self)


def line_of(transport: asyncio.Transport) -> asyncio.Transport:
    """Return what has to be written to instead of a transport: the line before it, or itself if there is none."""
    while isinstance(transport, Line):  # it may have left
        transport = transport.below
    protocol = transport.get_protocol()
    return protocol if isinstance(protocol, Line) else transport


def waiting_bytes(transport: asyncio.Transport) -> int:
    """Return how many bytes a transport has not given to the network yet, under TLS those encrypted already, too."""
    below = _below(transport)
    return transport.get_write_buffer_size() + (0 if below is None else below.get_write_buffer_size())


def reset_transport(transport: asyncio.BaseTransport | None) -> None:
    """End a TCP connection with RST instead of FIN: what is unsent is lost, and the peer sees an error."""
    if not isinstance(transport, asyncio.Transport):
        return
    sock = transport.get_extra_info("socket")
    if sock is not None and not transport.is_closing():
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


def _floors(transport: asyncio.Transport) -> tuple[asyncio.Transport, ...]:
    """Return a transport, and under TLS that below it."""
    below = _below(transport)
    return (transport,) if below is None else (transport, below)


def _below(transport: asyncio.Transport) -> asyncio.Transport | None:
    """Return what carries the bytes of TLS; of any other transport, None."""
    protocol = getattr(transport, "_ssl_protocol", None)  # asyncio shows it in no other way
    return None if protocol is None else protocol._transport  # noqa: SLF001  nor this
