"""Everything that leaves the service, one thing at a time, whatever the engine does with it.

What the ledger has booked must be told, whoever is cancelled meanwhile. So deciding and telling are apart: whoever
folds facts puts what comes out into the outbox, in the same breath and without waiting, and the outbox is emptied in
its order. The reader waits for that before it reads on.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Awaitable, Callable, Iterable
from decimal import Decimal
from typing import TypeAlias

from user_stream.contracts import (
    MappedAccountUpdate,
    MappedOrderUpdate,
    TakesAccountUpdates,
    TakesFillDetails,
    TakesOpenOrders,
    TakesOrderUpdates,
    TakesUnknownOutcomes,
)
from user_stream.core.events import Event
from user_stream.core.fills import FillPriceCache, LastFill
from user_stream.core.ledger import Told
from user_stream.core.lifecycle import CallbackFailed, Notice, OrderLost
from user_stream.core.positions import PositionBook
from user_stream.runtime.outbox import Callback, Outbox

__all__ = ["Delivery", "Listener"]

Listener: TypeAlias = Callable[[Event | Notice], Awaitable[None] | None]

_log = logging.getLogger("user_stream")


class Delivery:
    """The engine's order manager, risk engine and listeners, behind one door.

    `callback_timeout_s`: how long a coroutine callback may take before it is cancelled and reported.
    """

    def __init__(
        self,
        order_manager: TakesOrderUpdates,
        risk_engine: TakesAccountUpdates | None,
        fills: FillPriceCache,
        *,
        callback_timeout_s: float = 30.0,
    ) -> None:
        self.book = PositionBook()
        """What the risk engine has been told, or is about to be."""
        self._order_manager = order_manager
        self._risk_engine = risk_engine
        self._fills = fills
        self._listeners: list[Listener] = []
        self._outbox = Outbox(timeout_s=callback_timeout_s, report=self._report)

    def add_listener(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` with every event and notice; the returned function takes it off again."""
        self._listeners.append(listener)

        def take_off() -> None:
            with contextlib.suppress(ValueError):  # it was taken off before
                self._listeners.remove(listener)

        return take_off

    def tell(self, told: Iterable[Told]) -> None:
        """Tell the order manager."""
        for kind, update in told:
            if kind == "delivery":
                self._outbox.put(self._deliver, update)
            elif isinstance(self._order_manager, TakesFillDetails):
                self._outbox.put(self._order_manager.on_fill_details, update)

    def tell_account(self, patch: MappedAccountUpdate) -> None:
        """Tell the risk engine."""
        self.book.on_account_update(patch)
        if self._risk_engine is not None:
            self._outbox.put(self._risk_engine.on_account_update, patch)

    def tell_lost(self, client_order_id: str) -> None:
        """Tell everybody that an order is known to nobody."""
        if isinstance(self._order_manager, TakesUnknownOutcomes):
            self._outbox.put(self._order_manager.on_order_lost, client_order_id)
        self.publish(OrderLost(client_order_id))

    def tell_open(self, client_order_id: str) -> None:
        """Tell the order manager that an order it asked about is open, as it was."""
        if isinstance(self._order_manager, TakesOpenOrders):
            self._outbox.put(self._order_manager.on_order_open, client_order_id)

    def publish(self, item: Event | Notice) -> None:
        """Tell the listeners."""
        for listener in tuple(self._listeners):
            self._outbox.put(listener, item)

    async def idle(self) -> None:
        """Wait until everything was told. Whoever waits may be cancelled; the telling goes on."""
        await self._outbox.idle()

    def _deliver(self, update: MappedOrderUpdate) -> Awaitable[None] | None:
        if update["last_filled_qty"] != "0":
            price = Decimal(update["last_filled_price"])
            self._fills.record(LastFill(update["symbol"], price, update["side"], update["order_trade_time"]))
        return self._order_manager.on_order_update(update)

    def _report(self, callback: Callback, argument: object, error: BaseException) -> None:
        engines = self._order_manager.on_order_update if callback == self._deliver else callback
        name = getattr(engines, "__qualname__", repr(engines))
        _log.error("callback %s failed; what it was given counts as delivered", name, exc_info=error)
        if not isinstance(argument, CallbackFailed):  # a listener that fails at failures is told no more of them
            for listener in tuple(self._listeners):
                self._outbox.put(listener, CallbackFailed(name, error))
