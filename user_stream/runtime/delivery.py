"""Everything that leaves the service, one thing at a time, whatever the engine does with it.

An engine's callback may raise: that is reported, and counts as delivered. It may be a coroutine function: the next
delivery waits for it. Whoever folds facts into the ledger and delivers what comes out holds the `turn` from the first
to the last, so that the order in which the ledger decides is the order in which the engine hears.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from decimal import Decimal
from typing import TypeAlias

from user_stream.contracts import (
    MappedAccountUpdate,
    MappedOrderUpdate,
    TakesAccountUpdates,
    TakesFillDetails,
    TakesOrderUpdates,
    TakesUnknownOutcomes,
)
from user_stream.core.events import Event
from user_stream.core.fills import FillPriceCache, LastFill
from user_stream.core.ledger import Told
from user_stream.core.lifecycle import CallbackFailed, Notice, OrderLost
from user_stream.core.positions import PositionBook
from user_stream.runtime.binance_websocket import call

__all__ = ["Delivery", "Listener"]

Listener: TypeAlias = Callable[[Event | Notice], Awaitable[None] | None]

_log = logging.getLogger("user_stream")


class Delivery:
    """The engine's order manager, risk engine and listeners, behind one door."""

    def __init__(
        self, order_manager: TakesOrderUpdates, risk_engine: TakesAccountUpdates | None, fills: FillPriceCache
    ) -> None:
        self.turn = asyncio.Lock()
        self.book = PositionBook()
        """What the risk engine has been told."""
        self._order_manager = order_manager
        self._risk_engine = risk_engine
        self._fills = fills
        self._listeners: list[Listener] = []
        self._calling: asyncio.Task[None] | None = None

    @property
    def is_calling_from_here(self) -> bool:
        """True inside an engine's callback: what waits for the callback's end would wait for ever."""
        return self._calling is not None and self._calling is asyncio.current_task()

    def add_listener(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` with every event and notice; the returned function takes it off again."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    async def tell(self, told: Iterable[Told]) -> None:
        """Tell the order manager. The caller holds the `turn`."""
        for kind, update in told:
            if kind == "delivery":
                self._record_fill(update)
                await self._call(self._order_manager.on_order_update, update)
            elif isinstance(self._order_manager, TakesFillDetails):
                await self._call(self._order_manager.on_fill_details, update)

    async def tell_account(self, patch: MappedAccountUpdate) -> None:
        """Tell the risk engine. The caller holds the `turn`."""
        self.book.on_account_update(patch)
        if self._risk_engine is not None:
            await self._call(self._risk_engine.on_account_update, patch)

    async def tell_lost(self, client_order_id: str) -> None:
        """Tell everybody that an order is known to nobody."""
        if isinstance(self._order_manager, TakesUnknownOutcomes):
            await self._call(self._order_manager.on_order_lost, client_order_id)
        await self.publish(OrderLost(client_order_id))

    async def publish(self, item: Event | Notice) -> None:
        """Tell the listeners."""
        for listener in tuple(self._listeners):
            await self._call(listener, item)

    async def _call(self, callback: Callable[..., Awaitable[None] | None], argument: object) -> None:
        outer, self._calling = self._calling, asyncio.current_task()
        try:
            await call(callback, argument)
        except Exception as error:  # noqa: BLE001  an engine may raise anything; it is reported and the stream goes on
            await self._report(callback, argument, error)
        finally:
            self._calling = outer

    async def _report(self, callback: Callable[..., object], argument: object, error: Exception) -> None:
        name = getattr(callback, "__qualname__", repr(callback))
        _log.error("callback %s raised; what it was given counts as delivered", name, exc_info=error)
        if not isinstance(argument, CallbackFailed):  # a listener that fails at failures is told no more of them
            await self.publish(CallbackFailed(name, error))

    def _record_fill(self, update: MappedOrderUpdate) -> None:
        if update["last_filled_qty"] == "0":
            return
        fill = LastFill(
            update["symbol"], Decimal(update["last_filled_price"]), update["side"], update["order_trade_time"]
        )
        self._fills.record(fill)
