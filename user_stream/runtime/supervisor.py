"""The service's life, top to bottom: open connections, synchronize, go live, lose, repair, compare.

    Connecting ──▶ Synchronizing ──▶ Live ──▶ Degraded ──▶ Connecting ...

Small machines do the work, each with its rule at its head: `links` keeps the connections up, `intake` folds what they
tell, `proofs` says until when they told everything, `gap_repair` reads over REST what nobody told, `stream_comparison`
asks whether somebody keeps silent. This file says how they hang together, and what the service says of itself. `Live`
is said only while a connection that is synchronized carries the stream and no gap is open.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from functools import partial
from typing import NoReturn

from user_stream.core.events import AccountUpdate
from user_stream.core.lifecycle import (
    AccountModeKnown,
    Connecting,
    ConnectionLost,
    Degraded,
    FrameRefused,
    Live,
    ServiceState,
    Stopped,
    Synchronizing,
    VenueReset,
)
from user_stream.core.metrics import state_label
from user_stream.errors import RECOVERABLE, ConnectionLostError
from user_stream.runtime.account import Account
from user_stream.runtime.backlog import catch_up
from user_stream.runtime.binance_websocket import BinanceWebsocket, StreamHandlers
from user_stream.runtime.conditional_flow import ConditionalFlow
from user_stream.runtime.gap_repair import GapRepair
from user_stream.runtime.gauges import keep_measuring
from user_stream.runtime.intake import Intake
from user_stream.runtime.lease import ListenKeyLease
from user_stream.runtime.links import Link, keep_linked
from user_stream.runtime.order_repairs import OrderRepairs
from user_stream.runtime.proofs import Proofs
from user_stream.runtime.stream_comparison import StreamComparison

__all__ = ["NOT_STARTED", "Supervisor"]

NOT_STARTED = Stopped("not started")

_log = logging.getLogger("user_stream")


class Supervisor:
    """One account's stream. `connect` makes a connection that calls these handlers."""

    def __init__(
        self,
        account: Account,
        repairs: OrderRepairs,
        conditionals: ConditionalFlow,
        lease: ListenKeyLease,
        connect: Callable[[StreamHandlers], BinanceWebsocket],
    ) -> None:
        self._settings = account.settings
        self._clock = account.clock
        self._draw = account.draw
        self._ledger = account.ledger
        self._feed = account.feed
        self._coverage = account.coverage
        self._delivery = account.delivery
        self._memory = account.memory
        self._metrics = account.metrics
        self._exchange_time_ms = account.rest.exchange_time_ms
        self._repairs = repairs
        self._conditionals = conditionals
        self._connect = connect
        self._proofs = Proofs(account, lease, on_proven=self._say_proven)
        self._intake = Intake(
            account,
            repairs,
            conditionals,
            proved=self._proofs.told,
            on_reset=self._on_venue_reset,
            carriers=self._carriers,
            is_alone=lambda: len(self._links) < 2,
        )
        self._gaps = GapRepair(
            account,
            repairs,
            conditionals,
            kept_back=self._kept_back,
            carriers=self._standing,
            on_confirmed=self._on_confirmed,
            on_reset=self._on_venue_reset,
        )
        self._comparison = StreamComparison(
            account,
            conditionals.orders,
            is_live=self._is_live,
            on_turn=partial(self._weed_out, self._settings.comparison_grace_s),
            caught_up=self._caught_up,
            on_doubt=partial(self._weed_out, 0.0),
            on_equal=self._on_equal,
            on_silence=self._on_silence,
        )
        self.state: ServiceState = NOT_STARTED
        self.settled = asyncio.Event()
        """Set when the first synchronization is done, or everything has ended."""
        self._links: list[Link] = []
        self._keep_measuring = partial(keep_measuring, account, lease, self._links)
        self._epoch = 0
        self._tasks: asyncio.TaskGroup | None = None
        self._joining = asyncio.Lock()
        self._counted = (0, 0)
        """Duplicates and stale facts of the ledger that were measured."""

    @property
    def account_mode(self) -> AccountModeKnown | None:
        """How the account is set up, as last read."""
        return self._gaps.mode

    def question_account_mode(self) -> None:
        """Read how the account is set up once more."""
        if self._tasks is not None:
            self._tasks.create_task(self._gaps.read_modes_if_answered(), name="read modes")

    def begin(self, tasks: asyncio.TaskGroup) -> None:
        """Run in this group from now on."""
        self._tasks = tasks
        self.state = Connecting(0, 0)
        self._repairs.begin(tasks)
        self._conditionals.begin(tasks)
        for _ in range(self._settings.connections):
            keep = keep_linked(
                self._open,
                self._on_relieved,
                rotate_after_s=self._settings.rotate_after_s,
                dwell_s=self._settings.rotation_dwell_s,
                clock=self._clock,
            )
            tasks.create_task(keep, name="supervise")
        tasks.create_task(self._gaps.keep_confirming(), name="confirm repairs")
        tasks.create_task(self._comparison.keep_comparing(), name="compare")
        tasks.create_task(self._proofs.watch_lease(), name="watch the listen key")
        tasks.create_task(self._keep_measuring(), name="measure")

    def end(self) -> None:
        """Start nothing any more."""
        self._tasks = None
        self._repairs.end()
        self._conditionals.end()

    def stopped(self, cause: str) -> None:
        """Say that everything has ended; `cause` is "" when somebody asked for it."""
        self._become(Stopped(cause))

    # --- connections ----------------------------------------------------------------------------------------------

    def _open(self, attempt: int) -> Link:
        """Begin another connection's life."""
        self._epoch += 1
        link = Link(self._epoch, attempt)
        link.websocket = self._connect(self._handlers(link))
        self._links.append(link)
        if not self._carriers():
            self._become(Connecting(link.epoch, attempt))
        link.start(partial(self._live_on, link, link.websocket))
        return link

    async def _live_on(self, link: Link, websocket: BinanceWebsocket) -> NoReturn:
        try:
            await websocket.start()
        except RECOVERABLE as error:
            self._on_lost(link, error)
            raise
        finally:
            self._links.remove(link)
            self._intake.leave(link)
            if self._coverage.gap is not None and self._carriers():
                self._repair_soon()  # this one may have been at it

    async def _join(self, link: Link) -> None:
        """Connected, and frames are kept back: from here on this link is whole, and REST says what came before."""
        if link.over.is_set():
            return
        first = link.ledger_epoch == 0
        link.ledger_epoch = self._ledger.begin_epoch() if first else self._ledger.cut_epoch()
        link.synchronized = False
        self._intake.begin(link)
        if first:
            self._feed.join(link.epoch)
        async with self._joining:  # one pass serves all that stand
            if not link.synchronized and not self._is_whole():
                self._become(Synchronizing(link.epoch))
                covered = await self._gaps.close_gap()
                for each in self._links:
                    each.synchronized = each.synchronized or each.epoch in covered
        link.synchronized = True

    def _go_live(self, link: Link) -> None:
        if link.over.is_set():
            return
        link.live_at_s = self._clock.monotonic()
        link.live.set()
        self._metrics.connections(len(self._carriers()))
        if self._coverage.gap is not None:
            self._repair_soon()  # another connection ended meanwhile, before this one could vouch for anything
            return
        if not self._coverage.confirmed:
            self._gaps.confirm_later()
        self._say_live()
        self.settled.set()

    def _on_lost(self, link: Link, error: BaseException) -> None:
        """The connection tells nothing any more, though it may still stand: say so, once, and why."""
        if link.over.is_set() or not isinstance(error, RECOVERABLE):
            return
        link.over.set()
        self._metrics.connection_ended(error)
        self._metrics.connections(len(self._carriers()))
        link.postpone(error, self._settings, now_s=self._clock.monotonic(), draw=self._draw())
        self._intake.leave(link)
        if self._is_whole():
            self._carry_on_without(link, str(error))
            return
        self._open_gap(str(error))
        if self._carriers():
            self._repair_soon()
        self._become(Degraded(self._coverage.watermark, str(error), link.retry_in_s))

    def _on_relieved(self, link: Link) -> None:
        """The connection is about to be closed: its successor carries the stream."""
        link.over.set()
        self._intake.leave(link)
        self._metrics.connections(len(self._carriers()))
        self._comparison.soon()
        self._say_proven()

    def _carry_on_without(self, link: Link, cause: str) -> None:
        """Another connection tells everything; whether it really does is asked at once."""
        if link.live.is_set():
            self._delivery.publish(ConnectionLost(link.epoch, cause))
            self._comparison.soon()
        self._say_live()

    def _carriers(self) -> list[Link]:
        return [link for link in self._links if link.carries]

    def _standing(self) -> set[int]:
        """Return the connections whose frames are read, kept back or not."""
        return {link.epoch for link in self._links if link.ledger_epoch and not link.over.is_set()}

    def _is_whole(self) -> bool:
        """Say whether a connection tells everything, and did before the last one that is proven to have."""
        proven = [link.proven_at for link in self._carriers() if link.proven_at is not None]
        return self._coverage.gap is None and bool(proven) and min(proven) <= self._coverage.proven_until

    def _kept_back(self) -> list[AccountUpdate]:
        return [
            update for link in self._links if link.websocket for update in link.websocket.kept_back_account_updates()
        ]

    # --- what it says of itself -----------------------------------------------------------------------------------

    def _open_gap(self, cause: str) -> None:
        gap = self._coverage.open(cause)
        if gap is not None:
            self._delivery.publish(gap)

    def _repair_soon(self) -> None:
        if self._tasks is not None:
            self._tasks.create_task(self._repair(), name="close a gap")

    async def _repair(self) -> None:
        await self._gaps.close_gap_in_the_end()
        if self._coverage.gap is None and self._carriers():
            self._gaps.confirm_later()
            self._say_live()
            self.settled.set()

    def _is_live(self) -> bool:
        return isinstance(self.state, Live)

    def _say_proven(self) -> None:
        if self._is_live():
            self._say_live()

    def _say_live(self) -> None:
        carriers = self._carriers()
        if carriers and self._coverage.gap is None:
            proven = any(link.proven_at is not None for link in carriers)
            self._become(Live(min(link.epoch for link in carriers), proven))

    def _become(self, state: ServiceState) -> None:
        if state == self.state:
            return
        if isinstance(self.state, Stopped) and self.state is not NOT_STARTED and not isinstance(state, Stopped):
            return  # said at once when the journal failed; what still moves is about to be cancelled
        self.state = state
        _log.info("%s", state, extra={"event": "state", "state": state_label(state)})
        self._delivery.publish(state)
        self._delivery.tell_state(state)

    # --- what it hears --------------------------------------------------------------------------------------------

    def _handlers(self, link: Link) -> StreamHandlers:
        return StreamHandlers(
            init_state=partial(self._join, link),
            on_live=partial(self._go_live, link),
            on_bound=partial(self._proofs.bound, link),
            on_listen_key_lost=partial(self._on_lost, link),
            on_listen_key_kept=partial(self._proofs.kept, link),
            on_lost=partial(self._on_lost, link),
            on_frame=partial(self._intake.take_frame, link),
            on_order_trade_update=partial(self._intake.take_order_update, link),
            on_trade_lite=partial(self._intake.take_trade_lite, link),
            on_account_update=partial(self._intake.take_account_update, link),
            on_event=partial(self._intake.take_event, link),
            on_undecodable=partial(self._on_undecodable, link),
        )

    def _on_undecodable(self, link: Link, reason: str) -> None:
        """A frame is lost for us: what it said is looked up, as after a gap; unless this connection's successor, or a
        recovery, tells it anyway.
        """
        self._delivery.publish(FrameRefused(reason))
        if link.over.is_set():
            return
        link.live.clear()
        link.ledger_epoch = self._ledger.cut_epoch()
        self._open_gap(reason)
        self._become(Degraded(self._coverage.watermark, reason, 0.0))

    def _on_equal(self, until: int) -> None:
        """REST showed nothing that was not told."""
        self._count()
        self._proofs.compared(self._carriers(), until)
        if self._intake.is_quiet(self._settings.comparison_grace_s) and self._delivery.has_unexplained(self._feed.book):
            self._gaps.look_again()  # first see whether a fill explains it that nobody told

    def _count(self) -> None:
        """Measure what changes too often to be measured at each change."""
        if self._metrics.observed:
            ledger = self._ledger
            self._metrics.orders(still_open=len(ledger.open_orders), in_question=self._repairs.open_questions)
            self._metrics.duplicate(ledger.duplicates - self._counted[0])
            self._metrics.stale(ledger.stale - self._counted[1])
            self._counted = (ledger.duplicates, ledger.stale)

    async def _caught_up(self) -> None:
        """Wait until the engine was told what has come by now; say meanwhile that it is behind, if it is."""
        await catch_up(
            self._carriers(), clock=self._clock, grace_s=self._settings.comparison_grace_s, behind=self._say_behind
        )
        if isinstance(self.state, Degraded):
            self._say_live()

    def _say_behind(self, frames: int) -> None:
        if self._is_live():
            cause = f"the engine is behind: {frames} frames wait for its callbacks"
            self._become(Degraded(self._coverage.watermark, cause, 0.0))

    def _weed_out(self, for_s: float) -> None:
        """Let go of the connections that have kept back for so long what another one told."""
        carriers, behind = self._carriers(), self._intake.behind(for_s)
        silent = [link for link in carriers if link.epoch in behind and not link.frames_waiting]
        if len(silent) < len(carriers):
            for link in silent:
                self._on_lost(link, ConnectionLostError("it is silent: another one told more", kind="silent"))

    def _on_silence(self, suspicions: list[str]) -> None:
        """REST shows what no connection told: none of them can be believed."""
        shown = ", ".join(suspicions[:3]) + (", ..." if len(suspicions) > 3 else "")
        silent = ConnectionLostError(f"the stream is silent: REST shows what it did not tell ({shown})", kind="silent")
        self._coverage.disbelieve()
        self._open_gap(silent.cause)
        for link in self._carriers():
            self._on_lost(link, silent)

    def _on_venue_reset(self) -> None:
        """A trade contradicts what we know of older ones: the exchange began anew, and everything is read again."""
        symbol, now = self._ledger.venue_reset or "", self._exchange_time_ms()
        self._memory.start_over(self._coverage.since)
        self._ledger.start_over(self._coverage.since)
        self._conditionals.start_over()
        self._gaps.absences.venue_reset(now)
        self._delivery.publish(VenueReset(symbol))
        self._open_gap("the exchange began anew")
        self._become(Degraded(self._coverage.watermark, "the exchange began anew", 0.0))
        self._repair_soon()

    def _on_confirmed(self) -> None:
        """REST can hide nothing more of the last gap; positions that moved must now have their fills."""
        if self._intake.is_quiet(self._settings.comparison_grace_s):
            self._delivery.explain(self._feed.book)
