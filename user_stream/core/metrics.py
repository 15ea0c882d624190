"""What is measured: the catalogue of metrics, and the few words that their labels may hold.

A label's values are chosen here, never taken from what came over the wire: a name that is not known is "other". So
no secret gets into a label, and the number of time series is bounded whatever the exchange, or an engine, does.
Durations are in seconds. A counter only grows, a gauge is what holds now, a histogram counts by size.
"""

from __future__ import annotations

import enum
from typing import Final, Literal, TypeAlias

from user_stream.core.events import ControlReply, Event, KnownEvent, RawEvent
from user_stream.core.lifecycle import Connecting, Degraded, Live, ServiceState, Stopped, Synchronizing
from user_stream.errors import (
    ClockSkewError,
    ConnectionLostError,
    ListenKeyLostError,
    OutcomeUnknownError,
    RateLimitedError,
    RequestRejectedError,
    ServiceUnavailableError,
    UnreachableError,
)

__all__ = ["LATENCIES_S", "STATES", "Instrument", "Metric", "cause_of", "event_label", "state_label"]

Instrument: TypeAlias = Literal["counter", "gauge", "histogram"]
LATENCIES_S: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_LENGTHS_S: Final = (0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 900.0, 3600.0, 21_600.0, 86_400.0)


@enum.unique
class Metric(enum.Enum):
    """One measured thing: an instrument, what it says, and the names of its labels.

    `buckets`: a histogram's upper bounds. `unit`: "seconds", or "" for what is counted.
    """

    FRAMES = "counter", "Frames read from all connections, whatever became of them."
    EVENTS = "counter", 'Events decoded, by type; one that this version does not know is "other".', ("event",)
    UNKNOWN_EVENTS = "counter", "Events of a type that this version does not know."
    FRAMES_REFUSED = "counter", "Frames that could not be read; what they said was looked up over REST."
    EVENT_LAG = "histogram", "From an event's E to the reading of its frame, by our estimate of the exchange's clock."
    DELIVERIES = "counter", "Order updates delivered, by who told them first.", ("source",)
    FILLS = (
        "counter",
        'Fills delivered, by who told them first; "rest" are those that the stream had not told.',
        ("source",),
    )
    REDELIVERED = "counter", "Order updates delivered once more after a restart."
    DELIVERY_LATENCY = "histogram", "From the ledger's decision to tell the engine to the return of its callback."
    DUPLICATES = "counter", "Facts about orders that were known already."
    STALE = "counter", "Facts about orders that came after later ones, and were dropped."
    STATE = "gauge", "1 for the state in which the service is, 0 for all others.", ("state",)
    GAPS = "counter", "Gaps opened: from then on events may have been missed."
    GAP_OPEN = "gauge", "1 while a gap is open or its repair is not yet confirmed."
    GAP_LENGTH = "histogram", "How much of the exchange's time a gap covered when it was first repaired."
    GAPS_UNPROVABLE = "counter", "Gaps that reach beyond what the exchange keeps, by what is lost.", ("what",)
    REPAIRS = (
        "counter",
        "What the stream had not told, in a gap or of one order, by the REST answer that did.",
        ("answer",),
    )
    CONNECTIONS = "gauge", "Connections that carry the stream."
    RECONNECTS = "counter", "Connections that ended or could not be made, by the class of the cause.", ("cause",)
    KEEPALIVES = "counter", "Keepalives of the listen key that were answered."
    LEASE_AGE = "gauge", "How long ago the listen key was last extended."
    QUEUE_DEPTH = "gauge", "What waits: frames before the ledger, or callbacks behind it.", ("queue",)
    CALLBACK_DURATION = "histogram", "How long the engine's callbacks took, by name.", ("callback",)
    CALLBACKS_SLOW = "counter", "Callbacks that kept everything else waiting for too long, by name.", ("callback",)
    CALLBACKS_FAILED = "counter", "Callbacks that raised or were cut off, by name.", ("callback",)
    RATE_LIMIT_WAIT = (
        "histogram",
        "Waits for the exchange's rate limits: for the budget, or because it refused.",
        ("why",),
    )
    USED_WEIGHT = "gauge", "The request weight used in this minute, as the exchange counts it."
    OPEN_ORDERS = "gauge", "Orders that are not known to have ended."
    OPEN_QUESTIONS = "gauge", "Orders whose request had an unknown outcome that nobody could resolve yet."
    ORDERS_LOST = "counter", "Orders that were sent and are known to nobody, past every bound."
    SHORTFALLS = "counter", "Orders whose missing fills were not found in time."
    POSITIONS_UNEXPLAINED = "counter", "Positions that moved by more than their fills say."
    POSITIONS_UNPROTECTED = "counter", "Positions whose only live stop ended without a fill."
    VENUE_RESETS = "counter", "Times that the exchange began anew."
    JOURNAL_COMMIT = "histogram", "How long a commit of the journal took."
    JOURNAL_DAMAGED = "counter", "Journals whose end could not be read and was cut."

    def __init__(self, instrument: Instrument, meaning: str, labels: tuple[str, ...] = ()) -> None:
        self.instrument: Instrument = instrument
        self.meaning = meaning
        self.labels = labels

    @property
    def unit(self) -> str:
        """Return "seconds" or ""."""
        return "seconds" if self.instrument == "histogram" or self is Metric.LEASE_AGE else ""

    @property
    def buckets(self) -> tuple[float, ...]:
        """Return the upper bounds of a histogram's buckets, () for the other instruments."""
        if self.instrument != "histogram":
            return ()
        return _LENGTHS_S if self in {Metric.GAP_LENGTH, Metric.RATE_LIMIT_WAIT} else LATENCIES_S


_EVENTS: Final = {event: str(event.__struct_config__.tag) for event in KnownEvent.__args__}
STATES: Final[dict[type[ServiceState], str]] = {
    Connecting: "connecting",
    Synchronizing: "synchronizing",
    Live: "live",
    Degraded: "degraded",
    Stopped: "stopped",
}
_CAUSES: Final[tuple[tuple[type[BaseException], str], ...]] = (
    (ListenKeyLostError, "listen_key"),
    (RateLimitedError, "rate_limited"),
    (UnreachableError, "rest_unreachable"),
    (ServiceUnavailableError, "rest_unavailable"),
    (ClockSkewError, "clock_skew"),
    (RequestRejectedError, "refused"),
    (OutcomeUnknownError, "unknown_outcome"),
)


def event_label(event: Event) -> str:
    """Return an event's type, or "other": the exchange may name anything."""
    if isinstance(event, RawEvent):
        return "other"
    return "control_reply" if isinstance(event, ControlReply) else _EVENTS[type(event)]


def state_label(state: ServiceState) -> str:
    """Return the name of a state."""
    return STATES[type(state)]


def cause_of(error: BaseException) -> str:
    """Return the class of what ended a connection, or kept it from being made; the error's own text is never used."""
    if isinstance(error, ConnectionLostError):
        return error.kind
    return next((cause for kind, cause in _CAUSES if isinstance(error, kind)), "other")
