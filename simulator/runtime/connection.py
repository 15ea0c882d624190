"""One stream connection: a WebSocket on the bare transport, its subscriptions, its end.

Frames are written to the transport whole and at once, so that their order is the order of the calls, whatever the
client reads. What arrives is told to the listener, message by message. A connection costs a few objects and no task:
its times are kept by `heartbeat`, for all connections together.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final, Literal, Protocol, TypeAlias

import msgspec

from simulator.core.streams.frame import CLOSE, PING, close_frame, encode_frame
from simulator.core.streams.frame_reader import FrameError, FrameReader
from simulator.core.streams.outbox import Outbox
from simulator.core.streams.stream_target import Root
from simulator.core.streams.subscriptions import Subscriptions
from simulator.runtime.clock import Clock, Timer
from simulator.runtime.line import Line, reset_transport, waiting_bytes

__all__ = ["ConnectionListener", "ConnectionRules", "ControlReplies", "StreamConnection"]

ControlReplies: TypeAlias = Literal["answered", "unanswered"]
"""Whether a connection that carries no events still answers LIST_SUBSCRIPTIONS and its kin."""

CLOSE_WAIT_S: Final = 1.0
"""How long a client may take to answer a close frame."""
_NO_CODE: Final = 1005


class ConnectionRules(msgspec.Struct, frozen=True, kw_only=True):
    """How long connections live, and how they are pinged, in seconds."""

    lifetime_s: float = 86_400.0
    ping_interval_s: float = 180.0
    pong_timeout_s: float = 600.0


class ConnectionListener(Protocol):
    """Who is told what happens on a connection."""

    def received(self, connection: StreamConnection, opcode: int, payload: bytes) -> None:
        """Take a message: TEXT, BINARY, PING or PONG."""

    def lost(self, connection: StreamConnection, code: int) -> None:
        """Learn that the connection is over, with the client's close code, or 0 for none."""

    def failed(self, connection: StreamConnection, error: Exception) -> None:
        """Learn of a defect while a message was taken."""


class StreamConnection(asyncio.Protocol):
    """A WebSocket that a client opened from `address`. `number` counts from 1.

    A silent one gets pings and pongs, and perhaps replies to control messages, but no events. `pings` are the payloads
    that no pong has repeated yet.
    """

    __slots__ = (
        "_clock",
        "_close_code",
        "_count",
        "_listener",
        "_patience",
        "_reader",
        "_second",
        "_waker",
        "address",
        "answers_control",
        "is_closing",
        "is_silent",
        "number",
        "outbox",
        "pings",
        "root",
        "subscriptions",
        "transport",
    )

    def __init__(
        self,
        *,
        number: int,
        root: Root,
        subscriptions: Subscriptions,
        clock: Clock,
        listener: ConnectionListener,
        address: str = "",
    ) -> None:
        self.number = number
        self.root = root
        self.address = address
        self.subscriptions = subscriptions
        self.is_silent = False
        self.answers_control = True
        self.is_closing = False
        self.outbox = Outbox()
        self.pings: tuple[bytes, ...] = ()
        self._clock = clock
        self._listener = listener
        self._reader = FrameReader()
        self.transport: asyncio.Transport | None = None
        self._waker: Timer | None = None
        self._patience: asyncio.TimerHandle | None = None
        self._close_code = 0
        self._second = 0
        self._count = 0

    def __repr__(self) -> str:
        return f"<StreamConnection {self.number}{' silent' if self.is_silent else ''}>"

    @property
    def waiting_bytes(self) -> int:
        """How many bytes were written that the client has not taken yet."""
        return waiting_bytes(self.transport) if self.transport is not None else 0

    @property
    def is_frozen(self) -> bool:
        """Whether it is half-open."""
        return isinstance(self.transport, Line) and self.transport.is_frozen

    @property
    def is_reading(self) -> bool:
        """Whether what the client sends is read."""
        return self.transport is not None and self.transport.is_reading()

    def begin(self, transport: asyncio.Transport) -> None:
        """Write to this transport from now on."""
        self.transport = transport

    def write(self, frame: bytes) -> None:
        """Send the bytes of a whole frame; to a socket that is closing, nothing."""
        if self.transport is not None and not self.is_closing and not self.transport.is_closing():
            self.transport.write(frame)

    def ping(self, payload: bytes) -> None:
        """Send a ping frame."""
        self.write(encode_frame(PING, payload))

    def messages_this_second(self, now_ms: int) -> int:
        """Count a message that came; return how many came in this second of the exchange's time."""
        if now_ms // 1000 != self._second:
            self._second, self._count = now_ms // 1000, 0
        self._count += 1
        return self._count

    def wake_at(self, time_ms: int, callback: Callable[[], None]) -> None:
        """Call back at a time of the exchange, in ms, unless the connection ends before; only the last call counts."""
        self.sleep()
        self._waker = self._clock.call_at(time_ms, callback)

    def sleep(self) -> None:
        """Take back what `wake_at` was asked for."""
        if self._waker is not None:
            self._waker.cancel()
            self._waker = None

    def hang_up(self) -> None:
        """Close the TCP connection without a close frame."""
        self.is_closing = True
        if self.transport is not None:
            self.transport.close()

    def close(self, code: int, reason: str) -> None:
        """Close with a close frame, and with the connection as soon as the client has answered, or its time is up."""
        if self.is_closing or self.transport is None:
            return
        self.write(close_frame(code, reason))
        self.is_closing = True
        self._patience = self._clock.call_after_patience(CLOSE_WAIT_S, self.transport.abort)

    def cut(self) -> None:
        """Reset the TCP connection."""
        reset_transport(self.transport)

    def data_received(self, data: bytes) -> None:
        """Take what the client sent."""
        try:
            for opcode, payload in self._reader.feed(data):
                if opcode == CLOSE:
                    self._on_close(payload)
                elif not self.is_closing:
                    self._listener.received(self, opcode, payload)
        except FrameError as error:
            self._close_code = error.code
            self.close(error.code, error.reason)
        except Exception as error:  # noqa: BLE001  a defect of ours: it is told, and ends this connection alone
            self._listener.failed(self, error)
            self.close(1011, "internal error of the simulator")

    def connection_lost(self, _error: Exception | None) -> None:
        """Be over."""
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None
        self.transport = None
        self._listener.lost(self, self._close_code)

    def _on_close(self, payload: bytes) -> None:
        self._close_code = int.from_bytes(payload[:2]) if len(payload) >= 2 else _NO_CODE
        self.write(encode_frame(CLOSE, payload[:2]))
        self.is_closing = True
        if self.transport is not None:
            self.transport.close()
