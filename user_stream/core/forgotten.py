"""What is left of orders that were forgotten: per symbol a watermark, below which everything is known.

Orders that ended, complete, are forgotten once no lagging source can tell anything new of them. What is told of them
again lies below the watermark in id *and* in time, and is a duplicate. Trade ids only grow: a trade with an id that is
not above the watermark and a later time belongs to another exchange than the one we knew: it was reset, as testnets
are. Order ids say nothing of that kind, because an old order may fill late.
"""

from __future__ import annotations

from user_stream.contracts import MappedOrderUpdate

__all__ = ["Forgotten"]


class Forgotten:
    """The watermark: `until` in exchange ms, and the highest trade id and order id of each symbol."""

    def __init__(self) -> None:
        self.until = 0
        self._trades: dict[str, int] = {}
        self._orders: dict[str, int] = {}

    def add(self, symbol: str, order_id: str, trade_id: int) -> None:
        """Forget an order whose newest trade is this one; 0 when it never traded."""
        self._orders[symbol] = max(self._orders.get(symbol, 0), int(order_id))
        self._trades[symbol] = max(self._trades.get(symbol, 0), trade_id)

    def covers(self, update: MappedOrderUpdate) -> bool:
        """Say whether a fact about an order that we do not hold was known before the order was forgotten."""
        if update["order_trade_time"] >= self.until:
            return False
        symbol = update["symbol"]
        if update["trade_id"]:
            return update["trade_id"] <= self._trades.get(symbol, 0)
        return int(update["order_id"]) <= self._orders.get(symbol, 0)

    def contradicts(self, symbol: str, trade_id: int, time: int) -> bool:
        """Say whether a trade cannot have been made on the exchange that we knew."""
        return 0 < trade_id <= self._trades.get(symbol, 0) and time >= self.until
