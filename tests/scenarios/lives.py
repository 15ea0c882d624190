"""Several lives of one engine on one exchange: each is killed, and what the next one finds of it is its journal.

How a life ends at any await is `simulator.chaos.life`'s. Here the journal is let go of as the kernel would, and the
connections are cut. What a dead life would still do between the kill and its next `await` reaches nobody.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

from simulator import AccountSpec, Simulator
from simulator.chaos import life as chaos_life
from tests.scenarios.desk import Desk, RecordingOrderManager
from user_stream import Environment, MappedOrderUpdate, PositionBook, Settings, UserStreamService
from user_stream.core.orders import Order
from user_stream.runtime.binance_rest import BinanceRest
from user_stream.runtime.clock import LoopClock


class MortalOrderManager(RecordingOrderManager):
    """Hears nothing once its life is over. `deliveries` is shared by all lives; what it heard although a life before
    it had is in `again`.
    """

    life: Life
    again: list[MappedOrderUpdate]
    before: Callable[[MappedOrderUpdate], None]

    def on_order_update(self, data: MappedOrderUpdate) -> Awaitable[None] | None:
        self.before(data)
        if self.life.over:
            return None
        self._record(data)
        outcome = super(RecordingOrderManager, self).on_order_update(data)
        self.life.after_delivery(data)
        return outcome

    def on_fill_details(self, data: MappedOrderUpdate) -> None:
        if not self.life.over:
            super().on_fill_details(data)

    def _record(self, data: MappedOrderUpdate) -> None:
        earlier = [held for held in self.deliveries if held["delivery_id"] == data["delivery_id"]]
        if earlier:
            assert data["redelivered"]
            self.again.append(data)
            assert {**earlier[0], "redelivered": True} == data
        else:
            self.deliveries.append(data)


class Life(chaos_life.Life):
    """One process, as far as the exchange, its engine and its journal can tell."""

    def __init__(self, number: int, desk: Desk, orders: MortalOrderManager) -> None:
        super().__init__(number, self._die)
        self.desk = desk
        self.orders = orders
        self.after_delivery: Callable[[MappedOrderUpdate], None] = lambda _: None
        self.service_task: asyncio.Task[Any] | None = None

    def _die(self) -> None:
        memory = self.desk.service._memory  # noqa: SLF001  a kill asks nobody
        if memory._journal is not None:  # noqa: SLF001  as above
            memory._journal.abandon()  # noqa: SLF001  as above
            memory._journal = None  # noqa: SLF001  as above
        self.desk.sim.cut_connections()

    async def bury(self) -> None:
        """Let go of what a dead process no longer holds."""
        await super().bury()
        await self.orders.close()


class Lives:
    """The lives of one engine, one after the other, on one exchange and with one journal."""

    def __init__(self, sim: Simulator, path: Path | None, settings: Settings) -> None:
        self.sim = sim
        self.path = path
        self.settings = settings
        self.environment = Environment.simulator(sim.rest_url, sim.ws_url)
        self.clock = LoopClock()
        """This machine's, which goes on when nobody lives."""
        self.all: list[Life] = []
        self.deliveries: list[MappedOrderUpdate] = []
        self.ours: set[str] = set()

    def born(self, *, keep_ended: int = 10_000) -> Life:
        """Make the next life: a service that is not started yet. The one before is over."""
        if self.all:
            self.all[-1].kill()
        settings = self.settings
        account = self.sim.account
        keys = (account.api_key, account.api_secret)
        orders = MortalOrderManager(
            *keys, environment=self.environment, settings=settings, clock=self.clock, keep_ended=keep_ended
        )
        orders.deliveries, orders.again, orders.before = self.deliveries, [], lambda _: None
        book = PositionBook()
        service = UserStreamService(
            *keys, orders, book, environment=self.environment, settings=settings, clock=self.clock, draw=lambda: 0.5
        )
        desk = Desk(self.sim, service, orders, book, self.environment)
        life = Life(len(self.all) + 1, desk, orders)
        orders.life = life
        service.add_listener(lambda item: None if life.over else desk.said.append(item))
        self.all.append(life)
        return life

    async def live(self, *, keep_ended: int = 10_000) -> Life:
        """Make the next life, and return when it is live or over."""
        life = self.born(keep_ended=keep_ended)
        self.start(life)
        await life.do(life.desk.service.wait_until_ready())
        return life

    def start(self, life: Life) -> None:
        """Start a life's service."""
        life.service_task = life.begin(life.desk.service.start())

    async def place(
        self, life: Life, name: str, *, side: str = "BUY", price: str = "60000", qty: str = "0.010"
    ) -> None:
        """Place a LIMIT order under a name of ours, for as long as the life lasts."""
        self.ours.add(name)
        await life.do(life.orders.place_limit_order("BTCUSDT", side, qty, price, client_order_id=name))

    async def is_square(self, *, kept: bool = True) -> None:
        """Over all lives each fill was told once and in order, and the last life knows what the exchange knows.

        `kept`: nothing was pruned from the journal, so the last life knows every order of all lives.
        """
        life = self.all[-1]
        await life.desk.is_square()
        for each in self.all:
            group = each.desk.service._settings.journal_group  # noqa: SLF001  what was promised
            assert len(each.orders.again) <= group, f"{len(each.orders.again)} deliveries told again"
        if kept:
            await self._orders_are_the_exchanges(life)

    async def _orders_are_the_exchanges(self, life: Life) -> None:
        account = self.sim.account
        rest = BinanceRest(account.api_key, account.api_secret, environment=self.environment)
        try:
            await rest.synchronize_clock()
            until = rest.exchange_time_ms()
            rows = await rest.orders_since(until - 6 * 86_400_000, until=until)
            trades = {str(row.order_id): await rest.trades_of_order(row) for row in rows}
        finally:
            await rest.close()
        wanted = {}
        for row in rows:
            paid: dict[str, Decimal] = {}
            for trade in trades[str(row.order_id)]:
                paid[trade.commission_asset] = paid.get(trade.commission_asset, Decimal(0)) + Decimal(trade.commission)
            profit = sum((Decimal(trade.realized_pnl) for trade in trades[str(row.order_id)]), Decimal(0))
            wanted[str(row.order_id)] = (
                _STATES[row.status], Decimal(row.executed_qty), Decimal(row.avg_price),
                {asset: amount for asset, amount in paid.items() if amount}, profit,
                row.client_order_id not in self.ours,
            )  # fmt: skip
        known = {order.order_id: _as_it_stands(order) for order in life.orders.orders if order.order_id}
        assert known == wanted


_STATES = {
    "NEW": "active",
    "PARTIALLY_FILLED": "active",
    "FILLED": "filled",
    "CANCELED": "cancelled",
    "EXPIRED": "expired",
    "EXPIRED_IN_MATCH": "expired",
    "REJECTED": "rejected",
}


def _as_it_stands(order: Order) -> tuple[str, Decimal, Decimal, dict[str, Decimal], Decimal, bool]:
    state, paid = str(order.state), {asset: amount for asset, amount in order.commission.items() if amount}
    return state, order.filled_qty, order.avg_price, paid, order.realized_profit, order.external


@asynccontextmanager
async def open_lives(
    path: Path | None, *, settings: Settings | None = None, sim: Simulator | None = None
) -> AsyncIterator[Lives]:
    """Open an exchange on which an engine may live several times; `path` is its journal, None for none."""
    loop = asyncio.get_running_loop()
    async with sim or Simulator(accounts=(AccountSpec(balance="100000"),)) as exchange:
        lives = Lives(exchange, path, settings or Settings(journal=path, journal_group=1))
        with chaos_life.mortal_tasks(loop):
            try:
                yield lives
            finally:
                for each in lives.all:
                    with contextlib.suppress(asyncio.CancelledError):
                        await each.bury()
