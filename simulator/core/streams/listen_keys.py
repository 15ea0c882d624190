"""The life of listen keys: 60 minutes from the last POST or PUT, one key per account, or by the profile per API key.

POST while a key lives returns the same key and starts its hour anew. When a key has expired, was deleted or dropped, it
is dead for good: the next POST makes another one. Sockets are bound to the key's text, so those of a dead key stay
silent.
Times are the exchange's, in ms.
"""

from __future__ import annotations

import heapq
import re
from collections import deque
from collections.abc import Collection
from typing import Final, TypeAlias

from simulator.core.ids import identifier
from simulator.core.rest import venue_error
from simulator.core.rest.venue_error import refusal

__all__ = ["ListenKeys", "is_listen_key"]

MOST_DEAD: Final = 1_000

_FORM = re.compile(r"[A-Za-z0-9]{64}")


def is_listen_key(text: str) -> bool:
    """Say whether a text has a listen key's form; whether it lives is another question."""
    return _FORM.fullmatch(text) is not None


_Holder: TypeAlias = tuple[str, str]
"""An account, and the API key that its listen key belongs to, "" where it belongs to the account."""

_NO_KEYS: Final[dict[str, str]] = {}


class ListenKeys:
    """The listen keys of all accounts. The n-th key of a holder is a function of the seed.

    An account has one, held by the account itself (the holder ""), or one for each API key that asks, which is its
    holder then. The last `MOST_DEAD` that died are remembered with their account, too: they may still have sockets.
    """

    def __init__(self, lifetime_ms: int, seed: int) -> None:
        self.lifetime_ms = lifetime_ms
        self._seed = seed
        self._issued: dict[_Holder, int] = {}
        self._owners: dict[str, str] = {}
        self._dead: deque[str] = deque()
        self._living: dict[str, dict[str, str]] = {}
        self._ends: dict[_Holder, int] = {}
        self._deadlines: list[tuple[int, _Holder]] = []
        """A heap with at most one entry per holder: a time at or before its key's end."""
        self._scheduled: set[_Holder] = set()

    def issue(self, account: str, now_ms: int, holder: str = "") -> str:
        """Return the holder's key, made if it has none, with a full lifetime."""
        living, who = self._living.setdefault(account, {}), (account, holder)
        if holder not in living:
            count = self._issued[who] = self._issued.get(who, 0) + 1
            named = (account, holder) if holder else (account,)
            listen_key = living[holder] = identifier(64, self._seed, *named, "listen key", count)
            self._owners[listen_key] = account
        self._ends[who] = now_ms + self.lifetime_ms
        if who not in self._scheduled:
            self._schedule(who, now_ms + self.lifetime_ms)
        return living[holder]

    def extend(self, account: str, now_ms: int, holder: str = "") -> str:
        """Return the holder's key with a full lifetime. Raises `VenueError` -1125 when there is none."""
        if holder not in self._living.get(account, {}):
            raise refusal(venue_error.NO_LISTEN_KEY)
        return self.issue(account, now_ms, holder)

    def revoke(self, account: str, holder: str | None = None) -> list[str]:
        """Kill the holder's key (None: every key of the account); return what died."""
        living = self._living.get(account, {})
        killed = []
        for name in list(living) if holder is None else [holder]:
            self._ends.pop((account, name), None)
            if listen_key := living.pop(name, None):
                killed.append(listen_key)
        self._bury(killed)
        return killed

    def current(self, account: str) -> str | None:
        """Return the account's living key, the first of several, or None."""
        return next(iter(self.living(account)), None)

    def living(self, account: str) -> Collection[str]:
        """Return the account's living keys."""
        return self._living.get(account, _NO_KEYS).values()

    def owner(self, listen_key: str) -> str | None:
        """Return the account that a key belongs to, or belonged to when it lived; None when nobody remembers it."""
        return self._owners.get(listen_key)

    def expire_due(self, now_ms: int) -> list[tuple[str, str]]:
        """Kill the keys whose lifetime is over; return their (account, key)."""
        expired = []
        while self._deadlines and self._deadlines[0][0] <= now_ms:
            _, who = heapq.heappop(self._deadlines)
            self._scheduled.discard(who)
            end = self._ends.get(who)
            if end is None:
                continue
            if end > now_ms:
                self._schedule(who, end)
            else:
                expired += [(who[0], key) for key in self.revoke(*who)]
        return expired

    def next_deadline_ms(self) -> int | None:
        """Return a time at or before the next expiry, or None: when `expire_due` should be asked."""
        return self._deadlines[0][0] if self._deadlines else None

    def _bury(self, killed: list[str]) -> None:
        self._dead += killed
        while len(self._dead) > MOST_DEAD:
            del self._owners[self._dead.popleft()]

    def _schedule(self, who: _Holder, time_ms: int) -> None:
        heapq.heappush(self._deadlines, (time_ms, who))
        self._scheduled.add(who)
