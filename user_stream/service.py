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
from user_stream.errors import (
    RateLimitedError,
    UserStreamError,
)
from user_stream.runtime.binance_rest import BinanceRest
from user_stream.runtime.binance_websocket import BinanceWebsocket, StreamHandlers, foremost_error
from user_stream.runtime.clock import Clock, LoopClock
from user_stream.runtime.delivery import Delivery, Listener
from user_stream.runtime.order_repairs import RECOVERABLE, OrderRepairs
from user_stream.runtime.recovery import read_account, read_orders
from user_stream.runtime.transport import Connector, open_websocket
from user_stream.settings import Environment, Settings

__all__ = ["UserStreamService"]

_log = logging.getLogger("user_stream")
_EVICT_EVERY_MS = 60_000


class UserStreamService:
    """Delivers what happens to an account's orders, positions and balances, exactly once and in order.

    `order_manager`: anything with `on_order_update(data)`; one that also has `use_registry` gets this service as the
    place to register its orders. `risk_engine`: anything with `on_account_update(data)`. Both may be coroutine
    functions.
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
    ) -> None:
        self._settings = settings = settings or Settings()
        self._clock = clock = clock or LoopClock()
        self._draw = draw
        self._rest = BinanceRest(api_key, api_secret, environment=environment, settings=settings, clock=clock)
        self._fills = FillPriceCache(max_symbols=settings.fill_cache_symbols, max_age_s=settings.fill_cache_max_age_s)
        self._ledger = Ledger(deliver_enrichment=settings.deliver_enrichment)
        self._delivery = Delivery(order_manager, risk_engine, self._fills)
        self._repairs = OrderRepairs(
            self._rest, self._ledger, self._delivery, settings=settings, clock=clock, draw=draw
        )
        self._websocket = BinanceWebsocket(
            api_key, api_secret, environment=environment, settings=settings, handlers=self._handlers(),
            rest=self._rest, clock=clock, connector=connector, draw=draw,
        )  # fmt: skip
        self._environment = environment
        self._state: ServiceState = Stopped("")
        self._runner: asyncio.Task[None] | None = None
        self._stopping = asyncio.Event()
        self._settled = asyncio.Event()
        self._ended = asyncio.Event()
        self._fatal: BaseException | None = None
        self._epoch = 0
        self._live_at_s: float | None = None
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
        """Run until `stop()`. Reconnects for ever; raises only a `FatalError`, which no retry can cure."""
        if self._runner is not None or self._ended.is_set():
            message = "a service lives once: make a new one"
            raise RuntimeError(message)
        self._runner = runner = asyncio.current_task()
        try:
            async with asyncio.TaskGroup() as tasks:
                self._repairs.begin(tasks)
                try:
                    await self._supervise()
                finally:
                    self._repairs.end()
        except asyncio.CancelledError:
            if runner is None or not self._stopping.is_set():
                raise
            runner.uncancel()
        except BaseExceptionGroup as group:
            self._fatal = foremost_error(group)
            raise self._fatal from None
        finally:
            await self._end()

    async def _end(self) -> None:
        self._runner = None
        await self._rest.close()
        await self._become(Stopped("" if self._fatal is None else str(self._fatal)))
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
        if self._runner is None:
            message = "the service was stopped before it was ready"
            raise RuntimeError(message)

    async def stop(self) -> None:
        """Stop. Called from within a callback, it returns at once and the service stops after the callback."""
        runner = self._runner
        if runner is None:
            return
        self._stopping.set()
        runner.cancel()
        if not self._delivery.is_calling_from_here:
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
        attempt = 0
        while True:
            attempt += 1
            try:
                await self._live_one_connection(attempt)
            except RECOVERABLE as error:
                lost: UserStreamError = error
            if self._was_stable():
                attempt = 1
            await self._wait_out(lost, attempt)

    def _was_stable(self) -> bool:
        live_at_s = self._live_at_s
        return live_at_s is not None and self._clock.monotonic() - live_at_s >= self._settings.stable_after_s

    async def _live_one_connection(self, attempt: int) -> NoReturn:
        self._epoch += 1
        self._live_at_s = None
        await self._become(Connecting(self._epoch, attempt))
        try:
            await self._websocket.start()
        finally:
            self._ledger.end_epoch()

    async def _wait_out(self, lost: UserStreamError, attempt: int) -> None:
        cause = str(lost)
        delay = backoff_delay(self._settings.backoff, attempt, self._draw())
        if isinstance(lost, RateLimitedError):
            delay = max(delay, lost.retry_after_s)
        _log.warning("the stream is down (%s), trying again in %.1f s", cause, delay)
        if self._watermark:
            await self._open_gap(cause)
        await self._become(Degraded(self._watermark, cause, delay))
        await self._clock.sleep(delay)

    async def _open_gap(self, cause: str) -> None:
        if self._gap is None:
            self._gap = GapOpened(self._watermark, cause)
            await self._delivery.publish(self._gap)

    async def _synchronize(self) -> None:
        """Connected, and frames are kept back: from here on the stream is whole, and REST says what came before."""
        self._ledger.begin_epoch()
        self._touched = Touched()
        await self._become(Synchronizing(self._epoch))
        await self._rest.synchronize_clock()
        await self._catch_up()

    async def _go_live(self) -> None:
        if self._live_at_s is None:
            self._live_at_s = self._clock.monotonic()
        await self._become(Live(self._epoch, proven=False))
        self._settled.set()

    async def _become(self, state: ServiceState) -> None:
        self._state = state
        _log.info("%s", state)
        await self._delivery.publish(state)

    # --- recovery -------------------------------------------------------------------------------------------------

    async def _catch_up(self) -> None:
        """Ask REST for everything since the watermark, and tell what the engine does not know."""
        until = self._rest.exchange_time_ms()
        floor = self._repairs.floor = self._repairs.floor or until
        since = max(self._watermark - int(self._settings.overlap_s * 1000), floor)
        snapshot = await read_orders(self._rest, self._ledger, floor=floor, since=since, until=until)
        balances, positions, gone = await read_account(self._rest, self._delivery.book, self._touched)
        async with self._delivery.turn:
            told = fold_snapshot(self._ledger, snapshot)
            await self._delivery.tell(told)
            for event in self._websocket.kept_back_account_updates():
                self._touched.add(map_account_update(event))
            patch = account_patch(self._delivery.book, balances, positions, self._touched, gone=gone)
            if patch is not None:
                await self._delivery.tell_account(patch)
        self._repairs.repair_holes()
        self._watermark = max(self._watermark, until)
        await self._close_gap(until, repair_report(told, patch))

    async def _close_gap(self, until: int, report: RepairReport) -> None:
        if self._gap is not None:
            since, self._gap = self._gap.since, None
            await self._delivery.publish(GapRepaired(since, until, report))

    # --- the stream -----------------------------------------------------------------------------------------------

    def _handlers(self) -> StreamHandlers:
        return StreamHandlers(
            init_state=self._synchronize,
            on_live=self._go_live,
            on_order_trade_update=self._on_order_update,
            on_trade_lite=self._on_trade_lite,
            on_account_update=self._on_account_update,
            on_event=self._on_event,
            on_undecodable=self._on_undecodable,
            on_listen_key_kept=self._on_listen_key_kept,
        )

    async def _on_order_update(self, event: OrderTradeUpdate) -> None:
        async with self._delivery.turn:
            await self._delivery.tell(self._ledger.fold(map_order_update(event)))
        if self._ledger.holes:
            self._repairs.repair_holes()
        self._advance(event.transaction_time)

    async def _on_trade_lite(self, event: TradeLite) -> None:
        async with self._delivery.turn:
            await self._delivery.tell(self._ledger.fold(map_trade_lite(event)))

    async def _on_account_update(self, event: AccountUpdate) -> None:
        update = map_account_update(event)
        async with self._delivery.turn:
            self._touched.add(update)
            await self._delivery.tell_account(update)
        self._advance(event.transaction_time)

    async def _on_event(self, event: Event) -> None:
        await self._delivery.publish(event)
        if isinstance(event, ListenKeyExpired | ControlReply):
            return  # neither proves that account events arrive
        if isinstance(self._state, Live) and not self._state.proven:
            await self._become(Live(self._epoch, proven=True))

    async def _on_undecodable(self, reason: str) -> None:
        """A frame is lost for us: what it said is looked up, as after a gap."""
        self._ledger.end_epoch()
        await self._delivery.publish(FrameRefused(reason))
        await self._open_gap(reason)
        await self._become(Degraded(self._watermark, reason, 0.0))

    async def _on_listen_key_kept(self) -> None:
        await self._delivery.publish(ListenKeyKept(self._epoch))

    def _advance(self, transaction_time: int) -> None:
        """Move the watermark to what a live connection has told, and forget what is long over."""
        if transaction_time <= self._watermark or not isinstance(self._state, Live):
            return  # what is known with a gap before it covers nothing
        self._watermark = transaction_time
        if transaction_time - self._evicted_at > _EVICT_EVERY_MS:
            self._evicted_at = transaction_time
            kept_for_s = self._settings.overlap_s + self._settings.rest_lag_s
            self._ledger.evict(transaction_time - int(kept_for_s * 1000))
