"""Everything that leaves the service, one thing at a time, whatever the engine does with it.

What the ledger has booked must be told, whoever is cancelled meanwhile. So deciding and telling are apart: whoever
folds facts puts what comes out into the outbox, in the same breath and without waiting, and the outbox is emptied in
its order. The reader waits for that before it reads on.

A callback that fails, and one that keeps all others waiting for too long, is named to the listeners. Neither is said
twice: a listener that is slow at hearing who was slow is told no more of it.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from decimal import Decimal
from functools import partial
from typing import Any, TypeAlias

from user_stream.contracts import (
    MappedAccountUpdate,
    MappedOrderUpdate,
    ResumesOrders,
    TakesAccountUpdates,
    TakesFillDetails,
    TakesOpenOrders,
    TakesOrderUpdates,
    TakesStreamState,
    TakesUnknownOutcomes,
)
from user_stream.core.events import Event
from user_stream.core.explanation import Explanation
from user_stream.core.fills import FillPriceCache, LastFill
from user_stream.core.journal_rows import Resumption, journal_key
from user_stream.core.ledger import Told
from user_stream.core.lifecycle import CallbackFailed, CallbackSlow, Notice, OrderLost, ServiceState
from user_stream.core.positions import PositionBook
from user_stream.errors import FatalError
from user_stream.observer import Metrics
from user_stream.runtime.clock import Clock, LoopClock
from user_stream.runtime.memory import Memory
from user_stream.runtime.outbox import Callback, Outbox, callback_name

__all__ = ["Delivery", "Listener"]

Listener: TypeAlias = Callable[[Event | Notice], Awaitable[None] | None]

_log = logging.getLogger("user_stream.delivery")


class Delivery:
    """The engine's order manager, risk engine and listeners, behind one door.

    `callback_timeout_s`: how long a coroutine callback may take before it is cancelled and reported, and left behind if
    that does not end it.
    `callback_slow_s`: one that takes longer is named. `memory` hears of each update whose callback has returned or
    failed: only then is it certain that the engine had it.
    """

    def __init__(
        self,
        order_manager: TakesOrderUpdates,
        risk_engine: TakesAccountUpdates | None,
        fills: FillPriceCache,
        *,
        callback_timeout_s: float = 30.0,
        callback_slow_s: float = 1.0,
        clock: Clock | None = None,
        metrics: Metrics | None = None,
        memory: Memory | None = None,
    ) -> None:
        self.complete: Callable[[MappedOrderUpdate], MappedOrderUpdate] = lambda update: update
        """Adds to each delivery what the ledger of ordinary orders cannot know."""
        self._order_manager = order_manager
        self._risk_engine = risk_engine
        self._fills = fills
        self._listeners: list[tuple[Listener]] = []
        self._explanation = Explanation()
        self._clock = clock or LoopClock()
        self._told_at: dict[int, float] = {}
        self._slow_s = callback_slow_s
        self._metrics = metrics or Metrics()
        self._memory = memory or Memory()
        self._outbox = Outbox(timeout_s=callback_timeout_s, report=self._report, after_end=self._after_end, clock=clock)
        self._not_resumed: BaseException | None = None
        self._to_deliver: Callback = self._deliver  # known by identity: a listener may have neither hash nor equality
        self._to_detail: Callback = self._detail
        self._to_detail_again: Callback = self._known_detail
        self._to_resume: Callback = self._give_back

    def add_listener(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` with every event and notice; the returned function takes it off again."""
        entry = (listener,)
        self._listeners.append(entry)

        def take_off() -> None:
            self._listeners = [each for each in self._listeners if each is not entry]

        return take_off

    def tell(self, told: Iterable[Told]) -> None:
        """Tell the order manager; what is told is kept first."""
        completed = [Told(kind, self.complete(update)) for kind, update in told]
        self._memory.write_ahead(completed, partial(self.tell_again, completed))

    def tell_again(self, told: Iterable[Told]) -> None:
        """Tell the order manager what is kept already."""
        for kind, update in told:
            if kind == "delivery":
                self._explanation.add(update)
                self._told_at[update["delivery_id"]] = self._clock.perf()
            self._outbox.put(self._to_deliver if kind == "delivery" else self._to_detail, update)

    async def resume(self, resumption: Resumption) -> None:
        """Give the order manager back what an earlier process knew, then tell what that may not have told.

        Raises `FatalError` when it does not take it: an engine that does not know its orders must not trade.
        """
        if isinstance(self._order_manager, ResumesOrders):
            self._outbox.put(self._to_resume, resumption)
            await self._outbox.idle()
            if self._not_resumed is not None:
                raise self._refusal_to_resume(self._not_resumed) from self._not_resumed
            for kind, update in _known(resumption):
                if kind == "details":
                    self._outbox.put(self._to_detail_again, update)
        self.tell_again(resumption.unacknowledged)

    def _give_back(self, resumption: Resumption) -> Awaitable[None] | None:
        deliveries = [update for kind, update in _known(resumption) if kind == "delivery"]
        met = {journal_key(update)[0] for update in deliveries}
        unheard = [intent for key, intent in resumption.ours.items() if key not in met]
        assert isinstance(self._order_manager, ResumesOrders)  # noqa: S101  nothing else is given anything back
        return self._order_manager.resume_orders([*unheard, *resumption.intents], deliveries, resumption.ours.keys())

    def _refusal_to_resume(self, error: BaseException) -> FatalError:
        return FatalError(
            f"the order manager did not take back its orders: {self._name(self._to_resume)} raised "
            f"{type(error).__name__}. Mend that and start again; the journal still has everything"
        )

    def tell_account(self, patch: MappedAccountUpdate) -> None:
        """Tell the risk engine."""
        if self._risk_engine is not None:
            self._put(self._risk_engine.on_account_update, patch)

    def tell_state(self, state: ServiceState) -> None:
        """Tell the risk engine where the service is in its life, if it wants to hear."""
        if isinstance(self._risk_engine, TakesStreamState):
            self._put(self._risk_engine.on_stream_state, state)

    def has_unexplained(self, book: PositionBook) -> bool:
        """Say whether a position moved by more than the fills that were told."""
        return bool(self._explanation.unexplained(book))

    def explain(self, book: PositionBook) -> None:
        """Tell everybody which positions moved by more than the fills that were told, and start anew from here."""
        for position in self._explanation.settle(book):
            self.publish(position)

    def tell_lost(self, client_order_id: str) -> None:
        """Tell everybody that an order is known to nobody. Whoever starts next need not ask for it again."""
        if isinstance(self._order_manager, TakesUnknownOutcomes):
            self._put(self._order_manager.on_order_lost, client_order_id)
        self.publish(OrderLost(client_order_id))
        self._memory.withdraw(client_order_id)

    def tell_open(self, client_order_id: str) -> None:
        """Tell the order manager that an order it asked about is open, as it was."""
        if isinstance(self._order_manager, TakesOpenOrders):
            self._put(self._order_manager.on_order_open, client_order_id)

    def publish(self, item: Event | Notice) -> None:
        """Tell the listeners."""
        self._metrics.notice(item)
        for (listener,) in tuple(self._listeners):
            self._put(listener, item)

    def _put(self, callback: Callback, argument: object) -> None:
        self._memory.in_order(partial(self._outbox.put, callback, argument))

    @property
    def busy(self) -> bool:
        """True while a callback is being awaited."""
        return self._outbox.busy

    async def idle(self) -> None:
        """Wait until everything was told. Whoever waits may be cancelled; the telling goes on."""
        self._memory.flush()
        await self._outbox.idle()

    def let_go(self) -> None:
        """Cancel the callbacks that were left behind."""
        self._outbox.let_go()

    def _deliver(self, update: MappedOrderUpdate) -> Awaitable[None] | None:
        if update["last_filled_qty"] != "0":
            price = Decimal(update["last_filled_price"])
            self._fills.record(LastFill(update["symbol"], price, update["side"], update["order_trade_time"]))
        return self._order_manager.on_order_update(update)

    def _detail(self, update: MappedOrderUpdate) -> Awaitable[None] | None:
        if isinstance(self._order_manager, TakesFillDetails):
            return self._order_manager.on_fill_details(update)
        return None

    def _known_detail(self, update: MappedOrderUpdate) -> Awaitable[None] | None:
        return self._detail(update)  # acknowledged in an earlier life

    def _name(self, callback: Callback) -> str:
        manager = self._order_manager
        if callback is self._to_deliver:
            return callback_name(manager.on_order_update)
        if (callback is self._to_detail or callback is self._to_detail_again) and isinstance(manager, TakesFillDetails):
            return callback_name(manager.on_fill_details)
        if callback is self._to_resume and isinstance(manager, ResumesOrders):
            return callback_name(manager.resume_orders)
        return callback_name(callback)

    def _report(self, callback: Callback, argument: object, error: BaseException) -> None:
        if callback is self._to_resume:
            self._not_resumed = error
            return
        name = self._name(callback)
        _log.error(
            "callback %s failed; what it was given counts as delivered",
            name,
            exc_info=error,
            extra={"event": "callback_failed", "callback": name, "error": type(error).__name__},
        )
        if not isinstance(argument, CallbackFailed):  # a listener that fails at failures is told no more of them
            self.publish(CallbackFailed(name, error))

    def _after_end(self, callback: Callback, argument: Any, seconds: float) -> None:
        if callback is self._to_deliver:
            self._metrics.delivered(argument)
            now_s = self._clock.perf()
            self._metrics.delivery_latency(now_s - self._told_at.pop(argument["delivery_id"], now_s))
        if callback is self._to_deliver or callback is self._to_detail:
            self._memory.acknowledge(argument["delivery_id"])
        if seconds > self._slow_s:
            self._name_slow(self._name(callback), argument, seconds)
        if self._metrics.observed:
            self._metrics.callback(self._name(callback), seconds, waiting=len(self._outbox))

    def _name_slow(self, name: str, argument: object, seconds: float) -> None:
        _log.warning(
            "callback %s kept everything else waiting for %.1f s",
            name,
            seconds,
            extra={"event": "callback_slow", "callback": name, "seconds": seconds},
        )
        if not isinstance(argument, CallbackSlow):  # a listener that is slow at this, too, would never be done
            self.publish(CallbackSlow(name, seconds))


def _known(resumption: Resumption) -> Sequence[Told]:
    """Return what the engine was told for certain."""
    return resumption.told[: len(resumption.told) - len(resumption.unacknowledged)]
