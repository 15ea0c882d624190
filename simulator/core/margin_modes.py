"""How an account keeps its margin: in multi-assets mode or not, and by symbol cross or isolated; and moving it.

Commands check what Binance checks, change the account and return the facts; a refused one changes nothing. What a
change of the margin type tells was never captured: here, an ACCOUNT_UPDATE MARGIN_TYPE_CHANGE with the symbol's
positions.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Literal, TypeAlias

from msgspec.structs import replace

from simulator.core import venue_error
from simulator.core.account import Account
from simulator.core.amounts import ZERO
from simulator.core.exchange import Exchange
from simulator.core.facts import AccountPatch, Fact, MultiAssetsModeChanged, WalletChanged
from simulator.core.margin import asset_margin
from simulator.core.position import Position
from simulator.core.venue_error import refusal

__all__ = ["MarginType", "change_margin_type", "change_multi_assets", "move_isolated_margin"]

MarginType: TypeAlias = Literal["CROSSED", "ISOLATED"]


def change_multi_assets(account: Account, wanted: bool, now_ms: int) -> list[Fact]:  # noqa: FBT001  the mode itself
    """Switch multi-assets mode on or off. Raises `VenueError` -4171, -4167 or -4170."""
    if wanted == account.multi_assets_margin:
        raise refusal(venue_error.MULTI_ASSETS_UNCHANGED)
    if wanted and account.isolated_symbols:
        raise refusal(venue_error.MULTI_ASSETS_ISOLATED)
    if account.open_orders:
        raise refusal(venue_error.MULTI_ASSETS_OPEN_ORDERS)
    account.multi_assets_margin = wanted
    return [MultiAssetsModeChanged(account=account.name, time_ms=now_ms, multi_assets=wanted)]


def change_margin_type(
    exchange: Exchange, account: Account, symbol: str, wanted: MarginType, now_ms: int
) -> list[Fact]:
    """Choose cross or isolated margin for a symbol. Raises `VenueError` -4046, -4168, -4047 or -4048."""
    is_isolated = wanted == "ISOLATED"
    if is_isolated == account.is_isolated(symbol):
        raise refusal(venue_error.MARGIN_TYPE_UNCHANGED)
    if is_isolated and account.multi_assets_margin:
        raise refusal(venue_error.ISOLATED_IN_MULTI_ASSETS)
    if account.open_orders.get(symbol):
        raise refusal(venue_error.MARGIN_TYPE_OPEN_ORDERS)
    positions = [account.position(symbol, side) for side in account.position_sides()]
    if any(position.amount for position in positions):
        raise refusal(venue_error.MARGIN_TYPE_POSITION)
    if is_isolated:
        account.isolated_symbols.add(symbol)
    else:
        account.isolated_symbols.discard(symbol)
    return [_told(exchange, account, "MARGIN_TYPE_CHANGE", positions, now_ms)]


def move_isolated_margin(
    exchange: Exchange, account: Account, position: Position, amount: Decimal, now_ms: int
) -> list[Fact]:
    """Move margin into an isolated position, or out of it when negative. Raises `VenueError` -4050, -4051 or -4054."""
    if not account.is_isolated(position.symbol) or not position.amount:
        raise refusal(venue_error.NO_ISOLATED_POSITION)
    asset = exchange.symbols[position.symbol].quote_asset
    if amount > max(ZERO, asset_margin(account, asset, exchange.symbols, exchange.prices).available):
        raise refusal(venue_error.CROSS_BALANCE_INSUFFICIENT)
    if position.isolated_wallet + amount < ZERO:
        raise refusal(venue_error.ISOLATED_BALANCE_INSUFFICIENT)
    moved = replace(position, isolated_wallet=position.isolated_wallet + amount, update_ms=now_ms)
    account.hold(moved)
    told = _told(exchange, account, "MARGIN_TRANSFER", [moved], now_ms)
    return [replace(told, patch=replace(told.patch, balances=(account.balance_row(asset),)))]


def _told(exchange: Exchange, account: Account, reason: str, positions: list[Position], now_ms: int) -> WalletChanged:
    rows = tuple(
        account.position_row(held, exchange.prices[held.symbol], exchange.symbols[held.symbol].quote_asset)
        for held in positions
    )
    return WalletChanged(account=account.name, time_ms=now_ms, reason=reason, patch=AccountPatch(positions=rows))
