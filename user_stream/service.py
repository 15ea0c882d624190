"""The service's life, top to bottom: supervise, connect, synchronize, go live, repair, recover.

What is known and what is told is decided in `core/`; this file asks, waits and passes on. Whatever reaches the engine
went through the ledger.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable
from types import TracebackType
from typing import NoReturn, Self

from user_stream.contracts import OrderIntent, TakesAccountUpdates, TakesOrderUpdates, UsesOrderRegistry
from user_stream.core.events import AccountUpdate, ControlReply, Event, ListenKeyExpired, OrderTradeUpdate, TradeLite
from user_stream.core.fills import FillPriceCache, LastFill
from user_stream.core.ledger import Ledger
from user_stream.core.lifecycle import (
    Connecting,
    Degraded,
    FrameRefused,
    GapOpened,
    GapRepaired,
    ListenKeyKept,
    Live,
    RepairReport,
    ServiceState,
    Stopped,
    Synchronizing,
)
from user_stream.core.mapping import map_account_update, map_order_update, map_trade_lite
from user_stream.core.reconcile import Touched, account_patch, fold_snapshot, repair_report
from user_stream.core.retry import backoff_delay
from user_stream.errors import RECOVERABLE, RateLimitedError, UserStreamError
from user_stream.observer import Metrics, Observer
from user_stream.runtime.binance_rest import BinanceRest
from user_stream.runtime.binance_websocket import BinanceWebsocket, StreamHandlers, foremost_error
from user_stream.runtime.clock import Clock, LoopClock
from user_stream.runtime.delivery import Delivery, Listener
from user_stream.runtime.order_repairs import OrderRepairs
from user_stream.runtime.outbox import is_inside_callback
from user_stream.runtime.recovery import read_account, read_orders
from user_stream.runtime.transport import Connector, open_websocket
from user_stream.settings import Environment, Settings

__all__ = ["UserStreamService"]

_log = logging.getLogger("user_stream")
_EVICT_EVERY_MS = 60_000
_NOT_STARTED = Stopped("not started")


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
    place to register its orders. `risk_engine`: anything with `on_account_update(data)`. Both may be coroutine
    functions. `observer` gets the metrics of `user_stream.core.metrics`.
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
        self._clock = clock = clock or LoopClock()
        self._draw = draw
        self._rest = BinanceRest(api_key, api_secret, environment=environment, settings=settings, clock=clock)
        self._fills = FillPriceCache(max_symbols=settings.fill_cache_symbols, max_age_s=settings.fill_cache_max_age_s)
        self._ledger = Ledger(deliver_enrichment=settings.deliver_enrichment)
        self._delivery = Delivery(
            order_manager, risk_engine, self._fills, callback_timeout_s=settings.callback_timeout_s,
            callback_slow_s=settings.callback_slow_s, clock=clock,
            metrics=Metrics(observer, exchange_time_ms=self._rest.exchange_time_ms),
        )  # fmt: skip
        self._repairs = OrderRepairs(
            self._rest, self._ledger, self._delivery, settings=settings, clock=clock, draw=draw
        )
        self._websocket = BinanceWebsocket(
            api_key, api_secret, environment=environment, settings=settings, handlers=self._handlers(),
            rest=self._rest, clock=clock, connector=connector, draw=draw,
        )  # fmt: skip
        self._environment = environment
        self._state: ServiceState = _NOT_STARTED
        self._stopping = asyncio.Event()
        self._settled = asyncio.Event()
        self._ended = asyncio.Event()
        self._fatal: BaseException | None = None
        self._epoch = 0
        self._ledger_epoch = 0
        self._attempt = 0
        self._live_at_s: float | None = None
        self._proven_epoch = 0
        self._lost_epoch = 0
        self._retry_at_s = 0.0
        self._floor = 0
        self._watermark = 0
        self._evicted_at = 0
        self._gap: GapOpened | None = None
        self._touched = Touched()
        if isinstance(order_manager, UsesOrderRegistry):
            order_manager.use_registry(self)

    def __repr__(self) -> str:
        return f"UserStreamService({self._environment.name}, {self._state})"

    # --- what an engine asks --------------------------------------------------------------------------------------

    @property
    def state(self) -> ServiceState:
        """Where the service is in its life; `Live` alone means that the engine knows what the exchange knows."""
        return self._state

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
        self._ledger.register(intent)

    def withdraw_intent(self, client_order_id: str) -> None:
        """Take an announced order back: the exchange refused it for certain."""
        self._ledger.intents.withdraw(client_order_id)

    def question_order(self, symbol: str, client_order_id: str) -> None:
        """Ask what became of an order whose request had an unknown outcome; the answer comes as an order update."""
        self._repairs.question(symbol, client_order_id)

    # --- life -----------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Run until `stop()`, reconnecting for ever.

        Raises a `FatalError`, which no retry can cure; any other exception is a defect of this library.
        """
        if self._state is not _NOT_STARTED:
            message = "a service lives once: make a new one"
            raise RuntimeError(message)
        self._state = Connecting(0, 0)
        try:
            async with asyncio.TaskGroup() as tasks:
                self._repairs.begin(tasks)
                tasks.create_task(self._supervise(), name="supervise")
                try:
                    await self._stopping.wait()
                    raise _StopRequestedError
                finally:
                    self._repairs.end()
        except BaseExceptionGroup as group:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise asyncio.CancelledError from None  # before Python 3.13 a group forgets that it was cancelled
            error = foremost_error(group)
            if not isinstance(error, _StopRequestedError):
                self._fatal = error
                raise error from None
        finally:
            await self._end()

    async def _end(self) -> None:
        """Tell what is still to be told, then let go of everything."""
        try:
            self._become(Stopped("" if self._fatal is None else str(self._fatal)))
            await self._delivery.idle()
        finally:  # also when whoever runs us is cancelled once more
            try:
                await self._rest.close()
            finally:
                self._settled.set()
                self._ended.set()

    async def wait_until_ready(self, timeout: float | None = None) -> None:
        """Wait until the first synchronization is done.

        Raises the `FatalError` that `start()` raises, `TimeoutError` after `timeout` seconds, and `RuntimeError` when
        the service was stopped before it was ready.
        """
        async with asyncio.timeout(timeout):
            await self._settled.wait()
        if self._fatal is not None:
            raise self._fatal
        if isinstance(self._state, Stopped):
            message = "the service was stopped before it was ready"
            raise RuntimeError(message)

    async def stop(self) -> None:
        """Stop, and return when everything has ended; a service that was not started yet will not start.

        What the ledger has booked is still told. Called from within a callback, it returns at once: the service stops
        when the callback has returned.
        """
        self._stopping.set()
        if self._state is not _NOT_STARTED and not is_inside_callback():
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

    async def _supervise(self) -> NoReturn:
        while True:
            self._epoch += 1
            self._attempt += 1
            self._live_at_s = None
            self._become(Connecting(self._epoch, self._attempt))
            try:
                await self._websocket.start()
            except RECOVERABLE as error:
                self._on_lost(error)
            await self._clock.sleep(max(self._retry_at_s - self._clock.monotonic(), 0))

    def _on_lost(self, error: BaseException) -> None:
        """The connection is of no more use, though closing it may take a while: say so, once, and why."""
        if self._lost_epoch == self._epoch or not isinstance(error, RECOVERABLE):
            return
        self._lost_epoch = self._epoch
        if self._live_at_s is not None and self._clock.monotonic() - self._live_at_s >= self._settings.stable_after_s:
            self._attempt = 1
        delay = backoff_delay(self._settings.backoff, self._attempt, self._draw())
        if isinstance(error, RateLimitedError):
            delay = max(delay, error.retry_after_s)
        _log.warning("the stream is down (%s), trying again in %.1f s", error, delay)
        self._open_gap(str(error))
        self._become(Degraded(self._watermark, str(error), delay))
        self._retry_at_s = self._clock.monotonic() + delay

    def _open_gap(self, cause: str) -> None:
        if self._gap is None and self._watermark:
            self._gap = GapOpened(self._watermark, cause)
            self._delivery.publish(self._gap)

    async def _synchronize(self) -> None:
        """Connected, and frames are kept back: from here on the stream is whole, and REST says what came before."""
        self._ledger_epoch = self._ledger.begin_epoch()
        self._touched = Touched()
        self._become(Synchronizing(self._epoch))
        await self._rest.synchronize_clock()
        await self._catch_up()

    def _go_live(self) -> None:
        if self._live_at_s is None:
            self._live_at_s = self._clock.monotonic()
        self._become(Live(self._epoch, proven=self._proven_epoch == self._epoch))
        self._settled.set()

    def _become(self, state: ServiceState) -> None:
        self._state = state
        _log.info("%s", state)
        self._delivery.publish(state)

    # --- recovery -------------------------------------------------------------------------------------------------

    async def _catch_up(self) -> None:
        """Ask REST for everything since the watermark, and tell what the engine does not know."""
        until = self._rest.exchange_time_ms()
        self._floor = self._floor or until
        self._repairs.start_from(self._floor)
        since = max(self._watermark - int(self._settings.overlap_s * 1000), self._floor)
        snapshot = await read_orders(self._rest, self._ledger, floor=self._floor, since=since, until=until)
        balances, positions, gone = await read_account(self._rest, self._delivery.book, self._touched)

        told = fold_snapshot(self._ledger, snapshot)
        self._delivery.tell(told)
        for event in self._websocket.kept_back_account_updates():
            self._touched.add(map_account_update(event))
        patch = account_patch(self._delivery.book, balances, positions, self._touched, gone=gone)
        if patch is not None:
            self._delivery.tell_account(patch)
        told += await self._repairs.settle()
        await self._delivery.idle()
        self._watermark = max(self._watermark, until)
        self._close_gap(until, repair_report(told, patch))

    def _close_gap(self, until: int, report: RepairReport) -> None:
        if self._gap is not None:
            since, self._gap = self._gap.since, None
            self._delivery.publish(GapRepaired(since, until, report))

    # --- the stream -----------------------------------------------------------------------------------------------

    def _handlers(self) -> StreamHandlers:
        return StreamHandlers(
            init_state=self._synchronize,
            on_live=self._go_live,
            on_lost=self._on_lost,
            on_order_trade_update=self._on_order_update,
            on_trade_lite=self._on_trade_lite,
            on_account_update=self._on_account_update,
            on_event=self._on_event,
            on_undecodable=self._on_undecodable,
            on_listen_key_kept=self._on_listen_key_kept,
        )

    def _on_order_update(self, event: OrderTradeUpdate) -> None:
        self._delivery.tell(self._ledger.fold(map_order_update(event), self._ledger_epoch))
        if self._ledger.holes:
            self._repairs.repair_holes()
        self._advance(event.transaction_time)

    def _on_trade_lite(self, event: TradeLite) -> None:
        self._delivery.tell(self._ledger.fold(map_trade_lite(event), self._ledger_epoch))

    def _on_account_update(self, event: AccountUpdate) -> None:
        update = map_account_update(event)
        self._touched.add(update)
        self._delivery.tell_account(update)
        self._advance(event.transaction_time)

    async def _on_event(self, event: Event) -> None:
        self._delivery.publish(event)
        if not isinstance(event, ListenKeyExpired | ControlReply):  # neither proves that account events arrive
            self._proven_epoch = self._epoch
            if isinstance(self._state, Live) and not self._state.proven:
                self._become(Live(self._epoch, proven=True))
        await self._delivery.idle()

    def _on_undecodable(self, reason: str) -> None:
        """A frame is lost for us: what it said is looked up, as after a gap."""
        self._ledger_epoch = self._ledger.cut_epoch()
        self._delivery.publish(FrameRefused(reason))
        self._open_gap(reason)
        self._become(Degraded(self._watermark, reason, 0.0))

    def _on_listen_key_kept(self) -> None:
        self._delivery.publish(ListenKeyKept(self._epoch))

    def _advance(self, transaction_time: int) -> None:
        """Move the watermark to what a live connection has told, and forget what is long over."""
        if transaction_time <= self._watermark or self._gap is not None or not isinstance(self._state, Live):
            return  # what is known with a gap before it covers nothing
        self._watermark = transaction_time
        if transaction_time - self._evicted_at > _EVICT_EVERY_MS:
            self._evicted_at = transaction_time
            kept_for_s = self._settings.overlap_s + self._settings.rest_lag_s
            self._ledger.evict(transaction_time - int(kept_for_s * 1000))
