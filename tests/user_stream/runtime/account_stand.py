"""One account's machines on an exchange of a few lines, without the service around them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from tests.user_stream.runtime.standin import Standin, refusal, standin
from user_stream import PositionBook, Settings
from user_stream.contracts import MappedOrderUpdate
from user_stream.core.account_feed import AccountFeed
from user_stream.core.coverage import Coverage
from user_stream.core.events import Event
from user_stream.core.fills import FillPriceCache
from user_stream.core.ledger import Ledger
from user_stream.core.lifecycle import Notice
from user_stream.observer import Metrics
from user_stream.runtime.account import Account
from user_stream.runtime.conditional_flow import ConditionalFlow
from user_stream.runtime.delivery import Delivery
from user_stream.runtime.memory import Memory
from user_stream.runtime.order_repairs import OrderRepairs

T = TypeVar("T")

OPEN_ORDERS, POSITIONS, BALANCES = "/fapi/v1/openOrders", "/fapi/v3/positionRisk", "/fapi/v3/balance"
NOTHING = (OPEN_ORDERS, POSITIONS, BALANCES, "/fapi/v1/allOrders", "/fapi/v1/userTrades", "/fapi/v1/income",
           "/fapi/v1/openAlgoOrders", "/fapi/v1/allAlgoOrders")  # fmt: skip


@dataclass
class Engine:
    """An order manager that keeps what it was told."""

    deliveries: list[MappedOrderUpdate] = field(default_factory=list)

    def on_order_update(self, data: MappedOrderUpdate) -> None:
        """Keep a delivery."""
        self.deliveries.append(data)


@dataclass
class Stand:
    """The account, its exchange, and everything that was said."""

    account: Account
    exchange: Standin
    engine: Engine
    book: PositionBook
    repairs: OrderRepairs
    conditionals: ConditionalFlow
    said: list[Event | Notice] = field(default_factory=list)

    def notices(self, kind: type[T]) -> list[T]:
        """Return what was said of this kind."""
        return [item for item in self.said if isinstance(item, kind)]

    @property
    def now(self) -> int:
        """The exchange's time, ms."""
        return self.exchange.clock.time_ms()


def account_on(exchange: Standin, engine: Engine, book: PositionBook, settings: Settings) -> Account:
    """Put an account together as the service does."""
    metrics, memory = Metrics(), Memory()
    fills = FillPriceCache(max_symbols=10, max_age_s=60)
    return Account(
        rest=exchange.rest(settings=settings),
        ledger=Ledger(),
        feed=AccountFeed(),
        coverage=Coverage(overlap_ms=int(settings.overlap_s * 1000)),
        delivery=Delivery(engine, book, fills, clock=exchange.clock, metrics=metrics, memory=memory),
        memory=memory,
        metrics=metrics,
        settings=settings,
        clock=exchange.clock,
        draw=lambda: 0.5,
    )


@asynccontextmanager
async def account_stand(**settings: Any) -> AsyncIterator[Stand]:
    """Open an account on which nothing ever happened."""
    async with standin() as exchange:
        for path in NOTHING:
            exchange.says(path, [])
        exchange.says("/fapi/v1/accountConfig", {"dualSidePosition": False, "multiAssetsMargin": False})
        exchange.answers["/fapi/v1/order"] = lambda _: refusal(400, -2013, "Order does not exist.")
        engine, book = Engine(), PositionBook()
        account = account_on(exchange, engine, book, Settings(**settings))
        repairs = OrderRepairs(
            account.rest, account.ledger, account.delivery, settings=account.settings, clock=account.clock,
            draw=account.draw, metrics=account.metrics,
        )  # fmt: skip
        stand = Stand(account, exchange, engine, book, repairs, ConditionalFlow(account, repairs, is_live=lambda: True))
        account.delivery.add_listener(stand.said.append)
        await account.rest.synchronize_clock()
        try:
            yield stand
        finally:
            await account.delivery.idle()
            await account.rest.close()
