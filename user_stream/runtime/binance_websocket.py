"""One connection's life, from its listen key to its end.

    listen key ──▶ connect ──▶ keep frames back ──▶ init_state ──▶ drain ──▶ live ──▶ lost

`start` reads in this order. It never returns: it raises what ended the connection, and that says what to do next.
A listen key is a lease. It is extended well before its end; a key that died, or that could not be extended in time,
ends the connection even though the socket may look healthy, because nothing more would ever come on it.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn, TypeAlias, TypeVar

from user_stream.contracts import MappedAccountUpdate, MappedOrderUpdate
from user_stream.core.decode import DecodeError, decode_event, event_from_wire
from user_stream.core.events import AccountUpdate, Event, ListenKeyExpired, OrderTradeUpdate, TradeLite
from user_stream.core.frame_buffer import FrameBuffer
from user_stream.core.mapping import map_account_update, map_order_status, map_order_update, map_trade_lite
from user_stream.core.retry import backoff_delay
from user_stream.errors import (
    FatalError,
    ListenKeyLostError,
    OutcomeUnknownError,
    RateLimitedError,
    RequestRejectedError,
    RetryableError,
    UserStreamError,
)
from user_stream.runtime.binance_rest import BinanceRest
from user_stream.runtime.clock import Clock, LoopClock
from user_stream.runtime.transport import Connection, Connector, open_websocket
from user_stream.settings import Environment, Settings, stream_url

__all__ = ["BinanceWebsocket", "StreamHandlers", "foremost_error"]

Message: TypeAlias = Mapping[str, Any]
E = TypeVar("E", OrderTradeUpdate, TradeLite, AccountUpdate)


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamHandlers:
    """What happens on a connection, as callbacks; plain functions or coroutine functions. All may be left out."""

    init_state: Callable[[], Awaitable[None]] | None = None
    """Read the account's state over REST; frames are kept back until it returns."""
    on_live: Callable[[], Awaitable[None] | None] | None = None
    """The kept frames were handled; from here on frames are handled as they come."""
    on_lost: Callable[[BaseException], Awaitable[None] | None] | None = None
    """The connection is of no more use, by its cause; it is closed after this."""
    on_order_trade_update: Callable[[OrderTradeUpdate], Awaitable[None] | None] | None = None
    on_trade_lite: Callable[[TradeLite], Awaitable[None] | None] | None = None
    on_account_update: Callable[[AccountUpdate], Awaitable[None] | None] | None = None
    on_event: Callable[[Event], Awaitable[None] | None] | None = None
    """Every event, after its own callback."""
    on_undecodable: Callable[[str], Awaitable[None] | None] | None = None
    """A frame that cannot be read, by its reason: what it said is lost, and `init_state` is called once more."""
    on_listen_key_kept: Callable[[], Awaitable[None] | None] | None = None


