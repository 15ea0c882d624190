"""What happens to an account without its doing: transfers, frames out of nowhere, the end of its listen key."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from simulator.core.amounts import decimal_amount
from simulator.core.lookup import find_account
from simulator.core.profile import ListenKeyEnd
from simulator.errors import NoListenKeyError
from simulator.runtime.deeds import Deeds

__all__ = ["AccountDeeds"]


class AccountDeeds(Deeds):
    """Changes wallets, sends frames, ends listen keys."""

    def transfer(
        self, asset: str, amount: str | Decimal, *, reason: str = "DEPOSIT", account: str | None = None
    ) -> None:
        """Change a wallet, and say so with ACCOUNT_UPDATE. A negative amount takes away."""
        exchange = self._floor.venue.exchange
        owner, change = find_account(exchange, account), decimal_amount(amount)
        self._floor.act(
            "action",
            f"{reason} {change:f} {asset}",
            lambda now_ms: exchange.transfer(owner, asset, change, reason, now_ms),
        )

    def push(self, frame: dict[str, Any] | str | bytes, *, account: str | None = None) -> int:
        """Send any frame to every user stream of the account; return to how many.

        A dict is an event, wrapped where the connection wants it; a str is sent as it is; bytes are a binary frame.
        """
        owner = find_account(self._floor.venue.exchange, account)
        return self._floor.push(owner.name, frame)

    def expire_listen_key(self, *, account: str | None = None) -> None:
        """End the listen key's lifetime now, in the way the profile says. Raises `NoListenKeyError`."""
        self._end_listen_key("expired", account)

    def drop_listen_key(self, *, account: str | None = None) -> None:
        """Kill the listen key without a word: its sockets stay open and silent. Raises `NoListenKeyError`."""
        self._end_listen_key("dropped", account)

    def _end_listen_key(self, cause: ListenKeyEnd, account: str | None) -> None:
        venue = self._floor.venue
        name = find_account(venue.exchange, account).name
        if venue.listen_keys.current(name) is None:
            raise NoListenKeyError(name)
        self._floor.act("action", f"listen key {cause}", lambda now_ms: venue.end_listen_key(name, cause, now_ms))
