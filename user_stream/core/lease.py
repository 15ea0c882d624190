"""The listen key as a lease: held for a time, extended at half of it, given up before its end.

    no key ──▶ held ──▶ dead
                ▲ └── extended ──┐
                └────────────────┘

The lease is the account's, not a connection's: while it lives, asking for a key returns the same one, and every
connection that was opened with it shares its fate. When the exchange names another key, by whatever request, ours is
dead, and the sockets that it opened stay silent though they look healthy. Times are seconds of a clock that only grows.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

__all__ = ["Lease", "LeaseTerms"]


@dataclass(frozen=True, slots=True)
class LeaseTerms:
    """How long a key lives, when it is extended, and how long before its end it is given up. In seconds."""

    lifetime_s: float
    interval_s: float
    margin_s: float


@dataclass(frozen=True, slots=True)
class Lease:
    """A key that is held since `extended_s`; `cause` says why it is dead, "" while it lives.

    `number` counts leases: the exchange may give out as new the same key that it had called dead.
    """

    terms: LeaseTerms
    number: int
    extended_s: float
    cause: str = ""

    @property
    def dead(self) -> bool:
        """True once nothing more will come on this key."""
        return bool(self.cause)

    @property
    def due_s(self) -> float:
        """When it is to be extended."""
        return self.extended_s + self.terms.interval_s

    @property
    def given_up_s(self) -> float:
        """When it is too late to go on trying."""
        return self.extended_s + self.terms.lifetime_s - self.terms.margin_s

    def age_s(self, now_s: float) -> float:
        """Return how long ago it was extended."""
        return now_s - self.extended_s

    def is_aging(self, now_s: float) -> bool:
        """Say whether it should have been extended long ago: halfway between its turn and its end."""
        return now_s > self.due_s + (self.terms.lifetime_s - self.terms.interval_s) / 2

    def extended(self, now_s: float) -> Lease:
        """Return the lease after another lifetime was granted at `now_s`."""
        return replace(self, extended_s=max(now_s, self.extended_s))

    def ended(self, cause: str) -> Lease:
        """Return the lease dead; the first cause stays."""
        return self if self.dead else replace(self, cause=cause)
