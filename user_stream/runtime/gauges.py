"""What holds now, measured once a second.

How many frames wait, how many connections carry the stream and how old the listen key is changes at so many places,
some of them at every frame, that a gauge set at each would be both costly and forgotten somewhere. A second is shorter
than anybody's scrape interval.
"""

from __future__ import annotations

from collections.abc import Collection

from user_stream.runtime.account import Account
from user_stream.runtime.lease import ListenKeyLease
from user_stream.runtime.links import Link

__all__ = ["keep_measuring"]

_EVERY_S = 1.0


async def keep_measuring(account: Account, lease: ListenKeyLease, links: Collection[Link]) -> None:
    """Measure these links, and the key that they share; return at once when nobody observes."""
    metrics, clock = account.metrics, account.clock
    while metrics.observed:
        metrics.waiting_frames(sum(link.frames_waiting for link in links))
        metrics.connections(sum(link.carries for link in links))
        held = lease.state
        if held is not None:
            metrics.lease_age(held.age_s(clock.monotonic()))
        await clock.sleep(_EVERY_S)
