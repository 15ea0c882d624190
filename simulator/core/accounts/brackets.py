"""Leverage brackets: the larger a position, the less leverage it may have, and the more margin it must keep.

A symbol's brackets follow from its highest leverage, its largest notional and its lowest maintenance rate, by the
ladder that Binance's own symbols have. Each bracket says which leverage a position of up to `cap` may have at most, and
which part of the notional it must keep:

    maintenance = notional × ratio − cum

where `cum` is what makes that continuous at the bracket's floor: cum = cum before + floor × (ratio − ratio before). So
each slice of the notional is charged at the rate of its own bracket. The largest notional at a leverage is the cap of
the last bracket that allows it.

Notionals, caps and floors are in the quote asset.
"""

from __future__ import annotations

from bisect import bisect_left
from decimal import Decimal
from functools import cache
from typing import Final

import msgspec

from simulator.core.amounts import ZERO
from simulator.core.domain import SymbolSpec

__all__ = ["Bracket", "bracket_of", "brackets_of", "maintenance", "max_notional"]

_LADDER: Final = tuple(
    (leverage, Decimal(ratio), Decimal(share))
    for leverage, ratio, share in (
        (125, "0.004", "0.005"),
        (100, "0.005", "0.01"),
        (75, "0.0065", "0.02"),
        (50, "0.01", "0.05"),
        (25, "0.02", "0.1"),
        (20, "0.025", "0.2"),
        (10, "0.05", "0.4"),
        (5, "0.1", "0.6"),
        (4, "0.125", "0.7"),
        (3, "0.15", "0.8"),
        (2, "0.25", "0.9"),
        (1, "0.5", "1"),
    )
)
"""Leverage, maintenance ratio, and the cap as a share of the symbol's largest notional."""


class Bracket(msgspec.Struct, frozen=True):
    """One bracket: positions above `floor`, up to `cap`. `number` counts from 1."""

    number: int
    leverage: int
    floor: Decimal
    cap: Decimal
    ratio: Decimal
    cum: Decimal


def brackets_of(spec: SymbolSpec) -> tuple[Bracket, ...]:
    """Return the symbol's brackets, the smallest positions first."""
    return _brackets(spec.max_leverage, spec.max_notional, spec.maintenance_margin_rate)


def bracket_of(spec: SymbolSpec, notional: Decimal) -> Bracket:
    """Return the bracket of a position; what is larger than every cap is in the last one."""
    brackets = brackets_of(spec)
    size = abs(notional)
    if size <= brackets[0].cap:
        return brackets[0]
    return brackets[min(bisect_left(brackets, size, key=_cap), len(brackets) - 1)]


def maintenance(spec: SymbolSpec, notional: Decimal) -> Decimal:
    """Return the margin that a position must keep."""
    bracket = bracket_of(spec, notional)
    return abs(notional) * bracket.ratio - bracket.cum


def max_notional(spec: SymbolSpec, leverage: int) -> Decimal:
    """Return the largest position that may have this leverage."""
    return _largest_cap(spec.max_leverage, spec.max_notional, spec.maintenance_margin_rate, leverage)


def _cap(bracket: Bracket) -> Decimal:
    return bracket.cap


@cache
def _largest_cap(max_leverage: int, largest: Decimal, lowest_ratio: Decimal, leverage: int) -> Decimal:
    brackets = _brackets(max_leverage, largest, lowest_ratio)
    return max((bracket.cap for bracket in brackets if bracket.leverage >= leverage), default=ZERO)


@cache
def _brackets(max_leverage: int, largest: Decimal, lowest_ratio: Decimal) -> tuple[Bracket, ...]:
    steps = [step for step in _LADDER if step[0] <= max_leverage]
    _, first_ratio, first_share = steps[0]
    steps[0] = (max_leverage, min(lowest_ratio, first_ratio), first_share)
    brackets: list[Bracket] = []
    floor = cum = before = ZERO
    for number, (leverage, ratio, share) in enumerate(steps, 1):
        cum += floor * (ratio - before)
        brackets.append(Bracket(number, leverage, floor, largest * share, ratio, cum))
        floor, before = largest * share, ratio
    return tuple(brackets)
