"""How an account keeps its margin: leverage, multi-assets mode or not, by symbol cross or isolated; and moving it.

Commands check what Binance checks, change the account and return the facts; a refused one changes nothing. What a
change of the margin type tells was never captured: here, an ACCOUNT_UPDATE MARGIN_TYPE_CHANGE with the symbol's
positions.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Literal, TypeAlias

from msgspec.structs import replace

from simulator.core.accounts.account import Account, MarginMove
from simulator.core.accounts.brackets import max_notional
from simulator.core.accounts.margin import asset_margin, available_margin, exposure_of, pooled_margin
from simulator.core.accounts.position import Position
from simulator.core.amounts import ZERO
from simulator.core.domain import BOTH, SymbolSpec
from simulator.core.facts import AccountPatch, Fact, LeverageChanged, MultiAssetsModeChanged, WalletChanged
from simulator.core.rest import venue_error
from simulator.core.rest.venue_error import refusal
from simulator.core.trading.exchange import Exchange

__all__ = ["MarginType", "change_leverage", "change_margin_type", "change_multi_assets", "move_isolated_margin"]

MarginType: TypeAlias = Literal["CROSSED", "ISOLATED"]


def change_leverage(exchange: Exchange, account: Account, symbol: str, leverage: int, now_ms: int) -> list[Fact]:
    """Choose a leverage for a symbol. Raises `VenueError` -4028, -4161, -2027 or -2028.

    A higher leverage must allow the position as it is or may become; a lower one must leave enough margin.
    """
    spec = exchange.symbols[symbol]
    if not 1 <= leverage <= spec.max_leverage:
        code, message = venue_error.BAD_LEVERAGE
        raise venue_error.VenueError(code, message.format(leverage=leverage))
    _check_leverage(exchange, account, spec, leverage)
    account.set_leverage(symbol, leverage)
    return [LeverageChanged(account=account.name, time_ms=now_ms, symbol=symbol, leverage=leverage)]


def _check_leverage(exchange: Exchange, account: Account, spec: SymbolSpec, leverage: int) -> None:
    """Raise unless the position, as it is and as orders may make it, can have this leverage."""
    symbol, mark = spec.symbol, exchange.marks[spec.symbol]
    before = account.leverage(symbol, spec.max_leverage)
    worst = [exposure_of(account, spec, side, mark).worst for side in account.position_sides()]
    if leverage > before and max(worst) > max_notional(spec, leverage):
        raise refusal(venue_error.POSITION_TOO_LARGE)
    if leverage >= before:
        return
    if account.is_isolated(symbol) and any(held == symbol for held, _ in account.held):
        raise refusal(venue_error.ISOLATED_LEVERAGE_REDUCTION)
    more = sum(worst, ZERO) / leverage - sum(worst, ZERO) / before
    if more > max(ZERO, available_margin(account, spec.quote_asset, exchange.symbols, exchange.marks)):
        raise refusal(venue_error.LEVERAGE_TOO_SMALL)


def change_multi_assets(exchange: Exchange, account: Account, wanted: bool, now_ms: int) -> list[Fact]:  # noqa: FBT001  the mode itself
    """Switch multi-assets mode on or off. Raises `VenueError` -4171, -4167, -4170, -4169 or -4172."""
    if wanted == account.multi_assets_margin:
        raise refusal(venue_error.MULTI_ASSETS_UNCHANGED)
    if wanted and account.isolated_symbols:
        raise refusal(venue_error.MULTI_ASSETS_ISOLATED)
    if account.open_orders:
        raise refusal(venue_error.MULTI_ASSETS_OPEN_ORDERS)
    _check_carried(exchange, account, wanted)
    account.multi_assets_margin = wanted
    return [MultiAssetsModeChanged(account=account.name, time_ms=now_ms, multi_assets=wanted)]


def _check_carried(exchange: Exchange, account: Account, pooled: bool) -> None:  # noqa: FBT001  the mode itself
    """Raise unless the margin of the other mode carries the positions that there are."""
    if pooled:
        if account.held and pooled_margin(account, exchange.symbols, exchange.marks).available < ZERO:
            raise refusal(venue_error.MULTI_ASSETS_POOL_INSUFFICIENT)
        return
    assets = {exchange.symbols[symbol].quote_asset for symbol, _ in account.held}
    assets.update(asset for asset, amount in account.wallets.items() if amount < ZERO)
    if any(asset_margin(account, asset, exchange.symbols, exchange.marks).available < ZERO for asset in assets):
        raise refusal(venue_error.MULTI_ASSETS_ASSET_INSUFFICIENT)


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
    positions = [account.position(symbol, side) for side in dict.fromkeys((BOTH, *account.position_sides()))]
    if any(position.amount for position in positions):
        raise refusal(venue_error.MARGIN_TYPE_POSITION)
    if is_isolated:
        account.isolated_symbols.add(symbol)
    else:
        account.isolated_symbols.discard(symbol)
    spec, mark = exchange.symbols[symbol], exchange.marks[symbol]
    rows = tuple(account.position_row(position, mark, spec.quote_asset) for position in positions)
    return [_told(account, "MARGIN_TYPE_CHANGE", AccountPatch(positions=rows), now_ms)]


def move_isolated_margin(
    exchange: Exchange, account: Account, position: Position, amount: Decimal, now_ms: int
) -> list[Fact]:
    """Move margin into an isolated position, or out of it when negative.

    Out of it can go what its initial margin does not need. Raises `VenueError` -4049, -4050, -4051 or -4054.
    """
    symbol = position.symbol
    if not account.is_isolated(symbol):
        raise refusal(venue_error.ADD_TO_CROSS_MARGIN)
    if not position.amount:
        raise refusal(venue_error.NO_ISOLATED_POSITION)
    spec, mark = exchange.symbols[symbol], exchange.marks[symbol]
    asset = spec.quote_asset
    if amount > max(ZERO, asset_margin(account, asset, exchange.symbols, exchange.marks).available):
        raise refusal(venue_error.CROSS_BALANCE_INSUFFICIENT)
    needed = exposure_of(account, spec, position.position_side, mark).position_margin
    spare = position.isolated_wallet + min(ZERO, position.unrealized(mark)) - needed
    if amount < ZERO and -amount > max(ZERO, spare):
        raise refusal(venue_error.ISOLATED_BALANCE_INSUFFICIENT)
    moved = replace(position, isolated_wallet=position.isolated_wallet + amount, update_ms=now_ms)
    account.hold(moved)
    account.note_margin_move(MarginMove(symbol, position.position_side, asset, amount, now_ms))
    patch = AccountPatch((account.balance_row(asset),), account.position_rows(moved, mark, asset))
    return [_told(account, "MARGIN_TRANSFER", patch, now_ms)]


def _told(account: Account, reason: str, patch: AccountPatch, now_ms: int) -> WalletChanged:
    return WalletChanged(account=account.name, time_ms=now_ms, reason=reason, patch=patch)
