"""Facts about balances and positions, written short: what the stream and REST say of them."""

from __future__ import annotations

from decimal import Decimal

from user_stream.contracts import BalanceChange, MappedAccountUpdate, PositionChange
from user_stream.core.positions import PositionBook, PositionKey
from user_stream.core.rest_rows import BalanceRow, PositionRow

ETHER: PositionKey = ("ETHUSDT", "BOTH")
LONG: PositionKey = ("BTCUSDT", "LONG")
SHORT: PositionKey = ("BTCUSDT", "SHORT")


def account_update(
    at: int,
    *,
    wallet: str | None = None,
    change: str = "0",
    positions: dict[PositionKey, str] | None = None,
    entry: str = "10",
) -> MappedAccountUpdate:
    """Return an ACCOUNT_UPDATE as the feed gets it: the USDT wallet, if given, and position amounts by key."""
    balances = []
    if wallet is not None:
        balances = [
            BalanceChange(asset="USDT", wallet_balance=wallet, cross_wallet_balance=wallet, balance_change=change)
        ]
    return {
        "reason": "ORDER",
        "event_time": at,
        "transaction_time": at,
        "balances": balances,
        "positions": [position(key, amount, entry) for key, amount in (positions or {}).items()],
    }


def position(key: PositionKey, amount: str, entry: str = "10") -> PositionChange:
    """Return a position of an account update."""
    return PositionChange(
        symbol=key[0],
        position_side=key[1],
        position_amount=amount,
        entry_price=entry,
        break_even_price=entry,
        accumulated_realized="0",
        unrealized_pnl="0",
        margin_type="cross",
        isolated_wallet="0",
    )


def position_row(key: PositionKey, amount: str, *, entry: str = "10", at: int = 0) -> PositionRow:
    """Return a position as REST lists it, last changed `at`."""
    return PositionRow(symbol=key[0], position_side=key[1], position_amt=amount, entry_price=entry, update_time=at)


def balance_row(amount: str, *, asset: str = "USDT", cross: str | None = None, at: int = 0) -> BalanceRow:
    """Return a balance as REST lists it, last changed `at`."""
    return BalanceRow(
        asset=asset, balance=amount, cross_wallet_balance=amount if cross is None else cross, update_time=at
    )


def holdings(book: PositionBook) -> tuple[dict[PositionKey, Decimal], dict[str, Decimal]]:
    """Return the amounts of all open positions, and all wallets."""
    return book.amounts, {asset: book.wallet_balance(asset) for asset in book.balances}
