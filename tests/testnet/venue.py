"""Where the order-life cases trade: a simulator on this machine, or the real testnet; nowhere else, ever.

A `Venue` cannot be made for any other exchange, and every service, order manager and order of these cases is made by
one. An order is the smallest that the symbol's filters allow, far from the market, and ends when its case ends.
"""

from __future__ import annotations

import asyncio
import math
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final
from urllib.parse import urlsplit

from simulator import AccountSpec, Simulator
from user_stream import (
    Environment,
    MappedOrderUpdate,
    Order,
    OrderManager,
    OutcomeUnknownError,
    RequestRejectedError,
    RetryableError,
    Settings,
    UserStreamService,
)
from user_stream.core.events import Event
from user_stream.core.lifecycle import Live, Notice
from user_stream.credentials import Credentials
from user_stream.errors import ConnectionLostError
from user_stream.preflight import require_testnet
from user_stream.runtime.binance_rest import BinanceRest
from user_stream.runtime.clock import LoopClock
from user_stream.runtime.signed_http import SignedHttp
from user_stream.runtime.transport import Connection, open_websocket

SYMBOL: Final = "BTCUSDT"
PREFIX: Final = "us-test-"
PATIENCE_S: Final = 30.0


@dataclass(frozen=True)
class Venue:
    """An exchange that the cases may trade on, and an account there.

    Raises `NotTheTestnetError` for whatever is neither a simulator on this machine nor the testnet.
    """

    environment: Environment
    credentials: Credentials

    def __post_init__(self) -> None:
        schemes = {urlsplit(url).scheme for url in (self.environment.rest_url, self.environment.stream_url)}
        if schemes != {"http", "ws"}:  # an `Environment` goes without TLS on this machine only
            require_testnet(self.environment)

    @asynccontextmanager
    async def rest(self) -> AsyncIterator[BinanceRest]:
        """Open a way to the REST API."""
        rest = BinanceRest(self.credentials.api_key, self.credentials.api_secret, environment=self.environment)
        try:
            yield rest
        finally:
            await rest.close()

    @classmethod
    def of(cls, sim: Simulator, account: AccountSpec) -> Venue:
        """Return the venue that a running simulator is."""
        environment = Environment.simulator(sim.rest_url, sim.ws_url)
        return cls(environment, Credentials(account.api_key, account.api_secret))


@dataclass(frozen=True)
class Terms:
    """A BUY order's quantity (base asset) and price (quote asset), and the position it belongs to."""

    quantity: Decimal
    price: Decimal
    position_side: str = "BOTH"


def smallest_order_far_below(market: Decimal, filters: dict[str, dict[str, Any]]) -> Terms:
    """Return the smallest BUY order that the filters of `exchangeInfo` allow, as far below the market as they allow.

    One hundredth is kept from the bound, which is measured from the mark price.
    """
    tick = Decimal(filters["PRICE_FILTER"]["tickSize"])
    step = Decimal(filters["LOT_SIZE"]["stepSize"])
    lowest = market * Decimal(filters["PERCENT_PRICE"]["multiplierDown"]) * Decimal("1.01")
    price = math.ceil(lowest / tick) * tick
    least = max(Decimal(filters["LOT_SIZE"]["minQty"]), Decimal(filters["MIN_NOTIONAL"]["notional"]) / price)
    return Terms(math.ceil(least / step) * step, price)


async def read_terms(venue: Venue) -> Terms:
    """Ask the exchange for the filters, the market and the position mode, and return what may be ordered."""
    http = SignedHttp(
        venue.credentials.api_key,
        venue.credentials.api_secret,
        environment=venue.environment,
        settings=Settings(),
        clock=LoopClock(),
    )
    try:
        info = await http.request("GET", "/fapi/v1/exchangeInfo", security="NONE")
        ticker = await http.request("GET", "/fapi/v1/ticker/price", {"symbol": SYMBOL}, security="NONE")
        mode = await http.request("GET", "/fapi/v1/positionSide/dual", security="USER_DATA")
    finally:
        await http.close()
    listed = next(symbol for symbol in info["symbols"] if symbol["symbol"] == SYMBOL)
    filters = {each["filterType"]: each for each in listed["filters"]}
    terms = smallest_order_far_below(Decimal(ticker["price"]), filters)
    return Terms(terms.quantity, terms.price, "LONG" if mode["dualSidePosition"] else "BOTH")


class Scissors:
    """Opens connections that can be cut from our side, because nobody can ask the testnet to do it."""

    def __init__(self) -> None:
        self._cut = asyncio.Event()

    def cut(self) -> None:
        """End the present connection as if the network had."""
        self._cut.set()

    @asynccontextmanager
    async def __call__(self, url: str, settings: Settings, /) -> AsyncIterator[Connection]:
        """Open a connection."""
        self._cut = asyncio.Event()
        async with open_websocket(url, settings) as connection:
            yield _Severable(connection, self._cut)


