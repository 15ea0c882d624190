"""Orders as they stand, and whoever is to hear of their steps.

Every change of an order, by a request or by the feed, is one step from what it is at that moment to what it is next.
Callbacks are put into one outbox, so they come in the order of the steps and one at a time.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeAlias

from user_stream.core.order_index import Handle, OrderIndex
from user_stream.core.orders import Order, OrderState
from user_stream.runtime.outbox import Outbox, callback_name

__all__ = ["OrderCallback", "OrderLife"]

OrderCallback: TypeAlias = Callable[[Order], Awaitable[None] | None]

_log = logging.getLogger("user_stream")


class OrderLife:
    """`callbacks_for`: whom to call when an order went from one thing to another; `callback_timeout_s` each."""

    def __init__(
        self,
        index: OrderIndex,
        *,
        callbacks_for: Callable[[Order, Order], Iterable[OrderCallback | None]],
        callback_timeout_s: float,
    ) -> None:
        self.index = index
        self.unanswered: set[Handle] = set()
        """Sent, or about to be: neither the answer nor the feed told of it."""
        self.on_word: Callable[[Handle], None] = lambda _: None
        """Called when an answer or the feed has spoken of an order."""
        self._callbacks_for = callbacks_for
        self._outbox = Outbox(timeout_s=callback_timeout_s, report=self._note_failure)
        self._failures: list[BaseException] = []

    def step(self, handle: Handle, transition: Callable[[Order], Order]) -> None:
        """Take an order as it stands now to its next state, and call back what that means."""
        before = self.index.get(handle)
        order = None if before is None else transition(before)
        if before is None or order is None or order is before:
            return
        self.index.put(handle, order)
        if order.state not in {OrderState.PLACING, OrderState.LOST}:
            self.unanswered.discard(handle)
        self.on_word(handle)
        for callback in self._callbacks_for(before, order):
            if callback is not None:
                self._outbox.put(callback, order)

    def answered(self, handle: Handle) -> None:
        """The exchange took the order; the feed will tell of it."""
        self.unanswered.discard(handle)
        self.on_word(handle)

    def end_of_callbacks(self) -> Awaitable[None] | None:
        """Return what ends when all callbacks have, if any is running. Raises what the first of them raised."""
        if self._outbox.busy:
            return self._wait_for_callbacks()
        self._raise_failure()
        return None

    async def _wait_for_callbacks(self) -> None:
        await self._outbox.idle()
        self._raise_failure()

    def let_go(self) -> None:
        """Cancel the callbacks that were left behind."""
        self._outbox.let_go()

    def _note_failure(self, callback: OrderCallback, _: object, error: BaseException) -> None:
        _log.error(
            "callback %s failed",
            callback_name(callback),
            exc_info=error,
            extra={"event": "callback_failed", "callback": callback_name(callback), "error": type(error).__name__},
        )
        self._failures.append(error)

    def _raise_failure(self) -> None:
        failures, self._failures = self._failures, []
        if failures:
            raise failures[0]
