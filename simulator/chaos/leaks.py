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

__all__ = ["Footprint"]

_WARM_UP: Final = 3
"""Runs that may fill caches."""
_AT_LEAST: Final = 8
"""From so many measured runs on something can be said."""


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
    def growth(self) -> float:
        """How many blocks each run leaves behind, 0 as long as nothing can be said."""
        blocks = self._blocks
        if len(blocks) < _AT_LEAST:
            return 0.0
        half = len(blocks) // 2
        return (min(blocks[half:]) - min(blocks[:half])) / half
