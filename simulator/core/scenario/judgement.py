"""Judges expectations: against the exchange's truth, the counts of a run, and the time.

An expectation must hold at the end of the run. One with `within` must also have held, for the first time, no later
than that after its beginning (the start of the run, or the step that it is `since`). What can never hold again, a
deadline missed or one request too many, is `BROKEN`: the run need not go on to its timeout to fail.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import NamedTuple, assert_never

from simulator.core.scenario.expectation import (
    AlgoOrderIs,
    BalanceIs,
    ConnectionsOpen,
    Counted,
    EventsSent,
    Expectation,
    OrderIs,
    PositionIs,
    RequestsSeen,
)
from simulator.core.scenario.notation import matches, milliseconds

__all__ = ["Finding", "OrderTruth", "PositionTruth", "Standing", "Truth", "Watch"]

ZERO = Decimal(0)


class OrderTruth(NamedTuple):
    """An order as the exchange knows it. Quantities in the base asset.

    A conditional order has its algo id, its client algo id, and what its child executed.
    """

    account: str
    symbol: str
    order_id: int
    client_order_id: str
    status: str
    executed_quantity: Decimal
    average_price: Decimal
    is_conditional: bool = False


class PositionTruth(NamedTuple):
    """A position as the exchange knows it."""

    account: str
    symbol: str
    position_side: str
    amount: Decimal
    entry_price: Decimal


@dataclass(frozen=True, kw_only=True)
class Truth:
    """What the exchange knows at a moment. `orders` of a kind as they were placed; `balances` by (account, asset)."""

    default_account: str
    orders: Sequence[OrderTruth]
    positions: Sequence[PositionTruth]
    balances: dict[tuple[str, str], Decimal]
    connections: int


class Standing(Enum):
    """How an expectation stands."""

    MET = "met"
    UNMET = "unmet"
    BROKEN = "broken"
    """Unmet for good."""


class Finding(NamedTuple):
    """How an expectation stands, and in words what was wanted and what was seen instead."""

    standing: Standing
    words: str


class Watch:
    """One expectation over a run."""

    def __init__(self, expectation: Expectation) -> None:
        self.expectation = expectation
        self.counted = 0
        self._begun_ms: int | None = None
        self._first_held_ms: int | None = None

    def begin(self, now_ms: int) -> None:
        """Start its time, and its count."""
        self._begun_ms = now_ms

    @property
    def has_begun(self) -> bool:
        """Whether its time runs."""
        return self._begun_ms is not None

    @property
    def deadline_ms(self) -> int | None:
        """When it must have held, in ms of the exchange's time; None when that is no matter any more."""
        within = self.expectation.within
        if within is None or self._begun_ms is None or self._first_held_ms is not None:
            return None
        return self._begun_ms + milliseconds(within)

    def judge(self, truth: Truth, placed: Sequence[OrderTruth], now_ms: int) -> Finding:
        """Return how it stands. `placed` are the orders that were placed in this run."""
        if not self.has_begun:
            return Finding(Standing.UNMET, f'its step "{self.expectation.since}" was not done')
        finding = _judge(self.expectation, self.counted, truth, placed)
        deadline = self.deadline_ms
        if deadline is not None and now_ms > deadline:
            return Finding(Standing.BROKEN, f"not within {self.expectation.within}: {finding.words}")
        if finding.standing is Standing.MET and self._first_held_ms is None:
            self._first_held_ms = now_ms
        return finding


def _judge(expectation: Expectation, counted: int, truth: Truth, placed: Sequence[OrderTruth]) -> Finding:
    match expectation:
        case RequestsSeen():
            return _count(expectation, counted, f"requests {expectation.request}", Standing.BROKEN)
        case EventsSent():
            return _count(expectation, counted, f"events {expectation.event}", Standing.BROKEN)
        case ConnectionsOpen():
            return _count(expectation, truth.connections, "connections open", Standing.UNMET)
        case OrderIs() | AlgoOrderIs():
            return _order(expectation, truth, placed)
        case PositionIs():
            return _position(expectation, truth)
        case BalanceIs():
            return _balance(expectation, truth)
        case _:
            assert_never(expectation)


