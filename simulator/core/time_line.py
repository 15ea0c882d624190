"""How the exchange's time follows the event loop's: at its pace, faster, slower, or not at all.

A time line is a straight line through one point. Whatever bends time, a jump, another pace, a standstill, begins a new
one at the point where the last one ended, so time never goes back. The first one is the loop's time itself.
"""

from __future__ import annotations

import msgspec

__all__ = ["TimeLine"]


class TimeLine(msgspec.Struct, frozen=True):
    """`here_s` is the exchange's time when the loop's is `loop_s`; `pace` is its seconds per second of the loop."""

    here_s: float = 0.0
    loop_s: float = 0.0
    pace: float = 1.0

    def at(self, loop_s: float) -> float:
        """Return the exchange's time at a time of the loop."""
        return self.here_s + (loop_s - self.loop_s) * self.pace

    def reaches(self, time_s: float) -> float | None:
        """Return the loop's time at which the exchange's is `time_s`; None: never, for it stands still before it."""
        if self.pace:
            return self.loop_s + (time_s - self.here_s) / self.pace
        return self.loop_s if time_s <= self.here_s else None
