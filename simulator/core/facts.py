"""What happened at the exchange, as data. Commands return facts in the order in which they became true.

How facts are told, and in which order, is the business of `core.stream_events`; a fact says nothing about frames.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TypeAlias

import msgspec

from simulator.core.algo_orders import AlgoOrder
from simulator.core.amounts import ZERO
from simulator.core.orders import Fill, Order
from simulator.core.profile import ListenKeyEnd

__all__ = [
    "AccountPatch",
    "AlgoChanged",
    "BalanceRow",
    "Fact",
    "LeverageChanged",
    "ListenKeyAnnounced",
    "ListenKeyEnded",
    "OpenNotional",
    "OrderAccepted",
    "OrderAmended",
    "OrderEnded",
    "OrderFilled",
    "PositionRow",
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
    """A position after the fact."""

    symbol: str
    position_side: str
    amount: Decimal
    entry_price: Decimal
    break_even_price: Decimal
    accumulated_realized: Decimal
    unrealized: Decimal
    margin_asset: str


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
    """A part of an order was filled, and wallet and position followed."""

    order: Order
    fill: Fill
    open_notional: OpenNotional
    patch: AccountPatch


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
    """A wallet changed without a trade. `reason` is ACCOUNT_UPDATE's `m`."""

    reason: str
    patch: AccountPatch


class LeverageChanged(_AccountFact, frozen=True, kw_only=True):
    """The account chose another leverage for a symbol."""

    symbol: str
    leverage: int


class ListenKeyEnded(_AccountFact, frozen=True, kw_only=True):
    """A listen key died. `announce` says whether its sockets are told; None leaves it to the profile."""

    listen_key: str
    cause: ListenKeyEnd
    announce: bool | None = None


class ListenKeyAnnounced(_AccountFact, frozen=True, kw_only=True):
    """The sockets of a dead listen key are told again that it died."""

    listen_key: str


Fact: TypeAlias = (
    OrderAccepted
    | OrderFilled
    | OrderAmended
    | OrderEnded
    | AlgoChanged
    | WalletChanged
    | LeverageChanged
    | ListenKeyEnded
    | ListenKeyAnnounced
)
