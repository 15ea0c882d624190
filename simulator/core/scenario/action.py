"""What the exchange does in a step of a scenario: to an order, an account, a connection, or to the request at hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from simulator.core.scenario.api_action import (
    CloseApiConnections,
    CutApiConnections,
    HalfOpenApiConnections,
    OnApi,
    RestoreApiKey,
    RevokeApiKey,
)
from simulator.core.scenario.engine_action import (
    EngineAmend,
    EngineCancel,
    EngineCancelAlgo,
    EngineCancelAll,
    EngineCrash,
    EnginePlace,
    EnginePlaceAlgo,
    EngineRestart,
    OnEngine,
)
from simulator.core.scenario.fault_action import EndFault, Fault, OnFaults
from simulator.core.scenario.frame_action import (
    CloseNextConnections,
    CorruptFrames,
    DelayFrames,
    DropFrames,
    DuplicateFrames,
    HalfOpenConnections,
    HoldFrames,
    NextConnectionsSilent,
    OnConnections,
    ReleaseFrames,
)
from simulator.core.scenario.market_action import (
    Delist,
    FollowPath,
    OnMarket,
    SetDepth,
    SetFundingRate,
    SetMark,
    SetPrice,
    SetStatus,
)
from simulator.core.scenario.notation import AccountName, DecimalText, Duration, Symbol, snake_case
from simulator.core.scenario.position_action import (
    AdjustPosition,
    Adl,
    AdvanceClock,
    Funding,
    Liquidate,
    MarginCall,
    OnVenue,
    RequestExternal,
    Settle,
    UpdateGrid,
    UpdateStrategy,
    Wipe,
)

__all__ = [
    "ACTIONS",
    "AccountAction",
    "Action",
    "Amend",
    "Answer",
    "AnswerAction",
    "Cancel",
    "CloseConnections",
    "CutConnections",
    "Deed",
    "Delay",
    "DropListenKey",
    "EndAlgo",
    "EndFault",
    "ExecuteThenDelay",
    "ExecuteThenReset",
    "ExecuteThenRespond",
    "Expire",
    "ExpireListenKey",
    "Fault",
    "Fill",
    "OnListenKey",
    "OnOrder",
    "OrderAction",
    "Place",
    "PlaceAlgo",
    "Push",
    "RefuseConnections",
    "Reject",
    "ReplaceListenKey",
    "Reset",
    "Respond",
    "RestLag",
    "Side",
    "SilenceConnections",
    "Transfer",
    "TriggerAlgo",
]

Side: TypeAlias = Literal["BUY", "SELL"]


@dataclass(frozen=True, kw_only=True)
class Place:
    """Places an order that another client of the account sent, such as the web page. It becomes the step's order."""

    symbol: Symbol
    side: Side
    type: Literal["LIMIT", "MARKET"] = "LIMIT"
    quantity: DecimalText
    price: DecimalText | None = None
    client_order_id: str = "web_1"
    account: AccountName | None = None


@dataclass(frozen=True, kw_only=True)
class OrderAction:
    """What the actions on an order have in common."""

    order: str | None = None
    """Its clientOrderId or orderId; left out, it is the order that the step is about."""
    account: AccountName | None = None


@dataclass(frozen=True, kw_only=True)
class Fill(OrderAction):
    """Fills a resting order as the maker: PARTIALLY_FILLED, or FILLED when nothing is left."""

    quantity: DecimalText | None = None
    """Base asset; left out, all that is left of the order."""
    price: DecimalText | None = None
    """Left out, the order's own price."""


@dataclass(frozen=True, kw_only=True)
class Cancel(OrderAction):
    """The exchange cancels the order: CANCELED."""


@dataclass(frozen=True, kw_only=True)
class Expire(OrderAction):
    """The exchange expires the order: EXPIRED."""

    reason: str | None = None
    """The expiry reason (`er`) of ORDER_TRADE_UPDATE, "0" to "9"; left out, the exchange's choice."""
    status: Literal["EXPIRED", "EXPIRED_IN_MATCH"] = "EXPIRED"
    """EXPIRED_IN_MATCH is what self-trade prevention does, with the reason "1"."""


