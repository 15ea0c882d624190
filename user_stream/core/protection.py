"""Is every open position still protected? The alarm when its only live stop ends without having closed it.

A stop protects a position of its symbol and position side when it would sell a long one or buy a short one, whatever
its quantity. It is live until it, or the order that it became, has ended. It has done its work when that was filled. If
it ended otherwise (cancelled, expired, refused when it was triggered, or its child was), the position may have been
closed in the same moment: the account's update comes before or after, on another channel, and a replacement may be on
its way. So the question is put at quiescence: shortly after the end, with everything that came meanwhile taken in.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import NamedTuple

from user_stream.contracts import MappedOrderUpdate
from user_stream.core.lifecycle import PositionUnprotected
from user_stream.core.mapping import ENDED
from user_stream.core.positions import PositionKey

__all__ = ["STOP_TYPES", "Protection"]

STOP_TYPES = frozenset({"STOP", "STOP_MARKET", "TRAILING_STOP_MARKET"})
"""Conditional orders that limit a loss; taking a profit protects nothing."""


class _Stop(NamedTuple):
    position: PositionKey
    side: str

    def protects(self, amount: Decimal) -> bool:
        return amount > 0 if self.side == "SELL" else amount < 0


class Protection:
    """The stops of one account, kept from the deliveries of conditional orders and of their children."""

    def __init__(self) -> None:
        self._intended: set[str] = set()
        self._live: dict[int, _Stop] = {}
        self._ended: dict[int, tuple[_Stop, str]] = {}

    @property
    def in_doubt(self) -> bool:
        """True when a stop ended and nobody has looked yet whether its position is open."""
        return bool(self._ended)

    def intended(self, client_algo_id: str) -> None:
        """A stop is about to be sent: its end is news, even if that is the first that anybody hears of it."""
        self._intended.add(client_algo_id)

    def withdrawn(self, client_algo_id: str) -> None:
        """It was refused for certain, which whoever sent it was told."""
        self._intended.discard(client_algo_id)

    def watch(self, update: MappedOrderUpdate) -> None:
        """Take note of a delivery that bears an `algo_id`."""
        algo_id = update.get("algo_id", 0)
        stop = self._live.get(algo_id)
        if stop is None:
            if not algo_id or update["order_type"] not in STOP_TYPES:
                return
            stop = _Stop((update["symbol"], update["position_side"] or "BOTH"), update["side"])
        if update["order_status"] not in ENDED:
            self._live[algo_id] = stop
            return
        known = self._live.pop(algo_id, None) is not None or update["client_order_id"] in self._intended
        self._intended.discard(update["client_order_id"])
        if known and update["order_status"] != "FILLED":
            self._ended[algo_id] = (stop, update["order_status"])

    def restore(self, deliveries: Iterable[MappedOrderUpdate]) -> None:
        """Know the stops again that were live before a restart, from what was delivered then, oldest first."""
        for update in deliveries:
            self.watch(update)
        self._ended.clear()

    def alarms(self, amounts: Mapping[PositionKey, Decimal]) -> list[PositionUnprotected]:
        """Say which positions lost their only live stop. `amounts`: the open positions, signed, in the base asset."""
        ended, self._ended = self._ended, {}
        alarms: dict[PositionKey, PositionUnprotected] = {}
        for algo_id, (stop, cause) in ended.items():
            if stop.protects(amounts.get(stop.position, Decimal(0))) and stop not in self._live.values():
                symbol, position_side = stop.position
                alarms[stop.position] = PositionUnprotected(symbol, position_side, algo_id, cause)
        return list(alarms.values())
