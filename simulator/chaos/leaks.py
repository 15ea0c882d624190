"""Memory that runs leave behind in their process: found by running many of them, one after the other.

One run proves nothing: caches fill, modules are imported, and every run is another. So what counts is how many blocks
the process holds after each run, when its garbage is collected, and whether the least of the later runs is well above
the least of the earlier ones: a run that happens to hold more does not matter, what each one leaves does.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from typing import Final

__all__ = ["Footprint", "SteadyGrowth"]

_WARM_UP: Final = 3
"""Runs that may fill caches."""
_AT_LEAST: Final = 8
"""From so many measured runs on something can be said."""

_MOST_LEFT: Final = 500
"""Blocks that a run may leave: names in caches. An engine that is left, or its connections, are thousands."""
_IN_A_ROW: Final = 3
_LOOKS: Final = 24
"""Runs after which there was no growth."""


def _blocks() -> int:
    gc.collect()
    return sys.getallocatedblocks()


class Footprint:
    """What a process holds after each of its runs. `count` counts blocks, by default those that are no garbage."""

    def __init__(self, count: Callable[[], int] = _blocks) -> None:
        self._count = count
        self._runs = 0
        self._blocks: list[int] = []

    def note(self) -> None:
        """Take a measure: a run is over."""
        self._runs += 1
        if self._runs > _WARM_UP:
            self._blocks.append(self._count())

    @property
    def runs(self) -> int:
        """How many runs are over."""
        return self._runs

    @property
    def growth(self) -> float:
        """How many blocks each run leaves behind, 0 as long as nothing can be said."""
        blocks = self._blocks
        if len(blocks) < _AT_LEAST:
            return 0.0
        half = len(blocks) // 2
        return (min(blocks[half:]) - min(blocks[:half])) / half


class SteadyGrowth:
    """Whether a process grows with each of its runs, for as long as it runs.

    What is loaded once, however late, and caches that fill, make one measure grow. So what counts is that several in a
    row do, each of other runs.
    """

    def __init__(self, count: Callable[[], int] = _blocks) -> None:
        self._count = count
        self._footprint = Footprint(count)
        self._times = 0

    def note(self) -> float:
        """A run is over: return how many blocks each one leaves behind, once that is sure, else 0."""
        self._footprint.note()
        growth = self._footprint.growth
        if growth <= _MOST_LEFT and self._footprint.runs < _LOOKS:
            return 0.0
        self._times = self._times + 1 if growth > _MOST_LEFT else 0
        self._footprint = Footprint(self._count)
        if self._times < _IN_A_ROW:
            return 0.0
        self._times = 0
        return growth
