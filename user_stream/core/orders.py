"""An order's life, as the engine sees it: a state machine over immutable orders.

    idle ── submitted ──▶ placing ── refused ─────────────────────▶ rejected
                             │  └── past every bound ──▶ lost
                             ▼ NEW, PARTIALLY_FILLED
                          active ◀──── cancel refused ────┐
                             │  └── cancel requested ──▶ cancelling
                             ▼                            ▼
                          filled | cancelled | expired | rejected

Requests move an order only from idle to placing, between active and cancelling, and from placing to rejected when the
exchange refused for certain. The feed moves everything else, and it may be faster than the answer to the request:
placing to filled is legal, and a refusal or a loss that comes after the feed's word changes nothing. A lost order is
still fillable. A partial fill leaves the state and raises `filled_qty`; a fill after the end does the same.

A conditional order (STOP, STOP_MARKET, TAKE_PROFIT, TAKE_PROFIT_MARKET, TRAILING_STOP_MARKET) lives the same life. It
is active while it waits for its trigger (`algo_status` NEW), while it is triggered (TRIGGERING, TRIGGERED), and while
the order that it became, its *child*, rests. From then on `order_id` is the child's, and so are the fills and the end:
filled when the child is filled, cancelled or expired when the child is. Without a child it ends as its own book says:
cancelled, expired, or rejected because the exchange refused the child.
"""

from __future__ import annotations

import enum
import re
from decimal import Decimal

import msgspec

from user_stream.contracts import MappedOrderUpdate, OrderIntent
from user_stream.core.origin import Origin, origin_of

__all__ = [
    "CONDITIONAL_TYPES",
    "ENDED_STATES",
    "Order",
    "OrderState",
    "apply_details",
    "apply_update",
    "cancel_refused",
    "cancel_requested",
    "claimed",
    "external_order",
    "fits_type",
    "is_client_order_id",
    "joined",
    "lost",
    "refused",
    "resumed",
    "submitted",
]


class OrderState(enum.StrEnum):
    """Where an order stands in its life."""

    IDLE = "idle"
    PLACING = "placing"
    ACTIVE = "active"
    CANCELLING = "cancelling"
    FILLED = "filled"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    REJECTED = "rejected"
    LOST = "lost"


CONDITIONAL_TYPES = frozenset({"STOP", "STOP_MARKET", "TAKE_PROFIT", "TAKE_PROFIT_MARKET", "TRAILING_STOP_MARKET"})
"""Order types that wait for a price in a book of their own (Trade, New Algo Order)."""

_ORDER_TYPES = CONDITIONAL_TYPES | {"LIMIT", "MARKET", "LIQUIDATION"}

ENDED_STATES = frozenset({OrderState.FILLED, OrderState.CANCELLED, OrderState.EXPIRED, OrderState.REJECTED})

_STATE_OF = {
    "NEW": OrderState.ACTIVE,
    "PARTIALLY_FILLED": OrderState.ACTIVE,
    "FILLED": OrderState.FILLED,
    "CANCELED": OrderState.CANCELLED,
    "EXPIRED": OrderState.EXPIRED,
    "EXPIRED_IN_MATCH": OrderState.EXPIRED,
    "REJECTED": OrderState.REJECTED,
}

_CLIENT_ORDER_ID = re.compile(r"[.A-Z:/a-z0-9_-]{1,36}")


def is_client_order_id(text: str) -> bool:
    """Say whether Binance takes this as newClientOrderId (Trade, New Order)."""
    return _CLIENT_ORDER_ID.fullmatch(text) is not None


