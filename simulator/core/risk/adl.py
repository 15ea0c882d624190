"""Who is next in line for auto-deleverage: the order in which profitable positions are reduced, and its five steps.

Holders of a symbol on one side are ranked by their position's profit in per cent of its entry, times its effective
leverage; the most profitable come first. Those at a loss come last, by their leverage's inverse. The quantile says in
which fifth of the line a position is: 4 is next, 0 is last. Nobody is in line without a position. Lines are made when
somebody asks, and kept until the mark or one of the positions changes.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from simulator.core.accounts.account import Account
from simulator.core.accounts.position import Position
from simulator.core.amounts import ZERO
from simulator.core.domain import BOTH, LONG, SHORT
from simulator.core.trading.exchange import Exchange

__all__ = ["line", "quantile", "quantiles"]

_STEPS: Final = 5


def line(exchange: Exchange, symbol: str, sign: int) -> list[tuple[Account, Position]]:
    """Return who holds the symbol long (sign 1) or short (-1), who is reduced first, first."""
    spec = exchange.symbols[symbol]
    ranked = [
        (_score(position, exchange.marks[symbol], account.leverage(symbol, spec.max_leverage)), account, position)
        for account in exchange.holders.get(symbol, {}).values()
        for (held, _), position in account.held.items()
        if held == symbol and position.amount * sign > 0
    ]
    ranked.sort(key=lambda row: (-row[0], row[1].name))
    return [(account, position) for _, account, position in ranked]


def quantile(exchange: Exchange, account: Account, position: Position) -> int:
    """Return in which fifth of its line the position is: 4 is next, 0 is last, or not in line."""
    mark, places = exchange.holders.places.get(position.symbol, (None, {}))
    if mark != exchange.marks[position.symbol]:
        places = _places(exchange, position.symbol)
        exchange.holders.places[position.symbol] = exchange.marks[position.symbol], places
    return places.get((account.name, position.position_side), 0)


def _places(exchange: Exchange, symbol: str) -> dict[tuple[str, str], int]:
    """Return the fifth of every holder, by account and position side."""
    lines = (line(exchange, symbol, sign) for sign in (1, -1))
    return {
        (account.name, position.position_side): _STEPS - 1 - place * _STEPS // len(holders)
        for holders in lines
        for place, (account, position) in enumerate(holders)
    }


def quantiles(exchange: Exchange, account: Account, symbol: str) -> dict[str, int]:
    """Return what GET adlQuantile says of a symbol, by position side.

    Cross positions of both sides in hedge mode are reduced together: they have the same value, and HEDGE says so.
    """
    sides = {side: quantile(exchange, account, account.position(symbol, side)) for side in (LONG, SHORT, BOTH)}
    if not account.dual_side_position:
        held = account.position(symbol, BOTH).amount
        return {LONG: sides[BOTH] if held > 0 else 0, SHORT: sides[BOTH] if held < 0 else 0, BOTH: sides[BOTH]}
    if account.is_isolated(symbol):
        return sides
    both = max(sides[LONG], sides[SHORT])
    return {LONG: both, SHORT: both, "HEDGE": 0}


def _is_same(owner: Account, held: Position, account: Account, position: Position) -> bool:
    return owner.name == account.name and held.position_side == position.position_side


def _score(position: Position, mark: Decimal, leverage: int) -> Decimal:
    profit = position.unrealized(mark) / abs(position.amount * position.entry_price) if position.entry_price else ZERO
    return profit * leverage if profit > 0 else profit / leverage
