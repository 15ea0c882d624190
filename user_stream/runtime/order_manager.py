"""A complete order manager: places and cancels, follows every order through its life, and calls the engine back.

Every order is registered under its client order id before its request is sent, because the first event may be faster
than the answer. What the answer says moves nothing, but for a definite refusal; a request without an answer leaves the
order as it is and asks for the truth. It is never sent again.
"""

from __future__ import annotations

import logging
import secrets
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from decimal import Decimal, InvalidOperation
from typing import Self, TypeAlias

from user_stream.contracts import MappedOrderUpdate, OrderRegistry
from user_stream.core.orders import (
    Order,
    OrderState,
    apply_details,
    apply_update,
    cancel_refused,
    cancel_requested,
    external_order,
    is_client_order_id,
    lost,
    refused,
    submitted,
)
from user_stream.errors import FatalError, OutcomeUnknownError, RequestRejectedError, RetryableError
from user_stream.runtime.binance_rest import BinanceRest
from user_stream.runtime.binance_websocket import call
from user_stream.runtime.clock import Clock, LoopClock
from user_stream.settings import Environment, Settings

__all__ = ["OrderCallback", "OrderManager"]

OrderCallback: TypeAlias = Callable[[Order], Awaitable[None] | None]

_log = logging.getLogger("user_stream")
_UNKNOWN_ORDER = -2011
_BASE36 = "0123456789abcdefghijklmnopqrstuvwxyz"


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
        if len(prefix) > 12 or (prefix and not is_client_order_id(prefix)):
            message = f"prefix {prefix!r}: at most 12 of the characters . A-Z : / a-z 0-9 _ -"
            raise ValueError(message)
        self._clock = clock or LoopClock()
        self._rest = BinanceRest(api_key, api_secret, environment=environment, settings=settings, clock=self._clock)
        self._registry: OrderRegistry | None = None
        self._prefix = prefix
        self._nonce = secrets.token_hex(3)
        self._made = 0
        self._keep_ended = keep_ended
        self._orders: dict[str, Order] = {}
        self._keys: dict[tuple[str, str], str] = {}
        self._ended: deque[str] = deque()
        self.on_fill = on_fill
        self.on_partial = on_partial
        self.on_cancel = on_cancel
        self.on_reject = on_reject
        self.on_lost = on_lost
        self.on_change = on_change

    def __repr__(self) -> str:
        return f"OrderManager({len(self._orders)} orders)"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections to REST. Orders at the exchange stay as they are."""
        await self._rest.close()

    def use_registry(self, registry: OrderRegistry) -> None:
        """Register orders there from now on; a `UserStreamService` calls this when it gets the order manager."""
        self._registry = registry

    # --- what an engine asks --------------------------------------------------------------------------------------

    def get_order(self, client_order_id: str) -> Order | None:
        """Return the order as it stands, or None. Of orders with the same id the one met last."""
        return self._orders.get(client_order_id)

    def get_active_orders(self, symbol: str | None = None) -> list[Order]:
        """Return the orders that are, or may be, at the exchange: placing, active or cancelling."""
        return [order for order in self._orders.values() if order.working and symbol in {None, order.symbol}]

    @property
    def orders(self) -> list[Order]:
        """All orders that are known, the ended ones up to `keep_ended`."""
        return list(self._orders.values())

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
            side=_side(side),
            order_type="LIMIT",
            quantity=_positive("quantity", quantity),
            price=_positive("price", price),
            position_side=position_side,
            time_in_force=time_in_force,
            reduce_only=reduce_only,
        )
        return await self._place(order, {"timeInForce": time_in_force, "price": format(order.price, "f")})

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
            side=_side(side),
            order_type="MARKET",
            quantity=_positive("quantity", quantity),
            position_side=position_side,
            reduce_only=reduce_only,
        )
        return await self._place(order, {})

    async def cancel_order(self, client_order_id: str) -> Order:
        """Ask for an order's cancellation and return it as it stands after the answer; the feed tells its end.

        Raises `KeyError` for an unknown id. An order that ended already comes back as it is.
        """
        order = self._orders[client_order_id]
        if order.ended:
            return order
        await self._step(cancel_requested(order))
        try:
            await self._rest.cancel_order(order.symbol, client_order_id)
        except OutcomeUnknownError:
            self._question(order)
        except RequestRejectedError as refusal:
            if refusal.code == _UNKNOWN_ORDER:  # filled, cancelled, or not yet known: a question, not an answer
                self._question(order)
            else:
                await self._step(cancel_refused(self._orders[client_order_id]))
        except RetryableError:
            await self._step(cancel_refused(self._orders[client_order_id]))
            raise
        return self._orders[client_order_id]

    async def cancel_all_orders(self, symbol: str | None = None) -> list[Order]:
        """Cancel every open order of `symbol`, or of each symbol with orders here; also those that others have sent.

        Return the orders that were asked to end, as they stand after the answers.
        """
        active = self.get_active_orders(symbol)
        for each in [symbol] if symbol else sorted({order.symbol for order in active}):
            orders = [order for order in active if order.symbol == each]
            for order in orders:
                await self._step(cancel_requested(order))
            await self._cancel_open_orders(each, orders)
        return [self._orders[order.client_order_id] for order in active]

    async def _cancel_open_orders(self, symbol: str, orders: Iterable[Order]) -> None:
        try:
            await self._rest.cancel_open_orders(symbol)
        except OutcomeUnknownError:
            for order in orders:
                self._question(order)
        except (RequestRejectedError, RetryableError):
            for order in orders:
                await self._step(cancel_refused(self._orders[order.client_order_id]))
            raise

    async def _place(self, order: Order, terms: dict[str, str]) -> Order:
        self._remember(order)
        await self._step(submitted(order))
        if self._registry is not None:
            self._registry.register_intent(order.intent(sent_at_ms=self._rest.exchange_time_ms()))
        params: dict[str, str | int] = {
            "symbol": order.symbol,
            "side": order.side,
            "type": order.order_type,
            "quantity": format(order.quantity, "f"),
            **terms,
            "newClientOrderId": order.client_order_id,
        }
        if order.position_side != "BOTH":
            params["positionSide"] = order.position_side
        if order.reduce_only:
            params["reduceOnly"] = "true"
        return await self._send(order, params)

    async def _send(self, order: Order, params: dict[str, str | int]) -> Order:
        answered = False
        try:
            await self._rest.place_order(params)
            answered = True
        except OutcomeUnknownError as unknown:
            _log.warning("order %s: %s", order.client_order_id, unknown)
        except (RequestRejectedError, RetryableError) as refusal:
            answered = True
            await self._refuse(order.client_order_id, getattr(refusal, "code", 0) or 0, str(refusal))
        except FatalError as refusal:
            answered = True
            await self._refuse(order.client_order_id, 0, str(refusal))
            raise
        finally:  # also when the task that waits for the answer is cancelled
            if not answered:
                self._question(order)
        return self._orders[order.client_order_id]

    async def _refuse(self, client_order_id: str, code: int, reason: str) -> None:
        before = self._orders[client_order_id]
        after = refused(before, code=code, reason=reason)
        if after is before:
            return  # the feed spoke of it: it exists, whatever the answer said
        if self._registry is not None:
            self._registry.withdraw_intent(client_order_id)
        await self._step(after)

    def _question(self, order: Order) -> None:
        if self._registry is not None:
            self._registry.question_order(order.symbol, order.client_order_id)

    # --- the feed -------------------------------------------------------------------------------------------------

    async def on_order_update(self, data: MappedOrderUpdate) -> None:
        """Take one step of an order's life; called by the service, once per fill and in order."""
        client_order_id = self._find(data)
        await self._step(apply_update(self._orders[client_order_id], data))

    async def on_fill_details(self, data: MappedOrderUpdate) -> None:
        """Take commission and realized profit of a fill that was told without them."""
        client_order_id = self._find(data)
        self._orders[client_order_id] = apply_details(self._orders[client_order_id], data)

    async def on_order_lost(self, client_order_id: str) -> None:
        """Hear that nobody knows an order, past every bound."""
        if client_order_id in self._orders:
            await self._step(lost(self._orders[client_order_id]))

    def _find(self, data: MappedOrderUpdate) -> str:
        """Return the id under which the update's order is known; an order never met was sent by somebody else."""
        key = (data["symbol"], data["order_id"])
        known = self._keys.get(key)
        if known is not None:
            return known
        name = data["client_order_id"]
        held = self._orders.get(name)
        if held is None or held.symbol != data["symbol"] or held.order_id not in {"", data["order_id"]}:
            if held is not None or not name:
                name = f"{data['symbol']}:{data['order_id']}"
            self._remember(external_order(data), name)
        self._keys[key] = name
        return name

    async def _step(self, order: Order) -> None:
        """Keep the order's next state, and call back what it means."""
        name = self._keys.get((order.symbol, order.order_id), order.client_order_id)
        before = self._orders[name]
        if order is before:
            return
        self._orders[name] = order
        for callback in self._callbacks(before, order):
            await call(callback, order)
        if order.ended and not before.ended:
            self._forget_the_oldest(name)

    def _callbacks(self, before: Order, order: Order) -> list[OrderCallback | None]:
        callbacks = [self.on_change]
        if order.last_filled_qty and order.filled_qty > before.filled_qty and order.state is not OrderState.FILLED:
            callbacks.append(self.on_partial)
        if order.state is not before.state:
            callbacks.append(
                {
                    OrderState.FILLED: self.on_fill,
                    OrderState.CANCELLED: self.on_cancel,
                    OrderState.EXPIRED: self.on_cancel,
                    OrderState.REJECTED: self.on_reject,
                    OrderState.LOST: self.on_lost,
                }.get(order.state)
            )
        return callbacks

    def _remember(self, order: Order, name: str | None = None) -> None:
        self._orders[name or order.client_order_id] = order

    def _forget_the_oldest(self, name: str) -> None:
        self._ended.append(name)
        if len(self._ended) > self._keep_ended:
            oldest = self._orders.pop(self._ended.popleft(), None)
            if oldest is not None:
                self._keys.pop((oldest.symbol, oldest.order_id), None)

    def _client_order_id(self, given: str | None) -> str:
        if given is None:
            self._made += 1
            given = f"{self._prefix}{_base36(self._clock.time_ms())}{self._nonce}{_base36(self._made)}"
        if not is_client_order_id(given):
            message = f"client_order_id {given!r}: 1 to 36 of the characters . A-Z : / a-z 0-9 _ -"
            raise ValueError(message)
        held = self._orders.get(given)
        if held is not None:
            message = f"client_order_id {given!r} was used before, for an order that is {held.state}"
            raise ValueError(message)
        return given


def _base36(number: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = _BASE36[digit] + digits
    return digits or "0"


def _side(side: str) -> str:
    if side not in {"BUY", "SELL"}:
        message = f"side must be BUY or SELL, not {side!r}"
        raise ValueError(message)
    return side


def _positive(name: str, value: Decimal | str | int) -> Decimal:
    if isinstance(value, float):
        message = f"{name} {value!r} is a float, which rounds: pass Decimal or str"
        raise TypeError(message)
    try:
        number = Decimal(value)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or number <= 0:
        message = f"{name} must be a number greater than 0, not {value!r}"
        raise ValueError(message)
    return number
