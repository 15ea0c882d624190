"""How an account looks in REST answers: balances, positions, margin, in the shapes of versions 2 and 3.

Version 2 lists every symbol, version 3 only those with a position or an open order. In hedge mode a symbol has the rows
LONG and SHORT. In multi-assets mode there is available of an asset, and may be withdrawn, what the pool leaves.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, NamedTuple

from simulator.core.accounts.account import Account
from simulator.core.accounts.asset_index import asset_index
from simulator.core.accounts.brackets import max_notional
from simulator.core.accounts.margin import AssetMargin, Exposure, asset_margin, exposure_of, pooled_margin
from simulator.core.accounts.position import Position
from simulator.core.amounts import ZERO, average, eight, eight_or_zero, money, padded, trimmed
from simulator.core.domain import SymbolSpec
from simulator.core.risk.adl import quantile
from simulator.core.risk.health import MarginOf, liquidation_price, shared_margins
from simulator.core.trading.exchange import Exchange

__all__ = ["account_v2", "account_v3", "balances", "positions_v2", "positions_v3"]

Body = dict[str, Any]
Row = tuple[SymbolSpec, Position, Exposure]


class Free(NamedTuple):
    """What of an asset new orders may bind, and what may be taken out."""

    available: Decimal
    withdrawable: Decimal


def balances(exchange: Exchange, account: Account) -> list[Body]:
    """Return /fapi/v2/balance and /fapi/v3/balance."""
    return [_balance(account, asset, margin, free) for asset, margin, free in _margins(exchange, account)]


def account_v2(exchange: Exchange, account: Account) -> Body:
    """Return /fapi/v2/account."""
    flags = {
        "feeTier": account.fee_tier,
        "feeBurn": account.fee_burn,
        "canTrade": True,
        "canDeposit": True,
        "canWithdraw": True,
        "updateTime": 0,
        "multiAssetsMargin": account.multi_assets_margin,
        "tradeGroupId": -1,
    }
    assets = [asset | {"marginAvailable": True} for asset in _assets(exchange, account)]
    positions = [_account_position_v2(row, account) for row in _all_rows(exchange, account, tuple(exchange.symbols))]
    return flags | _totals(exchange, account) | {"assets": assets, "positions": positions}


def account_v3(exchange: Exchange, account: Account) -> Body:
    """Return /fapi/v3/account."""
    positions = [_account_position_v3(row) for row in live_rows(exchange, account)]
    return _totals(exchange, account) | {"assets": _assets(exchange, account), "positions": positions}


def positions_v2(exchange: Exchange, account: Account, symbol: str | None) -> list[Body]:
    """Return /fapi/v2/positionRisk, of one symbol or of all."""
    symbols = (symbol,) if symbol else tuple(exchange.symbols)
    margin_of = shared_margins(account, exchange.symbols, exchange.marks)
    return [_position_risk_v2(row, exchange, account, margin_of) for row in _all_rows(exchange, account, symbols)]


def positions_v3(exchange: Exchange, account: Account, symbol: str | None) -> list[Body]:
    """Return /fapi/v3/positionRisk, of one symbol or of all."""
    rows = live_rows(exchange, account)
    margin_of = shared_margins(account, exchange.symbols, exchange.marks)
    return [_position_risk_v3(row, exchange, account, margin_of) for row in rows if symbol in {None, row[0].symbol}]


def _all_rows(exchange: Exchange, account: Account, symbols: tuple[str, ...]) -> Iterator[Row]:
    for symbol in symbols:
        for side in account.position_sides():
            yield _row(exchange, account, symbol, side)


def live_rows(exchange: Exchange, account: Account) -> Iterator[Row]:
    """Yield what has a position or an open order: symbol, position, exposure."""
    for symbol, side in sorted(account.exposed()):
        yield _row(exchange, account, symbol, side)


def _row(exchange: Exchange, account: Account, symbol: str, side: str) -> Row:
    spec = exchange.symbols[symbol]
    return spec, account.position(symbol, side), exposure_of(account, spec, side, exchange.marks[symbol])


def _margins(exchange: Exchange, account: Account) -> Iterator[tuple[str, AssetMargin, Free]]:
    """Yield each asset's margin, and what of it is free: in multi-assets mode, what the pool leaves."""
    pool = pooled_margin(account, exchange.symbols, exchange.marks) if account.multi_assets_margin else None
    for asset in account.wallets:
        margin = asset_margin(account, asset, exchange.symbols, exchange.marks)
        if pool is None:
            yield asset, margin, Free(margin.available, margin.withdrawable)
            continue
        rate = asset_index(asset, exchange.marks).ask_rate
        free = max(ZERO, pool.available) / rate if rate else ZERO
        out = max(ZERO, pool.withdrawable) / rate if rate else ZERO
        yield asset, margin, Free(free, max(ZERO, min(margin.cross_wallet, out)))


