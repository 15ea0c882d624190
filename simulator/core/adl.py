"""Who is next in line for auto-deleverage: the order in which profitable positions are reduced, and its five steps.

Holders of a symbol on one side are ranked by their position's profit in per cent of its entry, times its effective
leverage; the most profitable come first. Those at a loss come last, by their leverage's inverse. The quantile says in
which fifth of the line a position is: 4 is next, 0 is last. Nobody is in line without a position.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from simulator.core.account import Account
from simulator.core.amounts import ZERO
from simulator.core.domain import BOTH, LONG, SHORT
from simulator.core.exchange import Exchange
from simulator.core.position import Position

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
    """Return in which fifth of its line the position is: 4 is next, 0 is last, or not in line.

    A position as it was a while ago, for a reader whom the database lags behind, may be in line no more.
    """
    if not position.amount:
        return 0
    others = line(exchange, position.symbol, 1 if position.amount > 0 else -1)
    places = [i for i, (owner, held) in enumerate(others) if _is_same(owner, held, account, position)]
    return _STEPS - 1 - places[0] * _STEPS // len(others) if places else 0


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
