"""Single orders set right over REST while the stream is live: fills that are missing, and outcomes that nobody knows.

A missing fill is looked for until `Settings.hole_wait_s` is over; what was held back for it then goes out, and the
shortfall is declared. An unknown outcome is asked for by client order id until the stream or REST answers. "Not found"
proves nothing while the request may still arrive and REST may lag; past both bounds the order is lost, which is said,
and it stays fillable. Nothing is ever sent again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from user_stream.core.ledger import Ledger
from user_stream.core.lifecycle import ShortfallDeclared
from user_stream.core.order_record import OrderKey
from user_stream.core.retry import BackoffPolicy, backoff_delay
from user_stream.errors import ListenKeyLostError, OutcomeUnknownError, RequestRejectedError, RetryableError
from user_stream.runtime.binance_rest import BinanceRest
from user_stream.runtime.clock import Clock
from user_stream.runtime.delivery import Delivery
from user_stream.runtime.recovery import read_order
from user_stream.settings import Settings

__all__ = ["RECOVERABLE", "OrderRepairs"]

RECOVERABLE = (RetryableError, ListenKeyLostError, RequestRejectedError, OutcomeUnknownError)
"""What may go better next time; anything else is fatal."""

_log = logging.getLogger("user_stream")


class OrderRepairs:
    """Runs at most one repair per order and one question per client order id, as tasks of the service."""

    def __init__(
        self,
        rest: BinanceRest,
        ledger: Ledger,
        delivery: Delivery,
        *,
        settings: Settings,
        clock: Clock,
        draw: Callable[[], float],
    ) -> None:
        self._rest = rest
        self._ledger = ledger
        self._delivery = delivery
        self._settings = settings
        self._clock = clock
        self._draw = draw
        self._questions = BackoffPolicy(initial_s=settings.question_interval_s, maximum_s=10.0)
        self._tasks: asyncio.TaskGroup | None = None
        self._repairing: set[OrderKey] = set()
        self._asking: set[tuple[str, str]] = set()
        self.floor = 0
        """Orders made before it (exchange ms), and never met, start from a baseline."""

    def begin(self, tasks: asyncio.TaskGroup) -> None:
        """Run repairs in this group from now on."""
        self._tasks = tasks

    def end(self) -> None:
        """Run none any more: the next synchronization asks for every order that is not settled."""
        self._tasks = None
        self._repairing.clear()
        self._asking.clear()

    def repair_holes(self) -> None:
        """Look for the fills that the ledger misses."""
        for key in self._ledger.holes - self._repairing:
            if self._tasks is not None:
                self._repairing.add(key)
                self._tasks.create_task(self._repair(key), name=f"repair {key[0]} {key[1]}")

    def question(self, symbol: str, client_order_id: str) -> None:
        """Ask what became of an order whose request had an unknown outcome."""
        question = (symbol, client_order_id)
        if self._tasks is not None and question not in self._asking:
            self._asking.add(question)
            self._tasks.create_task(self._ask(symbol, client_order_id), name=f"ask for {client_order_id}")

    async def _repair(self, key: OrderKey) -> None:
        deadline = self._clock.monotonic() + self._settings.hole_wait_s
        attempt = 0
        while not self._ledger.is_complete(key) and self._clock.monotonic() < deadline:
            attempt += 1
            await self._repair_once(key, within_s=deadline - self._clock.monotonic())
            if not self._ledger.is_complete(key):
                await self._clock.sleep(min(0.1 * 2**attempt, max(deadline - self._clock.monotonic(), 0)))
        async with self._delivery.turn:
            await self._delivery.tell(self._ledger.release(key))
        self._repairing.discard(key)
        if not self._ledger.is_complete(key):
            await self._delivery.publish(ShortfallDeclared(key))

    async def _repair_once(self, key: OrderKey, *, within_s: float) -> None:
        try:
            async with asyncio.timeout(within_s):
                found = await read_order(self._rest, key)
        except (*RECOVERABLE, TimeoutError) as error:
            _log.warning("the fills of order %s of %s could not be read: %s", key[1], key[0], error)
            return
        if found is not None:
            async with self._delivery.turn:
                await self._delivery.tell(self._ledger.fold_order(*found, since=self.floor))

    async def _ask(self, symbol: str, client_order_id: str) -> None:
        intended = client_order_id in self._ledger.intents
        bound_s = self._settings.recv_window_ms / 1000 + self._settings.rest_lag_s
        deadline = self._clock.monotonic() + bound_s
        attempt = 0
        try:
            while True:
                attempt += 1
                await self._clock.sleep(backoff_delay(self._questions, attempt, self._draw()))
                if intended and client_order_id not in self._ledger.intents:
                    return  # the stream was faster
                found = await self._ask_once(symbol, client_order_id)
                if found and client_order_id not in self._ledger.intents:
                    return
                if self._clock.monotonic() > deadline:
                    break
        finally:
            self._asking.discard((symbol, client_order_id))
        if intended:
            await self._delivery.tell_lost(client_order_id)

    async def _ask_once(self, symbol: str, client_order_id: str) -> bool:
        """Ask once, and tell what the answer says. Return whether the exchange found an order."""
        try:
            row = await self._rest.order_by_client_id(symbol, client_order_id)
            trades = [] if row is None else await self._rest.trades_of_order(row)
        except RECOVERABLE as error:
            _log.warning("what became of %s could not be read: %s", client_order_id, error)
            return False
        if row is None:
            return False
        async with self._delivery.turn:
            await self._delivery.tell(self._ledger.fold_order(row, trades, since=self.floor))
        self.repair_holes()
        return True