def _balance(account: Account, asset: str, margin: AssetMargin, free: Free) -> Body:
    return {
        "accountAlias": "SgsR",
        "asset": asset,
        "balance": eight(margin.wallet),
        "crossWalletBalance": eight(margin.cross_wallet),
        "crossUnPnl": eight(margin.cross_unrealized),
        "availableBalance": eight(max(ZERO, free.available)),
        "maxWithdrawAmount": eight(free.withdrawable),
        "marginAvailable": True,
        "updateTime": account.wallet_times[asset],
    }


def _assets(exchange: Exchange, account: Account) -> list[Body]:
    return [_asset(account, asset, margin, free) for asset, margin, free in _margins(exchange, account)]


def _asset(account: Account, asset: str, margin: AssetMargin, free: Free) -> Body:
    return {
        "asset": asset,
        "walletBalance": eight(margin.wallet),
        "unrealizedProfit": eight(margin.unrealized),
        "marginBalance": eight(margin.wallet + margin.unrealized),
        "maintMargin": eight(margin.maintenance),
        "initialMargin": eight(margin.margin),
        "positionInitialMargin": eight(margin.position_margin),
        "openOrderInitialMargin": eight(margin.margin - margin.position_margin),
        "crossWalletBalance": eight(margin.cross_wallet),
        "crossUnPnl": eight(margin.cross_unrealized),
        "availableBalance": eight(max(ZERO, free.available)),
        "maxWithdrawAmount": eight(free.withdrawable),
        "updateTime": account.wallet_times[asset],
    }


def _totals(exchange: Exchange, account: Account) -> Body:
    """Return the totals: of USDT alone in single-asset mode, of all assets in USD in multi-assets mode."""
    if account.multi_assets_margin:
        margin = pooled_margin(account, exchange.symbols, exchange.marks)
    else:
        margin = asset_margin(account, "USDT", exchange.symbols, exchange.marks)
    return {
        "totalInitialMargin": eight(margin.margin),
        "totalMaintMargin": eight(margin.maintenance),
        "totalWalletBalance": eight(margin.wallet),
        "totalUnrealizedProfit": eight(margin.unrealized),
        "totalMarginBalance": eight(margin.wallet + margin.unrealized),
        "totalPositionInitialMargin": eight(margin.position_margin),
        "totalOpenOrderInitialMargin": eight(margin.margin - margin.position_margin),
        "totalCrossWalletBalance": eight(margin.cross_wallet),
        "totalCrossUnPnl": eight(margin.cross_unrealized),
        "availableBalance": eight(max(ZERO, margin.available)),
        "maxWithdrawAmount": eight(margin.withdrawable),
    }


def _account_position_v2(row: Row, account: Account) -> Body:
    spec, position, exposure = row
    return {
        "symbol": spec.symbol,
        "initialMargin": eight_or_zero(exposure.margin),
        "maintMargin": eight_or_zero(exposure.maintenance),
        "unrealizedProfit": eight(exposure.unrealized),
        "positionInitialMargin": eight_or_zero(exposure.position_margin),
        "openOrderInitialMargin": eight_or_zero(exposure.margin - exposure.position_margin),
        "leverage": str(exposure.leverage),
        "isolated": account.is_isolated(spec.symbol),
        "entryPrice": _price(position.entry_price),
        "maxNotional": trimmed(max_notional(spec, exposure.leverage)),
        "bidNotional": trimmed(exposure.bids),
        "askNotional": trimmed(exposure.asks),
        "positionSide": position.position_side,
        "positionAmt": padded(position.amount, spec.quantity_precision),
        "updateTime": position.update_ms,
    }


