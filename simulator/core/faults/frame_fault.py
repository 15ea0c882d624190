"""What a scripted frame of a stream suffers on its way: verdicts as data, and the rules that choose them.

A rule sees one frame on its way to one connection, so that two connections of one listen key can fare differently. It
returns its verdict `times` times, from its `nth` frame on. Rules are asked in the order of their installation, and the
first that matches wins. Replies to control messages (SUBSCRIBE, LIST_SUBSCRIPTIONS, ...) are frames too, but only a
rule that names the message takes one. Nothing here sends anything: `streams.outbox` keeps what has to wait, and
`faults.corruption` says how a spoilt frame looks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

import msgspec

from simulator.core.faults.corruption import Corrupt
from simulator.core.faults.verdict import Delay, Drop, Duplicate, Hold
from simulator.core.scenario.observation import describes
from simulator.core.scenario.trigger import EventPattern

__all__ = ["Corrupt", "Drop", "Duplicate", "FrameRule", "FrameVerdict", "Hold", "OutgoingFrame", "take_frame"]


FrameVerdict: TypeAlias = Drop | Duplicate | Delay | Hold | Corrupt


class OutgoingFrame(msgspec.Struct, frozen=True, kw_only=True):
    """One frame on its way to one connection. `name` is the event's, or the method of the message it replies to."""

    name: str
    account: str
    connection: int
    body: dict[str, Any]
    is_reply: bool = False


class FrameRule:
    """One installed rule: which frames it takes, and how often it still will."""

    def __init__(
        self, verdict: FrameVerdict, pattern: EventPattern, *, connection: int | None, nth: int, times: int | None
    ) -> None:
        self.verdict = verdict
        self.pattern = pattern
        self.connection = connection
        self.remaining = times
        self.hits = 0
        self.on_release: Callable[[FrameRule], None] = lambda _: None
        self._to_pass = nth - 1

    def take(self, frame: OutgoingFrame) -> FrameVerdict | None:
        """Return the verdict and count it, if the rule has any left and the frame is its own."""
        if self.remaining == 0 or not self._fits(frame):
            return None
        if self._to_pass:
            self._to_pass -= 1
            return None
        if self.remaining is not None:
            self.remaining -= 1
        self.hits += 1
        return self.verdict

    def cancel(self) -> None:
        """Take no frame any more. What is held stays held."""
        self.remaining = 0

    def release(self) -> None:
        """Take no frame any more, and send what the rule holds, in its order."""
        self.cancel()
        self.on_release(self)

    def _fits(self, frame: OutgoingFrame) -> bool:
        if self.connection not in {None, frame.connection}:
            return False
        if frame.is_reply:
            return self.pattern.event == frame.name
        return describes(self.pattern, frame.name, frame.account, frame.body)

    def __repr__(self) -> str:
        left = "always" if self.remaining is None else f"{self.remaining} left"
        where = "" if self.connection is None else f" on connection {self.connection}"
        return f"<FrameRule {self.pattern.event}{where} → {self.verdict!r}, {left}>"


def take_frame(rules: Iterable[FrameRule], frame: OutgoingFrame) -> FrameRule | None:
    """Return the first rule that takes the frame, and count it there."""
    return next((rule for rule in rules if rule.take(frame) is not None), None)
