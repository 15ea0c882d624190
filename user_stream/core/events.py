"""Everything that Binance says on a user data stream, typed; the only file that knows its one-letter keys.

Unknown fields are ignored and unknown enum values kept, because every enum is a plain string here. A field is required
only where an event without it is no such event. Field meanings: USDⓈ-M Futures, User Data Streams, one page per event.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import msgspec

from user_stream.core.amounts import require_numbers

__all__ = [
    "PRIVATE_EVENTS",
    "AccountConfigUpdate",
    "AccountUpdate",
    "AlgoUpdate",
    "ConditionalOrderTriggerReject",
    "ControlReply",
    "Event",
    "GridUpdate",
    "KnownEvent",
    "ListenKeyExpired",
    "MarginCall",
    "OrderTradeUpdate",
    "RawEvent",
    "StrategyUpdate",
    "TradeLite",
]

PRIVATE_EVENTS = (
    "ORDER_TRADE_UPDATE",
    "ACCOUNT_UPDATE",
    "TRADE_LITE",
    "ALGO_UPDATE",
    "ACCOUNT_CONFIG_UPDATE",
    "MARGIN_CALL",
    "STRATEGY_UPDATE",
    "GRID_UPDATE",
    "CONDITIONAL_ORDER_TRIGGER_REJECT",
    "listenKeyExpired",
)
"""Every event to ask for in `events=`; the filter delivers only what it names."""


_TIMES = {"event_time": "E", "transaction_time": "T"}


class _Wire(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What all events share."""


class OrderReport(
    _Wire,
    frozen=True,
    rename={
        "symbol": "s", "client_order_id": "c", "side": "S", "order_type": "o", "time_in_force": "f",
        "original_quantity": "q", "price": "p", "average_price": "ap", "stop_price": "sp", "execution_type": "x",
        "order_status": "X", "order_id": "i", "last_filled_quantity": "l", "cumulative_filled_quantity": "z",
        "last_filled_price": "L", "commission": "n", "commission_asset": "N", "trade_time": "T", "trade_id": "t",
        "is_maker": "m", "reduce_only": "R", "working_type": "wt", "original_order_type": "ot", "position_side": "ps",
        "close_position": "cp", "activation_price": "AP", "callback_rate": "cr", "realized_profit": "rp",
        "self_trade_prevention_mode": "V", "price_match": "pm", "good_till_date": "gtd", "expiry_reason": "er",
        "modify_id": "M",
    },
):  # fmt: skip
    """The `o` of an ORDER_TRADE_UPDATE: why it was sent (`execution_type`) and where the order stands
    (`order_status`).
    """

    symbol: str
    order_id: int
    order_status: str
    client_order_id: str = ""
    side: str = ""
    order_type: str = ""
    time_in_force: str = ""
    original_quantity: str = "0"
    price: str = "0"
    average_price: str = "0"
    stop_price: str = "0"
    execution_type: str = ""
    last_filled_quantity: str = "0"
    cumulative_filled_quantity: str = "0"
    last_filled_price: str = "0"
    commission: str = "0"
    commission_asset: str = ""
    trade_time: int = 0
    trade_id: int = 0
    is_maker: bool = False
    reduce_only: bool = False
    working_type: str = ""
    original_order_type: str = ""
    position_side: str = ""
    close_position: bool = False
    activation_price: str = ""
    callback_rate: str = ""
    realized_profit: str = "0"
    self_trade_prevention_mode: str = ""
    price_match: str = ""
    good_till_date: int = 0
    expiry_reason: str = ""
    modify_id: str = ""

    def __post_init__(self) -> None:
        require_numbers(
            self.original_quantity, self.price, self.average_price, self.last_filled_quantity, self.last_filled_price,
            self.cumulative_filled_quantity, self.commission, self.realized_profit,
        )  # fmt: skip


class OrderTradeUpdate(_Wire, frozen=True, tag_field="e", tag="ORDER_TRADE_UPDATE", rename=_TIMES | {"order": "o"}):
    """ORDER_TRADE_UPDATE, FIX's execution report."""

    order: OrderReport
    event_time: int = 0
    transaction_time: int = 0


