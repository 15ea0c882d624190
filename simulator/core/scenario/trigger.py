"""When a step of a scenario happens: after an event, on or after a request, after a connection opened or closed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import Literal, TypeAlias

from simulator.core.scenario.notation import AccountName, EventName, RequestLine, StepName

__all__ = [
    "TRIGGERS",
    "AlgoStatus",
    "Connection",
    "Event",
    "EventPattern",
    "EventStatus",
    "OrderStatus",
    "Request",
    "RequestPattern",
    "Trigger",
]

OrderStatus: TypeAlias = Literal[
    "NEW", "PARTIALLY_FILLED", "FILLED", "CANCELED", "EXPIRED", "EXPIRED_IN_MATCH", "REJECTED"
]
"""Where an order stands."""

AlgoStatus: TypeAlias = Literal["NEW", "TRIGGERING", "TRIGGERED", "FINISHED", "CANCELED", "EXPIRED", "REJECTED"]
"""Where a conditional order stands."""

EventStatus: TypeAlias = Literal[OrderStatus, "TRIGGERING", "TRIGGERED", "FINISHED"]
"""What an event says of either."""


@dataclass(frozen=True)
class EventPattern:
    """An event on a user stream. What is left empty matches anything; texts may hold `*`."""

    event: EventName
    """The `e` of the frame: ORDER_TRADE_UPDATE, TRADE_LITE, ACCOUNT_UPDATE, listenKeyExpired, ..."""
    _: KW_ONLY
    status: EventStatus | None = None
    """Order status (`X`), of ORDER_TRADE_UPDATE and ALGO_UPDATE."""
    execution_type: Literal["NEW", "TRADE", "CANCELED", "EXPIRED", "AMENDMENT", "CALCULATED"] | None = None
    """Execution type (`x`), of ORDER_TRADE_UPDATE."""
    symbol: str | None = None
    client_order_id: str | None = None
    """Of ALGO_UPDATE it is the clientAlgoId."""
    reason: str | None = None
    """Why the account changed (`a.m`), of ACCOUNT_UPDATE: ORDER, DEPOSIT, FUNDING_FEE, ..."""
    account: AccountName | None = None


@dataclass(frozen=True)
class Event(EventPattern):
    """After the `nth` such event was sent, counted from the start or `since` a step."""

    _: KW_ONLY
    nth: int = 1
    since: StepName | None = None


@dataclass(frozen=True)
class RequestPattern:
    """A request of a client: method and path, and parameters that it must carry (`*` matches any text)."""

    request: RequestLine
    _: KW_ONLY
    where: Mapping[str, str] = field(default_factory=dict)
    """Parameters of the query or the form by their wire names: `{"symbol": "BTCUSDT", "side": "BUY"}`."""


@dataclass(frozen=True)
class Request(RequestPattern):
    """On the `nth` such request (as it arrives, before it is executed), or after it was answered."""

    _: KW_ONLY
    nth: int = 1
    since: StepName | None = None


@dataclass(frozen=True)
class Connection:
    """After the `nth` user stream connection was opened or closed."""

    connection: Literal["opened", "closed"]
    _: KW_ONLY
    nth: int = 1
    since: StepName | None = None


Trigger: TypeAlias = Event | Request | Connection
TRIGGERS: Mapping[str, type[Trigger]] = {"event": Event, "request": Request, "connection": Connection}
"""The triggers by the field that a file tells them apart by."""
