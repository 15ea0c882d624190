"""Conditional orders on their way through the service: their events in, the wait for a child, the watch over stops.

An `ALGO_UPDATE` is folded into their own book. Order events pass by here first: those of an order that may be a child
are kept back until its parent is known, for a second at most, and go to the ledger then. Every delivery passes by on
its way out, to be told whose child it is about, and to be seen by the watch over stops.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterable, Sequence
from functools import partial

from user_stream.contracts import MappedOrderUpdate, OrderIntent
from user_stream.core.algo_rows import map_algo_update
from user_stream.core.child_wait import ChildWait, Parked
from user_stream.core.conditional_orders import ConditionalOrders
from user_stream.core.events import AlgoUpdate
from user_stream.core.ledger import Told
from user_stream.core.protection import Protection
from user_stream.runtime.account import Account
from user_stream.runtime.algo_questions import AlgoQuestions
from user_stream.runtime.order_repairs import OrderRepairs

__all__ = ["ConditionalFlow"]

_log = logging.getLogger("user_stream.conditional_flow")
_LOOK_AGAIN_S = 1.0
_EVICT_EVERY_MS = 60_000


class ConditionalFlow:
    """One account's conditional orders, as tasks of the service. `is_live`: whether the positions can be believed."""

    def __init__(self, account: Account, repairs: OrderRepairs, *, is_live: Callable[[], bool]) -> None:
        self.orders = ConditionalOrders(account.ledger, number=account.ledger.number)
        self._ledger = account.ledger
        self._feed = account.feed
        self._delivery = account.delivery
        self._clock = account.clock
        self._repairs = repairs
        self._is_live = is_live
        self._wait_s = account.settings.child_wait_s
        self._kept_ms = int((account.settings.overlap_s + account.settings.rest_lag_s) * 1000)
        self._evicted_at = 0
        self._waiting = ChildWait(self.orders, wait_s=self._wait_s)
        self._protection = Protection()
        self._questions = AlgoQuestions(account, self.orders, repairs, heard=self._heard)
        self._tasks: asyncio.TaskGroup | None = None
        self._running: set[str] = set()
        self._asked: set[str] = set()
        account.delivery.complete = self._complete

    def begin(self, tasks: asyncio.TaskGroup) -> None:
        """Run in this group from now on; questions that were put before are asked now."""
        self._tasks = tasks
        for client_algo_id in sorted(self._asked):
            self.question(client_algo_id)

    def end(self) -> None:
        """Start nothing any more, and tell what was kept back."""
        self._tasks = None
        self._fold(self._waiting.release_all())

    def restore(self, intents: Iterable[OrderIntent], deliveries: Sequence[MappedOrderUpdate]) -> None:
        """Know again what was announced and delivered before a restart, and ask what became of the former."""
        self.orders.restore(deliveries)
        self._protection.restore(deliveries)
        for intent in intents:
            if intent.algo:
                self.register(intent)
                self.question(intent.client_order_id)

    def start_over(self) -> None:
        """Go on with an exchange that began anew."""
        self.orders.start_over()

    # --- what an order manager says -------------------------------------------------------------------------------

    def register(self, intent: OrderIntent) -> None:
        """Expect a conditional order that is about to be sent."""
        self.orders.intents.register(intent, epoch=0)
        self._protection.intended(intent.client_order_id)

    def withdraw(self, client_algo_id: str) -> None:
        """Expect it no longer: the exchange refused it."""
        self.orders.intents.withdraw(client_algo_id)
        self._protection.withdrawn(client_algo_id)

    def knows(self, client_algo_id: str) -> bool:
        """Say whether a conditional order bears this name, as far as anybody here knows."""
        return client_algo_id in self.orders.intents or self.orders.named(client_algo_id) is not None

    def question(self, client_algo_id: str) -> None:
        """Ask what became of a conditional order whose request had an unknown outcome."""
        self._asked.add(client_algo_id)
        self._spawn(f"ask for {client_algo_id}", partial(self._ask, client_algo_id))

    async def _ask(self, client_algo_id: str) -> None:
        await self._questions.ask(client_algo_id)
        self._asked.discard(client_algo_id)

    # --- what the stream and REST say -----------------------------------------------------------------------------

    async def read_all(self) -> list[Told]:
        """Read over REST where all conditional orders stand; a recovery does so before it reads the others, whose
        parents are then known. What was sent and is not found is asked for until it is, or is lost.
        """
        told = await self._questions.read_all()
        for intent in self.orders.intents:
            self.question(intent.client_order_id)
        return told

    def take_algo_update(self, event: AlgoUpdate) -> None:
        """Fold an ALGO_UPDATE."""
        self._delivery.tell(self.orders.fold(map_algo_update(event)))
        self._heard()
        if event.transaction_time - self._evicted_at > _EVICT_EVERY_MS:
            self._evicted_at = event.transaction_time
            self.orders.evict(event.transaction_time - self._kept_ms)

    def take(self, update: MappedOrderUpdate, epoch: int) -> bool:
        """Keep an order's fact back if it may be a child whose parent is not known yet. Return whether it was kept."""
        if not self._waiting.take(update, epoch, now_s=self._clock.monotonic()):
            return False
        if self._tasks is None:
            self._fold(self._waiting.release_all())
        self._spawn("wait for a parent", self._wait_for_parents)
        return True

    def _heard(self) -> None:
        """The book has moved: let go of what waited for it, and ask for what it did not say."""
        self._release()
        for order in self.orders.unsettled:
            if order.child is not None:
                self._spawn(f"end of {order.algo_id}", partial(self._questions.see_child_end, order.algo_id))
            elif order.status != "TRIGGERING":  # the stream is about to say it
                self._find_child(order.algo_id)

    def _find_child(self, algo_id: int) -> None:
        self._spawn(f"child of {algo_id}", partial(self._questions.find_child, algo_id))

    async def _wait_for_parents(self) -> None:
        """Half of the wait is for the stream; then the likely parents are asked; past it, what waits is let go."""
        await self._clock.sleep(self._wait_s / 2)
        for algo_id in self._waiting.likely_parents():
            self._find_child(algo_id)
        while (deadline := self._waiting.next_deadline()) is not None:
            await self._clock.sleep(max(deadline - self._clock.monotonic(), 0))
            self._release()

    def _release(self) -> None:
        self._fold(self._waiting.release(now_s=self._clock.monotonic()))

    def _fold(self, facts: Iterable[Parked]) -> None:
        for update, epoch in facts:
            self._delivery.tell(self._ledger.fold(update, epoch))
        if self._ledger.holes:
            self._repairs.repair_holes()

    # --- what goes out --------------------------------------------------------------------------------------------

    def _complete(self, update: MappedOrderUpdate) -> MappedOrderUpdate:
        """Annotate a delivery, and let the watch over stops see it."""
        completed = self.orders.annotate(update)
        if "algo_id" in completed:
            self._protection.watch(completed)
            if self._protection.in_doubt:
                self._spawn("watch stops", self._watch_stops)
        return completed

    async def _watch_stops(self) -> None:
        """A stop ended; a moment later, all that ended with it is known, and whether a position stands there bare."""
        await self._clock.sleep(self._wait_s)
        while not self._is_live():
            await self._clock.sleep(_LOOK_AGAIN_S)
        for alarm in self._protection.alarms(self._feed.book.amounts):
            _log.error(
                "%s",
                alarm,
                extra={"event": "position_unprotected", "symbol": alarm.symbol, "position_side": alarm.position_side},
            )
            self._delivery.publish(alarm)

    def _spawn(self, name: str, work: Callable[[], Coroutine[None, None, None]]) -> None:
        """Start a task unless one of this name runs."""
        if self._tasks is None or name in self._running:
            return
        self._running.add(name)
        self._tasks.create_task(work(), name=name).add_done_callback(lambda _: self._running.discard(name))
