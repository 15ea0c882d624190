"""When the frames were read that wait to be looked at.

An event's lag is the exchange's and the network's doing. How long its frame then waits for a slow engine is none of
it, so the time of reading is kept. Frames are looked at in the order in which they were read, and those that wait are
always the latest ones, because a buffer that overflows throws away all: so to know how many wait is to know which.
"""

from __future__ import annotations

from collections import deque

__all__ = ["Receptions"]


class Receptions:
    """One connection's frames. `waiting`: how many are kept, without the one in hand."""

    def __init__(self) -> None:
        self._times: deque[int] = deque()

    def __len__(self) -> int:
        return len(self._times)

    def read(self, at_ms: int, *, waiting: int) -> None:
        """Note that a frame was read behind those that wait."""
        self._forget_all_but(waiting)
        self._times.append(at_ms)

    def of_frame_in_hand(self, *, waiting: int) -> int | None:
        """Return when the frame that is looked at was read; None when that was not noted. To be asked once a frame."""
        self._forget_all_but(waiting + 1)
        return self._times.popleft() if len(self._times) > waiting else None

    def _forget_all_but(self, latest: int) -> None:
        while len(self._times) > latest:
            self._times.popleft()
