"""Connections, numbered in the order in which they began: the *epochs* of the ledger. Several are alive at once.

A connection carries everything that happens from its beginning on, and keeps the order of each type of event. What an
order's fills are known from, then, is known for one epoch and not for another:

- An order that was sent after an epoch began has all its fills on that connection, and on every older one.
- An order whose NEW a connection told, or one of whose fills a connection told with nothing missing before it, has all
  later fills on that connection. On another one, though, be it older by its number, that proves nothing: its handshake
  may have been answered later.

Of a connection that lost a frame neither type is whole, because TRADE_LITE runs ahead of ORDER_TRADE_UPDATE: what the
one tells after the cut may follow what the other lost in it. Only an order that was sent after the cut is safe there.
"""

from __future__ import annotations

from collections import deque

__all__ = ["NO_EPOCH", "Epochs"]

NO_EPOCH = 0
"""Of no connection that is known: proves nothing."""

_KEEP = 16


class Epochs:
    """Numbers epochs from 1. Of those that began whole the youngest `_KEEP` are known; an older one counts as cut."""

    def __init__(self) -> None:
        self.newest = NO_EPOCH
        self._whole: deque[int] = deque(maxlen=_KEEP)

    def begin(self) -> int:
        """Return the number of a connection that carries everything from now on."""
        self._whole.append(self.cut())
        return self.newest

    def cut(self) -> int:
        """Return the number of what is left of a connection of which a frame was lost."""
        self.newest += 1
        return self.newest

    def is_whole(self, epoch: int) -> bool:
        """Say whether what this epoch tells of an order proves anything for its later fills."""
        return epoch in self._whole
