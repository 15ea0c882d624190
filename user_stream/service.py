"""The service as an engine sees it: put together, started, asked, stopped.

Its life between start and stop is `runtime/supervisor`'s, to be read there from top to bottom.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable
from functools import partial
from types import TracebackType
from typing import Self

from user_stream.contracts import OrderIntent, TakesAccountUpdates, TakesOrderUpdates, UsesOrderRegistry
from user_stream.core.account_feed import AccountFeed
from user_stream.core.coverage import Coverage
from user_stream.core.fills import FillPriceCache, LastFill
from user_stream.core.ledger import Ledger
from user_stream.core.lifecycle import (
    AccountModeKnown,
    JournalDamaged,
    Live,
    ServiceState,
    Stopped,
)
from user_stream.errors import JournalError, UserStreamError
from user_stream.observer import Metrics, Observer
from user_stream.runtime.account import Account
from user_stream.runtime.binance_rest import BinanceRest
from user_stream.runtime.binance_websocket import BinanceWebsocket, foremost_error
from user_stream.runtime.clock import Clock, LoopClock
from user_stream.runtime.conditional_flow import ConditionalFlow
from user_stream.runtime.delivery import Delivery, Listener
from user_stream.runtime.lease import ListenKeyLease
from user_stream.runtime.memory import Memory
from user_stream.runtime.order_repairs import OrderRepairs
from user_stream.runtime.outbox import is_inside_callback
from user_stream.runtime.rate_budget import RateLimit
from user_stream.runtime.supervisor import NOT_STARTED, Supervisor
from user_stream.runtime.transport import Connector, open_websocket
from user_stream.settings import Environment, Settings

__all__ = ["UserStreamService"]

_log = logging.getLogger("user_stream")


class _StopRequestedError(UserStreamError):
    """Ends the tasks of a service that somebody stopped."""


def _require_callbacks(order_manager: object, risk_engine: object) -> None:
    if not isinstance(order_manager, TakesOrderUpdates):
        message = f"the order manager, a {type(order_manager).__name__}, has no on_order_update(data)"
        raise TypeError(message)
    if risk_engine is not None and not isinstance(risk_engine, TakesAccountUpdates):
        message = f"the risk engine, a {type(risk_engine).__name__}, has no on_account_update(data)"
        raise TypeError(message)


class UserStreamService:
    """Delivers what happens to an account's orders, positions and balances, exactly once and in order.

    `order_manager`: anything with `on_order_update(data)`; one that also has `use_registry` gets this service as the
    place to register its orders. `risk_engine`: anything with `on_account_update(data)`; one that also has
    `on_stream_state` hears of each state. All may be coroutine functions. `observer` gets the metrics of
    `user_stream.core.metrics`.
    """

    def __init__(
        self,
        api_key: str,
        api_secret: str,
        order_manager: TakesOrderUpdates,
        risk_engine: TakesAccountUpdates | None = None,
        *,
        environment: Environment = Environment.MAINNET,
        settings: Settings | None = None,
        clock: Clock | None = None,
        connector: Connector = open_websocket,
        draw: Callable[[], float] = random.random,
        observer: Observer | None = None,
    ) -> None:
        _require_callbacks(order_manager, risk_engine)
        self._settings = settings = settings or Settings()
        self._environment = environment
        self._clock = clock = clock or LoopClock()
        self._draw = draw
        self._rest = rest = BinanceRest(api_key, api_secret, environment=environment, settings=settings, clock=clock)
        self._metrics = Metrics(observer, exchange_time_ms=rest.exchange_time_ms)
        rest.rate_limit.metrics = self._metrics
        self._fills = FillPriceCache(max_symbols=settings.fill_cache_symbols, max_age_s=settings.fill_cache_max_age_s)
        self._memory = Memory.open(api_key, settings=settings, clock=clock, metrics=self._metrics)
        self._ledger = Ledger(deliver_enrichment=settings.deliver_enrichment)
        self._feed = AccountFeed()
        self._coverage = Coverage(overlap_ms=int(settings.overlap_s * 1000))
        self._delivery = Delivery(
            order_manager, risk_engine, self._fills, callback_timeout_s=settings.callback_timeout_s,
            callback_slow_s=settings.callback_slow_s, clock=clock, metrics=self._metrics,
            memory=self._memory,
        )  # fmt: skip
        account = Account(
            rest=rest, ledger=self._ledger, feed=self._feed, coverage=self._coverage, delivery=self._delivery,
            memory=self._memory, metrics=self._metrics, settings=settings, clock=clock, draw=draw,
        )  # fmt: skip
        self._repairs = OrderRepairs(
            rest, self._ledger, self._delivery, settings=settings, clock=clock, draw=draw, metrics=self._metrics
        )
        self._conditionals = ConditionalFlow(account, self._repairs, is_live=lambda: isinstance(self.state, Live))
        lease = ListenKeyLease(rest, settings=settings, clock=clock, draw=draw)
        connect = partial(
            BinanceWebsocket, api_key, api_secret, environment=environment, settings=settings, rest=rest, lease=lease,
            clock=clock, connector=connector, draw=draw,
        )  # fmt: skip
        self._supervisor = Supervisor(
            account, self._repairs, self._conditionals, lease, lambda handlers: connect(handlers=handlers)
        )
        self._memory.on_failure = self._on_forgetful
        self._forgetful: JournalError | None = None
        self._begun = False
        self._stopping = asyncio.Event()
        self._closing = asyncio.Event()
        """Set when nothing is left to end but callbacks."""
        self._ended = asyncio.Event()
        self._fatal: BaseException | None = None
        if isinstance(order_manager, UsesOrderRegistry):
            order_manager.use_registry(self)

    def __repr__(self) -> str:
        return f"UserStreamService({self._environment.name}, {self.state})"

    # --- what an engine asks --------------------------------------------------------------------------------------

    @property
    def state(self) -> ServiceState:
        """Where the service is in its life; `Live` alone means that everything which was shown was told."""
        return self._supervisor.state

    def add_listener(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` with every typed event and every lifecycle notice; the returned function takes it off."""
        return self._delivery.add_listener(listener)

    def last_fill(self, symbol: str) -> LastFill | None:
        """Return the symbol's last fill, or None when there is none younger than `Settings.fill_cache_max_age_s`."""
        return self._fills.last_fill(symbol, now_ms=self._rest.exchange_time_ms())

    def last_fill_of_any_age(self, symbol: str) -> LastFill | None:
        """Return the symbol's last fill, stale or not."""
        return self._fills.last_fill_of_any_age(symbol)

    def register_intent(self, intent: OrderIntent) -> None:
        """Announce an order **before** its request is sent, so that its first event finds its owner."""
        self._memory.intend(intent)
        if intent.algo:
            self._conditionals.register(intent)
        else:
            self._ledger.register(intent)

    def withdraw_intent(self, client_order_id: str) -> None:
        """Take an announced order back: the exchange refused it for certain."""
        self._memory.withdraw(client_order_id)
        self._ledger.intents.withdraw(client_order_id)
        self._conditionals.withdraw(client_order_id)

    def question_order(self, symbol: str, client_order_id: str) -> None:
        """Ask what became of an order whose request had an unknown outcome; the answer comes as an order update."""
        if self._conditionals.knows(client_order_id):
            self._conditionals.question(client_order_id)
        else:
            self._repairs.question(symbol, client_order_id)

    def amendment_requested(self, symbol: str, order_id: str) -> None:
        """Hear that an order is about to be amended: until that is settled, nobody infers that it is filled."""
        self._ledger.amendment_requested((symbol, order_id))

    def amendment_settled(self, symbol: str, order_id: str) -> None:
        """Hear that an amendment was refused for certain."""
        self._ledger.amendment_settled((symbol, order_id))

    @property
    def rate_limit(self) -> RateLimit:
        """What may still be asked this minute: to be shared with whoever asks from the same address."""
        return self._rest.rate_limit

    def question_account_mode(self) -> None:
        """Read position mode and multi-assets mode: an order was refused (-4061) that does not fit them."""
        self._supervisor.question_account_mode()

    @property
    def account_mode(self) -> AccountModeKnown | None:
        """How the account is set up, as last read; None before that."""
        return self._supervisor.account_mode

    # --- life -----------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Run until `stop()`, reconnecting for ever.

        Raises a `FatalError`, which no retry can cure; any other exception is a defect of this library.
        """
        if self._begun:
            message = "a service lives once: make a new one"
            raise RuntimeError(message)
        self._begun = True
        try:
            await self._resume()
            async with asyncio.TaskGroup() as tasks:
                self._supervisor.begin(tasks)
                try:
                    await self._stopping.wait()
                    raise self._forgetful or _StopRequestedError
                finally:
                    self._supervisor.end()
        except BaseExceptionGroup as group:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise asyncio.CancelledError from None  # before Python 3.13 a group forgets that it was cancelled
            error = foremost_error(group)
            if not isinstance(error, _StopRequestedError):
                self._fatal = error
                raise error from None
        except Exception as error:
            self._fatal = error
            raise
        finally:
            await self._end()

    async def _resume(self) -> None:
        """Go on where an earlier process was killed, if a journal says so."""
        left = self._memory.recall()
        if self._memory.damage:
            self._delivery.publish(JournalDamaged(self._memory.damage))
        self._ledger.restore(
            [item for item in left.told if item.update["order_id"]], next_delivery_id=left.next_delivery_id
        )
        self._conditionals.restore(left.intents, [update for kind, update in left.told if kind == "delivery"])
        await self._delivery.resume(left)
        if (gap := self._coverage.resume(left.watermark, left.floor)) is not None:
            self._delivery.publish(gap)
        for intent in (intent for intent in left.intents if not intent.algo):
            self._ledger.register(intent)
            self._repairs.question(intent.symbol, intent.client_order_id)

    def _on_forgetful(self, error: JournalError) -> None:
        """The journal cannot be written: to go on would be to promise what a kill breaks."""
        self._forgetful = self._forgetful or error
        self._stopping.set()
        if self.state is not NOT_STARTED:
            self._supervisor.stopped(str(self._forgetful))

    async def _end(self) -> None:
        """Tell what is still to be told, then let go of everything."""
        try:
            self._supervisor.stopped("" if self._fatal is None else str(self._fatal))
            self._closing.set()
            await self._delivery.idle()
        finally:  # also when whoever runs us is cancelled once more
            try:
                self._delivery.let_go()
                await self._rest.close()
                self._close_memory()
            finally:
                self._supervisor.settled.set()
                self._ended.set()

    def _close_memory(self) -> None:
        """Let go of the journal. What it could not take at the very end is as fatal as it was before."""
        try:
            self._memory.close()
            if self._forgetful is not None and self._fatal is None:
                raise self._forgetful
        except JournalError as error:
            self._fatal = self._fatal or error
            raise

    async def wait_until_ready(self, timeout: float | None = None) -> None:
        """Wait until the first synchronization is done.

        Raises the `FatalError` that `start()` raises, `TimeoutError` after `timeout` seconds, and `RuntimeError` when
        the service was stopped before it was ready.
        """
        async with asyncio.timeout(timeout):
            await self._supervisor.settled.wait()
        if self._fatal is not None:
            raise self._fatal
        if isinstance(self.state, Stopped):
            message = "the service was stopped before it was ready"
            raise RuntimeError(message)

    async def stop(self) -> None:
        """Stop, and return when everything has ended; a service that was not started yet will not start.

        What the ledger has booked is still told. Called from within a callback, or from a task that it waits for, it
        returns when nothing but callbacks is left to end: the service has stopped when the callback has returned. A
        service with a journal registers no order after its end.
        """
        self._stopping.set()
        if not self._begun:
            self._memory.close()
            self._supervisor.settled.set()
            return
        if is_inside_callback():
            if self.state is NOT_STARTED:
                return  # the order manager does not want back what it is given
            await self._closing.wait()
            if is_inside_callback():
                return
        await self._ended.wait()

    async def __aenter__(self) -> Self:
        self._background = asyncio.create_task(self.start(), name="user-stream")
        try:
            await self.wait_until_ready()
        except BaseException:
            self._background.cancel()
            await asyncio.wait([self._background])
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()
        await asyncio.wait([self._background])
        if error is None:
            self._background.result()
