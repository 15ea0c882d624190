"""What happens to an account without its doing: transfers, frames out of nowhere."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from simulator.core.amounts import decimal_amount
from simulator.core.lookup import find_account
from simulator.runtime.deeds import Deeds

__all__ = ["AccountDeeds"]


class AccountDeeds(Deeds):
    """Changes wallets, sends frames."""

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