@dataclass
class _Severable:
    connection: Connection
    cut: asyncio.Event

    async def recv(self) -> bytes:
        receiving = asyncio.ensure_future(self.connection.recv())
        cutting = asyncio.ensure_future(self.cut.wait())
        try:
            await asyncio.wait((receiving, cutting), return_when=asyncio.FIRST_COMPLETED)
            if cutting.done():
                raise ConnectionLostError("cut by the test")
            return receiving.result()
        finally:
            for task in (receiving, cutting):
                task.cancel()
            await asyncio.gather(receiving, cutting, return_exceptions=True)

    async def send(self, text: str) -> None:
        await self.connection.send(text)


class RecordingOrders(OrderManager):
    """The library's order manager, which also keeps what it was told."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.told: list[MappedOrderUpdate] = []

    def on_order_update(self, data: MappedOrderUpdate) -> Awaitable[None] | None:
        self.told.append(data)
        return super().on_order_update(data)


@dataclass
class Desk:
    """A service and an order manager on a venue, and everything that they said."""

    venue: Venue
    terms: Terms
    service: UserStreamService
    orders: RecordingOrders
    scissors: Scissors
    states: list[str] = field(default_factory=list)
    said: list[Event | Notice] = field(default_factory=list)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    def on_change(self, order: Order) -> None:
        """Keep the state of an order that was made here: an account on the testnet may have others."""
        if order.client_order_id.startswith(PREFIX):
            self.states.append(str(order.state))
        self._changed.set()

    def on_item(self, item: Event | Notice) -> None:
        """Keep what the service said."""
        self.said.append(item)
        self._changed.set()

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait until something holds; it is asked again whenever something was said."""
        async with asyncio.timeout(PATIENCE_S):
            while not condition():
                self._changed.clear()
                await self._changed.wait()

    async def until_state(self, order: Order, state: str) -> None:
        """Wait until an order is in this state."""

        def reached() -> bool:
            known = self.orders.get_order(order.client_order_id)
            return known is not None and known.state == state

        await self.until(reached)

    async def until_live(self, epoch: int) -> None:
        """Wait until the service is live on its connection number `epoch`."""
        await self.until(lambda: isinstance(self.service.state, Live) and self.service.state.epoch >= epoch)

    def told(self, order: Order) -> list[tuple[str, str]]:
        """Return (status, last filled quantity) of every delivery of an order."""
        return [
            (data["order_status"], data["last_filled_qty"])
            for data in self.orders.told
            if data["client_order_id"] == order.client_order_id
        ]

    @asynccontextmanager
    async def far_order(self) -> AsyncIterator[Order]:
        """Place the smallest order far from the market; however the body ends, the order ends too."""
        client_order_id = f"{PREFIX}{secrets.token_hex(6)}"
        try:
            yield await self.orders.place_limit_order(
                SYMBOL,
                "BUY",
                self.terms.quantity,
                self.terms.price,
                position_side=self.terms.position_side,
                client_order_id=client_order_id,
            )
        finally:
            await end_order(self.venue, client_order_id)


async def end_order(venue: Venue, client_order_id: str) -> None:
    """Cancel an order over REST, on a way of its own, until the exchange says that it is open no more."""
    try:
        async with asyncio.timeout(PATIENCE_S), venue.rest() as rest:
            while await _is_open_after_cancel(rest, client_order_id):  # noqa: ASYNC110  the exchange is what changes
                await asyncio.sleep(1)
    except TimeoutError:
        message = f"{client_order_id} may still be open: cancel it by hand"
        raise AssertionError(message) from None


async def _is_open_after_cancel(rest: BinanceRest, client_order_id: str) -> bool:
    try:
        await rest.cancel_order(SYMBOL, client_order_id)
    except RequestRejectedError as refusal:
        if refusal.code != -2011:  # "unknown order": it ended, or never was
            raise
    except (RetryableError, OutcomeUnknownError):
        return True  # not known: ask again
    try:
        row = await rest.order_by_client_id(SYMBOL, client_order_id)
    except RetryableError:
        return True
    return row is not None and row.status in {"NEW", "PARTIALLY_FILLED"}


@asynccontextmanager
async def open_desk(venue: Venue) -> AsyncIterator[Desk]:
    """Open a desk whose service is live."""
    key, secret = venue.credentials.api_key, venue.credentials.api_secret
    terms = await read_terms(venue)
    scissors = Scissors()
    async with RecordingOrders(key, secret, environment=venue.environment) as orders:
        service = UserStreamService(key, secret, orders, environment=venue.environment, connector=scissors)
        desk = Desk(venue, terms, service, orders, scissors)
        orders.on_change = desk.on_change
        service.add_listener(desk.on_item)
        async with service:
            yield desk
