"""How much may be asked: request weight per minute and address, orders per 10 seconds and per minute and account.

Windows are fixed and aligned: the minute ends when the exchange's clock shows the next one. Only the current window is
remembered. The endpoints of funding history have a bucket of their own, in requests per 5 minutes.

What exceeds a limit is refused with HTTP 429 (-1003 for weight, -1015 for orders) and not executed. An address that
goes on asking all the same, `REFUSALS_UNTIL_BAN` refusals in one window, is banned: HTTP 418, for 2 minutes at first,
each time twice as long, at most 3 days. Those two ends are documented; how many refusals it takes and how bans grow
are not. Who was not banned for 3 days begins anew.

With limits that are only counted, the same numbers are reported and nothing is ever refused.
"""

from __future__ import annotations

from typing import Final

import msgspec

from simulator.core.rest import venue_error

__all__ = ["Limits", "RateCounters"]

TEN_SECONDS_MS: Final = 10_000
MINUTE_MS: Final = 60_000
FIVE_MINUTES_MS: Final = 300_000
REFUSALS_UNTIL_BAN: Final = 20
SHORTEST_BAN_MS: Final = 2 * 60_000
LONGEST_BAN_MS: Final = 3 * 86_400_000
FLOODS_UNTIL_BAN: Final = 5
TEN_MINUTES_MS: Final = 600_000


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What is allowed: weight per minute and address, orders per account, funding requests per 5 minutes and address.

    Those that are not `enforced` are only counted.
    """

    weight: int = 2400
    orders_10s: int = 300
    orders_1m: int = 1200
    funding: int = 500
    enforced: bool = True


class RateCounters:
    """The counters of every address (weight, funding requests, bans) and of every account (orders)."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self._weight = _Window(MINUTE_MS)
        self._funding = _Window(FIVE_MINUTES_MS)
        self._refusals = _Window(MINUTE_MS)
        self._floods = _Window(TEN_MINUTES_MS)
        self._orders = (_Window(TEN_SECONDS_MS), _Window(MINUTE_MS))
        self._bans: dict[str, _Ban] = {}

    def admit_weight(self, address: str, weight: int, now_ms: int) -> int:
        """Count request weight; return what the address has used of this minute.

        Raises `VenueError` -1003: with status 429 when this is more than the limit, with 418 while it is banned.
        """
        self.check_ban(address, now_ms)
        used = self._weight.add(address, weight, now_ms)
        if self.limits.enforced and used > self.limits.weight:
            self._refuse(address, now_ms)
            raise venue_error.too_many_requests(address, self.limits.weight, "minute", self._weight.end_ms(now_ms))
        return used

    def note_flood(self, address: str, now_ms: int) -> None:
        """Note that a connection of the address sent too many messages; the fifth within 10 minutes brings a ban."""
        if self._floods.add(address, 1, now_ms) >= FLOODS_UNTIL_BAN:
            self.ban(address, now_ms)

    def check_ban(self, address: str, now_ms: int) -> None:
        """Raise `VenueError` -1003 with status 418 while the address is banned."""
        until_ms = self.banned_until(address, now_ms) if self._bans else None
        if until_ms is not None:
            raise venue_error.banned(address, until_ms)

    def admit_funding(self, address: str, now_ms: int) -> None:
        """Count a request to the funding endpoints. Raises `VenueError` -1003 as `admit_weight` does."""
        self.check_ban(address, now_ms)
        if self._funding.add(address, 1, now_ms) > self.limits.funding and self.limits.enforced:
            self._refuse(address, now_ms)
            raise venue_error.too_many_requests(address, self.limits.funding, "5 minutes", self._funding.end_ms(now_ms))

    def admit_orders(self, account: str, orders: tuple[int, int], now_ms: int) -> None:
        """Count orders of these 10 seconds and of this minute, before they are executed.

        Raises `VenueError` -1015 when that is more than either limit; then nothing is counted.
        """
        names = ("TEN_SECONDS", "MINUTE")
        limits = (self.limits.orders_10s, self.limits.orders_1m)
        if self.limits.enforced:
            for window, more, limit, name in zip(self._orders, orders, limits, names, strict=True):
                if window.used(account, now_ms) + more > limit:
                    raise venue_error.too_many_new_orders(limit, name, window.end_ms(now_ms))
        for window, more in zip(self._orders, orders, strict=True):
            window.add(account, more, now_ms)

    def used_weight(self, address: str, now_ms: int) -> int:
        """Return the weight that the address has used of this minute."""
        return self._weight.used(address, now_ms)

    def used_orders(self, account: str, now_ms: int) -> tuple[int, int]:
        """Return the account's orders of these 10 seconds, and of this minute."""
        ten_seconds, minute = self._orders
        return ten_seconds.used(account, now_ms), minute.used(account, now_ms)

    def banned_until(self, address: str, now_ms: int) -> int | None:
        """Return when the ban of an address ends, in ms, or None when it is not banned."""
        ban = self._bans.get(address)
        return ban.until_ms if ban is not None and now_ms < ban.until_ms else None

    def ban(self, address: str, now_ms: int) -> int:
        """Ban an address, for longer each time; return until when, in ms."""
        last = self._bans.get(address)
        length_ms = SHORTEST_BAN_MS
        if last is not None and now_ms < last.until_ms + LONGEST_BAN_MS:
            length_ms = min(last.length_ms * 2, LONGEST_BAN_MS)
        remembered = {name: ban for name, ban in self._bans.items() if now_ms < ban.until_ms + LONGEST_BAN_MS}
        self._bans = remembered | {address: _Ban(now_ms + length_ms, length_ms)}
        return now_ms + length_ms

    def _refuse(self, address: str, now_ms: int) -> None:
        if self._refusals.add(address, 1, now_ms) > REFUSALS_UNTIL_BAN:
            raise venue_error.banned(address, self.ban(address, now_ms))


class _Ban(msgspec.Struct, frozen=True):
    until_ms: int
    length_ms: int


class _Window:
    def __init__(self, width_ms: int) -> None:
        self._width_ms = width_ms
        self._number = -1
        self._counts: dict[str, int] = {}

    def end_ms(self, now_ms: int) -> int:
        return (now_ms // self._width_ms + 1) * self._width_ms

    def used(self, name: str, now_ms: int) -> int:
        return self._counts.get(name, 0) if now_ms // self._width_ms == self._number else 0

    def add(self, name: str, amount: int, now_ms: int) -> int:
        number = now_ms // self._width_ms
        if number != self._number:
            self._number = number
            self._counts = {}
        self._counts[name] = self._counts.get(name, 0) + amount
        return self._counts[name]
