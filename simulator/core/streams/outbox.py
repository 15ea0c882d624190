"""The frames of one connection that have to wait: in which order, and when, they go out.

Binance promises the order of events of one type, not across types. So each type has its own lane: a frame that waits,
for a time or for a release, holds up the later ones of its type, and lets all others overtake it. What is due at the
same time goes out in the order in which it was made. Times are the exchange's, in ms.
"""

from __future__ import annotations

from collections import deque

import msgspec

from simulator.core.faults.frame_fault import FrameRule

__all__ = ["Outbox"]


class _Waiting(msgspec.Struct):
    number: int
    frame: bytes
    due_ms: int | None
    holder: FrameRule | None = None


class Outbox:
    """The lanes of one connection. An empty outbox is the regular case."""

    __slots__ = ("_lanes", "_last_number")

    def __init__(self) -> None:
        self._lanes: dict[str, deque[_Waiting]] = {}
        self._last_number = 0

    def __len__(self) -> int:
        return sum(map(len, self._lanes.values()))

    def __bool__(self) -> bool:
        return bool(self._lanes)

    def __contains__(self, lane: str) -> bool:
        return lane in self._lanes

    def delay(self, lane: str, frame: bytes, due_ms: int) -> None:
        """Keep a frame until a time, and until those before it in its lane are gone."""
        self._append(lane, _Waiting(self._next(), frame, due_ms))

    def hold(self, lane: str, frame: bytes, rule: FrameRule) -> None:
        """Keep a frame until its rule is released."""
        self._append(lane, _Waiting(self._next(), frame, None, rule))

    def release(self, rule: FrameRule, now_ms: int) -> None:
        """Make due what the rule holds."""
        for lane in self._lanes.values():
            for waiting in lane:
                if waiting.holder is rule:
                    waiting.due_ms, waiting.holder = now_ms, None

    def take_due(self, now_ms: int) -> list[bytes]:
        """Return the frames that go out now, in their order, and forget them."""
        taken: list[bytes] = []
        while heads := [(lane[0], name) for name, lane in self._lanes.items() if _is_due(lane[0], now_ms)]:
            head, name = min(heads, key=lambda found: (found[0].due_ms or 0, found[0].number))
            taken.append(head.frame)
            self._shift(name, head.due_ms or 0)
        return taken

    def next_due_ms(self) -> int | None:
        """Return when `take_due` will have something, or None."""
        return min((lane[0].due_ms for lane in self._lanes.values() if lane[0].due_ms is not None), default=None)

    def _append(self, lane: str, waiting: _Waiting) -> None:
        self._lanes.setdefault(lane, deque()).append(waiting)

    def _shift(self, name: str, due_ms: int) -> None:
        lane = self._lanes[name]
        lane.popleft()
        if not lane:
            del self._lanes[name]
        elif lane[0].due_ms is not None:
            lane[0].due_ms = max(lane[0].due_ms, due_ms)

    def _next(self) -> int:
        self._last_number += 1
        return self._last_number


def _is_due(waiting: _Waiting, now_ms: int) -> bool:
    return waiting.due_ms is not None and waiting.due_ms <= now_ms
