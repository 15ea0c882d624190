"""The times of all stream connections: when each is pinged, how long its pong is waited for, when its life is over.

Every connection has the same intervals, so what began first is due first: one queue for each kind of deadline, in the
order in which it was set, and one timer for the earliest of all. A connection costs an entry in two queues.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from simulator.core.profile import Profile
from simulator.runtime.clock import Clock, Timer
from simulator.runtime.connection import ConnectionRules, StreamConnection

__all__ = ["Heartbeat"]

SHUTDOWN_NOTICE_S: Final = 600.0

End = Callable[[StreamConnection, int, str], None]


class _Queue:
    """Connections, each with the time at which something happens to it, `delay_s` after it was put here."""

    def __init__(self, delay_s: float, act: Callable[[StreamConnection], None]) -> None:
        self.delay_ms = round(delay_s * 1000)
        self.act = act
        self.waiting: OrderedDict[int, tuple[int, StreamConnection]] = OrderedDict()

    def put(self, connection: StreamConnection, now_ms: int) -> None:
        self.waiting[connection.number] = now_ms + self.delay_ms, connection

    def next_ms(self) -> int | None:
        return next(iter(self.waiting.values()))[0] if self.waiting else None

    def take_due(self, now_ms: int) -> list[StreamConnection]:
        due: list[StreamConnection] = []
        while self.waiting and next(iter(self.waiting.values()))[0] <= now_ms:
            due.append(self.waiting.popitem(last=False)[1][1])
        return due


class Heartbeat:
    """Pings connections from `start` to `stop`; `end` is told which have to be closed, with code and reason.

    `announce` is told, 10 minutes before, whose life will be over, where the profile says so; `send_ping` sends what
    will be waited for, if it ever arrives.
    """

    def __init__(
        self,
        clock: Clock,
        rules: ConnectionRules,
        profile: Profile,
        end: End,
        announce: Callable[[StreamConnection], None],
        *,
        send_ping: Callable[[StreamConnection, bytes], None] = lambda connection, payload: connection.ping(payload),
    ) -> None:
        self._clock = clock
        self._send_ping = send_ping
        self._pings = _Queue(rules.ping_interval_s, self._ping)
        self._pongs = _Queue(rules.pong_timeout_s, lambda found: end(found, 1008, "Pong timeout"))
        self._lives = _Queue(rules.lifetime_s, lambda found: end(found, 1001, "24 hours are over"))
        self._notices = _Queue(max(0.0, rules.lifetime_s - SHUTDOWN_NOTICE_S), announce)
        self._queues = (self._pings, self._notices, self._lives, self._pongs)
        self._takes_any_pong = profile.pong == "any"
        self._announces = profile.server_shutdown == "announced"
        self._timer: Timer | None = None
        self._timer_ms = 0

    def start(self, connection: StreamConnection) -> None:
        """Ping a connection from now on, and end it when its time has come."""
        now_ms = self._clock.time_ms()
        self._pings.put(connection, now_ms)
        self._lives.put(connection, now_ms)
        if self._announces:
            self._notices.put(connection, now_ms)
        self._set_timer()

    def stop(self, connection: StreamConnection) -> None:
        """Leave a connection alone from now on."""
        for queue in self._queues:
            queue.waiting.pop(connection.number, None)
        if not any(queue.waiting for queue in self._queues):
            self._cancel_timer()

    def on_pong(self, connection: StreamConnection, payload: bytes) -> None:
        """Note that the client is alive, if this pong says so."""
        if self._takes_any_pong or payload in connection.pings:
            connection.pings = ()
            self._pongs.waiting.pop(connection.number, None)

    def unanswered(self) -> list[StreamConnection]:
        """Return the connections whose pong is waited for."""
        return [connection for _, connection in self._pongs.waiting.values()]

    def _ping(self, connection: StreamConnection) -> None:
        now_ms = self._clock.time_ms()
        payload = str(now_ms).encode()
        connection.pings = (*connection.pings, payload)
        self._pings.put(connection, now_ms)
        if connection.number not in self._pongs.waiting:
            self._pongs.put(connection, now_ms)
        self._send_ping(connection, payload)

    def _wake(self) -> None:
        self._timer = None
        now_ms = self._clock.time_ms()
        for queue in self._queues:
            for connection in queue.take_due(now_ms):
                queue.act(connection)
        self._set_timer()

    def _set_timer(self) -> None:
        due_ms = min((due for queue in self._queues if (due := queue.next_ms()) is not None), default=None)
        if due_ms is None or (self._timer is not None and self._timer_ms <= due_ms):
            return
        self._cancel_timer()
        self._timer_ms = due_ms
        self._timer = self._clock.call_at(due_ms, self._wake)

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