def _account_position_v3(row: Row) -> Body:
    spec, position, exposure = row
    return {
        "symbol": spec.symbol,
        "positionSide": position.position_side,
        "positionAmt": padded(position.amount, spec.quantity_precision),
        "unrealizedProfit": eight(exposure.unrealized),
        "isolatedMargin": eight(_isolated_margin(position, exposure)),
        "notional": eight_or_zero(exposure.held),
        "isolatedWallet": eight_or_zero(position.isolated_wallet),
        "initialMargin": eight_or_zero(exposure.margin),
        "maintMargin": eight_or_zero(exposure.maintenance),
        "updateTime": position.update_ms,
    }


def _position_risk_v2(row: Row, exchange: Exchange, account: Account, margin_of: MarginOf) -> Body:
    spec, position, exposure = row
    return {
        "entryPrice": _price(position.entry_price),
        "breakEvenPrice": _price(position.break_even_price),
        "marginType": "isolated" if account.is_isolated(spec.symbol) else "cross",
        "isAutoAddMargin": "false",
        "isolatedMargin": eight(_isolated_margin(position, exposure)),
        "leverage": str(exposure.leverage),
        "liquidationPrice": _liquidation_price(exchange, account, position, margin_of),
        "markPrice": eight(exchange.marks[spec.symbol]),
        "maxNotionalValue": trimmed(max_notional(spec, exposure.leverage)),
        "positionAmt": padded(position.amount, spec.quantity_precision),
        "notional": eight_or_zero(exposure.held),
        "isolatedWallet": eight_or_zero(position.isolated_wallet),
        "symbol": spec.symbol,
        "unRealizedProfit": eight(exposure.unrealized),
        "positionSide": position.position_side,
        "updateTime": position.update_ms,
    }


def _position_risk_v3(row: Row, exchange: Exchange, account: Account, margin_of: MarginOf) -> Body:
    spec, position, exposure = row
    return {
        "symbol": spec.symbol,
        "positionSide": position.position_side,
        "positionAmt": padded(position.amount, spec.quantity_precision),
        "entryPrice": _price(position.entry_price),
        "breakEvenPrice": _price(position.break_even_price),
        "markPrice": eight(exchange.marks[spec.symbol]),
        "unRealizedProfit": eight(exposure.unrealized),
        "liquidationPrice": _liquidation_price(exchange, account, position, margin_of),
        "isolatedMargin": eight_or_zero(_isolated_margin(position, exposure)),
        "notional": eight_or_zero(exposure.held),
        "marginAsset": spec.quote_asset,
        "isolatedWallet": eight_or_zero(position.isolated_wallet),
        "initialMargin": eight_or_zero(exposure.margin),
        "maintMargin": eight_or_zero(exposure.maintenance),
        "positionInitialMargin": eight_or_zero(exposure.position_margin),
        "openOrderInitialMargin": eight_or_zero(exposure.margin - exposure.position_margin),
        "adl": quantile(exchange, account, position),
        "bidNotional": trimmed(exposure.bids),
        "askNotional": trimmed(exposure.asks),
        "updateTime": position.update_ms,
    }


def _liquidation_price(exchange: Exchange, account: Account, position: Position, margin_of: MarginOf) -> str:
    price = liquidation_price(account, position, exchange.symbols, exchange.marks, margin_of)
    return trimmed(money(price))


def _isolated_margin(position: Position, exposure: Exposure) -> Decimal:
    return position.isolated_wallet + exposure.unrealized if position.isolated_wallet else ZERO


def _price(price: Decimal) -> str:
    return average(price) if price else "0.0"
