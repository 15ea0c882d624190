"""One allowance for everybody who asks the same exchange from the same address.

Recoveries ask much at once, and a recovery that gets the address banned has made things worse. So whatever a recovery
asks (every USER_DATA request) waits, first come first served, until the minute's used weight leaves room within
`Settings.recovery_weight_per_minute`; orders, cancels and the listen key never wait for it. Where others have used so
much that a whole minute brought no room, one request is let through at a time, as long as the exchange's own limit is
kept: a recovery that never ends would be blindness for ever.

429, 418 and "banned until" speak to the address, so they stop everybody, until the time that was named is over. -1015
counts orders, so it stops new orders only.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from user_stream.core.request_weight import EXCHANGE_WEIGHT_PER_MINUTE, MINUTE_MS, WeightWindow
from user_stream.errors import RateLimitedError
from user_stream.observer import Metrics
from user_stream.runtime.clock import Clock

__all__ = ["RateLimit", "Turn"]


@dataclass(slots=True)
class Turn:
    """One request's place in the minute. `said`: the exchange's count of used weight, once it has answered."""

    weight: int
    minute: int
    said: int | None = None


class RateLimit:
    """What may still be asked this minute. Share one among all that use the same address.

    `recovery_weight_per_minute`: the part of the exchange's request weight that recoveries may use.
    """

    def __init__(self, clock: Clock, *, recovery_weight_per_minute: int) -> None:
        self._clock = clock
        self._budget = recovery_weight_per_minute
        self._window = WeightWindow()
        self._queue = asyncio.Lock()
        self._closed_until_s = 0.0
        self._orders_closed_until_s = 0.0
        self.used_weight = 0
        """The exchange's count of this minute's request weight, as its last answer said."""
        self.waits = 0
        """How often a recovery had to wait for room."""
        self.metrics = Metrics()

    def __repr__(self) -> str:
        return f"RateLimit({self.used_weight} used, {self._budget} a minute for recoveries)"

    def require_open(self) -> None:
        """Raise `RateLimitedError` while the exchange wants to hear nothing."""
        self._require(self._closed_until_s)

    def require_open_for_orders(self) -> None:
        """Raise `RateLimitedError` while the exchange wants to hear nothing, or no new orders."""
        self._require(max(self._closed_until_s, self._orders_closed_until_s))

    def _require(self, until_s: float) -> None:
        wait = until_s - self._clock.monotonic()
        if wait > 0:
            raise RateLimitedError(status=429, retry_after_s=wait)

    def close(self, seconds: float) -> None:
        """The exchange wants to hear nothing for so long."""
        self.metrics.rate_limit_wait(seconds, why="refused")
        self._closed_until_s = max(self._closed_until_s, self._clock.monotonic() + seconds)

    def close_for_orders(self, seconds: float) -> None:
        """The exchange takes no new orders for so long."""
        self._orders_closed_until_s = max(self._orders_closed_until_s, self._clock.monotonic() + seconds)

    def take(self, weight: int, now_ms: int) -> Turn:
        """Take a turn at once. `now_ms` is the exchange's time."""
        return Turn(weight, self._window.sent(weight, now_ms))

    async def wait_for(self, weight: int, now_ms: Callable[[], int]) -> Turn:
        """Wait for room within the recoveries' part, and take a turn. `now_ms` tells the exchange's time.

        Raises `RateLimitedError` when the exchange closed meanwhile.
        """
        async with self._queue:
            waited_ms = 0
            while not self._has_room(weight, waited_ms, now_ms()):
                pause_ms = MINUTE_MS - now_ms() % MINUTE_MS
                self.waits += 1
                await self._clock.sleep(pause_ms / 1000)
                waited_ms += pause_ms
            if waited_ms:
                self.metrics.rate_limit_wait(waited_ms / 1000, why="budget")
            self.require_open()
            return self.take(weight, now_ms())

    def _has_room(self, weight: int, waited_ms: int, now_ms: int) -> bool:
        room = self._budget if waited_ms < MINUTE_MS else EXCHANGE_WEIGHT_PER_MINUTE
        return self._window.used(now_ms) + weight <= room

    def settle(self, turn: Turn, now_ms: int) -> None:
        """The request of this turn is over, however it went."""
        self._window.ended(turn.weight, turn.minute, turn.said, now_ms)
        if turn.said is not None:
            self.used_weight = turn.said
            self.metrics.used_weight(turn.said)
