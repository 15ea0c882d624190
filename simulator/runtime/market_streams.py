"""Market streams: which feeds are open, and when each of them speaks.

There is one feed per stream name, opened for its first listener and closed with its last. A feed that nobody listens to
costs nothing: no timer, no work. What it says is encoded once and written to every listener before the call returns.
Frames are counted, not journaled: a busy market would push everything else out of the journal.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from simulator.core.facts import Fact, OrderAccepted, OrderAmended, OrderEnded, OrderFilled
from simulator.core.streams.market_feed import Feed, HearingFeed, Moment
from simulator.core.streams.market_feeds import open_feed
from simulator.core.trading.exchange import Exchange
from simulator.core.venue import Venue
from simulator.runtime.clock import Clock, Timer
from simulator.runtime.connection import StreamConnection
from simulator.runtime.stream import Streams

__all__ = ["MarketStreams"]

_ORDER_FACTS: Final = (OrderAccepted, OrderFilled, OrderAmended, OrderEnded)


class _OpenFeed:
    """A feed that somebody listens to, what there is to say, and the timer until it may be said."""

    def __init__(self, name: str, feed: Feed) -> None:
        self.name = name
        self.feed = feed
        self.changed: set[str] = set()
        self.has_heard = False
        self.due_ms = 0
        self.timer: Timer | None = None


class MarketStreams:
    """The feeds that are listened to. `frames` counts what was sent."""

    def __init__(self, venue: Venue, clock: Clock, streams: Streams) -> None:
        self.frames = 0
        self._clock = clock
        self._streams = streams
        self._open: dict[str, _OpenFeed] = {}
        self._update_ids: dict[str, int] = {}
        self.attend(venue)
        streams.on_watched(self._watch)
        streams.on_joined(self._greet)

    def attend(self, venue: Venue) -> None:
        """Tell of this venue from now on: its market opens. Nobody may be listening."""
        self._venue = venue
        self._update_ids.clear()
        venue.exchange.tape.begin(self._clock.time_ms(), venue.exchange.prices)

    def tell(self, facts: Sequence[Fact]) -> None:
        """Let the feeds speak of what has just happened, or note that they have something to say."""
        if not self._open:
            return
        changed = self._changed(facts)
        for opened in list(self._open.values()):
            touched = changed & {opened.feed.symbol} if opened.feed.symbol else changed
            heard = bool(facts) and isinstance(opened.feed, HearingFeed) and opened.feed.hear(facts)
            if not touched and not heard:
                continue
            opened.changed |= touched
            opened.has_heard |= heard
            if opened.feed.period_ms:
                self._schedule(opened)
            else:
                self._speak(opened, self._clock.time_ms())

    def stop(self) -> None:
        """Say nothing any more."""
        for name in list(self._open):
            self._close(name)

    @property
    def _exchange(self) -> Exchange:
        return self._venue.exchange

    def _changed(self, facts: Sequence[Fact]) -> set[str]:
        """Return the symbols that anything happened to: on the tape, or in the book.

        Without a fact of an order, the book of any symbol may have changed.
        """
        changed = set(self._exchange.tape.changed)
        self._exchange.tape.changed.clear()
        told = {fact.order.symbol for fact in facts if isinstance(fact, _ORDER_FACTS)}
        for symbol in (told | changed) or self._update_ids:
            update_id = self._exchange.update_id(symbol)
            if self._update_ids.get(symbol) != update_id:
                self._update_ids[symbol] = update_id
                changed.add(symbol)
        return changed

    def _watch(self) -> None:
        """Open the feeds that somebody listens to now, and close the others."""
        watched = self._streams.watched
        for name in self._open.keys() - watched:
            self._close(name)
        for name in sorted(watched - self._open.keys()):  # in the same order in every process
            feed = open_feed(name, self._exchange)
            if feed is not None:
                self._open[name] = _OpenFeed(name, feed)
                for symbol in (feed.symbol,) if feed.symbol else self._exchange.symbols:
                    self._update_ids.setdefault(symbol, self._exchange.update_id(symbol))
                self._schedule(self._open[name])

    def _greet(self, connection: StreamConnection, name: str) -> None:
        """Tell a newcomer how things are."""
        opened = self._open.get(name)
        if opened is not None:
            for body in opened.feed.greeting(Moment(self._exchange, self._clock.time_ms())):
                self._streams.whisper(connection, name, msgspec.json.encode(body))
                self.frames += 1

    def _close(self, name: str) -> None:
        opened = self._open.pop(name)
        if opened.timer is not None:
            opened.timer.cancel()

    def _schedule(self, opened: _OpenFeed) -> None:
        """Set the timer for when the feed may speak next; none when it has nothing to say.

        A timer that is set is never put off: in a loop that is always late, there would be no end of it.
        """
        due_ms = self._next_ms(opened)
        if opened.timer is not None:
            if due_ms is None or due_ms >= opened.due_ms:
                return
            opened.timer.cancel()
            opened.timer = None
        if due_ms is not None:
            opened.due_ms = due_ms
            opened.timer = self._clock.call_at(due_ms, lambda: self._wake(opened))

    def _next_ms(self, opened: _OpenFeed) -> int | None:
        """Return when the feed may speak next; the time that it has just spoken at does not count again."""
        feed, now_ms = opened.feed, max(self._clock.time_ms(), opened.due_ms if opened.timer is None else 0)
        wake_ms = feed.wake_ms(now_ms)
        if not feed.period_ms or not (feed.is_regular or opened.changed or opened.has_heard):
            return wake_ms
        period_ends_ms = (now_ms // feed.period_ms + 1) * feed.period_ms
        return period_ends_ms if wake_ms is None else min(wake_ms, period_ends_ms)

    def _wake(self, opened: _OpenFeed) -> None:
        """Let a feed speak. Its time is never before the one that it was called for, however early the loop was."""
        opened.timer = None
        self._speak(opened, max(self._clock.time_ms(), opened.due_ms))
        if opened.name in self._open:
            self._schedule(opened)

    def _speak(self, opened: _OpenFeed, now_ms: int) -> None:
        moment = Moment(self._exchange, now_ms, opened.changed)
        opened.changed, opened.has_heard = set(), False
        for body in opened.feed.bodies(moment):
            self.frames += self._streams.broadcast(opened.name, msgspec.json.encode(body))
