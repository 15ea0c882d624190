"""Funding fees and margin calls: what an open position costs, and when it is near its end.

At a funding time a position pays amount × mark × rate (longs pay a positive rate, shorts receive it), from its isolated
wallet when it has one, and of the account's wallet in any case.
"""

from __future__ import annotations

from decimal import Decimal

from msgspec.structs import replace

from simulator.core.accounts.account import Account
from simulator.core.accounts.income import FUNDING_FEE
from simulator.core.accounts.position import Position
from simulator.core.amounts import money
from simulator.core.facts import AccountPatch, Fact, MarginCalled, PositionRow, WalletChanged
from simulator.core.rest.account_bodies import live_rows
from simulator.core.trading.exchange import Exchange

__all__ = ["call_margin", "fund"]


def fund(exchange: Exchange, symbol: str, rate: Decimal, now_ms: int) -> list[Fact]:
    """Let every position of the symbol pay or receive its funding fee at this rate."""
    return [
        _fund(exchange, account, position, rate, now_ms)
        for account in list(exchange.holders.get(symbol, {}).values())
        for position in list(account.held.values())
        if position.symbol == symbol
    ]


def call_margin(exchange: Exchange, account: Account, symbol: str, now_ms: int) -> list[Fact]:
    """Warn of the symbol's positions, as they are; none when there are none."""
    asset = exchange.symbols[symbol].quote_asset
    mark = exchange.marks[symbol]
    rows: tuple[PositionRow, ...] = tuple(
        replace(account.position_row(position, mark, asset), maintenance=money(exposure.maintenance))
        for spec, position, exposure in live_rows(exchange, account)
        if spec.symbol == symbol and position.amount
    )
    if not rows:
        return []
    cross = None if account.is_isolated(symbol) else account.balance_row(asset).cross_wallet
    return [MarginCalled(account=account.name, time_ms=now_ms, cross_wallet=cross, positions=rows)]


def _fund(exchange: Exchange, account: Account, position: Position, rate: Decimal, now_ms: int) -> Fact:
    symbol, asset = position.symbol, exchange.symbols[position.symbol].quote_asset
    mark = exchange.marks[symbol]
    fee = money(-position.amount * mark * rate)
    account.credit(asset, fee, now_ms)
    account.earn(FUNDING_FEE, asset, fee, now_ms, symbol)
    exchange.house.pay(asset, fee)
    rows: tuple[PositionRow, ...] = ()
    if account.is_isolated(symbol):
        position = replace(position, isolated_wallet=position.isolated_wallet + fee, update_ms=now_ms)
        account.hold(position)
        rows = (account.position_row(position, mark, asset),)
    patch = AccountPatch((account.balance_row(asset, fee),), rows)
    return WalletChanged(account=account.name, time_ms=now_ms, reason=FUNDING_FEE, patch=patch, symbol=symbol)
