"""What a step of a scenario does to single frames of the streams, and to connections that are not open yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from simulator.core.faults.corruption import Corruption
from simulator.core.scenario.notation import AccountName, Duration

__all__ = [
    "CloseNextConnections",
    "CorruptFrames",
    "DelayFrames",
    "DropFrames",
    "DuplicateFrames",
    "FrameAction",
    "HalfOpenConnections",
    "HoldFrames",
    "NextConnectionsSilent",
    "OnConnections",
    "ReleaseFrames",
]


@dataclass(frozen=True, kw_only=True)
class FrameAction:
    """Which frames an action is about, from now on. What is left out matches anything; texts may hold `*`."""

    event: str = "*"
    """The name of an event, or of the control message whose reply is meant: LIST_SUBSCRIPTIONS."""
    connection: int | None = None
    """The number of a connection, 1 for the first that was opened; it may be one that is not open yet."""
    nth: int = 1
    """From the how manieth such frame on."""
    frames: int | None = None
    """How many frames; left out, every one."""
    symbol: str | None = None
    status: str | None = None
    execution_type: str | None = None
    reason: str | None = None
    client_order_id: str | None = None
    account: AccountName | None = None


@dataclass(frozen=True, kw_only=True)
class DropFrames(FrameAction):
    """Never sends the frames."""


@dataclass(frozen=True, kw_only=True)
class DuplicateFrames(FrameAction):
    """Sends the frames twice."""

    after: Duration = "0s"
    """How much later the second time."""


@dataclass(frozen=True, kw_only=True)
class DelayFrames(FrameAction):
    """Sends the frames late. Frames of other types overtake them."""

    by: Duration


@dataclass(frozen=True, kw_only=True)
class HoldFrames(FrameAction):
    """Keeps the frames until `release_frames`."""


@dataclass(frozen=True, kw_only=True)
class ReleaseFrames:
    """Sends all that is held, and holds no more."""


@dataclass(frozen=True, kw_only=True)
class CorruptFrames(FrameAction):
    """Spoils the frames; `faults.corruption` says how each way looks."""

    how: Corruption = "as_it_is"
    replace: Mapping[str, object] = field(default_factory=dict)
    """Values to put, by their paths: `{o.X: NEW_ADL}`."""


@dataclass(frozen=True, kw_only=True)
class HalfOpenConnections:
    """Leaves the account's connections half-open: no byte comes any more, no pong, no close frame."""

    account: AccountName | None = None
    connection: int | None = None


@dataclass(frozen=True, kw_only=True)
class NextConnectionsSilent:
    """Accepts the next connections, answers their pings, and never sends an event on them."""

    times: int = 1
    control: Literal["answered", "unanswered"] = "unanswered"
    """Whether they answer LIST_SUBSCRIPTIONS all the same."""


@dataclass(frozen=True, kw_only=True)
class CloseNextConnections:
    """Accepts the next connections, and closes each at once with a close frame."""

    times: int = 1
    code: int = 1008
    reason: str = ""


OnConnections: TypeAlias = (
    DropFrames | DuplicateFrames | DelayFrames | HoldFrames | ReleaseFrames | CorruptFrames
    | HalfOpenConnections | NextConnectionsSilent | CloseNextConnections
)  # fmt: skip