def _count(expectation: Counted, counted: int, what: str, too_many: Standing) -> Finding:
    low, high = expectation.at_least, expectation.at_most
    if expectation.count is not None:
        low = high = expectation.count
    if low is None and high is None:
        low = 1
    words = f"expected {_range(low, high)} {what}, saw {counted}"
    if high is not None and counted > high:
        return Finding(too_many, words)
    return _finding(words, low is None or counted >= low)


def _range(low: int | None, high: int | None) -> str:
    if low == high:
        return str(low)
    bounds = (f"at least {low}" if low is not None else "", f"at most {high}" if high is not None else "")
    return " and ".join(filter(None, bounds))


def _finding(words: str, *conditions: bool) -> Finding:
    return Finding(Standing.MET if all(conditions) else Standing.UNMET, words)


def _order(expectation: OrderIs | AlgoOrderIs, truth: Truth, placed: Sequence[OrderTruth]) -> Finding:
    wanted = _order_words(expectation)
    order = _find_order(expectation, truth, placed)
    if order is None:
        is_conditional = isinstance(expectation, AlgoOrderIs)
        alike = [other.client_order_id for other in placed if other.is_conditional == is_conditional]
        near = ", ".join(alike[-5:])
        return Finding(Standing.UNMET, f"expected {wanted}, saw no such order; placed: {near or 'none'}")
    seen = f"{order.status}, executed {order.executed_quantity} at {order.average_price}"
    return _finding(
        f"expected {wanted}, saw {seen} (order {order.client_order_id})",
        expectation.status in {None, order.status},
        _is(expectation.executed_quantity, order.executed_quantity),
        _is(expectation.average_price, order.average_price),
    )


def _order_words(expectation: OrderIs | AlgoOrderIs) -> str:
    parts: list[str] = [expectation.status] if expectation.status else []
    if expectation.executed_quantity is not None:
        parts.append(f"executed {expectation.executed_quantity}")
    if expectation.average_price is not None:
        parts.append(f"average price {expectation.average_price}")
    name = expectation.order or f"number {expectation.nth}"
    kind = "conditional order" if isinstance(expectation, AlgoOrderIs) else "order"
    return f"{kind} {name} to be {', '.join(parts)}"


def _find_order(expectation: OrderIs | AlgoOrderIs, truth: Truth, placed: Sequence[OrderTruth]) -> OrderTruth | None:
    account = expectation.account or truth.default_account
    named = expectation.order
    candidates = [
        order
        for order in (truth.orders if named else placed)
        if order.account == account
        and order.is_conditional == isinstance(expectation, AlgoOrderIs)
        and expectation.symbol in {None, order.symbol}
        and (named is None or matches(named, order.client_order_id) or named == str(order.order_id))
    ]
    return candidates[expectation.nth - 1] if len(candidates) >= expectation.nth else None


def _position(expectation: PositionIs, truth: Truth) -> Finding:
    key = (expectation.account or truth.default_account, expectation.symbol, expectation.position_side)
    found = {position[:3]: position for position in truth.positions}.get(key)
    amount, entry_price = (found.amount, found.entry_price) if found else (ZERO, ZERO)
    wanted = f"{expectation.amount}" + (f" at {expectation.entry_price}" if expectation.entry_price else "")
    return _finding(
        f"expected {expectation.symbol} position {wanted}, saw {amount} at {entry_price}",
        _is(expectation.amount, amount),
        _is(expectation.entry_price, entry_price),
    )


def _balance(expectation: BalanceIs, truth: Truth) -> Finding:
    account = expectation.account or truth.default_account
    balance = truth.balances.get((account, expectation.asset), ZERO)
    words = f"expected {expectation.asset} wallet balance {expectation.wallet_balance}, saw {balance}"
    return _finding(words, _is(expectation.wallet_balance, balance))


def _is(wanted: str | None, actual: Decimal) -> bool:
    return wanted is None or Decimal(wanted) == actual
