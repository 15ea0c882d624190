"""What the service says about itself: one state at a time, and the gaps between.

    Connecting ──▶ Synchronizing ──▶ Live ──▶ Degraded ──▶ Connecting ...
                                                 any of them ──▶ Stopped

The state is one value, published when it changes. `Live` alone means that everything which was shown has been told.
Times are estimates of the exchange's clock, in ms.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from user_stream.core.order_record import OrderKey
from user_stream.core.repair_report import RepairReport

__all__ = [
    "AccountModeKnown",
    "CallbackFailed",
    "CallbackSlow",
    "Connecting",
    "ConnectionLost",
    "Degraded",
    "FrameRefused",
    "GapOpened",
    "GapRepaired",
    "GapUnprovable",
    "JournalDamaged",
    "LeaseAging",
    "ListenKeyKept",
    "Live",
    "Notice",
    "OrderLost",
    "PositionUnexplained",
    "PositionUnprotected",
    "RepairReport",
    "ServiceState",
    "ShortfallDeclared",
    "Stopped",
    "Synchronizing",
    "VenueReset",
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
    """Everything that the stream or REST has shown was told.

    `proven` is False until the connection delivered its first event, or the exchange listed our key among what it is
    subscribed to. After a gap REST may lag: until the `GapRepaired` that is not provisional, a fill from inside the gap
    may still be unknown.
    """

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


@dataclass(frozen=True, slots=True)
class GapRepaired:
    """What was missed between `since` and `until`, as far as REST shows it, has been told.

    While `provisional`, REST may still lag: a second look, begun when the lag's bound has passed, confirms it by
    another `GapRepaired` that is not, whose report is what both of them found.
    """

    since: int
    until: int
    report: RepairReport = field(default_factory=RepairReport)
    provisional: bool = False


@dataclass(frozen=True, slots=True)
class GapUnprovable:
    """What happened between `since` and `until` is older than what the exchange keeps: nobody can say it any more.

    `what`: "orders" (ended without a fill, kept for 3 days) or "trades" (kept for 3 months).
    """

    since: int
    until: int
    what: str


@dataclass(frozen=True, slots=True)
class VenueReset:
    """The exchange began anew, as testnets do: what was known of `symbol` and of all else is void, and read again."""

    symbol: str


@dataclass(frozen=True, slots=True)
class AccountModeKnown:
    """How the account is set up; read at every synchronization, for the exchange does not say when it changes."""

    hedge: bool
    multi_assets: bool


@dataclass(frozen=True, slots=True)
class PositionUnexplained:
    """A position moved by `amount` (base asset) more than its fills say: liquidation, ADL, settlement, or a fill
    that nobody told.
    """

    symbol: str
    position_side: str
    amount: str


@dataclass(frozen=True, slots=True)
class PositionUnprotected:
    """The only live stop of an open position ended without a fill. `cause` is how: CANCELED, EXPIRED, REJECTED, ..."""

    symbol: str
    position_side: str
    algo_id: int
    cause: str


@dataclass(frozen=True, slots=True)
class ConnectionLost:
    """One of several connections ended; another one still tells everything."""

    epoch: int
    cause: str


@dataclass(frozen=True, slots=True)
class CallbackSlow:
    """A callback of the engine kept everything else waiting for `seconds`."""

    callback: str
    seconds: float


@dataclass(frozen=True, slots=True)
class LeaseAging:
    """The listen key was not extended for `age_s`, though it should have been: it dies at `lifetime_s`."""

    age_s: float
    lifetime_s: float


@dataclass(frozen=True, slots=True)
class JournalDamaged:
    """The journal's end could not be read and was cut: `detail` says what was found, and where the rest is kept."""

    detail: str


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
    | GapUnprovable
    | VenueReset
    | AccountModeKnown
    | PositionUnexplained
    | PositionUnprotected
    | ConnectionLost
    | CallbackSlow
    | LeaseAging
    | JournalDamaged
)
