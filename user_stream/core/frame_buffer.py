"""Frames kept back while REST is read, bounded.

Overflow is a gap, not a loss: the buffer stands before the ledger, so nothing of what it throws away was booked, and
asking REST again finds all of it. Once it has overflowed the buffer keeps nothing until that question begins.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

__all__ = ["FrameBuffer"]


class FrameBuffer:
    """At most `limit` frames, in their order."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._frames: deque[bytes] = deque()
        self.overflowed = False
        """True when frames were thrown away since the last `begin`."""

    def __len__(self) -> int:
        return len(self._frames)

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._frames)

    def begin(self) -> None:
        """Keep frames from now on: what came before, REST will tell."""
        if self.overflowed:
            self._frames.clear()
        self.overflowed = False

    def keep(self, frame: bytes) -> None:
        """Keep a frame, or overflow."""
        if self.overflowed:
            return
        if len(self._frames) >= self._limit:
            self._frames.clear()
            self.overflowed = True
            return
        self._frames.append(frame)

    def take(self) -> bytes:
        """Return the oldest frame. Raises `IndexError` when there is none."""
        return self._frames.popleft()
