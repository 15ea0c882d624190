"""The last step of a frame: onto the socket at once, or as the scripted rules want it.

Without rules, and while nothing waits on the connection, a frame is written before the call returns, or, inside
`gathered`, with all others of its connection at the end of the block: the frames of a match leave in one piece.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, Self

import msgspec

from simulator.core.faults.corruption import Corrupt, corrupted, spoilt_bytes
from simulator.core.faults.rule import Installed, RuleBook, Sight
from simulator.core.faults.verdict import Delay, Drop, Duplicate, Hold, Reorder, Verdict
from simulator.core.streams.frame import BINARY, TEXT, encode_frame
from simulator.runtime.chronicle import Chronicle
from simulator.runtime.clock import Clock
from simulator.runtime.connection import StreamConnection

__all__ = ["MOST_WAITING_BYTES", "Delivery", "frame_of", "market_frame", "payload_of"]

MOST_WAITING_BYTES: Final = 16 * 1024 * 1024
"""What a client may leave unread before its connection is reset. Nothing is dropped from an open connection."""


Suffer = Callable[[StreamConnection, Installed, Verdict], bool]


class Delivery:
    """Writes frames to connections, as the rules of `book` want it.

    `overflowed` is told whose client does not read. `suffer` does to a connection what a rule wants of a whole one, and
    says whether the frame still goes out.
    """

    def __init__(
        self,
        chronicle: Chronicle,
        clock: Clock,
        book: RuleBook,
        overflowed: Callable[[StreamConnection], None],
        suffer: Suffer = lambda _connection, _rule, _verdict: True,
    ) -> None:
        self._chronicle = chronicle
        self._clock = clock
        self._book = book
        self._overflowed = overflowed
        self._suffer = suffer
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

    @property
    def is_watched(self) -> bool:
        """Whether any rule may want to see a frame. If none does, and nothing waits on its connection, `write` does."""
        return self._book.watches("frame")

    def send(self, connection: StreamConnection, sight: Sight, encoded: bytes, stream: str = "") -> bool:
        """Send a frame, or do with it what a rule says; return whether the client will see it.

        `stream` is what a wrapped frame names as its stream; "" is not wrapped.
        """
        found = self._book.decide(sight, self._clock.time_ms()) if self.is_watched else None
        lane = sight.event
        if found is None:
            self._pass(connection, lane, encoded)
            return True
        rule, verdict = found
        self._chronicle.record(
            "frame",
            direction="out",
            account=sight.account,
            connection=connection.number,
            event=lane,
            summary=f"scripted: {verdict!r}",
        )
        match verdict:
            case Drop():
                return False
            case Duplicate(after_s=after_s):
                self._pass(connection, lane, encoded)
                self._postpone(connection, f"{lane} again", encoded, after_s)
            case Delay(seconds=seconds):
                self._postpone(connection, lane, encoded, seconds)
            case Hold():
                connection.outbox.hold(lane, encoded, rule)
            case Reorder():
                due_ms = self._clock.time_ms() + round(verdict.patience_s * 1000)
                connection.outbox.let_pass(lane, encoded, (verdict.of, verdict.past), due_ms, rule)
                self._flush(connection)
            case Corrupt():
                self._pass(connection, lane, _spoilt(verdict, sight.body, stream))
            case _:
                return self._befall(connection, rule, verdict, lane, encoded)
        return True

    def send_reply(self, connection: StreamConnection, reply: dict[str, Any], payload: bytes) -> bool:
        """Send the reply to a control message, and return whether the client will see it."""
        name = connection.subscriptions.last_method
        sight = Sight(what="frame", event=name, connection=connection.number, body=reply, is_reply=True)
        return self.send(connection, sight, encode_frame(TEXT, payload))

    def send_market(self, connection: StreamConnection, name: str, payload: bytes, frame: bytes) -> None:
        """Send a frame of a market stream. A rule sees it by the name of its event, or of its stream if it has none."""
        if not (self.is_watched or connection.outbox):
            self.write(connection, frame)
            return
        told: Any = msgspec.json.decode(payload)
        body = told if isinstance(told, dict) else {}
        event, stream = str(body.get("e", name)), name if connection.subscriptions.is_combined else ""
        self.send(connection, Sight(what="frame", event=event, connection=connection.number, body=body), frame, stream)

    def write(self, connection: StreamConnection, frame: bytes) -> None:
        """Write a frame now, past everything that waits."""
        if self._open_blocks:
            self._gathered.setdefault(connection, []).append(frame)
            return
        connection.write(frame)
        if connection.waiting_bytes > MOST_WAITING_BYTES:
            self._overflowed(connection)

    def release(self, connection: StreamConnection, rule: Installed) -> None:
        """Send what the rule holds on the connection."""
        connection.outbox.release(rule, self._clock.time_ms())
        self._flush(connection)

    def _befall(self, connection: StreamConnection, rule: Installed, verdict: Verdict, lane: str, frame: bytes) -> bool:
        """Let the connection suffer, when all that was sent before has left."""
        if before := self._gathered.pop(connection, []):
            connection.write(b"".join(before))
        goes_on = self._suffer(connection, rule, verdict)
        if goes_on:
            self._pass(connection, lane, frame)
        return goes_on

    def _pass(self, connection: StreamConnection, lane: str, frame: bytes) -> None:
        if lane in connection.outbox:
            self._postpone(connection, lane, frame, 0)
            return
        self.write(connection, frame)
        if connection.outbox:
            connection.outbox.pass_all(lane, self._clock.time_ms())
            self._flush(connection)

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


def market_frame(name: str, payload: bytes, is_combined: bool) -> bytes:  # noqa: FBT001  the connection's own state
    """Return the frame of a market stream's JSON, wrapped or not."""
    return encode_frame(TEXT, b'{"stream":"%b","data":%b}' % (name.encode(), payload) if is_combined else payload)


def frame_of(content: dict[str, Any] | str | bytes, listen_key: str, connection: StreamConnection) -> bytes:
    """Return the frame of anything: an event, a text as it is, or bytes as a binary frame."""
    match content:
        case bytes():
            return encode_frame(BINARY, content)
        case str():
            return encode_frame(TEXT, content.encode())
        case _:
            return encode_frame(TEXT, payload_of(content, listen_key if connection.subscriptions.is_combined else ""))


def _spoilt(corrupt: Corrupt, body: Mapping[str, Any], stream: str) -> bytes:
    payload = spoilt_bytes(corrupt, payload_of(corrupted(corrupt, dict(body)), stream))
    return encode_frame(BINARY if corrupt.how == "binary" else TEXT, payload)
