"""Everything that Binance says on a user data stream, typed; with `reports`, all that knows its one-letter keys.

Unknown fields are ignored and unknown enum values kept, because every enum is a plain string here. A field is required
only where an event without it is no such event. Field meanings: USDⓈ-M Futures, User Data Streams, one page per event.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import msgspec

from user_stream.core.amounts import require_numbers
from user_stream.core.reports import (
    AccountChange,
    AlgoReport,
    AssetModeChange,
    Balance,
    GridChange,
    LeverageChange,
    OrderReport,
    Position,
    PositionAtRisk,
    StrategyChange,
    TriggerRejection,
)

__all__ = [
    "ALIASES",
    "PRIVATE_EVENTS",
    "AccountChange",
    "AccountConfigUpdate",
    "AccountUpdate",
    "AlgoReport",
    "AlgoUpdate",
    "AssetModeChange",
    "Balance",
    "ConditionalOrderTriggerReject",
    "ControlReply",
    "Event",
    "GridChange",
    "GridUpdate",
    "KnownEvent",
    "LeverageChange",
    "ListenKeyExpired",
    "MarginCall",
    "OrderReport",
    "OrderTradeUpdate",
    "Position",
    "PositionAtRisk",
    "RawEvent",
    "StrategyChange",
    "StrategyUpdate",
    "TradeLite",
    "TriggerRejection",
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

ALIASES = {"ALGO_UPDATE": {"ao": "o"}}
"""Keys that mean the same as others, by event: Portfolio Margin's conditional orders are in `ao`."""

_TIMES = {"event_time": "E", "transaction_time": "T"}
_COIN_M = {"account_alias": "i", "market": "st", "pair": "ps"}


class _Wire(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What all events share."""


class OrderTradeUpdate(
    _Wire, frozen=True, tag_field="e", tag="ORDER_TRADE_UPDATE", rename=_TIMES | _COIN_M | {"order": "o"}
):
    """ORDER_TRADE_UPDATE, FIX's execution report. An event of COIN-M has an `account_alias`, a `market` (2) and a
    `pair`; one of USDⓈ-M need not.
    """

    order: OrderReport
    event_time: int = 0
    transaction_time: int = 0
    account_alias: str = ""
    market: int | str = 0
    pair: str = ""


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


class AccountUpdate(
    _Wire, frozen=True, tag_field="e", tag="ACCOUNT_UPDATE", rename=_TIMES | _COIN_M | {"account": "a"}
):
    """ACCOUNT_UPDATE: balances and positions that changed, and why. COIN-M's have an `account_alias`."""

    account: AccountChange
    event_time: int = 0
    transaction_time: int = 0
    account_alias: str = ""
    market: int | str = 0
    pair: str = ""


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
    """MARGIN_CALL: advice that may come after the liquidation. `cross_wallet_balance` is "" if none is cross."""

    event_time: int = 0
    cross_wallet_balance: str = ""
    positions: tuple[PositionAtRisk, ...] = ()

    def __post_init__(self) -> None:
        require_numbers(self.cross_wallet_balance or "0")


class AlgoUpdate(_Wire, frozen=True, tag_field="e", tag="ALGO_UPDATE", rename=_TIMES | {"algo": "o"}):
    """ALGO_UPDATE: a conditional order's own life. It never carries a fill: `executed_quantity` repeats its child's."""

    algo: AlgoReport
    event_time: int = 0
    transaction_time: int = 0


class ConditionalOrderTriggerReject(
    _Wire, frozen=True, tag_field="e", tag="CONDITIONAL_ORDER_TRIGGER_REJECT", rename=_TIMES | {"rejection": "or"}
):
    """CONDITIONAL_ORDER_TRIGGER_REJECT, replaced by ALGO_UPDATE since 2025-12-15."""

    rejection: TriggerRejection
    event_time: int = 0
    transaction_time: int = 0


class StrategyUpdate(_Wire, frozen=True, tag_field="e", tag="STRATEGY_UPDATE", rename=_TIMES | {"strategy": "su"}):
    """STRATEGY_UPDATE: a grid or other strategy was created, cancelled or changed."""

    strategy: StrategyChange
    event_time: int = 0
    transaction_time: int = 0


class GridUpdate(_Wire, frozen=True, tag_field="e", tag="GRID_UPDATE", rename=_TIMES | {"grid": "gu"}):
    """GRID_UPDATE: a sub-order of a grid was filled."""

    grid: GridChange
    event_time: int = 0
    transaction_time: int = 0


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
