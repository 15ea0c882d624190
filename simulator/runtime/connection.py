"""One stream connection: its socket, its subscriptions, its pings, its end.

Frames are written to the transport whole and at once, so that their order is the order of the calls, whatever the
client reads. Binance pings every 3 minutes, drops a connection whose pong is 10 minutes late, and ends every one after
24 hours.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable

import msgspec
from aiohttp import web

from simulator.core.frame import PING, encode_frame
from simulator.core.outbox import Outbox
from simulator.core.stream_target import Root
from simulator.core.subscriptions import Subscriptions
from simulator.runtime.clock import Clock

__all__ = ["ConnectionRules", "StreamConnection", "reset_transport"]


class ConnectionRules(msgspec.Struct, frozen=True, kw_only=True):
    """How long connections live, and how they are pinged, in seconds."""

    lifetime_s: float = 86_400.0
    ping_interval_s: float = 180.0
    pong_timeout_s: float = 600.0


class StreamConnection:
    """A WebSocket that a client opened. `number` counts from 1.

    A silent one gets pings and pongs, and perhaps replies to control messages, but no events.
    """

    def __init__(
        self,
        *,
        number: int,
        root: Root,
        subscriptions: Subscriptions,
        websocket: web.WebSocketResponse,
        transport: asyncio.Transport,
        clock: Clock,
    ) -> None:
        self.number = number
        self.root = root
        self.subscriptions = subscriptions
        self.is_silent = False
        self.answers_control = True
        self.outbox = Outbox()
        self._websocket = websocket
        self._transport = transport
        self._clock = clock
        self._timers: dict[str, asyncio.TimerHandle] = {}

    def __repr__(self) -> str:
        return f"<StreamConnection {self.number}{' silent' if self.is_silent else ''}>"

    @property
    def waiting_bytes(self) -> int:
        """How many bytes were written that the client has not taken yet."""
        return self._transport.get_write_buffer_size()

    def write(self, frame: bytes) -> None:
        """Send the bytes of a whole frame; to a socket that is closing, nothing."""
        if not self._transport.is_closing():
            self._transport.write(frame)

    def start_timers(self, rules: ConnectionRules, end: Callable[[int, str], None]) -> None:
        """Ping from now on; call `end` with a close code and a reason when the connection has to end."""
        self._ping(rules, end)
        self._set("life", rules.lifetime_s, lambda: end(1001, "24 hours are over"))

    def on_pong(self) -> None:
        """Note that the client is alive."""
        self._cancel("pong")

    def stop_timers(self) -> None:
        """Ping no more."""
        for name in list(self._timers):
            self._cancel(name)

    def wake_at(self, time_ms: int, callback: Callable[[], None]) -> None:
        """Call back at a time of the exchange, in ms, unless the connection ends before; only the last call counts."""
        self._cancel("outbox")
        self._timers["outbox"] = self._clock.call_at(time_ms, callback)

    def freeze(self) -> None:
        """Be half-open: read nothing, answer nothing, send nothing, and never end. The client's bytes go nowhere."""
        self.is_silent, self.answers_control = True, False
        self.stop_timers()
        self._transport.pause_reading()

    async def close(self, code: int, reason: str) -> None:
        """Close with a close frame, and wait for the client's."""
        await self._websocket.close(code=code, message=reason.encode(errors="replace"))

    def cut(self) -> None:
        """Reset the TCP connection."""
        reset_transport(self._transport)

    def _ping(self, rules: ConnectionRules, end: Callable[[int, str], None]) -> None:
        def ping() -> None:
            self.write(encode_frame(PING, str(self._clock.time_ms()).encode()))
            if "pong" not in self._timers:
                self._set("pong", rules.pong_timeout_s, lambda: end(1008, "Pong timeout"))
            self._ping(rules, end)

        self._set("ping", rules.ping_interval_s, ping)

    def _set(self, name: str, delay_s: float, callback: Callable[[], None]) -> None:
        self._timers[name] = self._clock.call_later(delay_s, callback)

    def _cancel(self, name: str) -> None:
        if timer := self._timers.pop(name, None):
            timer.cancel()


def reset_transport(transport: asyncio.BaseTransport | None) -> None:
    """End a TCP connection with RST instead of FIN: what is unsent is lost, and the peer sees an error."""
    if not isinstance(transport, asyncio.Transport):
        return
    sock = transport.get_extra_info("socket")
    if sock is not None and not transport.is_closing():
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
