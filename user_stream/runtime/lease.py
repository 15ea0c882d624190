"""Keeping the account's listen key, for all connections that were opened with it.

`core/lease` says when; this module asks. One of the connections that share the key extends it when it is due, the
others see that it was. A key that died, or that could not be extended in time, ends the keeping for each of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from user_stream.core.lease import Lease, LeaseTerms
from user_stream.core.retry import backoff_delay
from user_stream.errors import (
    ListenKeyLostError,
    OutcomeUnknownError,
    RateLimitedError,
    RequestRejectedError,
    RetryableError,
)
from user_stream.runtime.binance_rest import BinanceRest
from user_stream.runtime.clock import Clock
from user_stream.settings import Settings

__all__ = ["ListenKeyLease"]

_ANOTHER_KEY = "another listen key is active now: ours is dead"


class ListenKeyLease:
    """One account's listen key. `repr` does not show it."""

    def __init__(self, rest: BinanceRest, *, settings: Settings, clock: Clock, draw: Callable[[], float]) -> None:
        self._rest = rest
        self._settings = settings
        self._clock = clock
        self._draw = draw
        self._terms = LeaseTerms(
            settings.listen_key_lifetime_s, settings.keepalive_interval_s, settings.keepalive_margin_s
        )
        self._key = ""
        self._lease: Lease | None = None
        self._changed = asyncio.Event()
        self._extending = asyncio.Lock()
        self.keepalives = 0
        """How many were answered with our key."""

    def __repr__(self) -> str:
        return f"ListenKeyLease({self._lease})"

    @property
    def state(self) -> Lease | None:
        """The lease as it stands; None before there is one."""
        return self._lease

    async def acquire(self) -> tuple[str, int]:
        """Make a listen key, or get the account's active one with a new lifetime. Return it and its lease's number."""
        asked_s = self._clock.monotonic()
        key = await self._rest.create_listen_key()
        held = self._lease
        if held is not None and key == self._key and not held.dead:
            self._lease = held.extended(asked_s)
            return key, held.number
        self._end(_ANOTHER_KEY)
        self._key, self._lease = key, Lease(self._terms, 1 if held is None else held.number + 1, asked_s)
        return key, self._lease.number

    async def extend(self) -> None:
        """Extend the key once. Raises `ListenKeyLostError` when the exchange answers with another key, or none."""
        asked_s, number = self._clock.monotonic(), 0 if self._lease is None else self._lease.number
        try:
            answered = await self._rest.extend_listen_key()
        except ListenKeyLostError as lost:
            self.expire(number, str(lost))  # a newer lease has nothing to do with this answer
            raise
        if answered not in {"", self._key}:
            self.expire(number, _ANOTHER_KEY)
            raise ListenKeyLostError(_ANOTHER_KEY)
        self.keepalives += 1
        if self._lease is not None:
            self._lease = self._lease.extended(asked_s)

    def expire(self, number: int, cause: str) -> None:
        """Take it that this lease is dead: the exchange said so. It may say so more than once."""
        if self._lease is not None and self._lease.number == number:
            self._end(cause)

    async def keep(self, number: int) -> None:
        """Wait until this lease is due, extend it, and return; return, too, when another connection did.

        Raises `ListenKeyLostError` when it is dead, or could not be extended in time.
        """
        await self._until(self._held(number).due_s)
        async with self._extending:
            if self._held(number).due_s <= self._clock.monotonic():
                await self._extend_in_time(number)

    def _held(self, number: int) -> Lease:
        if self._lease is None or self._lease.number != number:
            raise ListenKeyLostError(_ANOTHER_KEY)
        if self._lease.dead:
            raise ListenKeyLostError(self._lease.cause)
        return self._lease

    async def _until(self, due_s: float) -> None:
        """Wait until a moment, or until the key changes."""
        changed = self._changed
        try:
            async with asyncio.timeout(max(due_s - self._clock.monotonic(), 0)):
                await changed.wait()
        except TimeoutError:
            return

    async def _extend_in_time(self, number: int) -> None:
        attempt = 0
        while True:
            attempt += 1
            try:
                return await self.extend()
            except (RetryableError, RequestRejectedError, OutcomeUnknownError) as error:
                wait = backoff_delay(self._settings.backoff, attempt, self._draw())
                if isinstance(error, RateLimitedError):
                    wait = max(wait, error.retry_after_s)
                lease = self._held(number)
                if self._clock.monotonic() + wait > lease.given_up_s:
                    cause = f"the listen key could not be kept alive: {error}"
                    self._end(cause)
                    raise ListenKeyLostError(cause) from error
                await self._clock.sleep(wait)

    def _end(self, cause: str) -> None:
        """The key is dead: everybody who keeps it hears of it now."""
        if self._lease is not None:
            self._lease = self._lease.ended(cause)
        self._changed.set()
        self._changed = asyncio.Event()
