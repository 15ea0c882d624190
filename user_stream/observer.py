"""Whoever measures, and what the library tells them.

`Observer` is the port: three methods, each of which gets a metric of the catalogue in `core/metrics` and the labels
that it names. `Metrics` stands in front of it, with one method for each moment of the service's life, so that a call
site says what happened and nothing of how it is measured. Without an observer nothing is computed.

An observer is a guest. One that raises is reported in the log, once, and everything goes on; it is still told the rest.
It is called on the event loop, so it should only add to a number and return.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Literal, Protocol

from user_stream.contracts import MappedOrderUpdate
from user_stream.core.events import Event, RawEvent
from user_stream.core.lifecycle import (
    CallbackFailed,
    CallbackSlow,
    Connecting,
    Degraded,
    FrameRefused,
    GapOpened,
    GapRepaired,
    GapUnprovable,
    JournalDamaged,
    LeaseAging,
    ListenKeyKept,
    Live,
    Notice,
    OrderLost,
    PositionUnexplained,
    PositionUnprotected,
    ServiceState,
    ShortfallDeclared,
    Stopped,
    Synchronizing,
    VenueReset,
)
from user_stream.core.metrics import STATES, Metric, cause_of, event_label, state_label
from user_stream.core.repair_report import Origin

__all__ = ["Metrics", "Observer"]

_log = logging.getLogger("user_stream.observer")
_MOST_CALLBACKS = 64
"""How many callbacks are measured by name; an engine that makes them without end shares one name for the rest."""


class Observer(Protocol):
    """Takes measurements. A metric says what it is, and which labels come with it."""

    def count(self, metric: Metric, amount: int = 1, /, **labels: str) -> None:
        """Add to a counter."""
        ...

    def gauge(self, metric: Metric, value: float, /, **labels: str) -> None:
        """Set a gauge."""
        ...

    def observe(self, metric: Metric, value: float, /, **labels: str) -> None:
        """Put a value, in seconds, into a histogram."""
        ...


class Metrics:
    """The moments of a service's life, told to an observer; with None, to nobody.

    `exchange_time_ms`: the exchange's time as far as it is known, for the lag of events.
    """

    def __init__(self, observer: Observer | None = None, *, exchange_time_ms: Callable[[], int] = lambda: 0) -> None:
        self._observer = observer
        self._exchange_time_ms = exchange_time_ms
        self._callbacks: set[str] = set()
        self._gap_measured = False
        self._has_failed = False

    @property
    def observed(self) -> bool:
        """False when nobody observes: what is costly to find out need not be told."""
        return self._observer is not None

    # --- the stream -----------------------------------------------------------------------------------------------

    def frame(self) -> None:
        """Tell of a frame that was read."""
        self._count(Metric.FRAMES)

    def waiting_frames(self, waiting: int) -> None:
        """Tell how many frames were read that nobody has looked at yet."""
        self._gauge(Metric.QUEUE_DEPTH, waiting, queue="frames")

    def event(self, event: Event, *, received_ms: int | None = None) -> None:
        """Tell of a decoded event; `received_ms`: the exchange's time when its frame came, default now."""
        if self._observer is None:
            return
        self._count(Metric.EVENTS, event=event_label(event))
        if isinstance(event, RawEvent):
            self._count(Metric.UNKNOWN_EVENTS)
        sent_ms = getattr(event, "event_time", 0)
        if sent_ms:
            now_ms = self._exchange_time_ms() if received_ms is None else received_ms
            self._observe(Metric.EVENT_LAG, max(now_ms - sent_ms, 0) / 1000)

    def connections(self, live: int) -> None:
        """Tell how many connections carry the stream."""
        self._gauge(Metric.CONNECTIONS, live)

    def connection_ended(self, error: BaseException) -> None:
        """Tell why a connection ended, or could not be made."""
        if self._observer is not None:
            self._count(Metric.RECONNECTS, cause=cause_of(error))

    def lease_age(self, seconds: float) -> None:
        """Tell how long ago the listen key was last extended; to be told again while it ages."""
        self._gauge(Metric.LEASE_AGE, seconds)

    # --- the ledger and its repairs -------------------------------------------------------------------------------

    def duplicate(self, facts: int = 1) -> None:
        """Tell of facts that were known already."""
        self._count(Metric.DUPLICATES, facts)

    def stale(self, facts: int = 1) -> None:
        """Tell of facts that came after later ones, and were dropped."""
        self._count(Metric.STALE, facts)

    def repaired(self, answer: Origin, things: int = 1) -> None:
        """Tell which REST answer told what the stream had not; what a `GapRepaired` reports is counted by itself."""
        self._count(Metric.REPAIRS, things, answer=answer)

    def orders(self, *, still_open: int, in_question: int) -> None:
        """Tell how many orders are open, and of how many nobody knows what became of their request."""
        self._gauge(Metric.OPEN_ORDERS, still_open)
        self._gauge(Metric.OPEN_QUESTIONS, in_question)

    # --- the way out ----------------------------------------------------------------------------------------------

    def delivered(self, update: MappedOrderUpdate) -> None:
        """Tell of an order update whose callback has returned or failed."""
        if self._observer is None:
            return
        self._count(Metric.DELIVERIES, source=update["source"])
        if update["last_filled_qty"] != "0":
            self._count(Metric.FILLS, source=update["source"])
        if update["redelivered"]:
            self._count(Metric.REDELIVERED)

    def delivery_latency(self, seconds: float) -> None:
        """Tell how long it took from the ledger's decision to the return of the engine's callback."""
        self._observe(Metric.DELIVERY_LATENCY, seconds)

    def callback(self, name: str, seconds: float, *, waiting: int) -> None:
        """Tell how long a callback took, and how many are waiting behind it."""
        if self._observer is None:
            return
        self._observe(Metric.CALLBACK_DURATION, seconds, callback=self._bounded(name))
        self._gauge(Metric.QUEUE_DEPTH, waiting, queue="callbacks")

    # --- REST and the journal -------------------------------------------------------------------------------------

    def rate_limit_wait(self, seconds: float, *, why: Literal["budget", "refused"]) -> None:
        """Tell of a wait for the exchange's rate limits."""
        self._observe(Metric.RATE_LIMIT_WAIT, seconds, why=why)

    def used_weight(self, weight: int) -> None:
        """Tell how much of the minute's request weight is used."""
        self._gauge(Metric.USED_WEIGHT, weight)

    def journal_commit(self, seconds: float) -> None:
        """Tell how long a commit of the journal took."""
        self._observe(Metric.JOURNAL_COMMIT, seconds)

    # --- what the service says of itself --------------------------------------------------------------------------

    def notice(self, item: Event | Notice) -> None:
        """Measure what a notice says; other items, and notices without a metric, are passed over."""
        if self._observer is None:
            return
        match item:
            case Connecting() | Synchronizing() | Live() | Degraded() | Stopped():
                self._state(item)
            case GapOpened() | GapRepaired():
                self._gap(item)
            case GapUnprovable(what=what):
                self._count(Metric.GAPS_UNPROVABLE, what=what if what in {"orders", "trades"} else "other")
            case CallbackSlow() | CallbackFailed():
                metric = Metric.CALLBACKS_SLOW if isinstance(item, CallbackSlow) else Metric.CALLBACKS_FAILED
                self._count(metric, callback=self._bounded(item.callback))
            case ListenKeyKept() | LeaseAging():
                self._lease(item)
            case _ if type(item) in _COUNTED:
                self._count(_COUNTED[type(item)])
            case _:
                pass

    def _state(self, state: ServiceState) -> None:
        now = state_label(state)
        for name in STATES.values():
            self._gauge(Metric.STATE, float(name == now), state=name)
        if isinstance(state, Stopped):  # whatever was measured last
            self.connections(0)
            self.waiting_frames(0)

    def _gap(self, notice: GapOpened | GapRepaired) -> None:
        if isinstance(notice, GapOpened):
            self._gap_measured = False
            self._count(Metric.GAPS)
            self._gauge(Metric.GAP_OPEN, 1.0)
            return
        if not self._gap_measured:  # its confirmation says the same again
            self._observe(Metric.GAP_LENGTH, (notice.until - notice.since) / 1000)
        self._gap_measured = notice.provisional
        if not notice.provisional:
            self._gauge(Metric.GAP_OPEN, 0.0)
            for answer, things in notice.report.by_origin().items():
                self.repaired(answer, things)

    def _lease(self, notice: ListenKeyKept | LeaseAging) -> None:
        if isinstance(notice, ListenKeyKept):
            self._count(Metric.KEEPALIVES)
        self._gauge(Metric.LEASE_AGE, notice.age_s if isinstance(notice, LeaseAging) else 0.0)

    # --- the guest ------------------------------------------------------------------------------------------------

    def _bounded(self, name: str) -> str:
        if name not in self._callbacks:
            if len(self._callbacks) >= _MOST_CALLBACKS:
                return "other"
            self._callbacks.add(name)
        return name

    def _count(self, metric: Metric, amount: int = 1, /, **labels: str) -> None:
        if self._observer is not None and amount:
            try:
                self._observer.count(metric, amount, **labels)
            except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001  an observer may raise anything
                self._report(error)

    def _gauge(self, metric: Metric, value: float, /, **labels: str) -> None:
        if self._observer is not None:
            try:
                self._observer.gauge(metric, value, **labels)
            except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001  an observer may raise anything
                self._report(error)

    def _observe(self, metric: Metric, value: float, /, **labels: str) -> None:
        if self._observer is not None:
            try:
                self._observer.observe(metric, value, **labels)
            except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001  an observer may raise anything
                self._report(error)

    def _report(self, error: BaseException) -> None:
        if not self._has_failed:
            self._has_failed = True
            _log.error(
                "the observer failed; it will not be reported again",
                exc_info=error,
                extra={"event": "observer_failed", "observer": type(self._observer).__qualname__},
            )


_COUNTED: dict[type, Metric] = {
    FrameRefused: Metric.FRAMES_REFUSED,
    OrderLost: Metric.ORDERS_LOST,
    ShortfallDeclared: Metric.SHORTFALLS,
    PositionUnexplained: Metric.POSITIONS_UNEXPLAINED,
    PositionUnprotected: Metric.POSITIONS_UNPROTECTED,
    VenueReset: Metric.VENUE_RESETS,
    JournalDamaged: Metric.JOURNAL_DAMAGED,
}
