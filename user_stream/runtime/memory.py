"""What outlives the process, as the service uses it: the journal, if there is one.

Everything that is to be told is written ahead, and acknowledged when its callback has returned; every intent is written
before its request is sent, and kept as long as what was told of its order, for it says that the order is ours; the
watermark follows what it covers. Without a journal nothing of this costs anything, and exactly-once holds for the life
of the process.

A commit costs more than all else that is done with an event. So what a burst of frames decides in one step of the event
loop is one group: it is written by one commit at the end of the step, and told after that, in its order. Nothing that
waits for its commit is overtaken, by an account update no more than by a watermark.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from user_stream.contracts import OrderIntent
from user_stream.core.journal_rows import Resumption
from user_stream.core.ledger import Told
from user_stream.errors import JournalError
from user_stream.observer import Metrics
from user_stream.runtime.clock import Clock, LoopClock
from user_stream.runtime.journal import Journal
from user_stream.settings import Settings

__all__ = ["Memory"]

_log = logging.getLogger("user_stream.memory")

_NOTHING = Resumption(watermark=0, floor=0, intents=(), told=(), unacknowledged=(), next_delivery_id=1)


_ENDED = (
    "the service has ended, and its journal is closed: the next process would not know as ours an order that is sent "
    "now. Place it before stop(), or with an order manager of no service"
)


class _Waiting(NamedTuple):
    """What is done when a commit is done; `is_kept`: it is to be told, and kept by that commit."""

    then: Callable[[], None]
    is_kept: bool


class Memory:
    """One account's journal, or none.

    Methods raise `JournalError` when the file cannot be written, but for `acknowledge`, which says so to `on_failure`:
    whoever ends a callback can do nothing about it.
    """

    def __init__(
        self,
        journal: Journal | None = None,
        *,
        group: int = 1,
        metrics: Metrics | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._journal = journal
        self._group = group
        self._metrics = metrics or Metrics()
        self._clock = clock or LoopClock()
        self._acknowledged = 0
        self._covered = (0, 0)
        self._unwritten: list[Told] = []
        self._waiting: list[_Waiting] = []
        self.on_failure: Callable[[JournalError], None] = _raise
        """Hears of a commit that failed when nobody was there to be told, or only somebody who is not the service."""
        self._has_ended = False

    @classmethod
    def open(cls, api_key: str, *, settings: Settings, clock: Clock, metrics: Metrics) -> Memory:
        """Open the journal that the settings name. Raises `JournalError` when it cannot be used."""
        if settings.journal is None:
            return cls()
        path, retention_s = Path(settings.journal), settings.journal_retention_s
        journal = Journal.open(path, api_key=api_key, retention_s=retention_s, clock=clock)
        return cls(journal, group=settings.journal_group, metrics=metrics, clock=clock)

    @property
    def damage(self) -> str:
        """What was found damaged at the opening, "" for nothing."""
        return "" if self._journal is None or self._journal.damage is None else self._journal.damage

    def recall(self) -> Resumption:
        """Return what an earlier process left."""
        if self._journal is None:
            return _NOTHING
        resumption = self._journal.resumption
        self._covered = (resumption.watermark, resumption.floor)
        return resumption

    # --- on the way out -------------------------------------------------------------------------------------------

    def write_ahead(self, told: Sequence[Told], then: Callable[[], None]) -> None:
        """Keep what the engine is about to be told, then tell it: at once without a journal, else with its group."""
        if self._journal is None or not told:
            self.in_order(then)
            return
        self._unwritten += told
        self._waiting.append(_Waiting(then, is_kept=True))
        if len(self._unwritten) >= self._group:
            self.flush()
        elif len(self._waiting) == 1:
            asyncio.get_running_loop().call_soon(self._write_group)

    def in_order(self, then: Callable[[], None]) -> None:
        """Do something after everything that waits for its commit: at once when nothing does."""
        if self._waiting:
            self._waiting.append(_Waiting(then, is_kept=False))
        else:
            then()

    def flush(self) -> None:
        """Write what waits, and tell it."""
        if self._journal is None or not self._waiting:
            return
        told, self._unwritten = self._unwritten, []
        waiting, self._waiting = self._waiting, []
        started_s = self._clock.perf()
        try:
            self._journal.cover(*self._covered)
            self._journal.write_ahead(told)
        except JournalError:
            waiting = [item for item in waiting if not item.is_kept]  # what is not kept is not told
            raise
        finally:
            for item in waiting:
                item.then()
        self._metrics.journal_commit(self._clock.perf() - started_s)

    def _write_group(self) -> None:
        try:
            self.flush()
        except JournalError as error:
            self.on_failure(error)

    def acknowledge(self, delivery_id: int) -> None:
        """The engine was told this delivery, or, by 0, the oldest details that were not told yet."""
        if self._journal is None:
            return
        self._journal.acknowledge(delivery_id)
        self._acknowledged += 1
        if self._acknowledged >= self._group:
            try:
                self.commit()
            except JournalError as error:
                self.on_failure(error)

    def intend(self, intent: OrderIntent) -> None:
        """Keep that an order is about to be sent. One that cannot be kept must not be sent, also when all has ended."""
        if self._has_ended:
            raise JournalError(_ENDED)
        if self._journal is None:
            return
        try:
            self.flush()
            self._journal.intend(intent)
        except JournalError as error:
            self.on_failure(error)
            raise

    def withdraw(self, client_order_id: str) -> None:
        """Forget that an order was to be sent: it was refused for certain, or said to be lost."""
        if self._journal is not None:
            self._journal.settle_intent(client_order_id)

    def frame(self, received_ms: int, epoch: int, frame: bytes) -> None:
        """Keep a frame, without the keys in it."""
        if self._journal is not None:
            self._journal.frame(received_ms, epoch, frame)

    def cover(self, watermark: int, floor: int) -> None:
        """Keep until when everything is known, and what was made before we looked (exchange ms)."""
        if self._journal is not None and (watermark, floor) != self._covered:
            is_first = self._covered == (0, 0)
            self._covered = (watermark, floor)
            if not self._waiting:  # else it follows what it covers
                self._journal.cover(watermark, floor)
            if is_first:
                self.commit()  # whoever is killed right at the beginning must not begin again

    def start_over(self, since: int) -> None:
        """The exchange began anew: forget the orders that were first heard of before then (exchange ms). The journal
        as it was is kept beside.
        """
        if self._journal is not None:
            self.flush()
            aside = self._journal.start_over(since)
            self._acknowledged = 0
            _log.warning(
                "the exchange began anew, and so does the journal; the old one is kept as %s",
                aside,
                extra={"event": "journal_started_over", "kept_as": str(aside)},
            )

    def commit(self) -> None:
        """Commit what waits."""
        if self._journal is not None:
            self._acknowledged = 0
            self.flush()
            self._journal.commit()

    def close(self) -> None:
        """Commit what waits, and let go of the file."""
        if self._journal is None:
            return
        self._has_ended = True
        try:
            self.flush()
        finally:
            journal, self._journal = self._journal, None
            journal.close()


def _raise(error: JournalError) -> None:
    raise error