class BinanceWebsocket:
    """A user data stream over one connection, usable alone.

    `UserStreamService` starts one after another and repairs what is missed between them.
    """

    def __init__(
        self,
        api_key: str,
        api_secret: str,
        *,
        environment: Environment = Environment.MAINNET,
        settings: Settings | None = None,
        handlers: StreamHandlers | None = None,
        rest: BinanceRest | None = None,
        clock: Clock | None = None,
        connector: Connector = open_websocket,
        draw: Callable[[], float] = lambda: 0.5,
    ) -> None:
        self._environment = environment
        self._settings = settings or Settings()
        self._handlers = handlers or StreamHandlers()
        self._clock = clock or LoopClock()
        self._rest = rest or BinanceRest(
            api_key, api_secret, environment=environment, settings=self._settings, clock=self._clock
        )
        self._connector = connector
        self._draw = draw
        self._listen_key = ""
        self._lease_until_s = 0.0
        self._kept_back: FrameBuffer | None = None
        self._unread = asyncio.Event()

    def __repr__(self) -> str:
        return f"BinanceWebsocket({self._environment.name})"

    async def close(self) -> None:
        """Close the connections to REST. The stream's own ends with `start`."""
        await self._rest.close()

    # --- the life -------------------------------------------------------------------------------------------------

    async def start(self) -> NoReturn:
        """Live one connection's life.

        Raises `ConnectionLostError` when the connection ended, `ListenKeyLostError` when its key did, another
        `RetryableError` when it could not be made, `FatalError` when no retry can help.
        """
        listen_key = await self.create_listen_key()
        url = stream_url(self._environment, self._settings.url_form, listen_key, self._settings.events)
        self._kept_back = FrameBuffer(self._settings.buffer_frames)
        async with self._connector(url, self._settings) as connection:
            lost = await self._live_on(connection)
            await _call(self._handlers.on_lost, lost)
            raise lost

    async def _live_on(self, connection: Connection) -> BaseException:
        """Live on an open connection, and return what ended it."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self.handle_messages(connection))
                tasks.create_task(self.keepalive_listen_key_async())
                await self._stay_initialised()
        except BaseExceptionGroup as group:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise asyncio.CancelledError from None  # before Python 3.13 a group forgets that it was cancelled
            return foremost_error(group)

    async def _stay_initialised(self) -> NoReturn:
        """Initialise the state, and again after each frame that could not be read: what it said must be asked for."""
        attempt = 0
        while True:
            self._unread.clear()
            started = self._clock.monotonic()
            await self.init_state()
            if not self._unread.is_set():
                await _call(self._handlers.on_live)
            await self._unread.wait()
            attempt = 1 if self._clock.monotonic() - started > self._settings.stable_after_s else attempt + 1
            if attempt > 1:
                await self._clock.sleep(backoff_delay(self._settings.backoff, attempt - 1, self._draw()))
            self._kept_back = FrameBuffer(self._settings.buffer_frames)

    async def init_state(self) -> None:
        """Bring the account's state up to date over REST, then handle the frames that were kept back meanwhile.

        More of them than `Settings.buffer_frames` are a gap of their own, for which REST is asked again.
        """
        kept = self._kept_back
        if kept is None:  # called by hand, on no connection of ours
            await _call(self._handlers.init_state)
            return
        while True:
            kept.begin()
            await _call(self._handlers.init_state)
            while len(kept):
                await self._dispatch(kept.take())
            if not kept.overflowed:
                break
        self._kept_back = None

    def kept_back_account_updates(self) -> list[AccountUpdate]:
        """Return the account updates among the frames that are kept back, undelivered."""
        updates = []
        for frame in self._kept_back or ():
            try:
                event = decode_event(frame)
            except DecodeError:
                continue  # reported when it is dispatched
            if isinstance(event, AccountUpdate):
                updates.append(event)
        return updates

    async def handle_messages(self, connection: Connection) -> NoReturn:
        """Read frames until the connection ends: keep them back at first, handle them as they come once live."""
        while True:
            frame = await connection.recv()
            kept = self._kept_back
            if kept is None:
                await self._dispatch(frame)
            else:
                kept.keep(frame)

    async def _dispatch(self, frame: bytes) -> None:
        try:
            event = decode_event(frame)
        except DecodeError as error:
            await _call(self._handlers.on_undecodable, str(error))
            self._unread.set()
            return
        if isinstance(event, OrderTradeUpdate):
            await self.handle_order_trade_update(event)
        elif isinstance(event, TradeLite):
            await self.handle_trade_lite_update(event)
        elif isinstance(event, AccountUpdate):
            await self.handle_account_update(event)
        if self._handlers.on_event is not None:
            await _call(self._handlers.on_event, event)
        if isinstance(event, ListenKeyExpired) and event.listen_key in {"", self._listen_key}:
            raise ListenKeyLostError("the listen key expired")

    async def handle_order_trade_update(self, message: OrderTradeUpdate | Message) -> None:
        """Handle an ORDER_TRADE_UPDATE, typed or as parsed JSON."""
        await _call(self._handlers.on_order_trade_update, _typed(message, OrderTradeUpdate))

    async def handle_trade_lite_update(self, message: TradeLite | Message) -> None:
        """Handle a TRADE_LITE, typed or as parsed JSON."""
        await _call(self._handlers.on_trade_lite, _typed(message, TradeLite))

    async def handle_account_update(self, message: AccountUpdate | Message) -> None:
        """Handle an ACCOUNT_UPDATE, typed or as parsed JSON."""
        await _call(self._handlers.on_account_update, _typed(message, AccountUpdate))

    # --- the listen key -------------------------------------------------------------------------------------------

    async def create_listen_key(self) -> str:
        """Make a listen key, or get the account's active one with a new lifetime. It is a secret."""
        asked = self._clock.monotonic()
        self._listen_key = await self._rest.create_listen_key()
        self._lease_until_s = asked + self._settings.listen_key_lifetime_s
        return self._listen_key

    async def keep_alive_listen_key(self) -> None:
        """Extend the listen key once. Raises `ListenKeyLostError` when the exchange answers with another key,
        or none.
        """
        asked = self._clock.monotonic()
        extended = await self._rest.extend_listen_key()
        if extended not in {"", self._listen_key}:
            raise ListenKeyLostError("another listen key is active now: ours is dead")
        self._lease_until_s = asked + self._settings.listen_key_lifetime_s

    async def delete_listen_key(self) -> None:
        """Delete the listen key. It is shared by every process of the account: all their streams die with it."""
        await self._rest.delete_listen_key()

    async def keepalive_listen_key_async(self) -> NoReturn:
        """Extend the listen key for ever, every `Settings.keepalive_interval_s`."""
        while True:
            await self._clock.sleep(self._settings.keepalive_interval_s)
            await self._keep_alive_in_time()
            await _call(self._handlers.on_listen_key_kept)

    async def _keep_alive_in_time(self) -> None:
        attempt = 0
        while True:
            attempt += 1
            try:
                return await self.keep_alive_listen_key()
            except (RetryableError, RequestRejectedError, OutcomeUnknownError) as error:
                wait = backoff_delay(self._settings.backoff, attempt, self._draw())
                if isinstance(error, RateLimitedError):
                    wait = max(wait, error.retry_after_s)
                if self._clock.monotonic() + wait > self._lease_until_s - self._settings.keepalive_margin_s:
                    cause = f"the listen key could not be kept alive: {error}"
                    raise ListenKeyLostError(cause) from error
                await self._clock.sleep(wait)

    # --- the mappings ---------------------------------------------------------------------------------------------

    @staticmethod
    def map_order_data_ws(message: OrderTradeUpdate | Message) -> MappedOrderUpdate:
        """Map an ORDER_TRADE_UPDATE, typed or as parsed JSON, to what `on_order_update` takes."""
        return map_order_update(_typed(message, OrderTradeUpdate))

    @staticmethod
    def map_order_data_lite_ws(message: TradeLite | Message) -> MappedOrderUpdate:
        """Map a TRADE_LITE; its status stays "", for only the ledger knows it."""
        return map_trade_lite(_typed(message, TradeLite))

    @staticmethod
    def map_position_data_ws(message: AccountUpdate | Message) -> MappedAccountUpdate:
        """Map an ACCOUNT_UPDATE to what `on_account_update` takes."""
        return map_account_update(_typed(message, AccountUpdate))

    @staticmethod
    def _map_order_status(status: str, cumulative: str = "0", original: str = "0") -> str:
        return map_order_status(status, cumulative=cumulative, original=original)


async def _call(callback: Callable[..., Awaitable[None] | None] | None, *args: object) -> None:
    """Call a handler, if there is one, and await what it returns."""
    if callback is None:
        return
    result = callback(*args)
    if inspect.isawaitable(result):
        await result


def _typed(message: E | Message, kind: type[E]) -> E:
    """Return a message as its event. Raises `DecodeError` when it is another."""
    event = message if isinstance(message, kind) else event_from_wire(message)  # type: ignore[arg-type]  # not an E, so a Message
    if not isinstance(event, kind):
        reason = f"expected {kind.__name__}, got {type(event).__name__}"
        raise DecodeError(reason)
    return event


def foremost_error(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """Return the error of a group of tasks that decides what happens next: a bug, then what stops, then what renews."""
    leaves: list[BaseException] = []
    todo: list[BaseException] = [group]
    while todo:
        error = todo.pop()
        if isinstance(error, BaseExceptionGroup):
            todo += error.exceptions
        else:
            leaves.append(error)

    def rank(error: BaseException) -> int:
        kinds = (UserStreamError, RetryableError, ListenKeyLostError, FatalError)
        return max((place for place, kind in enumerate(kinds) if isinstance(error, kind)), default=len(kinds))

    return max(leaves, key=rank)
