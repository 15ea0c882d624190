"""A trading desk: simulator, service, order manager and position book; and what must hold at the end of any day."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, TypeVar

from simulator import AccountSpec, Simulator
from user_stream import Environment, MappedOrderUpdate, OrderManager, PositionBook, Settings, UserStreamService
from user_stream.core.events import Event
from user_stream.core.lifecycle import Live, Notice
from user_stream.core.order_record import status_rank
from user_stream.runtime.binance_rest import BinanceRest

SYMBOL = "BTCUSDT"
T = TypeVar("T")


class RecordingOrderManager(OrderManager):
    """The library's order manager, which also keeps everything that it was told."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.deliveries: list[MappedOrderUpdate] = []
        self.details: list[MappedOrderUpdate] = []
        self.states: dict[str, list[str]] = defaultdict(list)
        self.on_change = lambda order: self.states[order.client_order_id].append(str(order.state))

    def on_order_update(self, data: MappedOrderUpdate) -> Awaitable[None] | None:
        self.deliveries.append(data)
        return super().on_order_update(data)

    def on_fill_details(self, data: MappedOrderUpdate) -> None:
        self.details.append(data)
        super().on_fill_details(data)

    def told(self, client_order_id: str) -> list[tuple[str, str, str]]:
        """Return (status, last quantity, source) of every delivery of an order."""
        return [
            (data["order_status"], data["last_filled_qty"], data["source"])
            for data in self.deliveries
            if data["client_order_id"] == client_order_id
        ]


