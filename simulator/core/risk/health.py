"""How far a position is from its liquidation: what keeps it alive, what it must keep, and the prices that follow.

A position is liquidated when the maintenance margin reaches the balance that carries it. That of an isolated position
is its own wallet and its profit; all cross positions of an asset share theirs, and in multi-assets mode all cross
positions share one.

The *liquidation price* of a symbol is where that would happen if only this symbol's mark moved. With the balance B and
the maintenance M of all other positions at the marks of now, and with this symbol's amounts a (signed), its mark m, its
maintenance ratios r and amounts cum:

    B + Σ a·(P − m) = M + Σ (|a|·P·r − cum)   →   P = (M − Σ cum − B + m·Σ a) ÷ (Σ a − Σ |a|·r)

LONG and SHORT of one symbol in cross margin have the same. Ratios are those of the brackets in which the position is at
P. Where no positive price does it, there is none: 0.

The *bankruptcy price* is where the balance is used up: P = m − B ÷ a.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import cache

import msgspec

from simulator.core.accounts.account import Account
from simulator.core.accounts.brackets import bracket_of, maintenance
from simulator.core.accounts.margin import AssetMargin, asset_margin, pooled_margin
from simulator.core.accounts.position import Position
from simulator.core.amounts import ZERO
from simulator.core.domain import BOTH, LONG, SHORT, SymbolSpec

__all__ = ["Health", "MarginOf", "bankruptcy_price", "health_of", "liquidation_price", "shared_margins"]

_STEPS: int = 6
"""How often a price may move a position into another bracket before it is taken as it is."""

Prices = Mapping[str, Decimal]
Symbols = Mapping[str, SymbolSpec]
MarginOf = Callable[[str], AssetMargin]
"""The margin that the cross positions of an asset share."""


class Health(msgspec.Struct, frozen=True):
    """The balance that carries a position, and the margin that has to be kept of it, in the margin asset or USD."""

    balance: Decimal
    maintenance: Decimal

    @property
    def is_lost(self) -> bool:
        """Whether the position is to be liquidated."""
        return self.maintenance >= self.balance

    def has_reached(self, ratio: Decimal) -> bool:
        """Return whether the maintenance margin is this part of the balance, or more."""
        return self.maintenance >= self.balance * ratio


def shared_margins(account: Account, symbols: Symbols, marks: Prices) -> MarginOf:
    """Return what tells the margin that cross positions share: worked out once, for many positions."""

    @cache
    def margin_of(asset: str) -> AssetMargin:
        if account.multi_assets_margin:
            return pooled_margin(account, symbols, marks)
        return asset_margin(account, asset, symbols, marks)

    return margin_of


def health_of(account: Account, position: Position, symbols: Symbols, marks: Prices) -> Health:
    """Return the health of what carries the position."""
    return _health(account, position, symbols, marks, shared_margins(account, symbols, marks))


def liquidation_price(
    account: Account, position: Position, symbols: Symbols, marks: Prices, margin_of: MarginOf
) -> Decimal:
    """Return the mark price at which the position would be liquidated, or 0 when there is none."""
    if not position.amount:
        return ZERO
    spec, mark = symbols[position.symbol], marks[position.symbol]
    health = _health(account, position, symbols, marks, margin_of)
    moving = _moving(account, position)
    others = health.maintenance - sum((maintenance(spec, held.amount * mark) for held in moving), ZERO)
    price = mark
    for _ in range(_STEPS):
        lost_at = _lost_at(spec, [held.amount for held in moving], mark, health.balance - others, price)
        before, price = price, max(ZERO, lost_at)
        if before == price:
            break
    return price


def bankruptcy_price(position: Position, mark: Decimal, balance: Decimal) -> Decimal:
    """Return the price at which the position would have used up the balance that carries it."""
    return mark - balance / position.amount


def _health(account: Account, position: Position, symbols: Symbols, marks: Prices, margin_of: MarginOf) -> Health:
    spec = symbols[position.symbol]
    if account.is_isolated(position.symbol):
        mark = marks[position.symbol]
        balance = position.isolated_wallet + position.unrealized(mark)
        return Health(balance, maintenance(spec, position.amount * mark))
    margin = margin_of(spec.quote_asset)
    return Health(margin.cross_balance, margin.cross_maintenance)


def _moving(account: Account, position: Position) -> list[Position]:
    if account.is_isolated(position.symbol):
        return [position]
    sides = ((position.symbol, side) for side in (BOTH, LONG, SHORT))
    return [account.held[side] for side in sides if side in account.held]


def _lost_at(spec: SymbolSpec, amounts: Sequence[Decimal], mark: Decimal, spare: Decimal, near: Decimal) -> Decimal:
    """Return where the spare balance is used up, by the brackets that hold near this price; 0 for nowhere."""
    brackets = [(amount, bracket_of(spec, amount * near)) for amount in amounts]
    cum = sum((bracket.cum for _, bracket in brackets), ZERO)
    slope = sum((amount - abs(amount) * bracket.ratio for amount, bracket in brackets), ZERO)
    if not slope:
        return ZERO
    return (mark * sum(amounts, ZERO) - cum - spare) / slope
