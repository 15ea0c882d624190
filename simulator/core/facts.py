"""What happened at the exchange, as data. Commands return facts in the order in which they became true.

How facts are told, and in which order, is the business of `streams.stream_events`; a fact says nothing about frames.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Literal, TypeAlias

import msgspec

from simulator.core.amounts import ZERO
from simulator.core.conditional.algo_orders import AlgoOrder
from simulator.core.domain import TRADE, SymbolSpec
from simulator.core.profile import ListenKeyEnd
from simulator.core.trading.orders import Fill, Order

__all__ = [
    "AccountFact",
    "AccountPatch",
    "AlgoChanged",
    "BalanceRow",
    "ContractChanged",
    "Fact",
    "GridChanged",
    "LeverageChanged",
    "ListenKeyAnnounced",
    "ListenKeyEnded",
    "MarginCalled",
    "MultiAssetsModeChanged",
    "OpenNotional",
    "OrderAccepted",
    "OrderAmended",
    "OrderEnded",
    "OrderFact",
    "OrderFilled",
    "PositionRow",
    "StrategyChanged",
    "WalletChanged",
]


class OpenNotional(msgspec.Struct, frozen=True):
    """Σ remaining × price of the account's open orders on a symbol, by side, in the quote asset."""

    bids: Decimal = ZERO
    asks: Decimal = ZERO


class BalanceRow(msgspec.Struct, frozen=True):
    """A wallet after the fact. `change` excludes profit and commission."""

    asset: str
    wallet: Decimal
    cross_wallet: Decimal
    change: Decimal


class PositionRow(msgspec.Struct, frozen=True):
    """A position after the fact. `mark` values it; `maintenance` is the margin that it must keep."""

    symbol: str
    position_side: str
    amount: Decimal
    entry_price: Decimal
    break_even_price: Decimal
    accumulated_realized: Decimal
    unrealized: Decimal
    margin_asset: str
    margin_type: Literal["cross", "isolated"] = "cross"
    isolated_wallet: Decimal = ZERO
    mark: Decimal = ZERO
    maintenance: Decimal = ZERO


class AccountPatch(msgspec.Struct, frozen=True):
    """The balances and positions that a fact changed, and nothing else."""

    balances: tuple[BalanceRow, ...] = ()
    positions: tuple[PositionRow, ...] = ()


class _AccountFact(msgspec.Struct, frozen=True, kw_only=True):
    account: str
    time_ms: int


class OrderAccepted(_AccountFact, frozen=True, kw_only=True):
    """An order entered the book, or is about to be filled on arrival."""

    order: Order
    open_notional: OpenNotional


class OrderFilled(_AccountFact, frozen=True, kw_only=True):
    """A part of an order was filled, and wallet and position followed. `execution_type` is the wire's `x`."""

    order: Order
    fill: Fill
    open_notional: OpenNotional
    patch: AccountPatch
    execution_type: str = TRADE


class OrderAmended(_AccountFact, frozen=True, kw_only=True):
    """An order got another quantity or price. `modify_id` "" when the request carried none."""

    order: Order
    open_notional: OpenNotional
    modify_id: str


class OrderEnded(_AccountFact, frozen=True, kw_only=True):
    """An order ended without a fill: cancelled or expired, as its status says."""

    order: Order
    open_notional: OpenNotional


class AlgoChanged(_AccountFact, frozen=True, kw_only=True):
    """A conditional order was accepted, activated, triggered or ended. `child` is the order that it sent, if any."""

    algo: AlgoOrder
    child: Order | None


class WalletChanged(_AccountFact, frozen=True, kw_only=True):
    """A wallet or a position changed without a trade that is told. `reason` is ACCOUNT_UPDATE's `m`.

    `symbol` is the one that a funding fee is for, else "".
    """

    reason: str
    patch: AccountPatch
    symbol: str = ""


class LeverageChanged(_AccountFact, frozen=True, kw_only=True):
    """The account chose another leverage for a symbol."""

    symbol: str
    leverage: int


class MultiAssetsModeChanged(_AccountFact, frozen=True, kw_only=True):
    """The account switched to multi-assets mode, or back."""

    multi_assets: bool


class MarginCalled(_AccountFact, frozen=True, kw_only=True):
    """Positions came near their liquidation. `cross_wallet` is None when they are isolated."""

    cross_wallet: Decimal | None
    positions: tuple[PositionRow, ...]


class StrategyChanged(_AccountFact, frozen=True, kw_only=True):
    """A grid strategy got another status. `code` is the wire's `c`: 8007 is a new order of the grid."""

    strategy_id: int
    strategy_type: str
    status: str
    symbol: str
    code: int


class GridChanged(_AccountFact, frozen=True, kw_only=True):
    """An order of a grid strategy was filled. `realized`, `unmatched_fee` and `matched` are in the quote asset.

    `unmatched_` is of what was bought or sold, and not yet sold or bought again; `matched` is the profit of the rest.
    """

    strategy_id: int
    strategy_type: str
    status: str
    symbol: str
    realized: Decimal
    unmatched_price: Decimal
    unmatched_quantity: Decimal
    unmatched_fee: Decimal
    matched: Decimal


class ContractChanged(_AccountFact, frozen=True, kw_only=True):
    """A symbol got another status. No user stream tells it, and no account is named: `account` is ""."""

    spec: SymbolSpec


class ListenKeyEnded(_AccountFact, frozen=True, kw_only=True):
    """A listen key died. `announce` says whether its sockets are told; None leaves it to the profile."""

    listen_key: str
    cause: ListenKeyEnd
    announce: bool | None = None


class ListenKeyAnnounced(_AccountFact, frozen=True, kw_only=True):
    """The sockets of a dead listen key are told again that it died."""

    listen_key: str


OrderFact: TypeAlias = OrderAccepted | OrderFilled | OrderAmended | OrderEnded

AccountFact: TypeAlias = (
    WalletChanged | LeverageChanged | MultiAssetsModeChanged | MarginCalled | StrategyChanged | GridChanged
    | ListenKeyEnded | ListenKeyAnnounced
)  # fmt: skip

Fact: TypeAlias = OrderFact | AlgoChanged | AccountFact | ContractChanged