@dataclass(frozen=True, kw_only=True)
class Amend(OrderAction):
    """Gives a resting order another quantity or price, as another client of the account would."""

    quantity: DecimalText | None = None
    price: DecimalText | None = None
    modify_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class PlaceAlgo:
    """Places a conditional order that another client of the account sent. It becomes the step's order."""

    symbol: Symbol
    side: Side
    type: Literal["STOP", "STOP_MARKET", "TAKE_PROFIT", "TAKE_PROFIT_MARKET", "TRAILING_STOP_MARKET"] = "STOP_MARKET"
    quantity: DecimalText | None = None
    trigger_price: DecimalText | None = None
    price: DecimalText | None = None
    activate_price: DecimalText | None = None
    callback_rate: DecimalText | None = None
    close_position: Literal["true", "false"] | None = None
    reduce_only: Literal["true", "false"] | None = None
    client_algo_id: str = "web_1"
    account: AccountName | None = None


@dataclass(frozen=True, kw_only=True)
class TriggerAlgo(OrderAction):
    """Triggers a conditional order wherever the price is. `order` is its clientAlgoId or algoId."""


@dataclass(frozen=True, kw_only=True)
class EndAlgo(OrderAction):
    """The exchange ends a conditional order that waits. `order` is its clientAlgoId or algoId."""

    status: Literal["CANCELED", "EXPIRED", "REJECTED"] = "CANCELED"
    reason: str = ""
    """The reason (`rm`) of ALGO_UPDATE; left out, none."""


@dataclass(frozen=True, kw_only=True)
class Transfer:
    """Moves money into the wallet, or out of it when negative: ACCOUNT_UPDATE."""

    asset: str
    amount: DecimalText
    reason: str = "DEPOSIT"
    account: AccountName | None = None


@dataclass(frozen=True, kw_only=True)
class Push:
    """Sends any frame, changing nothing on the exchange. `$now` in it is the exchange's time in ms."""

    frame: Mapping[str, object] | str
    account: AccountName | None = None


@dataclass(frozen=True, kw_only=True)
class ExpireListenKey:
    """The listen key's 60 minutes are over: listenKeyExpired is sent, and the key is dead."""

    account: AccountName | None = None
    twice_after: Duration | None = None
    """How much later it is sent again; left out, it is sent once."""


@dataclass(frozen=True, kw_only=True)
class DropListenKey:
    """The listen key dies silently: connections stay open, and nothing comes any more."""

    account: AccountName | None = None


@dataclass(frozen=True, kw_only=True)
class ReplaceListenKey:
    """Another process of the account deletes the listen key and creates a new one."""

    account: AccountName | None = None


@dataclass(frozen=True, kw_only=True)
class CloseConnections:
    """Closes the account's user stream connections with a close frame."""

    code: int = 1008
    reason: str = ""
    account: AccountName | None = None
    connection: int | None = None
    """The number of the only one, 1 for the first that was opened; left out, all."""


@dataclass(frozen=True, kw_only=True)
class CutConnections:
    """Cuts the account's user stream connections: a TCP reset, without a close frame."""

    account: AccountName | None = None
    connection: int | None = None


@dataclass(frozen=True, kw_only=True)
class SilenceConnections:
    """Keeps the connections open, and their pings answered, but delivers nothing on them any more."""

    account: AccountName | None = None
    connection: int | None = None
    control: Literal["answered", "unanswered"] = "unanswered"
    """Whether they answer LIST_SUBSCRIPTIONS all the same."""


@dataclass(frozen=True, kw_only=True)
class RefuseConnections:
    """Refuses the next handshakes with an HTTP status."""

    times: int = 1
    status: int = 503


