"""A complete order manager: places, amends and cancels, follows every order through its life, calls the engine back.

Every order is registered under its client order id before its request is sent, because the first event may be faster
than the answer. What the answer says moves nothing, but for a definite refusal; a request without an answer leaves the
order as it is and asks for the truth. It is never sent again. The requests are in `placing`, `amending` and
`cancelling`; what an order may be is in `core/order_terms`, and how it lives in `core/orders`.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Self

from user_stream.contracts import MappedOrderUpdate, OrderIntent, OrderRegistry
from user_stream.core.journal_rows import journal_key
from user_stream.core.order_index import Handle, OrderIndex
from user_stream.core.order_record import OrderKey
from user_stream.core.order_terms import (
    Amount,
    ClientOrderIds,
    amend_params,
    conditional_order,
    positive_amount,
    side_of,
)
from user_stream.core.orders import (
    Order,
    OrderState,
    apply_details,
    apply_update,
    cancel_refused,
    claimed,
    is_client_order_id,
    joined,
    lost,
    resumed,
)
from user_stream.runtime.amending import Amending
from user_stream.runtime.binance_rest import BinanceRest
from user_stream.runtime.cancelling import Cancelling
from user_stream.runtime.clock import Clock, LoopClock
from user_stream.runtime.order_life import OrderCallback, OrderLife
from user_stream.runtime.placing import Placing
from user_stream.runtime.rate_budget import RateLimit
from user_stream.runtime.registration import Registration
from user_stream.settings import Environment, Settings

__all__ = ["OrderCallback", "OrderManager"]


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
        self._ids = ClientOrderIds(prefix, secrets.token_hex(3))
        self._prefix = prefix
        self._index = OrderIndex(keep_ended=keep_ended)
        self._life = OrderLife(
            self._index,
            callbacks_for=self._callbacks,
            callback_timeout_s=(settings or Settings()).callback_timeout_s,
        )
        self._registration = Registration()
        self._placing = Placing(self._rest, self._life, self._registration)
        self._amending = Amending(self._rest, self._life, self._registration)
        self._cancelling = Cancelling(self._rest, self._life, self._registration, self._clock)
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
        self._life.let_go()
        await self._cancelling.close()
        await self._rest.close()

    def use_registry(self, registry: OrderRegistry) -> None:
        """Register orders there from now on; a `UserStreamService` calls this when it gets the order manager.

        One that has a `rate_limit` shares it: the exchange counts by address, not by who asks.
        """
        self._registration.registry = registry
        limit = getattr(registry, "rate_limit", None)
        if isinstance(limit, RateLimit):
            self._rest.share(limit)

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
        quantity: Amount,
        price: Amount,
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
        return await self._placing.place(order)

    async def place_market_order(
        self,
        symbol: str,
        side: str,
        quantity: Amount,
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
        return await self._placing.place(order)

    async def place_stop_order(
        self,
        symbol: str,
        side: str,
        trigger_price: Amount,
        *,
        quantity: Amount | None = None,
        close_position: bool = False,
        working_type: str = "CONTRACT_PRICE",
        reduce_only: bool = False,
        position_side: str = "BOTH",
        client_order_id: str | None = None,
    ) -> Order:
        """Place a STOP_MARKET order, which sells or buys at market when `trigger_price` is passed; otherwise as
        `place_conditional_order`.
        """
        return await self.place_conditional_order(
            symbol, side, "STOP_MARKET", quantity=quantity, close_position=close_position, trigger_price=trigger_price,
            working_type=working_type, reduce_only=reduce_only, position_side=position_side,
            client_order_id=client_order_id,
        )  # fmt: skip

    async def place_conditional_order(
        self,
        symbol: str,
        side: str,
        order_type: str,
        *,
        quantity: Amount | None = None,
        close_position: bool = False,
        trigger_price: Amount | None = None,
        price: Amount | None = None,
        working_type: str = "CONTRACT_PRICE",
        reduce_only: bool = False,
        position_side: str = "BOTH",
        activate_price: Amount | None = None,
        callback_rate: Amount | None = None,
        time_in_force: str = "GTC",
        client_order_id: str | None = None,
    ) -> Order:
        """Place a STOP, STOP_MARKET, TAKE_PROFIT, TAKE_PROFIT_MARKET or TRAILING_STOP_MARKET order.

        Either `quantity` or `close_position`, which closes whatever there is then. `working_type`: CONTRACT_PRICE or
        MARK_PRICE, the one that is watched. STOP and TAKE_PROFIT need a `price` and have a `time_in_force`; trailing
        stops need a `callback_rate` (percent) and may have an `activate_price`; all others need a `trigger_price`.
        Placed under the discipline of `place_limit_order`, and raises as that does; `core/orders` says how it lives.
        """
        order = conditional_order(
            client_order_id=self._client_order_id(client_order_id), symbol=symbol, side=side, order_type=order_type,
            quantity=quantity, close_position=close_position, trigger_price=trigger_price, price=price,
            working_type=working_type, reduce_only=reduce_only, position_side=position_side,
            activate_price=activate_price, callback_rate=callback_rate, time_in_force=time_in_force,
        )  # fmt: skip
        return await self._placing.place(order)

    async def amend_order(
        self, client_order_id: str, *, quantity: Amount | None = None, price: Amount | None = None
    ) -> Order:
        """Ask for another quantity or price of an active LIMIT order, and return it as it stands after the answer.

        The feed tells the new terms; an amendment to what is filled already ends the order. Nothing to change is no
        error. Raises `KeyError` for an unknown id, `ValueError` or `TypeError` for what cannot be amended,
        `RequestRejectedError` when the exchange refused, `RetryableError` when nothing was done, `FatalError` when
        nothing can be.
        """
        handle = self._handle(client_order_id)
        params = amend_params(self._index[handle], quantity=quantity, price=price)
        return await self._amending.amend(handle, params)

    async def cancel_order(self, client_order_id: str) -> Order:
        """Ask for an order's cancellation and return it as it stands after the answer; the feed tells its end.

        One whose placing is not answered yet is cancelled when it is known; one that ended comes back as it is. Raises
        `KeyError` for an unknown id, `RetryableError` when nothing was done, `FatalError` when nothing can be.
        """
        return await self._cancelling.cancel(self._handle(client_order_id))

    async def cancel_all_orders(self, symbol: str | None = None) -> list[Order]:
        """Cancel every open order of `symbol`, or of each symbol with orders here; also those that others have sent,
        and conditional ones.

        Orders whose placing is not answered yet are cancelled when they are known. Return the orders that were asked to
        end, as they stand after the answers. Raises as `cancel_order` does.
        """
        return await self._cancelling.cancel_all(symbol)

    def _handle(self, client_order_id: str) -> Handle:
        handle = self._index.named(client_order_id)
        if handle is None:
            raise KeyError(client_order_id)
        return handle

    # --- the feed -------------------------------------------------------------------------------------------------

    def on_order_update(self, data: MappedOrderUpdate) -> Awaitable[None] | None:
        """Take one step of an order's life; called by the service, once per fill and in order.

        What is returned, if anything, ends when the engine's callbacks have. Raises what the first of them raised.
        """
        handle = self._index.find(data)
        self._life.step(handle, self._next(handle, data))
        return self._life.end_of_callbacks()

    def _next(self, handle: Handle, data: MappedOrderUpdate) -> Callable[[Order], Order]:
        child = self._index.take_child(handle, data)
        return lambda order: apply_update(order if child is None else joined(order, child), data)

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

    def resume_orders(
        self,
        intents: Sequence[OrderIntent],
        deliveries: Sequence[MappedOrderUpdate],
        ours: Collection[OrderKey] = (),
    ) -> None:
        """Know the orders of an earlier process again, without calling anybody back; `ResumesOrders` has the arguments.

        Those that bear an id made here are ours, too.
        """
        for data in deliveries:
            handle = self._index.find(data)
            order = self._next(handle, data)(self._index[handle])
            self._index.put(handle, self._owned(order, announced=journal_key(data)[0] in ours))
        for intent in intents:  # after those that bore their names before
            self._index.add(resumed(intent))
        self._life.unanswered |= {handle for handle in self._index.working() if self._index[handle].unheard}

    def _owned(self, order: Order, *, announced: bool) -> Order:
        ours = announced or (self._prefix and order.client_order_id.startswith(self._prefix))
        return claimed(order) if ours and order.external else order

    def _hear(self, client_order_id: str, transition: Callable[[Order], Order]) -> Awaitable[None] | None:
        if handle := self._index.named(client_order_id):
            self._life.step(handle, transition)
        return self._life.end_of_callbacks()

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
