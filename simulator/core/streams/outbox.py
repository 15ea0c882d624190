"""The frames of one connection that have to wait: in which order, and when, they go out.

Binance promises the order of events of one type, not across types. So each type has its own lane: a frame that waits,
for a time or for a release, holds up the later ones of its type, and lets all others overtake it. What is due at the
same time goes out in the order in which it was made. Times are the exchange's, in ms.

A frame may also wait to be overtaken: by so many others of its own type, beside whose lane it stands then, or by so
many of other types, while it holds up its own. It goes out right behind the last of them, or when its patience ends.
"""

from __future__ import annotations

from collections import deque
from typing import Literal

import msgspec

__all__ = ["Outbox", "Overtakers"]

Overtakers = Literal["its_type", "other_types"]


class _Waiting(msgspec.Struct):
    number: int
    name: str
    frame: bytes
    due_ms: int | None
    holder: object = None
    """Whose release frees it."""
    overtakers: Overtakers | None = None
    to_pass: int = 0
    """How many have to overtake it."""

    def is_overtaken_by(self, name: str, number: int) -> bool:
        return bool(self.to_pass) and number > self.number and (self.overtakers == "its_type") == (self.name == name)


class Outbox:
    """The lanes of one connection. An empty outbox is the regular case."""

    __slots__ = ("_lanes", "_last_number")

    def __init__(self) -> None:
        self._lanes: dict[str | int, deque[_Waiting]] = {}
        self._last_number = 0

    def __len__(self) -> int:
        return sum(map(len, self._lanes.values()))

    def __bool__(self) -> bool:
        return bool(self._lanes)

    def __contains__(self, lane: str) -> bool:
        return lane in self._lanes

    def delay(self, lane: str, frame: bytes, due_ms: int) -> None:
        """Keep a frame until a time, and until those before it in its lane are gone."""
        self._append(lane, _Waiting(self._next(), lane, frame, due_ms))

    def hold(self, lane: str, frame: bytes, holder: object) -> None:
        """Keep a frame until its holder is released."""
        self._append(lane, _Waiting(self._next(), lane, frame, None, holder))

    def let_pass(
        self, lane: str, frame: bytes, overtakers: tuple[Overtakers, int], due_ms: int, holder: object
    ) -> None:
        """Keep a frame until so many of these have overtaken it, a time has come, or its holder is released."""
        number, (kind, count) = self._next(), overtakers
        waiting = _Waiting(number, lane, frame, due_ms, holder, kind, count)
        self._append(lane if kind == "other_types" else number, waiting)

    def release(self, holder: object, now_ms: int) -> None:
        """Make due what is kept for the holder."""
        for lane in self._lanes.values():
            for waiting in lane:
                if waiting.holder is holder:
                    waiting.due_ms, waiting.holder = now_ms, None

    def pass_all(self, lane: str, now_ms: int) -> None:
        """Learn that a frame went out past all that waits."""
        self._overtake(lane, self._next(), now_ms)

    def take_due(self, now_ms: int) -> list[bytes]:
        """Return the frames that go out now, in their order, and forget them."""
        taken: list[bytes] = []
        while heads := [(lane[0], name) for name, lane in self._lanes.items() if _is_due(lane[0], now_ms)]:
            head, name = min(heads, key=lambda found: (found[0].due_ms or 0, found[0].number))
            due_ms = head.due_ms or 0
            taken.append(head.frame)
            self._shift(name, due_ms)
            self._overtake(head.name, head.number, due_ms)
        return taken

    def next_due_ms(self) -> int | None:
        """Return when `take_due` will have something, or None."""
        return min((lane[0].due_ms for lane in self._lanes.values() if lane[0].due_ms is not None), default=None)

    def _overtake(self, name: str, number: int, due_ms: int) -> None:
        for lane in self._lanes.values():
            for waiting in lane:
                if waiting.is_overtaken_by(name, number):
                    waiting.to_pass -= 1
                    waiting.due_ms = waiting.due_ms if waiting.to_pass else due_ms

    def _append(self, lane: str | int, waiting: _Waiting) -> None:
        self._lanes.setdefault(lane, deque()).append(waiting)

    def _shift(self, name: str | int, due_ms: int) -> None:
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
