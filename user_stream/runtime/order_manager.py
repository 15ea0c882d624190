"""A complete order manager: places and cancels, follows every order through its life, and calls the engine back.

Every order is registered under its client order id before its request is sent, because the first event may be faster
than the answer. What the answer says moves nothing, but for a definite refusal; a request without an answer leaves the
order as it is and asks for the truth. It is never sent again.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from decimal import Decimal
from typing import Self, TypeAlias

from user_stream.contracts import MappedOrderUpdate, OrderRegistry
from user_stream.core.order_index import Handle, OrderIndex
from user_stream.core.order_terms import ClientOrderIds, positive_amount, request_params, side_of
from user_stream.core.orders import (
    Order,
    OrderState,
    apply_details,
    apply_update,
    cancel_refused,
    cancel_requested,
    is_client_order_id,
    lost,
    refused,
    submitted,
)
from user_stream.errors import FatalError, OutcomeUnknownError, RequestRejectedError, RetryableError
from user_stream.runtime.binance_rest import BinanceRest
from user_stream.runtime.clock import Clock, LoopClock
from user_stream.runtime.outbox import Outbox
from user_stream.settings import Environment, Settings

__all__ = ["OrderCallback", "OrderManager"]

OrderCallback: TypeAlias = Callable[[Order], Awaitable[None] | None]

_log = logging.getLogger("user_stream")
_UNKNOWN_ORDER = -2011
_CANCEL_AGAIN_S = 1.0


class OrderManager:
    """Places orders on one account and follows them; hand it to a `UserStreamService` to be told of their lives.

    Callbacks get the order as it is after the step; plain or coroutine functions. `on_fill`: filled completely, once.
    `on_partial`: a fill that leaves the order not filled. `on_cancel`: cancelled or expired. `on_reject`: refused by
    the exchange. `on_lost`: known to nobody past every bound, and still fillable. `on_change`: every step, before the
    others. `prefix` starts every client order id made here; `keep_ended`: how many ended orders stay known.
    """

    def __init__(
        self,
        api_key: str,
        api_secret: str,
        *,
        environment: Environment = Environment.MAINNET,
        settings: Settings | None = None,
        clock: Clock | None = None,
        prefix: str = "us-",
        keep_ended: int = 10_000,
        on_fill: OrderCallback | None = None,
        on_partial: OrderCallback | None = None,
        on_cancel: OrderCallback | None = None,
        on_reject: OrderCallback | None = None,
        on_lost: OrderCallback | None = None,
        on_change: OrderCallback | None = None,
    ) -> None:
        self._clock = clock or LoopClock()
        self._rest = BinanceRest(api_key, api_secret, environment=environment, settings=settings, clock=self._clock)
        self._registry: OrderRegistry | None = None
        self._ids = ClientOrderIds(prefix, secrets.token_hex(3))
        self._index = OrderIndex(keep_ended=keep_ended)
        self._outbox = Outbox(timeout_s=(settings or Settings()).callback_timeout_s, report=self._note_failure)
        self._failures: list[BaseException] = []
        self._unanswered: set[Handle] = set()  # sent, or about to be: neither the answer nor the feed told of it
        self._cancel_when_placed: set[Handle] = set()
        self._cancelling: set[asyncio.Task[None]] = set()
        self.on_fill = on_fill
        self.on_partial = on_partial
        self.on_cancel = on_cancel
        self.on_reject = on_reject
        self.on_lost = on_lost
        self.on_change = on_change

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections to REST. Orders at the exchange stay as they are."""
        for task in self._cancelling:
            task.cancel()
        await asyncio.gather(*self._cancelling, return_exceptions=True)
        await self._rest.close()

    def use_registry(self, registry: OrderRegistry) -> None:
        """Register orders there from now on; a `UserStreamService` calls this when it gets the order manager."""
        self._registry = registry

    # --- what an engine asks --------------------------------------------------------------------------------------

    def get_order(self, client_order_id: str) -> Order | None:
        """Return the order as it stands, or None. Of orders that bear the same id, the newest."""
        return self._index.get(handle) if (handle := self._index.named(client_order_id)) else None

    def get_active_orders(self, symbol: str | None = None) -> list[Order]:
        """Return the orders that are, or may be, at the exchange: placing, active or cancelling."""
        return [order for handle in self._index.working(symbol) if (order := self._index.get(handle))]

    @property
    def orders(self) -> list[Order]:
        """All orders that are known, the ended ones up to `keep_ended`."""
        return self._index.orders

    # --- requests -------------------------------------------------------------------------------------------------

    async def place_limit_order(
        self,
        symbol: str,
        side: str,
        quantity: Decimal | str | int,
        price: Decimal | str | int,
        *,
        time_in_force: str = "GTC",
        position_side: str = "BOTH",
        reduce_only: bool = False,
        client_order_id: str | None = None,
    ) -> Order:
        """Place a LIMIT order and return it as it stands after the answer.

        `quantity` in the base asset, `price` in the quote asset; floats are refused, because they round. The order
        comes back `placing` (or further, if the feed was faster), or `rejected`. Raises `ValueError` or `TypeError` on
        arguments that cannot be an order, before anything is sent, and `FatalError` when no order can be placed with
        this key.
        """
        order = Order(
            client_order_id=self._client_order_id(client_order_id),
            symbol=symbol,
            side=side_of(side),
            order_type="LIMIT",
            quantity=positive_amount("quantity", quantity),
            price=positive_amount("price", price),
            position_side=position_side,
            time_in_force=time_in_force,
            reduce_only=reduce_only,
        )
        return await self._place(order)

    async def place_market_order(
        self,
        symbol: str,
        side: str,
        quantity: Decimal | str | int,
        *,
        position_side: str = "BOTH",
        reduce_only: bool = False,
        client_order_id: str | None = None,
    ) -> Order:
        """Place a MARKET order; otherwise as `place_limit_order`."""
        order = Order(
            client_order_id=self._client_order_id(client_order_id),
            symbol=symbol,
            side=side_of(side),
            order_type="MARKET",
            quantity=positive_amount("quantity", quantity),
            position_side=position_side,
            reduce_only=reduce_only,
        )
        return await self._place(order)

    async def cancel_order(self, client_order_id: str) -> Order:
        """Ask for an order's cancellation and return it as it stands after the answer; the feed tells its end.

        One whose placing is not answered yet is cancelled when it is known; one that ended comes back as it is. Raises
        `KeyError` for an unknown id, `RetryableError` when nothing was done, `FatalError` when nothing can be.
        """
        handle = self._index.named(client_order_id)
        order = None if handle is None else self._index.get(handle)
        if handle is None or order is None:
            raise KeyError(client_order_id)
        with self._index.pinned(handle):
            if handle in self._unanswered and self._registry is not None:
                self._cancel_when_placed.add(handle)
            elif not order.ended:
                await self._request_cancel(handle, order)
            return self._index[handle]

    async def cancel_all_orders(self, symbol: str | None = None) -> list[Order]:
        """Cancel every open order of `symbol`, or of each symbol with orders here; also those that others have sent.

        Orders whose placing is not answered yet are cancelled when they are known. Return the orders that were asked to
        end, as they stand after the answers. Raises as `cancel_order` does.
        """
        asked = {handle: order for handle in self._index.working(symbol) if (order := self._index.get(handle))}
        placing = asked.keys() & self._unanswered
        self._cancel_when_placed |= placing
        with ExitStack() as pins:
            for handle in asked:
                pins.enter_context(self._index.pinned(handle))
            for each in [symbol] if symbol else sorted({order.symbol for order in asked.values()}):
                handles = [handle for handle, order in asked.items() if order.symbol == each and handle not in placing]
                for handle in handles:
                    self._step(handle, cancel_requested)
                await self._cancel(handles, self._rest.cancel_open_orders(each))
            return [self._index[handle] for handle in asked]

    async def _request_cancel(self, handle: Handle, order: Order) -> None:
        self._step(handle, cancel_requested)
        request = self._rest.cancel_order(order.symbol, order.client_order_id, order_id=order.order_id)
        await self._cancel([handle], request)

    def _cancel_if_wished(self, handle: Handle) -> None:
        """Cancel an order that was asked to end before anybody knew whether it was placed, now that it is known."""
        if handle in self._cancel_when_placed and handle not in self._unanswered:
            self._cancel_when_placed.discard(handle)
            task = asyncio.create_task(self._cancel_placed(handle), name="cancel")
            self._cancelling.add(task)
            task.add_done_callback(self._cancelling.discard)

    async def _cancel_placed(self, handle: Handle) -> None:
        states = {OrderState.PLACING, OrderState.ACTIVE}
        while (order := self._index.get(handle)) is not None and order.state in states:
            try:
                await self._request_cancel(handle, order)
            except RetryableError as error:
                _log.warning("order %s is to be cancelled: %s", order.client_order_id, error)
                await self._clock.sleep(_CANCEL_AGAIN_S)
                continue
            except FatalError as error:
                _log.error("order %s cannot be cancelled: %s", order.client_order_id, error)
            return

    async def _cancel(self, handles: list[Handle], request: Awaitable[None]) -> None:
        """Send a cancel. Unless it was refused for certain, what became of it is asked, or told by the feed."""
        answered = False
        try:
            await request
            answered = True
        except OutcomeUnknownError as unknown:
            _log.warning("cancel: %s", unknown)
        except RequestRejectedError as refusal:
            if refusal.code != _UNKNOWN_ORDER:  # filled, cancelled, or not yet known: a question, not an answer
                answered = True
                self._back_to_active(handles)
        except (RetryableError, FatalError):
            answered = True
            self._back_to_active(handles)
            raise
        finally:  # also when the task that waits for the answer is cancelled
            if not answered:
                for handle in handles:
                    self._question(handle)

    def _back_to_active(self, handles: list[Handle]) -> None:
        for handle in handles:
            self._step(handle, cancel_refused)

    async def _place(self, order: Order) -> Order:
        handle = self._index.add(order)
        self._unanswered.add(handle)
        with self._index.pinned(handle):
            self._step(handle, submitted)
            await self._send(handle, order)
            return self._index[handle]

    async def _send(self, handle: Handle, order: Order) -> None:
        settled = True
        try:
            await self._rest.ensure_clock()  # the intent is recognised by its time
            settled = False
            if self._registry is not None:
                self._registry.register_intent(order.intent(sent_at_ms=self._rest.exchange_time_ms()))
            await self._rest.place_order(request_params(order))
            settled = True
            self._unanswered.discard(handle)
            self._cancel_if_wished(handle)
        except OutcomeUnknownError as unknown:
            _log.warning("order %s: %s", order.client_order_id, unknown)
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
            if not settled:
                self._question(handle)

    def _refuse(self, handle: Handle, code: int, reason: str) -> None:
        order = self._index.get(handle)
        if order is None or order.state is not OrderState.PLACING:
            return  # the feed spoke of it: it exists, whatever the answer said
        if self._registry is not None:
            self._registry.withdraw_intent(order.client_order_id)
        self._step(handle, lambda order: refused(order, code=code, reason=reason))

    def _question(self, handle: Handle) -> None:
        if (order := self._index.get(handle)) and self._registry is not None:
            self._registry.question_order(order.symbol, order.client_order_id)

    # --- the feed -------------------------------------------------------------------------------------------------

    def on_order_update(self, data: MappedOrderUpdate) -> Awaitable[None] | None:
        """Take one step of an order's life; called by the service, once per fill and in order.

        What is returned, if anything, ends when the engine's callbacks have. Raises what the first of them raised.
        """
        handle = self._index.find(data)
        self._step(handle, lambda order: apply_update(order, data))
        return self._end_of_callbacks()

    def on_fill_details(self, data: MappedOrderUpdate) -> None:
        """Take commission and realized profit of a fill that was told without them."""
        handle = self._index.find(data)
        if order := self._index.get(handle):
            self._index.put(handle, apply_details(order, data))

    def on_order_open(self, client_order_id: str) -> Awaitable[None] | None:
        """Hear that an order which was asked to end is open still: the request was never executed."""
        return self._hear(client_order_id, cancel_refused)

    def on_order_lost(self, client_order_id: str) -> Awaitable[None] | None:
        """Hear that nobody knows an order, past every bound."""
        return self._hear(client_order_id, lost)

    def _hear(self, client_order_id: str, transition: Callable[[Order], Order]) -> Awaitable[None] | None:
        if handle := self._index.named(client_order_id):
            self._step(handle, transition)
        return self._end_of_callbacks()

    def _step(self, handle: Handle, transition: Callable[[Order], Order]) -> None:
        """Take an order as it stands now to its next state, and call back what that means."""
        before = self._index.get(handle)
        order = None if before is None else transition(before)
        if before is None or order is None or order is before:
            return
        self._index.put(handle, order)
        if order.state not in {OrderState.PLACING, OrderState.LOST}:
            self._unanswered.discard(handle)
        self._cancel_if_wished(handle)
        for callback in self._callbacks(before, order):
            if callback is not None:
                self._outbox.put(callback, order)

    def _callbacks(self, before: Order, order: Order) -> list[OrderCallback | None]:
        callbacks = [self.on_change]
        if order.last_filled_qty and order.filled_qty > before.filled_qty and order.state is not OrderState.FILLED:
            callbacks.append(self.on_partial)
        ends = {
            OrderState.FILLED: self.on_fill,
            OrderState.CANCELLED: self.on_cancel,
            OrderState.EXPIRED: self.on_cancel,
            OrderState.REJECTED: self.on_reject,
            OrderState.LOST: self.on_lost,
        }
        return callbacks if order.state is before.state else [*callbacks, ends.get(order.state)]

    def _end_of_callbacks(self) -> Awaitable[None] | None:
        if self._outbox.busy:
            return self._wait_for_callbacks()
        self._raise_failure()
        return None

    async def _wait_for_callbacks(self) -> None:
        await self._outbox.idle()
        self._raise_failure()

    def _note_failure(self, callback: OrderCallback, _: object, error: BaseException) -> None:
        _log.error("callback %s failed", getattr(callback, "__qualname__", repr(callback)), exc_info=error)
        self._failures.append(error)

    def _raise_failure(self) -> None:
        failures, self._failures = self._failures, []
        if failures:
            raise failures[0]

    def _client_order_id(self, given: str | None) -> str:
        if given is None:
            given = self._ids.make(self._clock.time_ms())
        if not is_client_order_id(given):
            message = f"client_order_id {given!r}: 1 to 36 of the characters . A-Z : / a-z 0-9 _ -"
            raise ValueError(message)
        if held := self.get_order(given):
            message = f"client_order_id {given!r} was used before, for an order that is {held.state}"
            raise ValueError(message)
        return given
