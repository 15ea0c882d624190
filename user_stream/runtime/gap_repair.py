"""Repairing what the stream did not tell: the pass over REST, its confirmation, and the account's modes.

`core/coverage` knows what is in doubt, `core/reconcile` what the answers mean; this module asks, one pass at a time,
and tells. A pass closes a gap only if a connection that stood when it began still stands when it ends: else what
happened meanwhile would be nobody's.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from typing import NoReturn

from user_stream.core.absence import Absences
from user_stream.core.events import AccountUpdate
from user_stream.core.lifecycle import AccountModeKnown
from user_stream.core.mapping import map_account_update
from user_stream.core.positions import PositionKey
from user_stream.core.reconcile import fold_snapshot, unprovable
from user_stream.core.repair_report import RepairReport, merge, repair_report
from user_stream.core.rest_rows import BalanceRow, PositionRow
from user_stream.core.retry import backoff_delay
from user_stream.errors import RECOVERABLE, RateLimitedError, RequestRejectedError
from user_stream.runtime.account import Account
from user_stream.runtime.conditional_flow import ConditionalFlow
from user_stream.runtime.order_repairs import OrderRepairs
from user_stream.runtime.recovery import read_orders

__all__ = ["GapRepair"]

_log = logging.getLogger("user_stream.gap_repair")


class GapRepair:
    """One account's recoveries.

    `kept_back`: the account updates that wait in the connections' buffers. `carriers`: the connections that stand.
    `on_confirmed` hears that a second pass found nothing new; `on_reset`, that the exchange began anew.
    """

    def __init__(
        self,
        account: Account,
        repairs: OrderRepairs,
        conditionals: ConditionalFlow,
        *,
        kept_back: Callable[[], Iterable[AccountUpdate]],
        carriers: Callable[[], set[int]],
        on_confirmed: Callable[[], None],
        on_reset: Callable[[], None],
    ) -> None:
        self._rest = account.rest
        self._ledger = account.ledger
        self._feed = account.feed
        self._coverage = account.coverage
        self._delivery = account.delivery
        self._memory = account.memory
        self._settings = account.settings
        self._clock = account.clock
        self._draw = account.draw
        self._repairs = repairs
        self._conditionals = conditionals
        self._kept_back = kept_back
        self._carriers = carriers
        self._on_confirmed = on_confirmed
        self._on_reset = on_reset
        self.absences = Absences()
        self._passing = asyncio.Lock()
        self._wanted = asyncio.Event()
        self._due_s = 0.0
        """When REST's lag has passed since the stream was whole again."""
        self._lives = 0
        """How often it was: what was looked for in an earlier life confirms nothing."""
        self._mode: AccountModeKnown | None = None

    # --- closing a gap --------------------------------------------------------------------------------------------

    async def close_gap(self) -> set[int]:
        """Read everything since the watermark, and tell what the engine does not know.

        Return the connections that stood all the time; when there are none, the gap is open still. Raises what
        `RECOVERABLE` names when REST does not answer.
        """
        async with self._passing:
            await self._rest.synchronize_clock()
            carriers = self._carriers()
            now = self._rest.exchange_time_ms()
            self._feed.begin_epoch()
            report = await self._look()
            covered = carriers & self._carriers()
            if covered:
                self.confirm_later()  # whatever was to be confirmed before began too early for this
            if covered and (repaired := self._coverage.close(now, report)) is not None:
                self._delivery.publish(repaired)
            return covered

    async def close_gap_in_the_end(self) -> None:
        """Close a gap while frames flow; try again until REST answers or nobody carries the stream any more."""
        attempt = 0
        while self._coverage.gap is not None and self._carriers():
            attempt += 1
            try:
                await self.close_gap()
            except RECOVERABLE as error:
                _log.warning(
                    "a recovery failed: %s", error, extra={"event": "recovery_failed", "error": type(error).__name__}
                )
                await self._clock.sleep(self._wait_after(error, attempt))

    def confirm_later(self) -> None:
        """The stream is live again: what REST may still have hidden is looked for when its lag has passed."""
        self._lives += 1
        self._want()

    def look_again(self) -> None:
        """Something is in doubt: look once more when REST's lag has passed, unless that is about to happen anyway."""
        if not self._wanted.is_set():
            self._want()

    def _want(self) -> None:
        self._due_s = self._clock.monotonic() + self._settings.rest_lag_s
        self._wanted.set()

    async def keep_confirming(self) -> NoReturn:
        """Confirm each repair by a second pass, and by another one whenever that found something new."""
        while True:
            await self._wanted.wait()
            while (left_s := self._due_s - self._clock.monotonic()) > 0:
                await self._clock.sleep(left_s)
            self._wanted.clear()
            life, attempt = self._lives, 0
            while not self._is_overtaken(life) and not await self._confirm(life):
                attempt += 1
                await self._clock.sleep(backoff_delay(self._settings.backoff, attempt, self._draw()))

    def _is_overtaken(self, life: int) -> bool:
        return life != self._lives or self._coverage.gap is not None or not self._carriers()

    async def _confirm(self, life: int) -> bool:
        """Look once more. Return True when that needs no repeating by itself."""
        try:
            async with self._passing:
                report = await self._look()
        except RECOVERABLE as error:
            _log.warning(
                "a repair could not be confirmed: %s",
                error,
                extra={"event": "confirmation_failed", "error": type(error).__name__},
            )
            if isinstance(error, RateLimitedError):
                await self._clock.sleep(error.retry_after_s)
            return False
        if self._is_overtaken(life):
            return True
        missed = report.before(self._coverage.whole_since)  # REST may be faster than the stream with what is newer
        if missed:
            self._coverage.found_more(missed)
            self._want()
        else:
            if (repaired := self._coverage.confirm()) is not None:
                self._delivery.publish(repaired)
            self._memory.cover(self._coverage.watermark, self._coverage.floor)
            self._on_confirmed()
        return True

    def _wait_after(self, error: BaseException, attempt: int) -> float:
        delay = backoff_delay(self._settings.backoff, attempt, self._draw())
        return max(delay, error.retry_after_s) if isinstance(error, RateLimitedError) else delay

    # --- one pass -------------------------------------------------------------------------------------------------

    async def _look(self) -> RepairReport:
        """Read orders, trades, positions and balances; tell what is new, and return it."""
        asked_at = self._rest.exchange_time_ms()
        coverage = self._coverage
        coverage.begin(asked_at)
        self._memory.cover(coverage.watermark, coverage.floor)
        self._repairs.start_from(coverage.floor)
        for lost in unprovable(coverage.since, asked_at):
            self._delivery.publish(lost)
        await self.read_modes()
        told = await self._conditionals.read_all()
        snapshot = await read_orders(
            self._rest,
            self._ledger,
            floor=coverage.floor,
            since=coverage.since,
            until=asked_at,
            held={symbol for symbol, _ in self._feed.book.positions},
            lag_ms=int(self._settings.rest_lag_s * 1000),
            absences=self.absences,
        )
        balances, positions, gone = await self._read_account()

        found = fold_snapshot(self._ledger, snapshot)
        self._delivery.tell(found)
        told += found
        for event in self._kept_back():
            self._feed.touch(map_account_update(event))
        as_of = asked_at - int(self._settings.account_lag_s * 1000)
        patch = self._feed.fold_snapshot(balances, positions, gone=gone, as_of=as_of)
        if patch is not None:
            self._delivery.tell_account(patch)
        told += await self._repairs.settle()
        await self._delivery.idle()
        report = repair_report(told, patch, snapshot.origins)
        if self._ledger.venue_reset is not None:
            self._on_reset()
            return merge(report, await self._look())
        return report

    async def _read_account(self) -> tuple[list[BalanceRow], list[PositionRow], list[PositionKey]]:
        """Read balances and positions, and which positions are gone although we hold them."""
        positions = await self._rest.positions()
        for symbol in sorted({symbol for symbol, _ in self._feed.unlisted(positions)}):
            known = {(row.symbol, row.position_side) for row in positions}
            asked = await self._rest.positions(symbol)
            positions += [row for row in asked if (row.symbol, row.position_side) not in known]
        balances = await self._rest.balances()
        return balances, positions, self._feed.unlisted(positions)

    async def read_modes_if_answered(self) -> None:
        """Read the modes, or leave it to the next pass."""
        try:
            await self.read_modes()
        except RECOVERABLE as error:
            _log.warning(
                "the account's modes could not be read: %s",
                error,
                extra={"event": "modes_unread", "error": type(error).__name__},
            )

    async def read_modes(self) -> None:
        """Read position mode and multi-assets mode: when they change, no event says so."""
        try:
            mode = AccountModeKnown(*await self._rest.modes())
        except RequestRejectedError as refusal:
            _log.warning(
                "the account's modes were not told: %s", refusal, extra={"event": "modes_refused", "code": refusal.code}
            )
            return
        if mode != self._mode:
            self._mode = mode
            self._delivery.publish(mode)

    @property
    def mode(self) -> AccountModeKnown | None:
        """How the account is set up, as last read."""
        return self._mode
