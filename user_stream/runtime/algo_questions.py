"""What is asked over REST about conditional orders: all that are open, what became of one, and which order it became.

They answer to the same rules as ordinary orders, in a book of their own. An unknown outcome is asked for by client algo
id until the stream or REST answers; "not found" proves nothing while the request may still arrive and REST may lag;
past both bounds the order is lost, which is said. Nothing is ever sent again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Literal

from user_stream.core.algo_rows import AlgoRow, map_algo_row
from user_stream.core.conditional_orders import ConditionalOrder, ConditionalOrders
from user_stream.core.ledger import Told
from user_stream.core.retry import BackoffPolicy, backoff_delay
from user_stream.errors import RECOVERABLE, RequestRejectedError
from user_stream.runtime.account import Account
from user_stream.runtime.order_repairs import OrderRepairs

__all__ = ["AlgoQuestions"]

_log = logging.getLogger("user_stream.algo_questions")

_Answer = Literal["settled", "open", "not found", "no answer"]


class AlgoQuestions:
    """Asks, and tells what the answers say. `heard` is called after each fold: who waited for it need not any more."""

    def __init__(
        self, account: Account, orders: ConditionalOrders, repairs: OrderRepairs, *, heard: Callable[[], None]
    ) -> None:
        self._rest = account.rest
        self._ledger = account.ledger
        self._delivery = account.delivery
        self._clock = account.clock
        self._draw = account.draw
        self._orders = orders
        self._repairs = repairs
        self._heard = heard
        settings = account.settings
        self._waits = BackoffPolicy(initial_s=settings.question_interval_s, maximum_s=10.0)
        self._bound_s = settings.recv_window_ms / 1000 + settings.rest_lag_s
        self._lag_ms = int(settings.rest_lag_s * 1000)

    # --- a recovery's part ----------------------------------------------------------------------------------------

    async def read_all(self) -> list[Told]:
        """Read the open ones, those that we hold open and that are not listed, and those that we sent and heard nothing
        of; tell what is new, and return it.

        An exchange that refuses these questions has no conditional orders to tell of.
        """
        try:
            rows = await self._rest.algo.open_orders()
        except RequestRejectedError as refusal:
            _log.warning(
                "the question for open conditional orders was refused: %s",
                refusal,
                extra={"event": "question_refused", "code": refusal.code},
            )
            return []
        at = self._rest.exchange_time_ms()
        told = [item for row in rows for item in self._fold(row)]
        for order in self._orders.unlisted([row.algo_id for row in rows], at=at):
            told += await self._look_at(order)
        for intent in self._orders.intents:
            row = await self._found(intent.client_order_id)
            told += [] if row is None else self._fold(row)
        return told

    async def _look_at(self, order: ConditionalOrder) -> list[Told]:
        row = await self._found(order.client_algo_id, algo_id=order.algo_id)
        if row is not None:
            return self._fold(row)
        told = self._orders.fold_not_found(order.algo_id, at=self._rest.exchange_time_ms(), lag_ms=self._lag_ms)
        self._tell(told)
        return told

    async def _found(self, client_algo_id: str, *, algo_id: int = 0) -> AlgoRow | None:
        try:
            return await self._rest.algo.order(client_algo_id, algo_id=algo_id)
        except RequestRejectedError as refusal:
            _log.warning(
                "the question for one conditional order was refused: %s",
                refusal,
                extra={"event": "question_refused", "code": refusal.code},
            )
            return None

    # --- one order's ----------------------------------------------------------------------------------------------

    async def find_child(self, algo_id: int) -> None:
        """Ask which order a triggered one became, until that is known or REST cannot lag any more."""
        deadline = self._clock.monotonic() + self._bound_s
        attempt = 0
        while (order := self._orders.get(algo_id)) is not None and order.child is None:
            attempt += 1
            try:
                await self._look_at(order)
            except RECOVERABLE as error:
                _log.warning(
                    "the child of conditional order %d could not be read: %s",
                    algo_id,
                    error,
                    extra={"event": "child_unread", "algo_id": algo_id, "error": type(error).__name__},
                )
            if not order.lacks_child or self._clock.monotonic() > deadline:
                return
            await self._clock.sleep(backoff_delay(self._waits, attempt, self._draw()))

    async def see_child_end(self, algo_id: int) -> None:
        """A finished order's child is over: read its end, should no stream tell it."""
        deadline = self._clock.monotonic() + self._bound_s
        attempt = 0
        while (order := self._orders.get(algo_id)) is not None and order.child is not None:
            attempt += 1
            await self._clock.sleep(backoff_delay(self._waits, attempt, self._draw()))
            record = self._ledger.order(order.child)
            if (record is not None and record.ended) or self._clock.monotonic() > deadline:
                return
            await self._repairs.look_at(order.child)

    async def ask(self, client_algo_id: str) -> None:
        """Ask what became of one until an answer will not change: it is an end, or the same past every bound."""
        intended = client_algo_id in self._orders.intents
        deadline = self._clock.monotonic() + self._bound_s
        attempt = 0
        while True:
            attempt += 1
            await self._clock.sleep(backoff_delay(self._waits, attempt, self._draw()))
            if self._is_answered(client_algo_id, intended=intended):
                return  # the stream was faster
            answer = await self._ask_once(client_algo_id, intended=intended)
            if answer == "settled":
                return
            if answer != "no answer" and self._clock.monotonic() > deadline:
                break
        if answer == "open":
            self._delivery.tell_open(client_algo_id)
        elif intended and client_algo_id in self._orders.intents:
            self._orders.intents.give_up(client_algo_id)
            self._delivery.tell_lost(client_algo_id)

    def _is_answered(self, client_algo_id: str, *, intended: bool) -> bool:
        if intended:
            return client_algo_id not in self._orders.intents
        order = self._orders.named(client_algo_id)
        return order is not None and order.ended and order not in self._orders.unsettled

    async def _ask_once(self, client_algo_id: str, *, intended: bool) -> _Answer:
        try:
            row = await self._rest.algo.order(client_algo_id)
        except RequestRejectedError as refusal:
            _log.warning(
                "the question what became of %s was refused: %s",
                client_algo_id,
                refusal,
                extra={"event": "question_refused", "client_order_id": client_algo_id, "code": refusal.code},
            )
            return "not found"
        except RECOVERABLE as error:
            _log.warning(
                "what became of %s could not be read: %s",
                client_algo_id,
                error,
                extra={
                    "event": "question_unanswered",
                    "client_order_id": client_algo_id,
                    "error": type(error).__name__,
                },
            )
            return "no answer"
        if row is None:
            return "not found"
        self._fold(row)
        if intended:  # unless another order bears the name, it is placed, and that was the question
            return "not found" if client_algo_id in self._orders.intents else "settled"
        return await self._stands(row.algo_id)

    async def _stands(self, algo_id: int) -> _Answer:
        order = self._orders.get(algo_id)
        if order is None or order.child is None:
            return "settled" if order is None or order.ended else "open"
        await self._repairs.look_at(order.child)
        record = self._ledger.order(order.child)
        return "settled" if record is not None and record.ended else "open"

    def _fold(self, row: AlgoRow) -> list[Told]:
        told = self._orders.fold(map_algo_row(row))
        self._tell(told)
        return told

    def _tell(self, told: list[Told]) -> None:
        self._delivery.tell(told)
        self._heard()