class TradeLite(
    _Wire,
    frozen=True,
    tag_field="e",
    tag="TRADE_LITE",
    rename={
        "event_time": "E", "transaction_time": "T", "symbol": "s", "original_quantity": "q", "price": "p",
        "is_maker": "m", "client_order_id": "c", "side": "S", "last_filled_price": "L", "last_filled_quantity": "l",
        "trade_id": "t", "order_id": "i",
    },
):  # fmt: skip
    """TRADE_LITE: a fill, told early, without status, cumulative quantity, position side or commission."""

    symbol: str
    order_id: int
    trade_id: int
    last_filled_quantity: str
    last_filled_price: str
    event_time: int = 0
    transaction_time: int = 0
    original_quantity: str = "0"
    price: str = "0"
    is_maker: bool = False
    client_order_id: str = ""
    side: str = ""

    def __post_init__(self) -> None:
        require_numbers(self.last_filled_quantity, self.last_filled_price, self.original_quantity, self.price)


class Balance(
    _Wire,
    frozen=True,
    rename={"asset": "a", "wallet_balance": "wb", "cross_wallet_balance": "cw", "balance_change": "bc"},
):
    """One of `B` in an ACCOUNT_UPDATE."""

    asset: str
    wallet_balance: str
    cross_wallet_balance: str = ""
    balance_change: str = "0"

    def __post_init__(self) -> None:
        require_numbers(self.wallet_balance, self.cross_wallet_balance or "0")


class Position(
    _Wire,
    frozen=True,
    rename={
        "symbol": "s", "position_amount": "pa", "entry_price": "ep", "break_even_price": "bep",
        "accumulated_realized": "cr", "unrealized_pnl": "up", "margin_type": "mt", "isolated_wallet": "iw",
        "position_side": "ps", "margin_asset": "ma",
    },
):  # fmt: skip
    """One of `P` in an ACCOUNT_UPDATE: replaces what was known of (symbol, position side)."""

    symbol: str
    position_amount: str
    position_side: str = "BOTH"
    entry_price: str = ""
    break_even_price: str = ""
    accumulated_realized: str = ""
    unrealized_pnl: str = ""
    margin_type: str = ""
    isolated_wallet: str = ""
    margin_asset: str = ""

    def __post_init__(self) -> None:
        require_numbers(self.position_amount, self.entry_price or "0")


class AccountChange(
    _Wire,
    frozen=True,
    rename={"reason": "m", "symbol": "S", "balances": "B", "positions": "P"},
):
    """The `a` of an ACCOUNT_UPDATE."""

    reason: str = ""
    symbol: str = ""
    balances: tuple[Balance, ...] = ()
    positions: tuple[Position, ...] = ()


class AccountUpdate(_Wire, frozen=True, tag_field="e", tag="ACCOUNT_UPDATE", rename=_TIMES | {"account": "a"}):
    """ACCOUNT_UPDATE: balances and positions that changed, and why."""

    account: AccountChange
    event_time: int = 0
    transaction_time: int = 0


class LeverageChange(_Wire, frozen=True, rename={"symbol": "s", "leverage": "l"}):
    """The `ac` of an ACCOUNT_CONFIG_UPDATE."""

    symbol: str
    leverage: int


class AssetModeChange(_Wire, frozen=True, rename={"multi_assets_mode": "j"}):
    """The `ai` of an ACCOUNT_CONFIG_UPDATE."""

    multi_assets_mode: bool


class AccountConfigUpdate(
    _Wire,
    frozen=True,
    tag_field="e",
    tag="ACCOUNT_CONFIG_UPDATE",
    rename=_TIMES | {"leverage": "ac", "asset_mode": "ai"},
):
    """ACCOUNT_CONFIG_UPDATE: a symbol's leverage or the multi-assets mode changed; never the position mode."""

    event_time: int = 0
    transaction_time: int = 0
    leverage: LeverageChange | None = None
    asset_mode: AssetModeChange | None = None


class MarginCall(
    _Wire,
    frozen=True,
    tag_field="e",
    tag="MARGIN_CALL",
    rename={"event_time": "E", "cross_wallet_balance": "cw", "positions": "p"},
):
    """MARGIN_CALL: advice that may come after the liquidation. `positions` are kept as sent."""

    event_time: int = 0
    cross_wallet_balance: str = ""
    positions: tuple[dict[str, Any], ...] = ()