def fits_type(told: str, order_type: str) -> bool:
    """Say whether an order that is told of as one type may be one of that type: "", and a word that nobody knows yet,
    denies nothing.
    """
    return told == order_type or told not in _ORDER_TYPES


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """An order and its life so far. Immutable: each step makes a new one.

    Quantities are in the base asset, prices and `realized_profit` in the quote asset, `commission` by asset (negative
    is a rebate). `external` orders were sent by somebody else; `origin` says by whom, a person or the exchange's
    liquidation, as far as it is known.

    What only conditional orders have: `stop_price`, which triggers them; `close_position`, with which `quantity` is 0
    until they are triggered; `working_type`, the price that is watched; `activate_price` and `callback_rate` (percent)
    of trailing ones; `algo_id` and `algo_status`, as their own book says. `order_id` is "" until they have a child.
    """

    client_order_id: str
    symbol: str
    side: str
    order_type: str
    quantity: Decimal
    price: Decimal = Decimal(0)
    position_side: str = "BOTH"
    time_in_force: str = ""
    reduce_only: bool = False
    stop_price: Decimal = Decimal(0)
    close_position: bool = False
    working_type: str = ""
    activate_price: Decimal = Decimal(0)
    callback_rate: Decimal = Decimal(0)
    state: OrderState = OrderState.IDLE
    order_id: str = ""
    algo_id: int = 0
    algo_status: str = ""
    filled_qty: Decimal = Decimal(0)
    avg_price: Decimal = Decimal(0)
    last_filled_qty: Decimal = Decimal(0)
    last_filled_price: Decimal = Decimal(0)
    commission: dict[str, Decimal] = {}
    realized_profit: Decimal = Decimal(0)
    reject_code: int = 0
    reject_reason: str = ""
    external: bool = False
    origin: Origin = Origin.OTHER

    @property
    def remaining_qty(self) -> Decimal:
        """What is still to be filled; zero once the order ended, and while a position to close says how much."""
        return Decimal(0) if self.ended else self.quantity - self.filled_qty

    @property
    def conditional(self) -> bool:
        """True for an order of the algo book."""
        return bool(self.algo_id) or (self.order_type in CONDITIONAL_TYPES and not self.order_id)

    @property
    def untriggered(self) -> bool:
        """True for a conditional order that has no child yet, as far as anybody has told."""
        return self.conditional and not self.order_id

    @property
    def ended(self) -> bool:
        """True in a state that nothing leaves."""
        return self.state in ENDED_STATES

    @property
    def working(self) -> bool:
        """True while the order is, or may be, at the exchange."""
        return self.state in {OrderState.PLACING, OrderState.ACTIVE, OrderState.CANCELLING}

    @property
    def expected(self) -> bool:
        """True for an order of ours whose first news may still come."""
        return not (self.external or self.order_id or self.algo_id or self.ended)

    @property
    def unheard(self) -> bool:
        """True for an order that was sent and of which nothing was heard."""
        return self.state is OrderState.PLACING and not (self.order_id or self.algo_id)

    def intent(self, *, sent_at_ms: int) -> OrderIntent:
        """Return what the ledger needs to know its first event by."""
        return OrderIntent(
            client_order_id=self.client_order_id,
            symbol=self.symbol,
            side=self.side,
            order_type=self.order_type,
            quantity=format(self.quantity, "f"),
            price=format(self.price, "f"),
            time_in_force=self.time_in_force,
            position_side=self.position_side,
            stop_price=format(self.stop_price, "f"),
            reduce_only=self.reduce_only,
            sent_at_ms=sent_at_ms,
            algo=self.untriggered,
        )


def submitted(order: Order) -> Order:
    """The request is about to be sent. Raises `ValueError` unless the order is idle."""
    if order.state is not OrderState.IDLE:
        message = f"order {order.client_order_id} was sent before: it is {order.state}"
        raise ValueError(message)
    return _with(order, state=OrderState.PLACING)


def refused(order: Order, *, code: int, reason: str) -> Order:
    """The exchange refused for certain. An order that the feed has spoken of is past that."""
    if order.state is not OrderState.PLACING:
        return order
    return _with(order, state=OrderState.REJECTED, reject_code=code, reject_reason=reason)


def lost(order: Order) -> Order:
    """Nobody knows the order, past every bound. It is reported, and still fillable should it turn up."""
    return _with(order, state=OrderState.LOST) if order.state is OrderState.PLACING else order


def cancel_requested(order: Order) -> Order:
    """A cancel is about to be sent. An order that is still placing stays so until the feed tells of it."""
    return _with(order, state=OrderState.CANCELLING) if order.state is OrderState.ACTIVE else order


def cancel_refused(order: Order) -> Order:
    """The exchange refused the cancel for certain, and not because the order is gone."""
    return _with(order, state=OrderState.ACTIVE) if order.state is OrderState.CANCELLING else order


