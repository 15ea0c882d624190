"""The last step of a frame: onto the socket at once, or as the scripted rules want it.

Without rules, and while nothing waits on the connection, a frame is written before the call returns, or, inside
`gathered`, with all others of its connection at the end of the block: the frames of a match leave in one piece.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Self

import msgspec

from simulator.core.faults.corruption import BINARY_GARBAGE, Corrupt, corrupted
from simulator.core.faults.fault import Delay
from simulator.core.faults.frame_fault import Drop, Duplicate, FrameRule, Hold, OutgoingFrame, take_frame
from simulator.core.streams.frame import BINARY, TEXT, encode_frame
from simulator.runtime.chronicle import Chronicle
from simulator.runtime.clock import Clock
from simulator.runtime.connection import StreamConnection

__all__ = ["MOST_WAITING_BYTES", "Delivery", "payload_of"]

MOST_WAITING_BYTES: Final = 16 * 1024 * 1024
"""What a client may leave unread before its connection is reset. Nothing is dropped from an open connection."""


class Delivery:
    """Writes frames to connections; `rules` may change at any time. `overflowed` is told whose client does not read."""

    def __init__(self, chronicle: Chronicle, clock: Clock, overflowed: Callable[[StreamConnection], None]) -> None:
        self.rules: list[FrameRule] = []
        self._chronicle = chronicle
        self._clock = clock
        self._overflowed = overflowed
        self._gathered: dict[StreamConnection, list[bytes]] = {}
        self._open_blocks = 0

    def gathered(self) -> Self:
        """Keep what is written inside, in its order, and write it at the end, once to each connection."""
        return self

    def __enter__(self) -> None:
        self._open_blocks += 1

    def __exit__(self, *_: object) -> None:
        self._open_blocks -= 1
        if not self._open_blocks and self._gathered:
            gathered, self._gathered = self._gathered, {}
            for connection, frames in gathered.items():
                self.write(connection, b"".join(frames))

    def is_plain(self, connection: StreamConnection) -> bool:
        """Say whether nothing stands between a frame and this connection: no rule, and nothing that waits."""
        return not self.rules and not connection.outbox

    def send(self, connection: StreamConnection, out: OutgoingFrame, encoded: bytes, listen_key: str = "") -> bool:
        """Send a frame, or do with it what a rule says; return whether the client will see it.

        `listen_key` is the one that a wrapped frame names; "" is never wrapped.
        """
        rule = take_frame(self.rules, out) if self.rules else None
        if rule is None:
            self._pass(connection, out.name, encoded)
            return True
        self._chronicle.record(
            "frame",
            direction="out",
            account=out.account,
            connection=connection.number,
            event=out.name,
            summary=f"scripted: {rule.verdict!r}",
        )
        match rule.verdict:
            case Drop():
                return False
            case Duplicate(after_s=after_s):
                self._pass(connection, out.name, encoded)
                self._postpone(connection, f"{out.name} again", encoded, after_s)
            case Delay(seconds=seconds):
                self._postpone(connection, out.name, encoded, seconds)
            case Hold():
                connection.outbox.hold(out.name, encoded, rule)
            case Corrupt():
                self._pass(connection, out.name, _spoilt(rule.verdict, out.body, _stream_of(connection, listen_key)))
        return True

    def write(self, connection: StreamConnection, frame: bytes) -> None:
        """Write a frame now, past everything that waits."""
        if self._open_blocks:
            self._gathered.setdefault(connection, []).append(frame)
            return
        connection.write(frame)
        if connection.waiting_bytes > MOST_WAITING_BYTES:
            self._overflowed(connection)

    def release(self, connection: StreamConnection, rule: FrameRule) -> None:
        """Send what the rule holds on the connection."""
        connection.outbox.release(rule, self._clock.time_ms())
        self._flush(connection)

    def _pass(self, connection: StreamConnection, lane: str, frame: bytes) -> None:
        if lane in connection.outbox:
            self._postpone(connection, lane, frame, 0)
        else:
            self.write(connection, frame)

    def _postpone(self, connection: StreamConnection, lane: str, frame: bytes, seconds: float) -> None:
        connection.outbox.delay(lane, frame, self._clock.time_ms() + round(seconds * 1000))
        self._flush(connection)

    def _flush(self, connection: StreamConnection) -> None:
        """Write what is due, and come back for what is due later."""
        for frame in connection.outbox.take_due(self._clock.time_ms()):
            if not connection.is_silent:
                self.write(connection, frame)
        due_ms = connection.outbox.next_due_ms()
        if due_ms is not None:
            connection.wake_at(due_ms, lambda: self._flush(connection))


def payload_of(body: dict[str, Any], stream: str) -> bytes:
    """Return the JSON of an event, wrapped with the name of its stream unless that is ""."""
    payload = msgspec.json.encode(body)
    return b'{"stream":"%b","data":%b}' % (stream.encode(), payload) if stream else payload


def _stream_of(connection: StreamConnection, listen_key: str) -> str:
    return listen_key if connection.subscriptions.is_combined else ""


def _spoilt(corrupt: Corrupt, body: dict[str, Any], stream: str) -> bytes:
    payload = payload_of(corrupted(corrupt, body), stream)
    if corrupt.how == "binary":
        return encode_frame(BINARY, BINARY_GARBAGE + payload)
    return encode_frame(TEXT, payload[: len(payload) // 2] if corrupt.how == "truncated" else payload)
