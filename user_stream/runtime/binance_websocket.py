"""One connection's life, from its listen key to its end.

    listen key ──▶ connect ──▶ keep frames back ──▶ init_state ──▶ drain ──▶ live ──▶ lost

`start` reads in this order. It never returns: it raises what ended the connection, and that says what to do next.
The listen key is a lease (`core/lease`). One that died, or that could not be extended in time, ends the connection even
though the socket may look healthy, because nothing more would ever come on it.

Frames are read as fast as they come, whatever the callbacks do: a reader that waits stops answering pings, and is cut.
While the state is initialised, and while a callback is awaited, they are kept in a bounded buffer *before* anybody
looks at them; what overflows it is a gap, and is asked for over REST. When nothing is kept, a frame is handled in the
same step in which it was read.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, NoReturn, TypeAlias, TypeVar

from user_stream.contracts import MappedAccountUpdate, MappedOrderUpdate
from user_stream.core.decode import DecodeError, decode_event, event_from_wire
from user_stream.core.events import AccountUpdate, ControlReply, Event, ListenKeyExpired, OrderTradeUpdate, TradeLite
from user_stream.core.frame_buffer import FrameBuffer
from user_stream.core.mapping import map_account_update, map_order_status, map_order_update, map_trade_lite
from user_stream.core.retry import backoff_delay
from user_stream.errors import FatalError, ListenKeyLostError, RetryableError, UserStreamError
from user_stream.runtime.binance_rest import BinanceRest
from user_stream.runtime.clock import Clock, LoopClock
from user_stream.runtime.lease import ListenKeyLease
from user_stream.runtime.transport import Connection, Connector, open_websocket
from user_stream.settings import Environment, Settings, stream_url

__all__ = ["BinanceWebsocket", "StreamHandlers", "foremost_error"]

Message: TypeAlias = Mapping[str, Any]
E = TypeVar("E", OrderTradeUpdate, TradeLite, AccountUpdate)

_BINDING = "binding"
_ASK_BINDING = '{"method":"LIST_SUBSCRIPTIONS","id":"binding"}'
_OVERFLOW = "more frames came than the buffer holds while a callback was awaited"


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamHandlers:
    """What happens on a connection, as callbacks; plain functions or coroutine functions. All may be left out."""

    init_state: Callable[[], Awaitable[None]] | None = None
    """Read the account's state over REST; frames are kept back until it returns."""
    on_live: Callable[[], Awaitable[None] | None] | None = None
    """The kept frames were handled; from here on frames are handled as they come."""
    on_bound: Callable[[], Awaitable[None] | None] | None = None
    """The exchange said that this connection is bound to its listen key."""
    on_listen_key_lost: Callable[[ListenKeyLostError], Awaitable[None] | None] | None = None
    """The key is dead. Without this handler that ends the connection; with it, whoever started it ends it."""
    on_lost: Callable[[BaseException], Awaitable[None] | None] | None = None
    """The connection is of no more use, by its cause; it is closed after this."""
    on_frame: Callable[[bytes], None] | None = None
    """Every frame, before it is looked at. It may hold the listen key."""
    on_order_trade_update: Callable[[OrderTradeUpdate], Awaitable[None] | None] | None = None
    on_trade_lite: Callable[[TradeLite], Awaitable[None] | None] | None = None
    on_account_update: Callable[[AccountUpdate], Awaitable[None] | None] | None = None
    on_event: Callable[[Event], Awaitable[None] | None] | None = None
    """Every event, after its own callback."""
    on_undecodable: Callable[[str], Awaitable[None] | None] | None = None
    """A frame that cannot be read, or too many: what they said is lost, and `init_state` is called once more."""
    on_listen_key_kept: Callable[[], Awaitable[None] | None] | None = None


