"""How much of a wallet is bound: the initial margin of positions and open orders, in single-asset mode.

The exchange reserves for the worse of two worlds: all open bids filled, or all open asks filled. The exposure of one
(symbol, position side) is therefore max(|held + bids|, |held − asks|) in the quote asset, and the margin is exposure
divided by leverage. An order that closes a position needs nothing, because it makes neither world worse; orders that
are reduce-only are left out of both.

Available is wallet + unrealized profit − margin, of which isolated positions have their part apart: their wallets are
taken off the wallet, and neither their profit nor their own margin counts. A new order is refused with -2019 when the
margin that it adds exceeds what is available. Commission is not reserved.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import msgspec

from simulator.core.account import Account
from simulator.core.amounts import ZERO
from simulator.core.brackets import maintenance
from simulator.core.domain import BUY, SymbolSpec
from simulator.core.orders import Order, OrderIntent

__all__ = ["AssetMargin", "Exposure", "added_margin", "asset_margin", "exposure_of"]

Prices = Mapping[str, Decimal]
Symbols = Mapping[str, SymbolSpec]


class Exposure(msgspec.Struct, frozen=True):
    """One (symbol, position side) in the quote asset: what is held (signed), bid and asked; and its margin's parts."""

    held: Decimal
    bids: Decimal
    asks: Decimal
    leverage: int
    unrealized: Decimal = ZERO
    maintenance: Decimal = ZERO

    @property
    def margin(self) -> Decimal:
        """The margin that position and orders bind together."""
        return max(abs(self.held + self.bids), abs(self.held - self.asks)) / self.leverage

    @property
    def position_margin(self) -> Decimal:
        """The part of the margin that the position alone binds."""
        return abs(self.held) / self.leverage


class AssetMargin(msgspec.Struct, frozen=True):
    """The account's margin in one asset: every amount in that asset."""

    wallet: Decimal
    unrealized: Decimal = ZERO
    margin: Decimal = ZERO
    position_margin: Decimal = ZERO
    maintenance: Decimal = ZERO
    isolated_wallet: Decimal = ZERO
    cross_unrealized: Decimal = ZERO
    cross_margin: Decimal = ZERO

    @property
    def cross_wallet(self) -> Decimal:
        """What isolated positions do not hold."""
        return self.wallet - self.isolated_wallet

    @property
    def available(self) -> Decimal:
        """What new orders may bind."""
        return self.cross_wallet + self.cross_unrealized - self.cross_margin


def exposure_of(account: Account, spec: SymbolSpec, position_side: str, mark: Decimal) -> Exposure:
    """Return the exposure of one (symbol, position side) at this mark price."""
    position = account.position(spec.symbol, position_side)
    interest = account.interest(spec.symbol, position_side)
    held = position.amount * mark
    return Exposure(
        held,
        interest.bids,
        interest.asks,
        account.leverage(spec.symbol, spec.max_leverage),
        position.unrealized(mark),
        maintenance(spec, held),
    )


def asset_margin(account: Account, asset: str, symbols: Symbols, prices: Prices) -> AssetMargin:
    """Return the account's margin in one asset."""
    unrealized = margin = position_margin = maintenance = cross_unrealized = cross_margin = ZERO
    for symbol, position_side in account.exposed():
        if symbols[symbol].quote_asset != asset:
            continue
        exposure = exposure_of(account, symbols[symbol], position_side, prices[symbol])
        unrealized += exposure.unrealized
        margin += exposure.margin
        position_margin += exposure.position_margin
        maintenance += exposure.maintenance
        is_isolated = account.is_isolated(symbol)
        cross_unrealized += ZERO if is_isolated else exposure.unrealized
        cross_margin += exposure.margin - (exposure.position_margin if is_isolated else ZERO)
    return AssetMargin(
        account.wallets.get(asset, ZERO),
        unrealized,
        margin,
        position_margin,
        maintenance,
        account.isolated_wallets(asset),
        cross_unrealized,
        cross_margin,
    )


def added_margin(account: Account, spec: SymbolSpec, order: OrderIntent | Order, mark: Decimal) -> Decimal:
    """Return the margin that an order of this side, quantity and price adds when it joins the open ones."""
    if order.reduce_only:
        return ZERO
    before = exposure_of(account, spec, order.position_side, mark)
    if order.side == BUY:
        after = msgspec.structs.replace(before, bids=before.bids + order.quantity * (order.price or mark))
    else:
        after = msgspec.structs.replace(before, asks=before.asks + order.quantity * max(order.price, mark))
    return after.margin - before.margin
