"""What an engine and this library promise each other: the shapes of what is delivered, and who takes it.

Numbers are decimal strings, exactly as the exchange sent them (`float()` and `Decimal()` both take them). Times are
milliseconds of the exchange's clock. Quantities are in the base asset, prices and profits in the quote asset.
"""

from collections.abc import Awaitable, Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NotRequired, Protocol, TypedDict, runtime_checkable

if TYPE_CHECKING:
    from user_stream.core.lifecycle import ServiceState

__all__ = [
    "BalanceChange",
    "MappedAccountUpdate",
    "MappedOrderUpdate",
    "OrderIntent",
    "OrderRegistry",
    "PositionChange",
    "ReadsAccountMode",
    "ResumesOrders",
    "Source",
    "TakesAccountUpdates",
    "TakesFillDetails",
    "TakesOpenOrders",
    "TakesOrderUpdates",
    "TakesStreamState",
    "TakesUnknownOutcomes",
    "TracksAmendments",
    "UsesOrderRegistry",
]

Source = Literal["stream", "trade_lite", "rest"]


class MappedOrderUpdate(TypedDict):
    """One step in an order's life, as `on_order_update` gets it (ORDER_TRADE_UPDATE, TRADE_LITE or REST).

    Every key is always there. What an event does not carry is "" (names, times in force, assets), "0" (amounts), 0 (ids
    and times) or False. TRADE_LITE carries no position side, order type, time in force, commission, realized profit or
    reduce-only: they come from the order that we sent, else stay empty.
    """

    symbol: str
    client_order_id: str
    order_id: str
    side: str
    """BUY or SELL."""
    position_side: str
    """BOTH in one-way mode, LONG or SHORT in hedge mode."""
    order_type: str
    time_in_force: str
    order_status: str
    """NEW, PARTIALLY_FILLED, FILLED, CANCELED, EXPIRED, EXPIRED_IN_MATCH or REJECTED; never goes backwards."""
    execution_type: str
    """Why this was sent: NEW, TRADE, CANCELED, EXPIRED, AMENDMENT, CALCULATED; "" when REST told us."""
    price: str
    stop_price: str
    orig_qty: str
    last_filled_qty: str
    """The fill that this delivery brings; "0" when it brings none. Over all deliveries they add up to the
    executed quantity.
    """
    last_filled_price: str
    accumulated_filled_qty: str
    avg_price: str
    commission: str
    """Of this fill; negative is a rebate."""
    commission_asset: str
    realized_profit: str
    """Of this fill."""
    is_maker: bool
    reduce_only: bool
    trade_id: int
    """0 when this delivery brings no fill."""
    order_trade_time: int
    """Transaction time, ms."""
    event_time: int
    """ms; 0 when REST told us."""
    source: Source
    delivery_id: int
    """Increases by one per delivery of an account."""
    redelivered: bool
    """True when this may have been delivered before a crash, under the same `delivery_id`."""
    algo_id: NotRequired[int]
    """Only on a conditional order's deliveries and on those of the order that it became, its *child*. Until the child
    is known, `order_id` is "" and `client_order_id` the conditional order's; quantities and fills are the child's.
    """
    algo_status: NotRequired[str]
    """NEW, TRIGGERING, TRIGGERED, FINISHED, CANCELED, EXPIRED or REJECTED, as the exchange says it."""


class BalanceChange(TypedDict):
    """A balance after the change, in units of `asset`."""

    asset: str
    wallet_balance: str
    cross_wallet_balance: str
    balance_change: str
    """Without profit and commission: transfers, funding; "0" for fills and snapshots."""


class PositionChange(TypedDict):
    """A position after the change; `position_amount` "0" is a closed one. "" is a value that the source does not
    carry.
    """

    symbol: str
    position_side: str
    position_amount: str
    entry_price: str
    break_even_price: str
    accumulated_realized: str
    unrealized_pnl: str
    margin_type: str
    isolated_wallet: str


class MappedAccountUpdate(TypedDict):
    """A patch of the account (ACCOUNT_UPDATE): what is not listed did not change.

    `reason` is Binance's (ORDER, FUNDING_FEE, DEPOSIT, ...), or "SNAPSHOT" when a synchronization read it over REST.
    """

    reason: str
    event_time: int
    transaction_time: int
    balances: list[BalanceChange]
    positions: list[PositionChange]


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderIntent:
    """An order about to be sent: registered before the request, so that its first event finds its owner.

    `sent_at_ms` is in the exchange's time, as we estimate it. `algo`: a conditional order, which lives in a book of its
    own under its client algo id; its `quantity` is "0" when it closes whatever position there is.
    """

    client_order_id: str
    symbol: str
    side: str
    order_type: str
    quantity: str
    price: str = "0"
    stop_price: str = "0"
    time_in_force: str = ""
    position_side: str = "BOTH"
    reduce_only: bool = False
    sent_at_ms: int = 0
    algo: bool = False


