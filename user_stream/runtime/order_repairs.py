"""Single orders set right over REST while the stream is live: fills that are missing, and outcomes that nobody knows.

A missing fill is looked for until `Settings.hole_wait_s` is over; what was held back for it then goes out, and the
shortfall is declared. An unknown outcome is asked for by client order id until the stream or REST answers. "Not found"
proves nothing while the request may still arrive and REST may lag; past both bounds the order is lost, which is said,
and it stays fillable. Nothing is ever sent again. Commission and profit of a fill that TRADE_LITE alone has told are
asked for once, when their event should have come and REST cannot lag any more.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from typing import Literal, NamedTuple, NoReturn

from user_stream.core.ledger import Ledger, Told
from user_stream.core.lifecycle import ShortfallDeclared
from user_stream.core.mapping import ENDED
from user_stream.core.order_record import OrderKey
from user_stream.core.repair_report import repair_report
from user_stream.core.retry import BackoffPolicy, backoff_delay
from user_stream.errors import RECOVERABLE, RequestRejectedError
from user_stream.observer import Metrics
from user_stream.runtime.binance_rest import BinanceRest
from user_stream.runtime.clock import Clock
from user_stream.runtime.delivery import Delivery
from user_stream.runtime.recovery import read_order
from user_stream.settings import Settings

__all__ = ["OrderRepairs"]

_log = logging.getLogger("user_stream.order_repairs")

_COMPLETE_EVERY_S = 30.0
"""How often fills are looked for of which details are overdue."""


class _Question(NamedTuple):
    """What became of this order? `intended`: nothing was ever heard of it, so the question is whether it exists."""

    symbol: str
    client_order_id: str
    intended: bool


class OrderRepairs:
    """Runs at most one repair per order and one of each question at a time, as tasks of the service."""

    def __init__(
        self,
        rest: BinanceRest,
        ledger: Ledger,
        delivery: Delivery,
        *,
        settings: Settings,
        clock: Clock,
        draw: Callable[[], float],
        metrics: Metrics,
    ) -> None:
        self._rest = rest
        self._ledger = ledger
        self._delivery = delivery
        self._settings = settings
        self._clock = clock
        self._draw = draw
        self._metrics = metrics
        self._questions = BackoffPolicy(initial_s=settings.question_interval_s, maximum_s=10.0)
        self._tasks: asyncio.TaskGroup | None = None
        self._repairs: dict[OrderKey, asyncio.Task[list[Told]]] = {}
        self._reported: set[OrderKey] = set()
        """Whose repair a recovery waits for, and reports together with everything else that it found."""
        self._asking: set[_Question] = set()
        self._floor = 0

    @property
    def open_questions(self) -> int:
        """How many orders are asked for, because nobody knows what became of their request."""
        return len(self._asking)

    def begin(self, tasks: asyncio.TaskGroup) -> None:
        """Run in this group from now on; questions that were put before are asked now."""
        self._tasks = tasks
        tasks.create_task(self._keep_completing(), name="ask for details")
        waiting, self._asking = self._asking, set()
        for question in sorted(waiting):
            self.question(question.symbol, question.client_order_id)

    def end(self) -> None:
        """Start nothing any more."""
        self._tasks = None

    def start_from(self, floor: int) -> None:
        """Orders made before `floor` (exchange ms), and never met, start from a baseline."""
        self._floor = floor

    def repair_holes(self) -> None:
        """Look for the fills that the ledger misses."""
        for key in self._ledger.holes - self._repairs.keys():
            if self._tasks is not None:
                self._repairs[key] = self._tasks.create_task(self._repair(key), name=f"repair {key[0]} {key[1]}")

    async def settle(self) -> list[Told]:
        """Repair the holes that there are, and return what that told; takes at most `Settings.hole_wait_s`."""
        self.repair_holes()
        awaited = self._ledger.holes & self._repairs.keys()
        repairs = [self._repairs[key] for key in awaited]
        self._reported |= awaited
        if repairs:
            await asyncio.wait(repairs)
        return [item for repair in repairs if not repair.cancelled() for item in repair.result()]

    def question(self, symbol: str, client_order_id: str) -> None:
        """Ask what became of an order whose request had an unknown outcome."""
        question = _Question(symbol, client_order_id, intended=client_order_id in self._ledger.intents)
        if question in self._asking:
            return
        self._asking.add(question)
        if self._tasks is not None:
            self._tasks.create_task(self._ask(question), name=f"ask for {client_order_id}")

    async def look_at(self, key: OrderKey) -> None:
        """Read one order with its fills, and tell what is new."""
        self._measure(await self._repair_once(key, within_s=self._settings.request_timeout_s))

    async def _repair(self, key: OrderKey) -> list[Told]:
        """Look for an order's missing fills within `Settings.hole_wait_s`, then let go of what waits for them."""
        deadline = self._clock.monotonic() + self._settings.hole_wait_s
        told: list[Told] = []
        attempt = 0
        try:
            while not self._ledger.is_complete(key) and self._clock.monotonic() < deadline:
                attempt += 1
                told += await self._repair_once(key, within_s=deadline - self._clock.monotonic())
                if not self._ledger.is_complete(key):
                    await self._clock.sleep(min(0.1 * 2**attempt, max(deadline - self._clock.monotonic(), 0)))
            released = self._ledger.release(key)
            self._delivery.tell(released)
        finally:
            self._repairs.pop(key, None)
            is_reported = key in self._reported
            self._reported.discard(key)
        if not is_reported:
            self._measure(told)
        if not self._ledger.is_complete(key):
            self._declare_shortfall(key)
        return told + released

    def _declare_shortfall(self, key: OrderKey) -> None:
        self._delivery.publish(ShortfallDeclared(key))
        if self._tasks is not None:
            self._tasks.create_task(self._try_again(key), name=f"late fills of {key[0]} {key[1]}")

    async def _try_again(self, key: OrderKey) -> None:
        """REST may list a fill so late that nobody waited for it; the next synchronization asks once more, too."""
        await self._clock.sleep(self._settings.rest_lag_s)
        if not self._ledger.is_complete(key):
            self._measure(await self._repair_once(key, within_s=self._settings.rest_lag_s))

    async def _keep_completing(self) -> NoReturn:
        """Ask once for the details of each fill whose ORDER_TRADE_UPDATE should have come long ago: it was lost."""
        while True:
            await self._clock.sleep(_COMPLETE_EVERY_S)
            overdue = self._rest.exchange_time_ms() - int(self._settings.rest_lag_s * 1000)
            for key in self._ledger.undetailed_orders(before=overdue):
                if await self._is_answered(key):
                    self._ledger.forgo_details(key, before=overdue)

    async def _is_answered(self, key: OrderKey) -> bool:
        """Read one order with its fills and tell what is new; say whether asking again could not bring more."""
        try:
            found = await read_order(self._rest, key)
        except RECOVERABLE as error:
            self._say_unread(key, error)
            return isinstance(error, RequestRejectedError)
        if found is not None:
            told = self._ledger.fold_order(*found, since=self._floor)
            self._delivery.tell(told)
            self._measure(told)
        return True

    def _say_unread(self, key: OrderKey, error: Exception) -> None:
        about = {"event": "fills_unread", "symbol": key[0], "order_id": key[1], "error": type(error).__name__}
        _log.warning("the fills of order %s of %s could not be read: %s", key[1], key[0], error, extra=about)

    def _measure(self, told: Iterable[Told]) -> None:
        """Count what REST told; what only waited for it is the stream's."""
        if self._metrics.observed:
            for answer, things in repair_report(told, None).by_origin().items():
                if answer != "stream":
                    self._metrics.repaired(answer, things)

    async def _repair_once(self, key: OrderKey, *, within_s: float) -> list[Told]:
        try:
            async with asyncio.timeout(within_s):
                found = await read_order(self._rest, key)
        except (*RECOVERABLE, TimeoutError) as error:
            self._say_unread(key, error)
            return []
        if found is None:
            return []
        told = self._ledger.fold_order(*found, since=self._floor)
        self._delivery.tell(told)
        return told

    async def _ask(self, question: _Question) -> None:
        """Ask until there is an answer that will not change: an end, or the same thing past every bound."""
        bound_s = self._settings.recv_window_ms / 1000 + self._settings.rest_lag_s
        deadline = self._clock.monotonic() + bound_s
        attempt = 0
        try:
            while True:
                attempt += 1
                await self._clock.sleep(backoff_delay(self._questions, attempt, self._draw()))
                if question.intended and question.client_order_id not in self._ledger.intents:
                    return  # the stream was faster
                answer = await self._ask_once(question)
                if answer == "settled":
                    return
                if answer != "no answer" and self._clock.monotonic() > deadline:
                    break
        finally:
            self._asking.discard(question)
        self._conclude(question, answer)

    def _conclude(self, question: _Question, answer: str) -> None:
        if answer == "open":
            self._delivery.tell_open(question.client_order_id)
        elif question.intended and question.client_order_id in self._ledger.intents:
            self._ledger.intents.give_up(question.client_order_id)
            self._delivery.tell_lost(question.client_order_id)

    async def _ask_once(self, question: _Question) -> Literal["settled", "open", "not found", "no answer"]:
        """Ask once, and tell what the answer says."""
        name = question.client_order_id
        about: dict[str, object] = {"symbol": question.symbol, "client_order_id": name}
        try:
            row = await self._rest.order_by_client_id(question.symbol, name)
            trades = [] if row is None else await self._rest.trades_of_order(row)
        except RequestRejectedError as refusal:
            about |= {"event": "question_refused", "code": refusal.code}
            _log.warning("the question what became of %s was refused: %s", name, refusal, extra=about)
            return "not found"
        except RECOVERABLE as error:
            about |= {"event": "question_unanswered", "error": type(error).__name__}
            _log.warning("what became of %s could not be read: %s", name, error, extra=about)
            return "no answer"
        if row is None:
            return "not found"
        told = self._ledger.fold_order(row, trades, since=self._floor)
        self._delivery.tell(told)
        self._measure(told)
        self.repair_holes()
        if question.intended:  # unless another order bears the name, it is placed, and that was the question
            return "not found" if name in self._ledger.intents else "settled"
        return "settled" if row.status in ENDED else "open"
