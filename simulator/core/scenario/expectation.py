"""What is expected at the end of a scenario, and by when: records of plain values, judged in `judgement`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from typing import Literal, TypeAlias

from simulator.core.scenario.notation import AccountName, DecimalText, Duration, StepName, Symbol
from simulator.core.scenario.trigger import AlgoStatus, EventPattern, OrderStatus, RequestPattern

__all__ = [
    "EXPECTATIONS",
    "AlgoOrderIs",
    "BalanceIs",
    "ConnectionsOpen",
    "Counted",
    "EventsSent",
    "Expectation",
    "Expected",
    "OrderIs",
    "PositionIs",
    "PositionSide",
    "RequestsSeen",
]

PositionSide: TypeAlias = Literal["BOTH", "LONG", "SHORT"]


@dataclass(frozen=True)
class Expected:
    """What all expectations have in common: each must hold at the end of the run."""

    _: KW_ONLY
    within: Duration | None = None
    """It must also have held, for the first time, no later than this after its beginning."""
    since: StepName | None = None
    """The step that it begins with: what was before does not count. Left out, the start of the run."""


@dataclass(frozen=True)
class Counted(Expected):
    """How often something must have happened. With no bound given: at least once."""

    _: KW_ONLY
    count: int | None = None
    at_least: int | None = None
    at_most: int | None = None


@dataclass(frozen=True)
class RequestsSeen(Counted, RequestPattern):
    """How many such requests arrived, whatever became of them."""


@dataclass(frozen=True)
class EventsSent(Counted, EventPattern):
    """How many such events the exchange sent: each counts once, however many connections there were to get it."""


@dataclass(frozen=True)
class OrderIs(Expected):
    """Where an order stands on the exchange."""

    _: KW_ONLY
    order: str | None = None
    """clientOrderId (may hold `*`) or orderId; left out, the `nth` order that was placed in this run."""
    nth: int = 1
    symbol: Symbol | None = None
    status: OrderStatus | None = None
    executed_quantity: DecimalText | None = None
    average_price: DecimalText | None = None
    account: AccountName | None = None


@dataclass(frozen=True)
class AlgoOrderIs(Expected):
    """Where a conditional order stands on the exchange; the quantity and the price are those of the order it sent."""

    _: KW_ONLY
    order: str | None = None
    """clientAlgoId (may hold `*`) or algoId; left out, the `nth` conditional order that was placed in this run."""
    nth: int = 1
    symbol: Symbol | None = None
    status: AlgoStatus | None = None
    executed_quantity: DecimalText | None = None
    average_price: DecimalText | None = None
    account: AccountName | None = None


@dataclass(frozen=True)
class PositionIs(Expected):
    """How large a position is: base asset, negative when short, 0 when there is none."""

    _: KW_ONLY
    symbol: Symbol
    amount: DecimalText
    entry_price: DecimalText | None = None
    position_side: PositionSide = "BOTH"
    account: AccountName | None = None


@dataclass(frozen=True)
class BalanceIs(Expected):
    """How much of an asset the wallet holds."""

    _: KW_ONLY
    asset: str
    wallet_balance: DecimalText
    account: AccountName | None = None


@dataclass(frozen=True)
class ConnectionsOpen(Counted):
    """How many user stream connections are open."""


Expectation: TypeAlias = RequestsSeen | EventsSent | OrderIs | AlgoOrderIs | PositionIs | BalanceIs | ConnectionsOpen

EXPECTATIONS: Mapping[str, type[Expectation]] = {
    "requests": RequestsSeen,
    "events": EventsSent,
    "order": OrderIs,
    "algo_order": AlgoOrderIs,
    "position": PositionIs,
    "balance": BalanceIs,
    "connections": ConnectionsOpen,
}
"""The expectations by their names in a file."""
