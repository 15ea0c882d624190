"""What the exchange does with a symbol as a contract: whether it trades."""

from __future__ import annotations

from simulator.core.lookup import find_symbol
from simulator.core.market.listing import set_status
from simulator.runtime.deeds import Deeds

__all__ = ["ListingDeeds"]


class ListingDeeds(Deeds):
    """Opens, halts and closes symbols."""

    def set_status(self, symbol: str, status: str) -> None:
        """Give a symbol another status: PENDING_TRADING, TRADING, SETTLING, CLOSE, TRADING_HALT, ...

        `exchangeInfo` shows it from now on, and `!contractInfo` tells it. Orders and positions stay as they are.
        Raises `UnknownSymbolError`, or `BadStatusError` for a status that no symbol has.
        """
        exchange = self._floor.venue.exchange
        known = find_symbol(exchange, symbol).symbol
        self._floor.act("market", f"{known} is {status}", lambda now_ms: set_status(exchange, known, status, now_ms))