@runtime_checkable
class TakesOrderUpdates(Protocol):
    """An order manager: the only thing that an engine must bring."""

    def on_order_update(self, data: MappedOrderUpdate, /) -> Awaitable[None] | None:
        """Take one step of an order's life. Called in order, one at a time; may be a coroutine function."""
        ...


@runtime_checkable
class TakesAccountUpdates(Protocol):
    """A risk engine."""

    def on_account_update(self, data: MappedAccountUpdate, /) -> Awaitable[None] | None:
        """Take a patch of positions and balances. May be a coroutine function."""
        ...


@runtime_checkable
class TakesFillDetails(Protocol):
    """An order manager that wants commission and realized profit of a fill which TRADE_LITE had told first."""

    def on_fill_details(self, data: MappedOrderUpdate, /) -> Awaitable[None] | None:
        """Take the details of a fill already delivered; `last_filled_qty` is "0", `trade_id` names the fill.

        `avg_price` is of `accumulated_filled_qty`, as the exchange rounds it if nothing was executed since.
        """
        ...


@runtime_checkable
class TakesUnknownOutcomes(Protocol):
    """An order manager that wants to hear that an order could not be found anywhere."""

    def on_order_lost(self, client_order_id: str, /) -> Awaitable[None] | None:
        """Hear that an unacknowledged order is past every bound: lost, yet still fillable should it turn up."""
        ...


@runtime_checkable
class TakesOpenOrders(Protocol):
    """An order manager that wants to hear that a cancel with an unknown outcome was never executed."""

    def on_order_open(self, client_order_id: str, /) -> Awaitable[None] | None:
        """Hear that an order that was asked about is open still, past the bound within which REST may lag."""
        ...


@runtime_checkable
class ResumesOrders(Protocol):
    """An order manager that lets the journal give it back its orders after a restart."""

    def resume_orders(
        self,
        intents: Sequence[OrderIntent],
        deliveries: Sequence[MappedOrderUpdate],
        ours: Collection[tuple[str, str]],
        /,
    ) -> Awaitable[None] | None:
        """Know these orders again, without calling anybody back. Called once, before anything is delivered. May be a
        coroutine function. One that raises keeps the service from starting.

        `deliveries`: all that are kept, oldest first. `ours`: which of their orders were announced before they were
        sent, as (symbol, order id); a conditional order, with what it became, goes by (symbol, "algo <algo id>").
        `intents`: what was sent, or about to be, and of which there is no delivery yet.
        """
        ...


@runtime_checkable
class TakesStreamState(Protocol):
    """A risk engine that wants to hear where the service is in its life, to refuse trading while it is degraded."""

    def on_stream_state(self, state: "ServiceState", /) -> Awaitable[None] | None:
        """Hear of a new state (`user_stream.lifecycle`): `Live` alone means that everything that was shown was told."""
        ...


class OrderRegistry(Protocol):
    """Where an order manager says what it is about to send. `UserStreamService` is one."""

    def register_intent(self, intent: OrderIntent) -> None:
        """Announce an order **before** its request is sent."""
        ...

    def withdraw_intent(self, client_order_id: str) -> None:
        """Take it back: the exchange refused the order for certain."""
        ...

    def question_order(self, symbol: str, client_order_id: str) -> None:
        """Ask for the truth: a request about this order had an unknown outcome. The answer comes as an order update."""
        ...


@runtime_checkable
class TracksAmendments(Protocol):
    """A registry that wants to know while an order's quantity is in doubt: then nobody infers that it is filled."""

    def amendment_requested(self, symbol: str, order_id: str, /) -> None:
        """Hear, **before** the request is sent, that an order is to be amended."""
        ...

    def amendment_settled(self, symbol: str, order_id: str, /) -> None:
        """Hear that the amendment was not made, for certain. One that was made is told by the stream."""
        ...


@runtime_checkable
class ReadsAccountMode(Protocol):
    """A registry that can find out how the account is set up, for no event says when that changes."""

    def question_account_mode(self) -> None:
        """Hear that an order was refused (-4061) for a position side that does not fit the position mode."""
        ...


@runtime_checkable
class UsesOrderRegistry(Protocol):
    """An order manager that registers its orders; the service hands itself over when it is made."""

    def use_registry(self, registry: OrderRegistry, /) -> None:
        """Register intents there from now on."""
        ...
