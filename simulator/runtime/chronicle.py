"""Writing down what happens, and telling those who asked: subscribers, and whoever waits for a condition.

What belongs together is written in one *turn*: all frames of a match, an answer and what caused it. Subscribers are
called when the turn is over, in the order of the entries, so that one who acts on the exchange never gets between two
frames of the same match. What they cause is told in the next round, never recursively.

A subscriber that raises does not stop the exchange: its subscription ends, and its exception is raised when the
simulator stops.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Self

from simulator.core.journal import Journal, JournalEntry
from simulator.runtime.clock import Clock

__all__ = ["Chronicle"]

Callback = Callable[[JournalEntry], None]


class Chronicle:
    """The journal, and those who follow it."""

    def __init__(self, journal: Journal, clock: Clock) -> None:
        self.journal = journal
        self.failures: list[Exception] = []
        self._clock = clock
        self._untold: deque[JournalEntry] = deque()
        self._subscribers: dict[Callback, None] = {}
        self._waiters: dict[asyncio.Future[None], Callable[[], bool]] = {}
        self._open_turns = 0

    def record(
        self,
        kind: str,
        *,
        direction: str = "",
        account: str = "",
        connection: int = 0,
        about: int = 0,
        method: str = "",
        path: str = "",
        status: int = 0,
        event: str = "",
        sockets: int = 0,
        summary: str = "",
        body: object = None,
        size: int = 0,
    ) -> JournalEntry:
        """Write an entry with the time of now: the fields of `JournalEntry`, and the `size` of `Journal.record`."""
        entry = JournalEntry(
            seq=self.journal.next_seq,
            time_ms=self._clock.time_ms(),
            kind=kind,
            direction=direction,
            account=account,
            connection=connection,
            about=about,
            method=method,
            path=path,
            status=status,
            event=event,
            sockets=sockets,
            summary=summary,
            body=body,
        )
        self.journal.append(entry, size)
        if self._subscribers:
            self._untold.append(entry)
        if not self._open_turns:
            self._tell()
        return entry

    def turn(self) -> Self:
        """Keep what is written inside from being told until the outermost turn ends."""
        return self

    def __enter__(self) -> None:
        self._open_turns += 1

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._open_turns -= 1
        if not self._open_turns and kind is None:
            self._tell()

    def look(self) -> None:
        """Ask again whether what is waited for has happened: something did that is not written down."""
        if not self._open_turns:
            self._wake()

    def fail(self, error: Exception, summary: str) -> None:
        """Keep an exception that nobody else can be given, and write it down."""
        self.failures.append(error)
        self.record("failure", summary=f"{summary}: {type(error).__name__}: {error}")

    def subscribe(self, callback: Callback) -> Callable[[], None]:
        """Call back with every entry from now on; return what ends that."""
        self._subscribers[callback] = None
        return lambda: self._subscribers.pop(callback, None) and None

    async def wait_for(self, predicate: Callable[[], bool], timeout_s: float) -> None:
        """Wait until the predicate holds. Raises `TimeoutError` with the last entries."""
        if predicate():
            return
        satisfied = asyncio.get_running_loop().create_future()
        self._waiters[satisfied] = predicate
        try:
            async with asyncio.timeout(timeout_s):
                await satisfied
        except TimeoutError:
            last = "\n".join(map(str, self.journal.entries(limit=20)))
            message = f"what was waited for did not happen in {timeout_s} s; the last entries of the journal:\n{last}"
            raise TimeoutError(message) from None
        finally:
            del self._waiters[satisfied]

    def _tell(self) -> None:
        if self._untold:
            self._tell_subscribers()
        if self._waiters:
            self._wake()

    def _tell_subscribers(self) -> None:
        self._open_turns += 1
        try:
            while self._untold:
                entry = self._untold.popleft()
                for callback in list(self._subscribers):
                    self._call(callback, entry)
        finally:
            self._open_turns -= 1

    def _call(self, callback: Callback, entry: JournalEntry) -> None:
        try:
            callback(entry)
        except Exception as error:  # noqa: BLE001  whatever a subscriber does wrong, it is raised at the stop
            self._subscribers.pop(callback, None)
            self.fail(error, "a subscriber failed, and is told no more")

    def _wake(self) -> None:
        for satisfied, predicate in list(self._waiters.items()):
            if satisfied.done():
                continue
            try:
                holds = predicate()
            except Exception as error:  # noqa: BLE001  the waiter is told, whatever its predicate did
                satisfied.set_exception(error)
            else:
                if holds:
                    satisfied.set_result(None)
