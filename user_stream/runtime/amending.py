"""Asking for another quantity or price. An amendment is a request: the feed moves the order, never the answer.

From its sending until it is known not to have been made, or until the stream tells of it, nobody can say what the
order's quantity is; the registry is told so, because an order may then not be called filled by arithmetic.
"""

from __future__ import annotations

import logging

from user_stream.core.order_index import Handle
from user_stream.core.orders import Order
from user_stream.errors import FatalError, OutcomeUnknownError, RequestRejectedError, RetryableError
from user_stream.runtime.binance_rest import BinanceRest
from user_stream.runtime.order_life import OrderLife
from user_stream.runtime.registration import Registration

__all__ = ["Amending"]

_log = logging.getLogger("user_stream")
_UNKNOWN_ORDER = frozenset({-2011, -2013})
_NO_CHANGE = -5027


class Amending:
    """Amends orders in place."""

    def __init__(self, rest: BinanceRest, life: OrderLife, registration: Registration) -> None:
        self._rest = rest
        self._life = life
        self._registration = registration

    async def amend(self, handle: Handle, params: dict[str, str | int]) -> Order:
        """Ask for an amendment and return the order as it stands after the answer. Raises what refuses for certain."""
        index = self._life.index
        with index.pinned(handle):
            await self._send(handle, index[handle], params)
            return index[handle]

    async def _send(self, handle: Handle, order: Order, params: dict[str, str | int]) -> None:
        self._registration.amendment_requested(order)
        answered = False
        try:
            await self._rest.amend_order(params)
            answered = True
        except OutcomeUnknownError as unknown:
            _log.warning(
                "amending %s: %s",
                order.client_order_id,
                unknown,
                extra={"event": "outcome_unknown", "request": "amend", "client_order_id": order.client_order_id},
            )
        except RequestRejectedError as refusal:
            if refusal.code not in _UNKNOWN_ORDER:
                answered = True
                self._registration.amendment_settled(order)
                if refusal.code != _NO_CHANGE:
                    raise
        except (RetryableError, FatalError):
            answered = True
            self._registration.amendment_settled(order)
            raise
        finally:  # also when the task that waits for the answer is cancelled
            if not answered and (held := self._life.index.get(handle)):
                self._registration.question(held)
