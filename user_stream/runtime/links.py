"""Keeping one connection up at all times, and replacing it before it ends.

    open ──▶ live ──▶ to be replaced ──▶ its successor is proven ──▶ dwell ──▶ closed
                  └──▶ lost ──▶ backoff ──▶ open ...

A connection is replaced when it comes of age, for the exchange cuts it at 24 h, and when nothing more can be expected
of it although it stands: its key died, or it is silent. Either way it is read on until the successor carries the
stream and a dwell has passed, so that what is under way still arrives; what both of them tell is told once. If the old
one is whole, the new one must be *proven*, too.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import NoReturn

from user_stream.core.metrics import cause_of
from user_stream.core.receptions import Receptions
from user_stream.core.retry import backoff_delay
from user_stream.errors import RECOVERABLE, RateLimitedError
from user_stream.runtime.binance_websocket import BinanceWebsocket
from user_stream.runtime.clock import Clock
from user_stream.settings import Settings

__all__ = ["Link", "keep_linked"]

_log = logging.getLogger("user_stream")


@dataclass(eq=False, slots=True)
class Link:
    """One connection: where it is in its life, as far as the service must know."""

    epoch: int
    """Numbers the service's connections."""
    attempt: int
    """Counts from 1 since the last one that was stable."""
    websocket: BinanceWebsocket | None = None
    ledger_epoch: int = 0
    """The stretch of stream that is whole; a new one begins after each frame that could not be read."""
    synchronized: bool = False
    """True when what came before it is known."""
    frames: int = 0
    receptions: Receptions = field(default_factory=Receptions)
    """When its frames were read; noted while somebody observes."""
    live_at_s: float | None = None
    proven_at: int | None = None
    """The exchange's time, in ms, from which on it is known to tell everything."""
    retry_in_s: float = 0.0
    live: asyncio.Event = field(default_factory=asyncio.Event)
    proven: asyncio.Event = field(default_factory=asyncio.Event)
    over: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when it tells nothing any more, though it may still stand."""
    life: asyncio.Task[NoReturn] | None = None

    @property
    def carries(self) -> bool:
        """True while it tells everything as it comes."""
        return self.live.is_set() and not self.over.is_set()

    @property
    def frames_waiting(self) -> int:
        """How many of its frames nobody has looked at yet."""
        return 0 if self.websocket is None else self.websocket.frames_waiting

    def start(self, life: Callable[[], Awaitable[NoReturn]]) -> None:
        """Begin to live."""
        self.life = asyncio.create_task(_live(life), name=f"connection {self.epoch}")
        # nobody may be waiting for the end of one that is over, and the loop complains of errors that nobody looked at
        self.life.add_done_callback(lambda task: task.cancelled() or task.exception())

    def postpone(self, error: BaseException, settings: Settings, *, now_s: float, draw: float) -> None:
        """Set when to try again, and say why: only a connection that lasted starts the backoff anew."""
        if self.live_at_s is not None and now_s - self.live_at_s >= settings.stable_after_s:
            self.attempt = 1
        self.retry_in_s = backoff_delay(settings.backoff, self.attempt, draw)
        if isinstance(error, RateLimitedError):
            self.retry_in_s = max(self.retry_in_s, error.retry_after_s)
        fields = {"epoch": self.epoch, "cause": cause_of(error), "retry_in_s": self.retry_in_s}
        _log.warning(
            "connection %d is down (%s), trying again in %.1f s",
            self.epoch,
            error,
            self.retry_in_s,
            extra={"event": "connection_lost", **fields},
        )

    async def ended(self) -> None:
        """Wait for the end of its life; a defect or a fatal error is raised."""
        if self.life is not None:
            await asyncio.wait([self.life])
            error = None if self.life.cancelled() else self.life.exception()
            if error is not None and not isinstance(error, RECOVERABLE):
                raise error

    def let_go(self) -> None:
        """Begin to end it."""
        if self.life is not None:
            self.life.cancel()

    async def close(self) -> None:
        """End it."""
        self.let_go()
        if self.life is not None:
            await asyncio.wait([self.life])

    @property
    def stands(self) -> bool:
        """True while the connection is being made, or is open."""
        return self.life is not None and not self.life.done()


async def _live(life: Callable[[], Awaitable[NoReturn]]) -> NoReturn:
    await life()


async def keep_linked(
    open_link: Callable[[int], Link],
    closed: Callable[[Link], None],
    *,
    rotate_after_s: float,
    dwell_s: float,
    clock: Clock,
) -> NoReturn:
    """Open one link after another, by the number of the attempt, and tell which one was closed on purpose.

    Raises what no retry can cure.
    """
    attempt = 0
    links: list[Link] = []
    try:
        while True:
            attempt += 1
            link = open_link(attempt)
            links.append(link)
            of_age = asyncio.create_task(_come_of_age(link, rotate_after_s, clock))
            try:
                await _relieve(links[:-1], link, closed, dwell=lambda: clock.sleep(dwell_s))
                links = await _still_standing(links)
                await _first(link.over.wait(), link.ended(), of_age)
            finally:
                of_age.cancel()
            attempt = link.attempt if link.over.is_set() else 0
            await clock.sleep(link.retry_in_s)
    finally:
        for each in links:
            each.let_go()
        for each in links:
            await each.close()


async def _relieve(
    links: list[Link], link: Link, closed: Callable[[Link], None], *, dwell: Callable[[], Awaitable[None]]
) -> None:
    """Wait until `link` carries the stream, or has failed; then close the older ones, or leave them."""
    while older := await _still_standing(links):
        whole = [each for each in older if not each.over.is_set()]
        ready = [link.live, link.proven] if whole else [link.live]
        changes = [each.over.wait() for each in whole] + [each.ended() for each in older]
        await _first(_all(ready), link.over.wait(), link.ended(), *changes)
        if is_ready := link.live.is_set() and (link.proven.is_set() or not whole):
            await _first(dwell(), link.over.wait(), link.ended())
        if link.over.is_set() or not link.stands:
            return
        if is_ready and link.carries:  # a frame that could not be read takes it back
            for each in await _still_standing(older):
                closed(each)
                await each.close()


async def _still_standing(links: list[Link]) -> list[Link]:
    """Leave out those that have ended; raise what ended one of them, if it is a defect or fatal."""
    for each in links:
        if not each.stands:
            await each.ended()
    return [each for each in links if each.stands]


async def _come_of_age(link: Link, rotate_after_s: float, clock: Clock) -> None:
    await link.live.wait()
    await clock.sleep(rotate_after_s)


async def _all(events: Iterable[asyncio.Event]) -> None:
    for event in events:
        await event.wait()


async def _first(*waits: Awaitable[object]) -> None:
    """Wait until one of them is done; raise what it raised."""
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
    for task in done:
        task.result()
