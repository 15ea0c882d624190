"""How much of a wallet is bound: the margin of positions and open orders, by asset, or pooled over all of them.

The exchange reserves for the worse of two worlds: all open bids filled, or all open asks filled. The exposure of one
(symbol, position side) is therefore max(|held + bids|, |held − asks|) in the quote asset, and the margin is exposure
divided by leverage. An order that closes a position needs nothing, because it makes neither world worse; orders that
are reduce-only are left out of both.

Available is wallet + unrealized profit − margin, of which isolated positions have their part apart: their wallets are
taken off the wallet, and neither their profit nor their own margin counts. A new order is refused with -2019 when the
margin that it adds exceeds what is available, and with -2027 when the position in the worse world would be larger than
its leverage allows. Commission is not reserved.

In single-asset mode that is counted for each margin asset apart. In multi-assets mode all of them are one pool in USD,
in which a balance counts for a little less than it is worth (`accounts.asset_index`), and what is available of an asset
is what is available of the pool. Nothing is exchanged by itself: a wallet may become negative while the pool can bear
it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

import msgspec

from simulator.core.accounts.account import Account
from simulator.core.accounts.asset_index import asset_index, collateral, in_usd
from simulator.core.accounts.brackets import maintenance
from simulator.core.amounts import ZERO
from simulator.core.domain import BUY, SymbolSpec
from simulator.core.trading.orders import Order, OrderIntent

__all__ = [
    "AssetMargin",
    "Exposure",
    "asset_margin",
    "available_margin",
    "exposure_of",
    "joined",
    "pooled_margin",
    "withdrawable_margin",
]

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
    def worst(self) -> Decimal:
        """The larger of the positions that open orders can lead to."""
        return max(abs(self.held + self.bids), abs(self.held - self.asks))

    @property
    def margin(self) -> Decimal:
        """The margin that position and orders bind together."""
        return self.worst / self.leverage

    @property
    def position_margin(self) -> Decimal:
        """The part of the margin that the position alone binds."""
        return abs(self.held) / self.leverage


class AssetMargin(msgspec.Struct, frozen=True):
    """The account's margin in one asset, every amount in that asset; or that of the pool, every amount in USD.

    `haircut` is by how much the pool's balances count for less than they are worth.
    """

    wallet: Decimal
    unrealized: Decimal = ZERO
    margin: Decimal = ZERO
    position_margin: Decimal = ZERO
    maintenance: Decimal = ZERO
    isolated_wallet: Decimal = ZERO
    cross_unrealized: Decimal = ZERO
    cross_margin: Decimal = ZERO
    cross_maintenance: Decimal = ZERO
    haircut: Decimal = ZERO

    @property
    def cross_wallet(self) -> Decimal:
        """What isolated positions do not hold."""
        return self.wallet - self.isolated_wallet

    @property
    def cross_balance(self) -> Decimal:
        """What keeps cross positions alive: the cross wallet and their profit, as far as it counts."""
        return self.cross_wallet + self.cross_unrealized - self.haircut

    @property
    def available(self) -> Decimal:
        """What new orders may bind."""
        return self.cross_balance - self.cross_margin

    @property
    def withdrawable(self) -> Decimal:
        """What may be taken out: of profit that is not realized, nothing."""
        return max(ZERO, min(self.cross_wallet, self.available - max(ZERO, self.cross_unrealized)))


def exposure_of(account: Account, spec: SymbolSpec, position_side: str, mark: Decimal) -> Exposure:
    """Return the exposure of one (symbol, position side) at this mark price."""
    interest = account.interest(spec.symbol, position_side)
    leverage = account.leverage(spec.symbol, spec.max_leverage)
    position = account.position(spec.symbol, position_side)
    if not position.amount:
        return Exposure(ZERO, interest.bids, interest.asks, leverage)
    held = position.amount * mark
    return Exposure(held, interest.bids, interest.asks, leverage, position.unrealized(mark), maintenance(spec, held))


def asset_margin(account: Account, asset: str, symbols: Symbols, prices: Prices) -> AssetMargin:
    """Return the account's margin in one asset, as if there were no other."""
    unrealized = margin = position_margin = kept = cross_unrealized = cross_margin = cross_kept = ZERO
    for symbol, exposure in _exposures(account, asset, symbols, prices):
        bound, bound_by_position = exposure.margin, exposure.position_margin
        unrealized += exposure.unrealized
        margin += bound
        position_margin += bound_by_position
        kept += exposure.maintenance
        if account.is_isolated(symbol):
            cross_margin += bound - bound_by_position
            continue
        cross_unrealized += exposure.unrealized
        cross_kept += exposure.maintenance
        cross_margin += bound
    return AssetMargin(
        account.wallets.get(asset, ZERO),
        unrealized,
        margin,
        position_margin,
        kept,
        account.isolated_wallets(asset),
        cross_unrealized,
        cross_margin,
        cross_kept,
    )


def pooled_margin(account: Account, symbols: Symbols, prices: Prices) -> AssetMargin:
    """Return the margin of all assets together, in USD."""
    assets = dict.fromkeys((*account.wallets, *(symbols[symbol].quote_asset for symbol, _ in account.exposed())))
    parts = [(asset, asset_margin(account, asset, symbols, prices)) for asset in assets]

    def total(name: str) -> Decimal:
        return sum((in_usd(getattr(part, name), asset, prices) for asset, part in parts), ZERO)

    balance = sum((collateral(part.cross_balance, asset, prices) for asset, part in parts), ZERO)
    names = [name for name in AssetMargin.__struct_fields__ if name != "haircut"]
    pool = AssetMargin(**{name: total(name) for name in names})
    return msgspec.structs.replace(pool, haircut=pool.cross_balance - balance)


def available_margin(account: Account, asset: str, symbols: Symbols, prices: Prices) -> Decimal:
    """Return what new orders may bind, in this asset: of the asset itself, or of the pool in multi-assets mode."""
    if not account.multi_assets_margin:
        return asset_margin(account, asset, symbols, prices).available
    rate = asset_index(asset, prices).ask_rate
    return pooled_margin(account, symbols, prices).available / rate if rate else ZERO


def withdrawable_margin(account: Account, asset: str, symbols: Symbols, prices: Prices) -> Decimal:
    """Return what may be taken out of this asset: in multi-assets mode, as far as the pool can spare it, too."""
    margin = asset_margin(account, asset, symbols, prices)
    if not account.multi_assets_margin:
        return margin.withdrawable
    rate = asset_index(asset, prices).ask_rate
    spare = pooled_margin(account, symbols, prices).withdrawable / rate if rate else ZERO
    return max(ZERO, min(margin.cross_wallet, spare))


def joined(before: Exposure, order: OrderIntent | Order, mark: Decimal) -> Exposure:
    """Return what becomes of the exposure when an order of this side, quantity and price joins the open ones."""
    if order.reduce_only:
        return before
    if order.side == BUY:
        return msgspec.structs.replace(before, bids=before.bids + order.quantity * (order.price or mark))
    return msgspec.structs.replace(before, asks=before.asks + order.quantity * max(order.price, mark))


def _exposures(account: Account, asset: str, symbols: Symbols, prices: Prices) -> Iterator[tuple[str, Exposure]]:
    for symbol, position_side in account.exposed():
        spec = symbols[symbol]
        if spec.quote_asset == asset:
            yield symbol, exposure_of(account, spec, position_side, prices[symbol])
