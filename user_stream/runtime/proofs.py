"""What proves that a connection tells everything, and what follows from that.

A connection is *proven* by its first event, or by listing our key among what it is subscribed to. Each later sign of
life that only a bound connection can give, an event, a keepalive answered with its key, a comparison in which REST
showed nothing new, moves the watermark (`core/coverage`). What ended long before it is forgotten.

The age of the listen key is watched here, too, by a loop that asks nobody: whatever keeps it from being extended must
not keep that from being said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NoReturn

from user_stream.core.lifecycle import LeaseAging, ListenKeyKept
from user_stream.runtime.account import Account
from user_stream.runtime.lease import ListenKeyLease
from user_stream.runtime.links import Link

__all__ = ["Proofs"]

_EVICT_EVERY_MS = 60_000
_WATCH_EVERY_S = 60.0
_DOUBTED_MS = 3_600_000
"""For how long what only the stream has vouched for is kept, because a comparison may still show that it kept quiet."""


class Proofs:
    """One account's proofs. `on_proven` hears of each link's first one."""

    def __init__(self, account: Account, lease: ListenKeyLease, *, on_proven: Callable[[], None]) -> None:
        self._coverage = account.coverage
        self._ledger = account.ledger
        self._delivery = account.delivery
        self._memory = account.memory
        self._clock = account.clock
        self._exchange_time_ms = account.rest.exchange_time_ms
        self._lease = lease
        self._on_proven = on_proven
        self._kept_ms = int((account.settings.overlap_s + account.settings.rest_lag_s) * 1000)
        self._unnoticed_ms = int((account.settings.ping_interval_s + account.settings.ping_timeout_s) * 1000)
        self._evicted_at = 0
        self._keepalives = 0
        """How many of the lease's were said."""

    def bound(self, link: Link) -> None:
        """The exchange listed our key among what this connection is subscribed to."""
        self._vouch(link, self._exchange_time_ms())

    def told(self, link: Link, until: int) -> None:
        """An event came, of this transaction time; 0 when it has none."""
        self._vouch(link, until or self._exchange_time_ms())
        self._prove(link, until)

    def kept(self, link: Link) -> None:
        """A keepalive was answered with the key that this connection is bound to; maybe another one's, a while ago.

        Each connection hears of it, and of a key that a rotation asked for; a keepalive is said once. It proves that
        the key lives; that the socket does, too, is certain only of what pings would have found out by now.
        """
        if self._lease.keepalives > self._keepalives:
            self._keepalives = self._lease.keepalives
            self._delivery.publish(ListenKeyKept(link.epoch))
        lease = self._lease.state
        if link.proven_at is not None and lease is not None:
            age_ms = int(lease.age_s(self._clock.monotonic()) * 1000)
            self._prove(link, self._exchange_time_ms() - age_ms - self._unnoticed_ms)

    def compared(self, links: Iterable[Link], until: int) -> None:
        """REST, as it was at `until`, showed nothing that was not told."""
        self._coverage.show(until)
        for link in links:
            self._prove(link, until)
        self._memory.commit()

    async def watch_lease(self) -> NoReturn:
        """Say when the lease should have been extended long ago, once a minute."""
        while True:
            await self._clock.sleep(_WATCH_EVERY_S)
            lease, now_s = self._lease.state, self._clock.monotonic()
            if lease is not None and lease.is_aging(now_s):
                self._delivery.publish(LeaseAging(lease.age_s(now_s), lease.terms.lifetime_s))

    def _vouch(self, link: Link, at: int) -> None:
        if link.proven_at is None:
            link.proven_at = at
            link.proven.set()
            self._on_proven()

    def _prove(self, link: Link, until: int) -> None:
        if not link.carries:
            return
        self._coverage.prove(until)
        watermark = self._coverage.watermark
        self._memory.cover(watermark, self._coverage.floor)
        if watermark - self._evicted_at > _EVICT_EVERY_MS:
            self._evicted_at = watermark
            self._ledger.evict(max(watermark - _DOUBTED_MS, min(watermark, self._coverage.shown_until)) - self._kept_ms)
