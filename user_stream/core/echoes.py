"""Telling the second connection's copy of a frame from an event that comes twice.

Two connections of one account carry the same events, each in the same order per type. The n-th time that one comes
on a connection it is new only if it came fewer than n times on every other one. Comparing times would not do: two
events may bear the same ones, and connections lag. Only the latest ones are remembered; a copy that comes later than
that is taken for new, which the ledger and the account feed survive.
"""

from __future__ import annotations

from collections import Counter, OrderedDict

__all__ = ["Echoes"]


class Echoes:
    """Remembers the last `limit` distinct events."""

    def __init__(self, limit: int = 4096) -> None:
        self._limit = limit
        self._heard: OrderedDict[int, Counter[int]] = OrderedDict()

    def is_new(self, epoch: int, event: bytes) -> bool:
        """Note that an event came on the connection `epoch`, and say whether nobody brought it before."""
        name = hash(event)
        counts = self._heard.get(name)
        if counts is None:
            counts = self._heard[name] = Counter()
            if len(self._heard) > self._limit:
                self._heard.popitem(last=False)
        before = max(counts.values(), default=0)
        counts[epoch] += 1
        return counts[epoch] > before
