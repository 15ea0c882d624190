"""Which of several connections keeps back what another one told.

Connections of one account carry the same events. So what one of them tells is owed by every other one that carries the
stream in that moment, until it tells it too. A connection that owes something for longer than connections lag apart is
silent or lossy, though its socket may look healthy, and REST need not be asked to know it. That nobody owes anything
proves nothing: all of them may be dead.
"""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["Reticence"]

_MOST_OWED = 4096


class Reticence:
    """What each connection owes, and since when; `epoch` numbers a connection, times are seconds that only grow."""

    def __init__(self) -> None:
        self._owed: dict[int, dict[bytes, list[float]]] = {}

    def told(self, epoch: int, event: bytes, *, is_new: bool, others: Iterable[int], now_s: float) -> None:
        """Note that an event came on `epoch`. If it is new, every one of the `others` owes it from now on."""
        if not is_new:
            self._settle(epoch, event)
            return
        for other in others:
            owed = self._owed.setdefault(other, {})
            if len(owed) < _MOST_OWED:  # the oldest ones say enough
                owed.setdefault(event, []).append(now_s)

    def forgive(self, epoch: int) -> None:
        """A connection begins anew, or has ended: it owes nothing."""
        self._owed.pop(epoch, None)

    def behind(self, before_s: float) -> set[int]:
        """Return the connections that owe what another one told at `before_s`, or earlier."""
        return {epoch for epoch, owed in self._owed.items() if any(since[0] <= before_s for since in owed.values())}

    def _settle(self, epoch: int, event: bytes) -> None:
        owed = self._owed.get(epoch, {})
        since = owed.get(event)
        if since is not None:
            since.pop(0)
            if not since:
                del owed[event]
