"""What the events of a user data stream carry inside: orders, balances, positions, conditional orders, strategies.

Together with `events` the only place that knows Binance's one-letter keys. A field is required only where a report
without it is no such report, or where its absence would pass for a fill that did not happen: an order's quantities, the
price and the id of its last trade.
"""

from __future__ import annotations

import msgspec

from user_stream.core.amounts import require_numbers

__all__ = [
    "AccountChange",
    "AlgoReport",
    "AssetModeChange",
    "Balance",
    "GridChange",
    "LeverageChange",
    "OrderReport",
    "Position",
    "PositionAtRisk",
    "StrategyChange",
    "TriggerRejection",
]


class _Report(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What all reports share."""


class OrderReport(
    _Report,
    frozen=True,
    rename={
        "symbol": "s", "client_order_id": "c", "side": "S", "order_type": "o", "time_in_force": "f",
        "original_quantity": "q", "price": "p", "average_price": "ap", "stop_price": "sp", "execution_type": "x",
        "order_status": "X", "order_id": "i", "last_filled_quantity": "l", "cumulative_filled_quantity": "z",
        "last_filled_price": "L", "commission": "n", "commission_asset": "N", "trade_time": "T", "trade_id": "t",
        "is_maker": "m", "reduce_only": "R", "working_type": "wt", "original_order_type": "ot", "position_side": "ps",
        "close_position": "cp", "activation_price": "AP", "callback_rate": "cr", "realized_profit": "rp",
        "self_trade_prevention_mode": "V", "price_match": "pm", "good_till_date": "gtd", "expiry_reason": "er",
        "modify_id": "M", "margin_asset": "ma", "market": "st",
    },
):  # fmt: skip
    """The `o` of an ORDER_TRADE_UPDATE: why it was sent (`execution_type`) and where the order stands
    (`order_status`).

    `expiry_reason` is "0" unless the exchange ended the order: "1" and "3" self-trade prevention, "2" IOC, "4"
    reduce-only, "5" liquidation, "6" the position of a GTE order is closed, "7" delisting, "8" its stop fired, "9" the
    rest of a market order. `modify_id` is that of the amendment. `margin_asset` and `market` (2) are COIN-M's.
    """

    symbol: str
    order_id: int
    order_status: str
    original_quantity: str
    last_filled_quantity: str
    cumulative_filled_quantity: str
    last_filled_price: str
    trade_id: int
    client_order_id: str = ""
    side: str = ""
    order_type: str = ""
    time_in_force: str = ""
    price: str = "0"
    average_price: str = "0"
    stop_price: str = "0"
    execution_type: str = ""
    commission: str = "0"
    commission_asset: str = ""
    trade_time: int = 0
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
    margin_asset: str = ""
    market: int | str = 0

    def __post_init__(self) -> None:
        require_numbers(
            self.original_quantity, self.price, self.average_price, self.stop_price, self.last_filled_quantity,
            self.last_filled_price, self.cumulative_filled_quantity, self.commission, self.realized_profit,
        )  # fmt: skip


class Balance(
    _Report,
    frozen=True,
    rename={"asset": "a", "wallet_balance": "wb", "cross_wallet_balance": "cw", "balance_change": "bc"},
):
    """One of `B` in an ACCOUNT_UPDATE."""

    asset: str
    wallet_balance: str
    cross_wallet_balance: str = ""
    balance_change: str = "0"

    def __post_init__(self) -> None:
        require_numbers(self.wallet_balance, self.cross_wallet_balance or "0", self.balance_change)


class Position(
    _Report,
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
        require_numbers(
            self.position_amount, self.entry_price or "0", self.break_even_price or "0",
            self.accumulated_realized or "0", self.unrealized_pnl or "0", self.isolated_wallet or "0",
        )  # fmt: skip


class AccountChange(
    _Report,
    frozen=True,
    rename={"reason": "m", "symbol": "S", "balances": "B", "positions": "P"},
):
    """The `a` of an ACCOUNT_UPDATE. `symbol` is whose funding fee it was, when `reason` is FUNDING_FEE."""

    reason: str = ""
    symbol: str = ""
    balances: tuple[Balance, ...] = ()
    positions: tuple[Position, ...] = ()


class LeverageChange(_Report, frozen=True, rename={"symbol": "s", "leverage": "l"}):
    """The `ac` of an ACCOUNT_CONFIG_UPDATE."""

    symbol: str
    leverage: int


class AssetModeChange(_Report, frozen=True, rename={"multi_assets_mode": "j"}):
    """The `ai` of an ACCOUNT_CONFIG_UPDATE."""

    multi_assets_mode: bool


class PositionAtRisk(
    _Report,
    frozen=True,
    rename={
        "symbol": "s", "position_side": "ps", "position_amount": "pa", "margin_type": "mt", "isolated_wallet": "iw",
        "mark_price": "mp", "unrealized_pnl": "up", "maintenance_margin": "mm", "margin_asset": "ma",
    },
):  # fmt: skip
    """One of `p` in a MARGIN_CALL. Its `margin_type` is CROSSED or ISOLATED, other than an ACCOUNT_UPDATE writes it."""

    symbol: str
    position_side: str = "BOTH"
    position_amount: str = "0"
    margin_type: str = ""
    isolated_wallet: str = ""
    mark_price: str = ""
    unrealized_pnl: str = ""
    maintenance_margin: str = ""
    margin_asset: str = ""

    def __post_init__(self) -> None:
        require_numbers(
            self.position_amount, self.isolated_wallet or "0", self.mark_price or "0", self.unrealized_pnl or "0",
            self.maintenance_margin or "0",
        )  # fmt: skip


class AlgoReport(
    _Report,
    frozen=True,
    rename={
        "client_algo_id": "caid", "algo_id": "aid", "algo_type": "at", "order_type": "o", "symbol": "s", "side": "S",
        "position_side": "ps", "time_in_force": "f", "quantity": "q", "algo_status": "X", "order_id": "ai",
        "average_price": "ap", "executed_quantity": "aq", "child_type": "act", "trigger_price": "tp", "price": "p",
        "working_type": "wt", "close_position": "cp", "reduce_only": "R", "trigger_time": "tt", "good_till_date": "gtd",
        "failure_reason": "rm", "is_activated": "ia", "self_trade_prevention_mode": "V", "price_match": "pm",
        "price_protect": "pP",
    },
):  # fmt: skip
    """The `o` of an ALGO_UPDATE. `order_id` is the child's, "" until it was triggered; so are `average_price`,
    `executed_quantity` and `child_type`. `failure_reason` is there when it was REJECTED or EXPIRED.
    """

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
    self_trade_prevention_mode: str = ""
    price_match: str = ""
    price_protect: bool = False

    def __post_init__(self) -> None:
        require_numbers(
            self.quantity, self.trigger_price, self.price, self.average_price or "0", self.executed_quantity or "0"
        )


class TriggerRejection(_Report, frozen=True, rename={"symbol": "s", "order_id": "i", "reason": "r"}):
    """The `or` of a CONDITIONAL_ORDER_TRIGGER_REJECT: the stop fired, and its order was refused."""

    symbol: str
    order_id: int
    reason: str = ""


class StrategyChange(
    _Report,
    frozen=True,
    rename={
        "strategy_id": "si", "strategy_type": "st", "strategy_status": "ss", "symbol": "s", "update_time": "ut",
        "operation_code": "c",
    },
):  # fmt: skip
    """The `su` of a STRATEGY_UPDATE. `operation_code` says why, from 8001 (parameters changed) to 8015."""

    strategy_id: int
    strategy_type: str = ""
    strategy_status: str = ""
    symbol: str = ""
    update_time: int = 0
    operation_code: int = 0


class GridChange(
    _Report,
    frozen=True,
    rename={
        "strategy_id": "si", "strategy_type": "st", "strategy_status": "ss", "symbol": "s", "realized_profit": "r",
        "unmatched_average_price": "up", "unmatched_quantity": "uq", "unmatched_fee": "uf", "matched_profit": "mp",
        "update_time": "ut",
    },
):  # fmt: skip
    """The `gu` of a GRID_UPDATE: what a grid has earned, and what of it has no counterpart yet."""

    strategy_id: int
    strategy_type: str = ""
    strategy_status: str = ""
    symbol: str = ""
    realized_profit: str = "0"
    unmatched_average_price: str = "0"
    unmatched_quantity: str = "0"
    unmatched_fee: str = "0"
    matched_profit: str = "0"
    update_time: int = 0

    def __post_init__(self) -> None:
        require_numbers(
            self.realized_profit, self.unmatched_average_price, self.unmatched_quantity, self.unmatched_fee,
            self.matched_profit,
        )  # fmt: skip