class AlgoReport(
    _Wire,
    frozen=True,
    rename={
        "client_algo_id": "caid", "algo_id": "aid", "algo_type": "at", "order_type": "o", "symbol": "s", "side": "S",
        "position_side": "ps", "time_in_force": "f", "quantity": "q", "algo_status": "X", "order_id": "ai",
        "average_price": "ap", "executed_quantity": "aq", "child_type": "act", "trigger_price": "tp", "price": "p",
        "working_type": "wt", "close_position": "cp", "reduce_only": "R", "trigger_time": "tt", "good_till_date": "gtd",
        "failure_reason": "rm", "is_activated": "ia",
    },
):  # fmt: skip
    """The `o` of an ALGO_UPDATE. `order_id` is the child's, "" until it was triggered."""

    algo_id: int
    algo_status: str
    symbol: str = ""
    client_algo_id: str = ""
    algo_type: str = ""
    order_type: str = ""
    side: str = ""
    position_side: str = ""
    time_in_force: str = ""
    quantity: str = "0"
    order_id: str = ""
    average_price: str = ""
    executed_quantity: str = ""
    child_type: str = ""
    trigger_price: str = "0"
    price: str = "0"
    working_type: str = ""
    close_position: bool = False
    reduce_only: bool = False
    trigger_time: int = 0
    good_till_date: int = 0
    failure_reason: str = ""
    is_activated: bool = False


class AlgoUpdate(_Wire, frozen=True, tag_field="e", tag="ALGO_UPDATE", rename=_TIMES | {"algo": "o"}):
    """ALGO_UPDATE: a conditional order's own life. It never carries a fill: `executed_quantity` repeats its child's."""

    algo: AlgoReport
    event_time: int = 0
    transaction_time: int = 0


class ConditionalOrderTriggerReject(
    _Wire, frozen=True, tag_field="e", tag="CONDITIONAL_ORDER_TRIGGER_REJECT", rename=_TIMES | {"rejection": "or"}
):
    """CONDITIONAL_ORDER_TRIGGER_REJECT, replaced by ALGO_UPDATE since 2025-12-15."""

    event_time: int = 0
    transaction_time: int = 0
    rejection: dict[str, Any] = {}


class StrategyUpdate(_Wire, frozen=True, tag_field="e", tag="STRATEGY_UPDATE", rename=_TIMES | {"strategy": "su"}):
    """STRATEGY_UPDATE: a grid or other strategy was created, cancelled or changed."""

    event_time: int = 0
    transaction_time: int = 0
    strategy: dict[str, Any] = {}


class GridUpdate(_Wire, frozen=True, tag_field="e", tag="GRID_UPDATE", rename=_TIMES | {"grid": "gu"}):
    """GRID_UPDATE: a sub-order of a grid was filled."""

    event_time: int = 0
    transaction_time: int = 0
    grid: dict[str, Any] = {}


class ListenKeyExpired(
    _Wire, frozen=True, tag_field="e", tag="listenKeyExpired", rename={"event_time": "E", "listen_key": "listenKey"}
):
    """listenKeyExpired: nothing more will come on this key, though the socket may stay open."""

    event_time: int = 0
    listen_key: str = ""

    def __repr__(self) -> str:
        return f"ListenKeyExpired(event_time={self.event_time}, listen_key=<hidden>)"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("event_time", self.event_time)]


class RawEvent(_Wire, frozen=True):
    """An event that this library does not know yet, kept as it came."""

    event_type: str
    payload: dict[str, Any]

    def __repr__(self) -> str:
        return f"RawEvent(event_type={self.event_type!r}, keys={sorted(self.payload)})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("event_type", self.event_type)]


class ControlReply(_Wire, frozen=True):
    """The answer to a control message such as SUBSCRIBE. `id` is what we sent; `error` is None on success."""

    id: int | str | None = None
    result: Any = None
    error: dict[str, Any] | None = None

    def __repr__(self) -> str:
        return f"ControlReply(id={self.id!r}, error={self.error!r})"


KnownEvent: TypeAlias = (
    OrderTradeUpdate
    | TradeLite
    | AccountUpdate
    | AccountConfigUpdate
    | MarginCall
    | AlgoUpdate
    | ConditionalOrderTriggerReject
    | StrategyUpdate
    | GridUpdate
    | ListenKeyExpired
)
Event: TypeAlias = KnownEvent | RawEvent | ControlReply
