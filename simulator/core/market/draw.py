"""Numbers that look drawn, and are the same for the same question: what makes an invented market repeatable."""

from __future__ import annotations

from typing import Final

__all__ = ["drawn"]

_MASK: Final = (1 << 64) - 1


def drawn(*numbers: int) -> int:
    """Return 64 bits that look drawn, the same for the same numbers (splitmix64 over each)."""
    state = 0
    for number in numbers:
        state = (state + number + 0x9E3779B97F4A7C15) & _MASK
        state = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        state = ((state ^ (state >> 27)) * 0x94D049BB133111EB) & _MASK
        state ^= state >> 31
    return state