@dataclass
class Desk:
    """Who takes part, and what the service said."""

    sim: Simulator
    service: UserStreamService
    orders: RecordingOrderManager
    book: PositionBook
    environment: Environment
    said: list[Event | Notice] = field(default_factory=list)

    def notices(self, kind: type[T]) -> list[T]:
        """Return what the service said of this kind."""
        return [item for item in self.said if isinstance(item, kind)]

    async def until(self, condition: Callable[[], object], within_s: float = 300.0) -> None:
        """Wait on the virtual clock until something holds."""
        pause = 0.01
        async with asyncio.timeout(within_s):
            while not condition():
                await asyncio.sleep(pause)
                pause = min(pause * 1.1, 1.0)

    async def until_state(self, client_order_id: str, *states: str) -> None:
        """Wait until an order is in one of these states."""

        def reached() -> bool:
            order = self.orders.get_order(client_order_id)
            return order is not None and order.state in states

        await self.until(reached)

    async def until_live(self, after_epoch: int = 0) -> Live:
        """Wait until the service is live, on a connection later than `after_epoch`."""
        await self.until(lambda: isinstance(self.service.state, Live) and self.service.state.epoch > after_epoch)
        assert isinstance(self.service.state, Live)
        return self.service.state

    @property
    def epoch(self) -> int:
        """The number of the present connection, 0 while there is none."""
        return self.service.state.epoch if isinstance(self.service.state, Live) else 0

    async def resting(self, client_order_id: str, price: str = "60000", quantity: str = "0.010") -> None:
        """Place a BUY LIMIT order and wait until it rests."""
        await self.orders.place_limit_order(SYMBOL, "BUY", quantity, price, client_order_id=client_order_id)
        await self.until_state(client_order_id, "active")

    def deliveries_are_lawful(self) -> None:
        """Each fill once, in order; status and cumulative quantity never back; numbered without a hole."""
        numbers = [data["delivery_id"] for data in self.orders.deliveries]
        assert numbers == list(range(1, len(numbers) + 1))
        seen: dict[tuple[str, str], MappedOrderUpdate] = {}
        fills = set()
        for data in self.orders.deliveries:
            key = (data["symbol"], data["order_id"] or f"algo {data.get('algo_id')}")
            before = seen.get(key)
            if before is not None:
                assert status_rank(data["order_status"]) >= status_rank(before["order_status"])
                assert Decimal(data["accumulated_filled_qty"]) >= Decimal(before["accumulated_filled_qty"])
            seen[key] = data
            if data["last_filled_qty"] == "0":
                assert data["trade_id"] == 0
            else:
                assert (key, data["trade_id"]) not in fills
                fills.add((key, data["trade_id"]))

    async def is_square(self) -> None:
        """Engine and exchange, read over REST, are equal: orders, fills, positions, balances."""
        self.deliveries_are_lawful()
        account = self.sim.account
        rest = BinanceRest(account.api_key, account.api_secret, environment=self.environment)
        try:
            await self._is_square(rest)
        finally:
            await rest.close()

    async def _is_square(self, rest: BinanceRest) -> None:
        await rest.synchronize_clock()
        until = rest.exchange_time_ms()
        rows = await rest.orders_since(until - 5 * 86_400_000, until=until)
        assert self._orders_as_told() == {
            (row.symbol, str(row.order_id)): (row.status, Decimal(row.executed_qty), Decimal(row.avg_price))
            for row in rows
        }
        trades = [trade for row in rows for trade in await rest.trades_of_order(row)]
        told = {
            (data["symbol"], data["trade_id"]): Decimal(data["last_filled_qty"])
            for data in self.orders.deliveries
            if data["trade_id"]
        }
        assert told == {(trade.symbol, trade.id): Decimal(trade.qty) for trade in trades}
        await self._the_same_are_waiting(rest)
        positions = {
            (row.symbol, row.position_side): (Decimal(row.position_amt), Decimal(row.entry_price))
            for row in await rest.positions()
            if Decimal(row.position_amt)
        }
        assert positions == {
            key: (Decimal(held["position_amount"]), Decimal(held["entry_price"]))
            for key, held in self.book.positions.items()
        }
        balances = {row.asset: Decimal(row.balance) for row in await rest.balances()}
        assert balances == {asset: Decimal(held["wallet_balance"]) for asset, held in self.book.balances.items()}

    def _orders_as_told(self) -> dict[tuple[str, str], tuple[str, Decimal, Decimal]]:
        """Return status, executed quantity and average price of each order; details may have told the latter better."""
        averages = {
            (data["symbol"], data["order_id"], data["accumulated_filled_qty"]): data["avg_price"]
            for data in [*self.orders.deliveries, *self.orders.details]
        }
        stand = {}
        for data in filter(lambda data: data["order_id"], self.orders.deliveries):
            key, executed = (data["symbol"], data["order_id"]), data["accumulated_filled_qty"]
            stand[key] = (data["order_status"], Decimal(executed), Decimal(averages[*key, executed]))
        return stand

    async def _the_same_are_waiting(self, rest: BinanceRest) -> None:
        """Conditional orders that wait for their price are the exchange's."""
        waiting = {order.algo_id for order in self.orders.get_active_orders() if order.untriggered}
        assert waiting == {row.algo_id for row in await rest.algo.open_orders() if not row.actual_order_id}


@asynccontextmanager
async def open_desk(
    *, settings: Settings | None = None, sim: Simulator | None = None, keep_ended: int = 10_000
) -> AsyncIterator[Desk]:
    """Open a desk whose service is not started yet."""
    async with sim or Simulator(accounts=(AccountSpec(balance="100000"),)) as exchange:
        account = exchange.account
        environment = Environment.simulator(exchange.rest_url, exchange.ws_url)
        async with RecordingOrderManager(
            account.api_key, account.api_secret, environment=environment, settings=settings, keep_ended=keep_ended
        ) as orders:
            book = PositionBook()
            service = UserStreamService(
                account.api_key, account.api_secret, orders, book, environment=environment, settings=settings,
                draw=lambda: 0.5,
            )  # fmt: skip
            desk = Desk(exchange, service, orders, book, environment)
            service.add_listener(desk.said.append)
            yield desk


@asynccontextmanager
async def live_desk(
    *, settings: Settings | None = None, sim: Simulator | None = None, keep_ended: int = 10_000
) -> AsyncIterator[Desk]:
    """Open a desk whose service is live."""
    async with open_desk(settings=settings, sim=sim, keep_ended=keep_ended) as desk, desk.service:
        yield desk
