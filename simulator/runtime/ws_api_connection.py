"""One connection to the WebSocket API: its socket, its session, its pings, its end.

Binance pings every 3 minutes and drops a connection that has not repeated a ping's payload 10 minutes later: a pong of
the client's own accord does not count. More than 5 ping and pong frames in a second end the connection, and so do 24
hours; requests are limited by weight and orders alone. Responses are written to the transport whole and at once; a
client that does not read them is reset.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, Final

from aiohttp import web

from simulator.core.streams.frame import PING, PONG, TEXT, close_frame, encode_frame
from simulator.core.ws_api.ws_api_session import Session
from simulator.runtime.clock import Clock, Timer
from simulator.runtime.connection import ConnectionRules
from simulator.runtime.delivery import MOST_WAITING_BYTES
from simulator.runtime.line import line_of, reset_transport, waiting_bytes

__all__ = ["ApiConnection"]

_MOST_PINGS_A_SECOND: Final = 5

End = Callable[[int, str], None]


class ApiConnection:
    """A WebSocket on which requests are answered. `number` is unique among all connections of the simulator.

    A silent one answers pings alone. `let_ping` decides about each ping ("sent") and each pong to one ("received").
    """

    def __init__(
        self,
        *,
        number: int,
        address: str,
        session: Session,
        websocket: web.WebSocketResponse,
        transport: asyncio.Transport,
        clock: Clock,
    ) -> None:
        self.number = number
        self.address = address
        self.session = session
        self.is_frozen = False
        self.is_silent = False
        self.let_ping: Callable[[str, Callable[[], None]], None] = lambda _event, send: send()
        self._websocket = websocket
        self._transport = transport
        self._clock = clock
        self._timers: dict[str, Timer] = {}
        self._unanswered: set[bytes] = set()
        self._waiting: set[asyncio.Task[None]] = set()
        self._second = 0
        self._pings_this_second = 0

    def __repr__(self) -> str:
        return f"<ApiConnection {self.number}{' half-open' if self.is_frozen else ''}>"

    @property
    def is_unanswered(self) -> bool:
        """Whether a pong is waited for and may still come."""
        return bool(self._unanswered) and not self.is_frozen and self.transport.is_reading()

    def open(self, rules: ConnectionRules, end: End) -> None:
        """Ping from now on; call `end` with a close code and a reason when the connection has to end."""
        self._end = end
        self._rules = rules
        self._set("life", rules.lifetime_s, lambda: end(1001, "24 hours are over"))
        self._set("ping", rules.ping_interval_s, self._ping)

    def send(self, payload: bytes, opcode: int = TEXT) -> None:
        """Send a message; to a socket that is closing, half-open or silent, nothing."""
        if self.is_silent:
            return
        self._write(encode_frame(opcode, payload))
        if waiting_bytes(self.transport) > MOST_WAITING_BYTES:
            self.cut()

    def on_ping(self, payload: bytes | bytearray) -> None:
        """Answer a ping."""
        if self._is_allowed():
            self.let_ping("received", partial(self._write, encode_frame(PONG, bytes(payload))))

    def on_pong(self, payload: bytes | bytearray) -> None:
        """Note that the client is alive, if it repeats a ping's payload."""
        if self._is_allowed() and bytes(payload) in self._unanswered:
            self._unanswered.clear()
            self._cancel("pong")

    def later(self, work: Coroutine[Any, Any, None]) -> None:
        """Let a response wait without holding up the others. It ends with the connection."""
        task = asyncio.get_running_loop().create_task(work)
        self._waiting.add(task)
        task.add_done_callback(self._waiting.discard)

    def freeze(self) -> None:
        """Be half-open: answer nothing, send nothing, and never end. Its line sees to it that nothing is read."""
        self.is_frozen = True
        self.stop()

    def stop(self) -> None:
        """Ping no more, and answer nothing that waits."""
        for name in list(self._timers):
            self._cancel(name)
        for task in self._waiting:
            task.cancel()

    @property
    def transport(self) -> asyncio.Transport:
        """What has to be written to: the socket, or the line before it."""
        return line_of(self._transport)

    def hang_up(self) -> None:
        """Close the TCP connection without a word."""
        self.transport.close()

    async def close(self, code: int, reason: str) -> None:
        """Close with a close frame, and wait for the client's; a half-open one, which says nothing, by a reset."""
        if self.is_frozen:
            self.cut()
            return
        if self.transport is not self._transport:  # what waits in its line goes out before
            self._write(close_frame(code, reason))
            self.hang_up()
            return
        await self._websocket.close(code=code, message=reason.encode(errors="replace"))

    def cut(self) -> None:
        """Reset the TCP connection."""
        reset_transport(self._transport)

    def _write(self, frame: bytes) -> None:
        transport = self.transport
        if not self.is_frozen and not transport.is_closing():
            transport.write(frame)

    def _ping(self) -> None:
        payload = str(self._clock.time_ms()).encode()
        self._unanswered.add(payload)
        if "pong" not in self._timers:
            self._set("pong", self._rules.pong_timeout_s, lambda: self._end(1008, "Pong timeout"))
        self._set("ping", self._rules.ping_interval_s, self._ping)
        self.let_ping("sent", partial(self._write, encode_frame(PING, payload)))

    def _is_allowed(self) -> bool:
        """Count a ping or pong frame of the client; end the connection when there are too many."""
        second = self._clock.time_ms() // 1000
        if second != self._second:
            self._second, self._pings_this_second = second, 0
        self._pings_this_second += 1
        if self._pings_this_second == _MOST_PINGS_A_SECOND + 1:
            self._end(1008, "Too many pings and pongs")
        return self._pings_this_second <= _MOST_PINGS_A_SECOND

    def _set(self, name: str, delay_s: float, callback: Callable[[], None]) -> None:
        self._timers[name] = self._clock.call_later(delay_s, callback)

    def _cancel(self, name: str) -> None:
        if timer := self._timers.pop(name, None):
            timer.cancel()