def external_order(update: MappedOrderUpdate) -> Order:
    """Return the order that somebody else sent, as its first update shows it, before that update."""
    return Order(
        client_order_id=update["client_order_id"],
        symbol=update["symbol"],
        side=update["side"],
        order_type=update["order_type"],
        quantity=Decimal(update["orig_qty"]),
        price=Decimal(update["price"]),
        position_side=update["position_side"],
        time_in_force=update["time_in_force"],
        reduce_only=update["reduce_only"],
        stop_price=Decimal(update["stop_price"]),
        state=OrderState.PLACING,
        order_id=update["order_id"],
        algo_id=update.get("algo_id", 0),
        external=True,
        origin=origin_of(update["client_order_id"]),
    )


def claimed(order: Order) -> Order:
    """Return an order that was taken for somebody else's as ours."""
    return _with(order, external=False)


def resumed(intent: OrderIntent) -> Order:
    """Return an order that was sent before a restart, and of which nothing else is known yet."""
    return Order(
        client_order_id=intent.client_order_id,
        symbol=intent.symbol,
        side=intent.side,
        order_type=intent.order_type,
        quantity=Decimal(intent.quantity),
        price=Decimal(intent.price),
        position_side=intent.position_side,
        time_in_force=intent.time_in_force,
        reduce_only=intent.reduce_only,
        stop_price=Decimal(intent.stop_price),
        close_position=intent.algo and not Decimal(intent.quantity),
        state=OrderState.PLACING,
    )


def joined(order: Order, child: Order) -> Order:
    """Return a conditional order with the life of its child, which was followed as an order of its own until now."""
    return _with(
        order,
        state=_next_state(order.state, child.state) if child.state is not OrderState.PLACING else order.state,
        order_id=child.order_id,
        quantity=child.quantity,
        filled_qty=child.filled_qty,
        avg_price=child.avg_price,
        last_filled_qty=child.last_filled_qty,
        last_filled_price=child.last_filled_price,
        commission=child.commission,
        realized_profit=child.realized_profit,
    )


def apply_update(order: Order, update: MappedOrderUpdate) -> Order:
    """Apply one delivery of the feed. TRADE_LITE speaks of the moment of its fill: it changes no terms."""
    last_filled = Decimal(update["last_filled_qty"])
    changes: dict[str, object] = {
        "state": _next_state(order.state, _STATE_OF[update["order_status"]]),
        "order_id": update["order_id"] or order.order_id,
        "algo_id": update.get("algo_id", order.algo_id),
        "algo_status": update.get("algo_status", order.algo_status),
        "filled_qty": max(order.filled_qty, Decimal(update["accumulated_filled_qty"])),
        "avg_price": Decimal(update["avg_price"]) or order.avg_price,
        "last_filled_qty": last_filled,
        "last_filled_price": Decimal(update["last_filled_price"]),
    }
    if update["source"] != "trade_lite":
        changes |= {"quantity": Decimal(update["orig_qty"]), "price": Decimal(update["price"])}
    if last_filled:
        changes |= _costs(order, update)
    return _with(order, **changes)


def apply_details(order: Order, update: MappedOrderUpdate) -> Order:
    """Add commission and profit of a fill that TRADE_LITE had told without them, and, unless more was executed since,
    the exchange's own average price; of the fill that ended the order also its terms, which an amendment that is told
    later may have changed before.
    """
    changes = _costs(order, update)
    if Decimal(update["accumulated_filled_qty"]) == order.filled_qty:
        changes["avg_price"] = Decimal(update["avg_price"]) or order.avg_price
        if order.state is OrderState.FILLED:
            changes |= {"quantity": Decimal(update["orig_qty"]), "price": Decimal(update["price"])}
    return _with(order, **changes)


def _next_state(state: OrderState, told: OrderState) -> OrderState:
    if state in ENDED_STATES:
        return state
    if state is OrderState.CANCELLING and told is OrderState.ACTIVE:
        return state
    return told


def _costs(order: Order, update: MappedOrderUpdate) -> dict[str, object]:
    profit = order.realized_profit + Decimal(update["realized_profit"])
    commission = Decimal(update["commission"])
    if not commission:
        return {"realized_profit": profit}
    asset = update["commission_asset"]
    paid = {**order.commission, asset: order.commission.get(asset, Decimal(0)) + commission}
    return {"realized_profit": profit, "commission": paid}


def _with(order: Order, **changes: object) -> Order:
    return msgspec.structs.replace(order, **changes)
