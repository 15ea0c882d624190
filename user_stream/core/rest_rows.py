"""The rows of Binance's REST answers that recovery reads.

Field meanings: USDⓈ-M Futures, Trade and Account REST API, one page per endpoint. Unknown fields are ignored.
"""

from __future__ import annotations

import msgspec

from user_stream.core.amounts import require_numbers

__all__ = ["BalanceRow", "IncomeRow", "OrderRow", "PositionRow", "TradeRow"]


class _Row(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What all rows share: Binance's camelCase keys."""


class OrderRow(_Row, frozen=True):
    """One of openOrders, allOrders, order. `executed_qty` is in the base asset, times are ms of the exchange's
    clock.
    """

    symbol: str
    order_id: int
    status: str
    client_order_id: str = ""
    side: str = ""
    position_side: str = ""
    type: str = ""
    time_in_force: str = ""
    price: str = "0"
    stop_price: str = "0"
    orig_qty: str = "0"
    executed_qty: str = "0"
    avg_price: str = "0"
    reduce_only: bool = False
    time: int = 0
    update_time: int = 0

    def __post_init__(self) -> None:
        require_numbers(self.orig_qty, self.executed_qty, self.price, self.avg_price)


class TradeRow(_Row, frozen=True):
    """One of userTrades: a fill, without the client order id and the order's quantities."""

    symbol: str
    id: int
    order_id: int
    side: str = ""
    position_side: str = ""
    price: str = "0"
    qty: str = "0"
    commission: str = "0"
    commission_asset: str = ""
    realized_pnl: str = "0"
    maker: bool = False
    time: int = 0

    def __post_init__(self) -> None:
        require_numbers(self.qty, self.price, self.commission, self.realized_pnl)


class IncomeRow(_Row, frozen=True):
    """One of income: money that came or went, in units of `asset`; `trade_id` is "" when no trade is the reason.

    `time` is that of the bookkeeping, which may be rounded to the second.
    """

    income_type: str
    symbol: str = ""
    income: str = "0"
    asset: str = ""
    time: int = 0
    tran_id: int = 0
    trade_id: str = ""


class PositionRow(_Row, frozen=True):
    """One of positionRisk v3, which lists only positions that are open or have open orders."""

    symbol: str
    position_amt: str
    position_side: str = "BOTH"
    entry_price: str = ""
    break_even_price: str = ""
    un_realized_profit: str = ""
    isolated_wallet: str = ""
    update_time: int = 0

    def __post_init__(self) -> None:
        require_numbers(self.position_amt, self.entry_price or "0")


class BalanceRow(_Row, frozen=True):
    """One of balance v3, in units of `asset`."""

    asset: str
    balance: str
    cross_wallet_balance: str = ""
    update_time: int = 0

    def __post_init__(self) -> None:
        require_numbers(self.balance, self.cross_wallet_balance or "0")