class BinanceWebsocket:
    """A user data stream over one connection, usable alone.

    `UserStreamService` starts one after another and repairs what is missed between them. `lease`: the account's listen
    key, where several connections share it.
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
        lease: ListenKeyLease | None = None,
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
        self._lease = lease or ListenKeyLease(self._rest, settings=self._settings, clock=self._clock, draw=draw)
        self._connector = connector
        self._draw = draw
        self._listen_key = ""
        self._lease_number = 0
        self._ask_binding: Callable[[], Awaitable[None]] | None = None
        self._frames = FrameBuffer(self._settings.buffer_frames)
        self._flowing = False
        self._tasks: asyncio.TaskGroup | None = None
        self._awaited: asyncio.Task[None] | None = None
        self._unread = asyncio.Event()

    def __repr__(self) -> str:
        return f"BinanceWebsocket({self._environment.name})"

    @property
    def frames_waiting(self) -> int:
        """How many frames are kept in the buffer."""
        return len(self._frames)

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
        self._frames = FrameBuffer(self._settings.buffer_frames)
        async with self._connector(url, self._settings) as connection:
            lost = await self._live_on(connection)
            await _call(self._handlers.on_lost, lost)
            raise lost

    async def _live_on(self, connection: Connection) -> BaseException:
        """Live on an open connection, and return what ended it."""
        try:
            async with asyncio.TaskGroup() as self._tasks:
                self._tasks.create_task(self.handle_messages(connection))
                self._tasks.create_task(self.keepalive_listen_key_async())
                self._ask_binding = partial(connection.send, _ASK_BINDING)
                await self._ask_binding()
                await self._stay_initialised()
        except BaseExceptionGroup as group:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise asyncio.CancelledError from None  # before Python 3.13 a group forgets that it was cancelled
            return foremost_error(group)
        finally:
            self._flowing = False

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
            self._flowing = False
            attempt = 1 if self._clock.monotonic() - started > self._settings.stable_after_s else attempt + 1
            if attempt > 1:
                await self._clock.sleep(backoff_delay(self._settings.backoff, attempt - 1, self._draw()))

    async def init_state(self) -> None:
        """Bring the account's state up to date over REST, then handle the frames that were kept back meanwhile.

        More of them than `Settings.buffer_frames` are a gap of their own, for which REST is asked again.
        """
        if self._flowing or self._tasks is None:  # called by hand, on no connection of ours
            await _call(self._handlers.init_state)
            return
        while True:
            self._frames.begin()
            await _call(self._handlers.init_state)
            while len(self._frames) and not self._unread.is_set():
                awaitable = self._dispatch(self._frames.take())
                if awaitable is not None:
                    await awaitable
            if not self._frames.overflowed:
                break
            if self._ask_binding is not None:
                await self._ask_binding()  # the answer may be among the frames that were thrown away
        self._flowing = not self._unread.is_set()  # what comes after a lost frame waits until REST told it

    def kept_back_account_updates(self) -> list[AccountUpdate]:
        """Return the account updates among the frames that are kept back, undelivered."""
        updates = []
        for frame in self._frames:
            try:
                event = decode_event(frame)
            except DecodeError:
                continue  # reported when it is dispatched
            if isinstance(event, AccountUpdate):
                updates.append(event)
        return updates

    # --- frames ---------------------------------------------------------------------------------------------------

    async def handle_messages(self, connection: Connection) -> NoReturn:
        """Read frames until the connection ends: keep them back at first, handle them as they come once live."""
        while True:
            frame = await connection.recv()
            if self._handlers.on_frame is not None:
                self._handlers.on_frame(frame)
            self._frames.keep(frame)
            if self._flowing and self._awaited is None:
                self._drain()
            if self._flowing and self._frames.overflowed:
                self._await(self._lose(_OVERFLOW))

    def _await(self, awaitable: Awaitable[None] | None) -> None:
        if awaitable is not None and self._tasks is not None:
            self._tasks.create_task(_finish(awaitable))

    def _drain(self) -> None:
        """Handle what is kept, up to the first callback that has to be awaited; the rest follows it."""
        while self._flowing and len(self._frames):
            awaitable = self._dispatch(self._frames.take())
            if awaitable is not None and self._tasks is not None:
                self._awaited = self._tasks.create_task(self._drain_after(awaitable))
                return

    async def _drain_after(self, awaitable: Awaitable[None]) -> None:
        await awaitable
        self._awaited = None
        self._drain()

    def _lose(self, reason: str) -> Awaitable[None] | None:
        """Frames are lost for us: what they said must be asked for."""
        self._flowing = False
        self._unread.set()
        return _started(self._handlers.on_undecodable, reason)

    def _dispatch(self, frame: bytes) -> Awaitable[None] | None:
        """Handle a frame; what is returned, if anything, ends when its callbacks have."""
        try:
            event = decode_event(frame)
        except DecodeError as error:
            return self._lose(str(error))
        handled: Awaitable[None] | None = None
        if isinstance(event, OrderTradeUpdate):
            handled = _started(self._handlers.on_order_trade_update, event)
        elif isinstance(event, TradeLite):
            handled = _started(self._handlers.on_trade_lite, event)
        elif isinstance(event, AccountUpdate):
            handled = _started(self._handlers.on_account_update, event)
        elif isinstance(event, ControlReply) and event.id == _BINDING:
            return self._hear_binding(event)
        return self._announce(event) if handled is None else self._announce_after(handled, event)

    async def _announce_after(self, handled: Awaitable[None], event: Event) -> None:
        await handled
        announced = self._announce(event)
        if announced is not None:
            await announced

    def _announce(self, event: Event) -> Awaitable[None] | None:
        announced = _started(self._handlers.on_event, event)
        if isinstance(event, ListenKeyExpired) and event.listen_key in {"", self._listen_key}:
            self._lease.expire(self._lease_number, "the listen key expired")
        return announced

    def _hear_binding(self, reply: ControlReply) -> Awaitable[None] | None:
        """The exchange lists what this connection is subscribed to: its key, alone or with an event's name."""
        names = reply.result if isinstance(reply.result, list) else []
        if any(str(name).partition("@")[0] == self._listen_key for name in names):
            return _started(self._handlers.on_bound)
        return None

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
        self._listen_key, self._lease_number = await self._lease.acquire()
        return self._listen_key

    async def keep_alive_listen_key(self) -> None:
        """Extend the listen key once. Raises `ListenKeyLostError` when the exchange answers with another key,
        or none.
        """
        await self._lease.extend()

    async def delete_listen_key(self) -> None:
        """Delete the listen key. It is shared by every process of the account: all their streams die with it."""
        await self._rest.delete_listen_key()

    async def keepalive_listen_key_async(self) -> None:
        """Extend the listen key whenever it is due, until it is dead."""
        try:
            while True:
                await self._lease.keep(self._lease_number)
                await _call(self._handlers.on_listen_key_kept)
        except ListenKeyLostError as lost:
            if self._handlers.on_listen_key_lost is None:
                raise
            await _call(self._handlers.on_listen_key_lost, lost)

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


async def _finish(awaitable: Awaitable[None]) -> None:
    await awaitable


def _started(callback: Callable[..., Awaitable[None] | None] | None, *args: object) -> Awaitable[None] | None:
    """Call a handler, if there is one, and return what is to be awaited, if anything."""
    result = None if callback is None else callback(*args)
    return result if inspect.isawaitable(result) else None


async def _call(callback: Callable[..., Awaitable[None] | None] | None, *args: object) -> None:
    """Call a handler, if there is one, and await what it returns."""
    result = _started(callback, *args)
    if result is not None:
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