@dataclass(frozen=True, kw_only=True)
class RestLag:
    """Answers queries as the exchange was so long ago, from now on; bare, as it is."""

    orders: Duration = "0s"
    """Of orders and trades."""
    account: Duration = "0s"
    """Of positions and balances."""
    replicas: Literal["one", "alternating"] = "one"
    """Whether one database answers, or a lagging and a fresh one in turn."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What happens to the request of an `on` step, instead of the plain answer."""

    times: int = 1
    """How many matching requests, from the step's one on, are answered so."""


@dataclass(frozen=True, kw_only=True)
class Reject(Answer):
    """Refuses the request with Binance's error: the outcome is definite, nothing was executed."""

    code: int
    message: str | None = None
    """Left out, Binance's own text for the code."""
    status: int = 400


@dataclass(frozen=True, kw_only=True)
class Respond(Answer):
    """Answers with this status and body, and executes nothing."""

    status: int
    code: int | None = None
    message: str | None = None
    body: Mapping[str, object] | str | None = None
    """Left out, it is made of `code` and `message`."""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ExecuteThenRespond(Respond):
    """Executes the request, then answers with something else: the client does not learn the outcome."""


@dataclass(frozen=True, kw_only=True)
class ExecuteThenReset(Answer):
    """Executes the request, then resets the TCP connection: the answer is lost."""


@dataclass(frozen=True, kw_only=True)
class Reset(Answer):
    """Resets the TCP connection, and executes nothing."""


@dataclass(frozen=True, kw_only=True)
class Delay(Answer):
    """Waits, then executes the request and answers."""

    by: Duration


@dataclass(frozen=True, kw_only=True)
class ExecuteThenDelay(Answer):
    """Executes the request, and answers late."""

    by: Duration


AnswerAction: TypeAlias = Reject | Respond | ExecuteThenRespond | ExecuteThenReset | Reset | Delay | ExecuteThenDelay

OnListenKey: TypeAlias = ExpireListenKey | DropListenKey | ReplaceListenKey

AccountAction: TypeAlias = Transfer | Push | OnListenKey | CloseConnections | CutConnections | SilenceConnections

OnOrder: TypeAlias = Fill | Cancel | Expire | Amend | TriggerAlgo | EndAlgo

Deed: TypeAlias = (
    Place | PlaceAlgo | OnOrder | AccountAction | OnMarket | OnVenue
    | RefuseConnections | OnConnections | OnApi | RestLag | OnFaults | OnEngine
)  # fmt: skip
"""What can be done at any time, whether or not a request is at hand."""

Action: TypeAlias = Deed | AnswerAction

_ACTION_TYPES: tuple[type[Action], ...] = (
    Place, PlaceAlgo, Fill, Cancel, Expire, Amend, TriggerAlgo, EndAlgo, Transfer, Push,
    SetPrice, SetMark, SetDepth, FollowPath, SetFundingRate, SetStatus, Delist,
    Liquidate, Adl, Settle, AdjustPosition, Funding, MarginCall, UpdateStrategy, UpdateGrid, Wipe,
    AdvanceClock, RequestExternal,
    ExpireListenKey, DropListenKey, ReplaceListenKey, CloseConnections, CutConnections, SilenceConnections,
    HalfOpenConnections, RefuseConnections, NextConnectionsSilent, CloseNextConnections,
    DropFrames, DuplicateFrames, DelayFrames, HoldFrames, ReleaseFrames, CorruptFrames, RestLag,
    Fault, EndFault,
    CloseApiConnections, CutApiConnections, HalfOpenApiConnections, RevokeApiKey, RestoreApiKey,
    EnginePlace, EngineCancel, EngineCancelAll, EngineAmend, EnginePlaceAlgo, EngineCancelAlgo, EngineCrash,
    EngineRestart,
    Reject, Respond, ExecuteThenRespond, ExecuteThenReset, Reset, Delay, ExecuteThenDelay,
)  # fmt: skip

ACTIONS: Mapping[str, type[Action]] = {snake_case(kind.__name__): kind for kind in _ACTION_TYPES}
"""The actions by their names in a file: `fill`, `cut_connections`, `execute_then_reset`, ..."""
