"""Sending an order: registered under its client order id first, because its first event may be faster than the answer.

What the answer says moves nothing, but for a definite refusal; a request without an answer leaves the order as it is
and asks for the truth. It is never sent again.
"""

from __future__ import annotations

import asyncio
import logging

from user_stream.core.order_index import Handle
from user_stream.core.order_terms import algo_params, request_params
from user_stream.core.orders import Order, OrderState, refused, submitted
from user_stream.errors import FatalError, OutcomeUnknownError, RequestRejectedError, RetryableError
from user_stream.runtime.binance_rest import BinanceRest
from user_stream.runtime.order_life import OrderLife
from user_stream.runtime.registration import Registration

__all__ = ["Placing"]

_log = logging.getLogger("user_stream")
_WRONG_POSITION_SIDE = -4061


class Placing:
    """Places orders of either book, ordinary and conditional ones, under the same discipline."""

    def __init__(self, rest: BinanceRest, life: OrderLife, registration: Registration) -> None:
        self._rest = rest
        self._life = life
        self._registration = registration

    async def place(self, order: Order) -> Order:
        """Send an order and return it as it stands after the answer. Raises `FatalError` when no order can be sent."""
        index = self._life.index
        handle = index.add(order)
        self._life.unanswered.add(handle)
        with index.pinned(handle):
            self._life.step(handle, submitted)
            await self._send(handle, order)
            return index[handle]

    async def _send(self, handle: Handle, order: Order) -> None:
        settled = True
        try:
            await self._rest.ensure_clock()  # the intent is recognised by its time
            settled = False
            self._registration.announce(order, sent_at_ms=self._rest.exchange_time_ms())
            await self._request(order)
            settled = True
            self._life.answered(handle)
        except OutcomeUnknownError as unknown:
            _log.warning(
                "order %s: %s",
                order.client_order_id,
                unknown,
                extra={"event": "outcome_unknown", "request": "place", "client_order_id": order.client_order_id},
            )
        except (RequestRejectedError, RetryableError) as refusal:
            settled = True
            self._refuse(handle, getattr(refusal, "code", 0) or 0, str(refusal))
        except FatalError as refusal:
            settled = True
            self._refuse(handle, 0, str(refusal))
            raise
        except asyncio.CancelledError:
            if settled:
                self._refuse(handle, 0, "cancelled before it was sent")
            raise
        finally:  # also when the task that waits for the answer is cancelled
            if not settled and (held := self._life.index.get(handle)):
                self._registration.question(held)

    async def _request(self, order: Order) -> None:
        if order.untriggered:
            await self._rest.algo.place(algo_params(order))
        else:
            await self._rest.place_order(request_params(order))

    def _refuse(self, handle: Handle, code: int, reason: str) -> None:
        if code == _WRONG_POSITION_SIDE:
            self._registration.question_account_mode()
        order = self._life.index.get(handle)
        if order is None or order.state is not OrderState.PLACING:
            return  # the feed spoke of it: it exists, whatever the answer said
        self._registration.withdraw(order)
        self._life.step(handle, lambda order: refused(order, code=code, reason=reason))
