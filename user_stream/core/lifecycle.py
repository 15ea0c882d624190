"""What the service says about itself: one state at a time, and the gaps between.

    Connecting ──▶ Synchronizing ──▶ Live ──▶ Degraded ──▶ Connecting ...
                                                 any of them ──▶ Stopped

The state is one value, published when it changes. `Live` alone means that the engine knows what the exchange knows.
Times are estimates of the exchange's clock, in ms.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from user_stream.core.order_record import OrderKey

__all__ = [
    "CallbackFailed",
    "Connecting",
    "Degraded",
    "FrameRefused",
    "GapOpened",
    "GapRepaired",
    "ListenKeyKept",
    "Live",
    "Notice",
    "OrderLost",
    "RepairReport",
    "ServiceState",
    "ShortfallDeclared",
    "Stopped",
    "Synchronizing",
]


@dataclass(frozen=True, slots=True)
class Connecting:
    """A listen key and a connection are being made; `attempt` counts from 1 since the last stable connection."""

    epoch: int
    attempt: int


@dataclass(frozen=True, slots=True)
class Synchronizing:
    """Connected. Frames are kept back while REST says where everything stands."""

    epoch: int


@dataclass(frozen=True, slots=True)
class Live:
    """Everything known was told. `proven` is False until the connection delivered its first event."""

    epoch: int
    proven: bool


@dataclass(frozen=True, slots=True)
class Degraded:
    """The engine may know less than the exchange, since `since`.

    The stream is down and tried again in `retry_in_s`; or, with 0, a frame could not be read and is looked up over
    REST.
    """

    since: int
    cause: str
    retry_in_s: float


@dataclass(frozen=True, slots=True)
class Stopped:
    """Nothing more will be told. `cause` is "" when somebody asked for it, else what no retry can cure."""

    cause: str


ServiceState: TypeAlias = Connecting | Synchronizing | Live | Degraded | Stopped


@dataclass(frozen=True, slots=True)
class GapOpened:
    """From `since` on, events may have been missed."""

    since: int
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairReport:
    """What a recovery found: orders that moved, how many fills the engine had not been told, positions that changed."""

    orders: tuple[OrderKey, ...] = ()
    fills: int = 0
    positions: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class GapRepaired:
    """What was missed between `since` and `until` has been told."""

    since: int
    until: int
    report: RepairReport = field(default_factory=RepairReport)


@dataclass(frozen=True, slots=True)
class ListenKeyKept:
    """A keepalive was answered: the key lives for another lifetime."""

    epoch: int


@dataclass(frozen=True, slots=True)
class FrameRefused:
    """A frame could not be read; what it said is looked up over REST."""

    reason: str


@dataclass(frozen=True, slots=True)
class CallbackFailed:
    """A callback of the engine raised; what it was given counts as delivered."""

    callback: str
    error: BaseException


@dataclass(frozen=True, slots=True)
class OrderLost:
    """An order that was sent is known to nobody, past every bound. It is still fillable."""

    client_order_id: str


@dataclass(frozen=True, slots=True)
class ShortfallDeclared:
    """An order's fills do not add up to what the exchange says it executed; the missing ones could not be found
    in time.
    """

    order: OrderKey


Notice: TypeAlias = (
    ServiceState
    | GapOpened
    | GapRepaired
    | ListenKeyKept
    | FrameRefused
    | CallbackFailed
    | OrderLost
    | ShortfallDeclared
)
