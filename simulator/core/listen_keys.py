"""The life of listen keys: 60 minutes from the last POST or PUT, one key per account.

POST while a key lives returns the same key and starts its hour anew. When a key has expired, was deleted or dropped, it
is dead for good: the next POST makes another one. Sockets are bound to the key's text, so those of a dead key stay
silent.
Times are the exchange's, in ms.
"""

from __future__ import annotations

import heapq
import re

from simulator.core import venue_error
from simulator.core.ids import identifier
from simulator.core.venue_error import refusal

__all__ = ["ListenKeys", "is_listen_key"]

_FORM = re.compile(r"[A-Za-z0-9]{64}")


def is_listen_key(text: str) -> bool:
    """Say whether a text has a listen key's form; whether it lives is another question."""
    return _FORM.fullmatch(text) is not None


class ListenKeys:
    """The listen keys of all accounts. The n-th key of an account is a function of the seed.

    Every key that ever lived is remembered with its account: a dead one may still have sockets.
    """

    def __init__(self, lifetime_ms: int, seed: int) -> None:
        self.lifetime_ms = lifetime_ms
        self._seed = seed
        self._issued: dict[str, int] = {}
        self._owners: dict[str, str] = {}
        self._living: dict[str, str] = {}
        self._ends: dict[str, int] = {}
        self._deadlines: list[tuple[int, str]] = []
        """A heap with at most one entry per account: a time at or before its key's end."""
        self._scheduled: set[str] = set()

    def issue(self, account: str, now_ms: int) -> str:
        """Return the account's key, made if it has none, with a full lifetime."""
        if account not in self._living:
            count = self._issued[account] = self._issued.get(account, 0) + 1
            listen_key = self._living[account] = identifier(64, self._seed, account, "listen key", count)
            self._owners[listen_key] = account
        self._ends[account] = now_ms + self.lifetime_ms
        if account not in self._scheduled:
            self._schedule(account, now_ms + self.lifetime_ms)
        return self._living[account]

    def extend(self, account: str, now_ms: int) -> str:
        """Return the account's key with a full lifetime. Raises `VenueError` -1125 when there is none."""
        if account not in self._living:
            raise refusal(venue_error.NO_LISTEN_KEY)
        return self.issue(account, now_ms)

    def revoke(self, account: str) -> str | None:
        """Kill the account's key; return it, or None when there was none."""
        self._ends.pop(account, None)
        return self._living.pop(account, None)

    def current(self, account: str) -> str | None:
        """Return the account's living key, or None."""
        return self._living.get(account)

    def owner(self, listen_key: str) -> str | None:
        """Return the account that a key belongs to, or belonged to when it lived; None for no key at all."""
        return self._owners.get(listen_key)

    def expire_due(self, now_ms: int) -> list[tuple[str, str]]:
        """Kill the keys whose lifetime is over; return their (account, key)."""
        expired = []
        while self._deadlines and self._deadlines[0][0] <= now_ms:
            _, account = heapq.heappop(self._deadlines)
            self._scheduled.discard(account)
            end = self._ends.get(account)
            if end is None:
                continue
            if end > now_ms:
                self._schedule(account, end)
            elif key := self.revoke(account):
                expired.append((account, key))
        return expired

    def next_deadline_ms(self) -> int | None:
        """Return a time at or before the next expiry, or None: when `expire_due` should be asked."""
        return self._deadlines[0][0] if self._deadlines else None

    def _schedule(self, account: str, time_ms: int) -> None:
        heapq.heappush(self._deadlines, (time_ms, account))
        self._scheduled.add(account)
