"""The trading floor: where facts of the exchange become frames on sockets and entries in the journal, at once.

Whoever makes something happen, a REST request, a script, a timer, does it here. Facts are told in their order before
the call returns: every frame is written to every socket, so that no later fact can overtake an earlier one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from simulator.core.facts import Fact, ListenKeyEnded
from simulator.core.journal import mask
from simulator.core.streams.stream_events import user_events
from simulator.core.streams.user_event import UserEvent
from simulator.core.venue import Venue
from simulator.runtime.chronicle import Chronicle
from simulator.runtime.clock import Clock, Timer
from simulator.runtime.market_streams import MarketStreams
from simulator.runtime.stream import Streams

__all__ = ["Floor"]


class Floor:
    """The venue, its clock, its journal, its streams, and what the market's streams say."""

    def __init__(self, venue: Venue, clock: Clock, chronicle: Chronicle, streams: Streams) -> None:
        self.venue = venue
        self.clock = clock
        self.chronicle = chronicle
        self.streams = streams
        streams.counters = lambda: self.venue.counters
        streams.owner_of = lambda listen_key: self.venue.listen_keys.owner(listen_key)  # noqa: PLW0108  venues change
        self.market = MarketStreams(venue, clock, streams)
        self._later: set[Timer] = set()
        self._alarm: Timer | None = None
        self._alarm_ms: int | None = None

    def act(self, kind: str, summary: str, action: Callable[[int], Sequence[Fact]], **fields: Any) -> None:
        """Do something to the exchange at the time of now, write it down, and tell its facts."""
        facts = action(self.clock.time_ms())
        with self.chronicle.turn():
            self.chronicle.record(kind, summary=summary, **fields)
            self.tell(facts)

    def later(self, delay_ms: int, action: Callable[[int], Sequence[Fact]]) -> None:
        """Do something to the exchange after a while, and tell its facts; after a reset or the stop, no more."""

        def act() -> None:
            self._later.discard(timer)
            self.tell(action(self.clock.time_ms()))

        timer = self.clock.call_later(delay_ms / 1000, act)
        self._later.add(timer)

    def tell(self, facts: Sequence[Fact]) -> None:
        """Send the frames of these facts, write them down, and set the alarm for what time will bring."""
        with self.chronicle.turn():
            facts = self.venue.follow(facts, self.clock.time_ms())
            with self.streams.gathered():
                for event in user_events(facts, self.venue.exchange.symbols, self.venue.profile):
                    self._send(event)
            for fact in facts:
                if isinstance(fact, ListenKeyEnded):
                    self._end_key(fact)
            self.market.tell(facts)
        self.set_alarm()

    def push(self, account: str, frame: dict[str, Any] | str | bytes) -> int:
        """Send any frame to the user streams of an account; return to how many."""
        sockets = sum(self.streams.push(listen_key, frame) for listen_key in self.venue.listen_keys.living(account))
        name = str(frame.get("e", "")) if isinstance(frame, dict) else ""
        body = frame.decode(errors="replace") if isinstance(frame, bytes) else frame
        self.chronicle.record(
            "event", direction="out", account=account, event=name, sockets=sockets, summary="pushed", body=body
        )
        return sockets

    def reset(self, venue: Venue) -> None:
        """Start anew with another venue: every connection is closed."""
        with self.chronicle.turn():
            self.venue = venue
            self._forget_later()
            self.streams.reset()
            self.market.attend(venue)
            self.chronicle.record("action", summary="reset")
        self.tell(())

    def set_alarm(self) -> None:
        """Wake when the venue has something to do by itself."""
        deadline_ms = self.venue.next_deadline_ms()
        if deadline_ms == self._alarm_ms:
            return
        self._silence_alarm()
        if deadline_ms is not None:
            self._alarm_ms = deadline_ms
            self._alarm = self.clock.call_at(deadline_ms, self._wake)

    def stop(self) -> None:
        """Wake no more."""
        self._silence_alarm()
        self._forget_later()
        self.market.stop()

    def _forget_later(self) -> None:
        for timer in self._later:
            timer.cancel()
        self._later.clear()

    def _silence_alarm(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm = self._alarm_ms = None

    def _wake(self) -> None:
        self._silence_alarm()
        self.tell(self.venue.advance(self.clock.time_ms()))

    def _send(self, event: UserEvent) -> None:
        keys = (event.listen_key,) if event.listen_key else self.venue.listen_keys.living(event.account)
        sockets = 0
        for listen_key in keys:
            sockets += self.streams.publish(listen_key, event.account, event.name, event.body)
        shown = event.body | {"listenKey": mask(event.listen_key)} if event.listen_key else event.body
        self.chronicle.record(
            "event",
            direction="out",
            account=event.account,
            event=event.name,
            sockets=sockets,
            summary=event.summary,
            body=shown,
        )

    def _end_key(self, fact: ListenKeyEnded) -> None:
        self.chronicle.record("listen_key", account=fact.account, summary=fact.cause)
        if self.venue.profile.closes(fact.cause):
            for connection in self.streams.of_key(fact.listen_key):
                self.streams.close(connection, 1000, "the listen key has ended")
