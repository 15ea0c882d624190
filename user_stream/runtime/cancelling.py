"""Asking for an order's end. A cancel is a request: the feed tells what became of it.

"Unknown order" is a question, not an answer: the order may be filled, cancelled, triggered, or not yet known to
whichever machine answered. An order whose placing is not answered yet is cancelled as soon as anybody knows it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from contextlib import ExitStack
from functools import partial

from user_stream.core.order_index import Handle
from user_stream.core.orders import Order, OrderState, cancel_refused, cancel_requested
from user_stream.errors import FatalError, OutcomeUnknownError, RequestRejectedError, RetryableError
from user_stream.runtime.binance_rest import BinanceRest
from user_stream.runtime.clock import Clock
from user_stream.runtime.order_life import OrderLife
from user_stream.runtime.registration import Registration

__all__ = ["Cancelling"]

_log = logging.getLogger("user_stream")
_UNKNOWN_ORDER = frozenset({-2011, -2013})
_CANCEL_AGAIN_S = 1.0


class Cancelling:
    """Cancels orders of either book: a conditional order in the algo book until it has a child, that one after."""

    def __init__(self, rest: BinanceRest, life: OrderLife, registration: Registration, clock: Clock) -> None:
        self._rest = rest
        self._life = life
        self._registration = registration
        self._clock = clock
        self._when_placed: set[Handle] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        life.on_word = self._cancel_if_wished

    async def close(self) -> None:
        """Cancel no more."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def cancel(self, handle: Handle) -> Order:
        """Ask for one order's end and return it as it stands after the answer."""
        index = self._life.index
        with index.pinned(handle):
            if handle in self._life.unanswered and self._registration.follows:
                self._when_placed.add(handle)
            elif not index[handle].ended:
                await self._request(handle)
            return index[handle]

    async def cancel_all(self, symbol: str | None) -> list[Order]:
        """Empty both books of a symbol, or of each symbol with orders here; return those that were asked to end."""
        index = self._life.index
        asked = {handle: order for handle in index.working(symbol) if (order := index.get(handle))}
        placing = asked.keys() & self._life.unanswered
        self._when_placed |= placing
        with ExitStack() as pins:
            for handle in asked:
                pins.enter_context(index.pinned(handle))
            for each in [symbol] if symbol else sorted({order.symbol for order in asked.values()}):
                handles = [handle for handle, order in asked.items() if order.symbol == each and handle not in placing]
                await self._empty_both_books(each, handles)
            return [index[handle] for handle in asked]

    async def _empty_both_books(self, symbol: str, handles: list[Handle]) -> None:
        """The algo book goes first, so that what is triggered meanwhile is found in the other one.

        What is triggered in between may be in neither, and no answer names orders: those that waited are asked for.
        """
        untriggered = [handle for handle in handles if self._life.index[handle].untriggered]
        others = [handle for handle in handles if handle not in untriggered]
        failures: list[RetryableError | FatalError] = []
        for book, request in ((untriggered, self._rest.algo.cancel_open), (others, self._rest.cancel_open_orders)):
            try:
                await self._send(book, partial(request, symbol))
            except (RetryableError, FatalError) as error:
                failures.append(error)
        self._question(handle for handle in untriggered if self._life.index[handle].state is OrderState.CANCELLING)
        if failures:
            raise failures[0]

    async def _request(self, handle: Handle) -> None:
        order = self._life.index[handle]
        if order.untriggered:
            await self._send([handle], lambda: self._rest.algo.cancel(order.client_order_id, algo_id=order.algo_id))
        else:
            await self._send(
                [handle],
                lambda: self._rest.cancel_order(order.symbol, order.client_order_id, order_id=order.order_id),
            )

    async def _send(self, handles: list[Handle], request: Callable[[], Awaitable[None]]) -> None:
        """Send a cancel. Unless it was refused for certain, what became of it is asked, or told by the feed."""
        for handle in handles:
            self._life.step(handle, cancel_requested)
        answered = False
        try:
            await request()
            answered = True
        except OutcomeUnknownError as unknown:
            _log.warning("cancel: %s", unknown, extra={"event": "outcome_unknown", "request": "cancel"})
        except RequestRejectedError as refusal:
            if refusal.code not in _UNKNOWN_ORDER:
                answered = True
                self._back_to_active(handles)
        except (RetryableError, FatalError):
            answered = True
            self._back_to_active(handles)
            raise
        finally:  # also when the task that waits for the answer is cancelled
            if not answered:
                self._question(handles)

    def _back_to_active(self, handles: Iterable[Handle]) -> None:
        for handle in handles:
            self._life.step(handle, cancel_refused)

    def _question(self, handles: Iterable[Handle]) -> None:
        for handle in handles:
            if order := self._life.index.get(handle):
                self._registration.question(order)

    # --- what was to be cancelled before anybody knew it ----------------------------------------------------------

    def _cancel_if_wished(self, handle: Handle) -> None:
        if handle in self._when_placed and handle not in self._life.unanswered:
            self._when_placed.discard(handle)
            task = asyncio.create_task(self._cancel_placed(handle), name="cancel")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _cancel_placed(self, handle: Handle) -> None:
        states = {OrderState.PLACING, OrderState.ACTIVE}
        while (order := self._life.index.get(handle)) is not None and order.state in states:
            try:
                await self._request(handle)
            except RetryableError as error:
                _log.warning(
                    "order %s is to be cancelled: %s",
                    order.client_order_id,
                    error,
                    extra={"event": "cancel_delayed", "client_order_id": order.client_order_id},
                )
                await self._clock.sleep(_CANCEL_AGAIN_S)
                continue
            except FatalError as error:
                _log.error(
                    "order %s cannot be cancelled: %s",
                    order.client_order_id,
                    error,
                    extra={"event": "cancel_impossible", "client_order_id": order.client_order_id},
                )
            return
