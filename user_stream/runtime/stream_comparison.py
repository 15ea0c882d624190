"""Asking REST, now and then, whether the stream keeps something back; what the answers mean is `core/comparison`'s.

Each question costs openOrders (40), openAlgoOrders (40), allOrders, positionRisk and balance (5 each), and 1 for each
order that is not listed or was never heard of. With the default interval of 30 s that is 190 of the 2,400 that an
address may use in a minute, and what REST shows and the stream kept back is noticed within interval and grace: 35 s.
One question that is refused does not keep the others unasked.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import NoReturn, TypeVar

from user_stream.core.algo_rows import AlgoRow
from user_stream.core.comparison import Comparison, Shown
from user_stream.core.conditional_orders import ConditionalOrders
from user_stream.core.rest_rows import OrderRow
from user_stream.errors import RECOVERABLE, RateLimitedError, RequestRejectedError
from user_stream.runtime.account import Account

__all__ = ["StreamComparison"]

Found = TypeVar("Found")

_log = logging.getLogger("user_stream.comparison")


class StreamComparison:
    """Compares while `is_live` says so, and at once when somebody wishes.

    `on_turn` is called before each question. When REST showed more than was told, `caught_up` waits for what waits in
    our own buffers, and `on_doubt` is called before the rest is held against all connections. `on_equal` hears until
    when, in exchange ms, everything that REST shows was told; `on_silence` what was not.
    """

    def __init__(
        self,
        account: Account,
        conditionals: ConditionalOrders,
        *,
        is_live: Callable[[], bool],
        on_turn: Callable[[], None],
        caught_up: Callable[[], Awaitable[None]],
        on_doubt: Callable[[], None],
        on_equal: Callable[[int], None],
        on_silence: Callable[[list[str]], None],
    ) -> None:
        self._rest = account.rest
        self._settings = settings = account.settings
        self._clock = account.clock
        self._coverage = account.coverage
        self._comparison = Comparison(
            account.ledger,
            account.feed,
            order_lag_ms=int(settings.rest_lag_s * 1000),
            account_lag_ms=int(settings.account_lag_s * 1000),
            conditionals=conditionals,
        )
        self._ledger = account.ledger
        self._conditionals = conditionals
        self._lag_ms = int(settings.rest_lag_s * 1000)
        self._asked_at = 0
        self._is_live = is_live
        self._on_turn = on_turn
        self._caught_up = caught_up
        self._on_doubt = on_doubt
        self._on_equal = on_equal
        self._on_silence = on_silence
        self._wished = asyncio.Event()

    def soon(self) -> None:
        """Compare at once: one of two connections is gone, and the other may be as dead."""
        self._wished.set()

    async def keep_comparing(self) -> NoReturn:
        """Compare for ever."""
        asked_s = self._clock.monotonic()
        while True:
            took_s = self._clock.monotonic() - asked_s
            await self._turn(max(self._settings.comparison_interval_s - took_s, self._settings.comparison_grace_s))
            asked_s = self._clock.monotonic()
            if not self._is_live():
                continue
            try:
                await self._compare()
            except RECOVERABLE as error:
                _log.warning(
                    "the stream could not be compared with REST: %s",
                    error,
                    extra={"event": "comparison_failed", "error": type(error).__name__},
                )
                if isinstance(error, RateLimitedError):
                    await self._clock.sleep(error.retry_after_s)
                    asked_s = self._clock.monotonic()  # recoveries come first

    async def _turn(self, wait_s: float) -> None:
        """Wait until it is time; from question to question, so that what takes long does not make silence longer."""
        try:
            async with asyncio.timeout(wait_s):
                await self._wished.wait()
        except TimeoutError:
            return
        self._wished.clear()

    async def _compare(self) -> None:
        self._on_turn()
        shown = await self._ask()
        if self._comparison.suspicions(shown):
            await self._clock.sleep(self._settings.comparison_grace_s)
            await self._caught_up()
        if self._comparison.suspicions(shown):
            self._on_doubt()
        suspicions = self._comparison.suspicions(shown)
        if not self._is_live():
            return  # a recovery tells it, whatever it is
        if suspicions:
            self._on_silence(suspicions)
        elif not self._comparison.undecided:
            self._on_equal(shown.asked_at - int(self._settings.rest_lag_s * 1000))

    async def _ask(self) -> Shown:
        asked_at = self._rest.exchange_time_ms()
        since = (self._asked_at or asked_at) - self._lag_ms
        shown = Shown(
            asked_at=asked_at,
            owed_since=self._coverage.owed_since,
            orders=await self._rest.open_orders(),
            recent=await _answered(self._rest.orders_since(since, until=asked_at)) or (),
            algos=await _answered(self._rest.algo.open_orders()) or (),
            positions=await self._rest.positions(),
            balances=await self._rest.balances(),
        )
        self._asked_at = asked_at
        return replace(shown, queried=await self._orders_of(shown), queried_algos=await self._algos_of(shown))

    async def _orders_of(self, shown: Shown) -> list[OrderRow]:
        """Ask for each order that should be listed and is not, and for each that was sent and never heard of."""
        keys = self._comparison.unlisted_orders(shown)
        rows = [await _answered(self._rest.order(*key)) for key in keys]
        sent = self._comparison.unheard_of(self._ledger.intents, shown)
        rows += [await _answered(self._rest.order_by_client_id(each.symbol, each.client_order_id)) for each in sent]
        return [row for row in rows if row is not None]

    async def _algos_of(self, shown: Shown) -> list[AlgoRow]:
        held = self._comparison.unlisted_algos(shown)
        rows = [await _answered(self._rest.algo.order(each.client_algo_id, algo_id=each.algo_id)) for each in held]
        sent = self._comparison.unheard_of(self._conditionals.intents, shown)
        rows += [await _answered(self._rest.algo.order(each.client_order_id)) for each in sent]
        return [row for row in rows if row is not None]


async def _answered(question: Awaitable[Found]) -> Found | None:
    """Return an answer, None for a refusal."""
    try:
        return await question
    except RequestRejectedError as refusal:
        _log.warning(
            "a question of the comparison was refused: %s",
            refusal,
            extra={"event": "question_refused", "code": refusal.code},
        )
        return None
