"""An engine to be killed: it trades on a simulator, keeps a journal, and says line by line what it hears.

    {"heard": {...}}     a delivery, before anything is done with it      {"live": true}       the first synchronization
    {"sent": NAME}       a request for an order was answered              {"confirmed": true}  a repair was confirmed
    {"report": {...}}    what it knows                                    {"lost": NAME}       an order is lost

Run as `python -m tests.killed_engine REST_URL WS_URL JOURNAL`, with the keys in the environment. It reads commands from
its input: `place NAME PRICE QUANTITY`, `report`. With DIE_AT=N it kills itself when it has heard the delivery N; with
DIE_BEFORE=N when it was about to.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Awaitable
from pathlib import Path
from typing import Any

from user_stream import Environment, MappedOrderUpdate, OrderManager, PositionBook, Settings, UserStreamService
from user_stream.core.events import Event
from user_stream.core.lifecycle import GapRepaired, Notice, OrderLost

GROUP = 8
NEVER = "-1"


def say(**what: Any) -> None:
    """Say it in one piece: whatever the reader has got was said before the kill."""
    os.write(1, json.dumps(what).encode() + b"\n")


def die() -> None:
    """End like a process that was killed from outside."""
    os.kill(os.getpid(), signal.SIGKILL)


class TalkingOrderManager(OrderManager):
    """Says what it is told."""

    def on_order_update(self, data: MappedOrderUpdate) -> Awaitable[None] | None:
        if data["delivery_id"] == int(os.environ.get("DIE_BEFORE", NEVER)):
            die()
        say(heard=data)
        if data["delivery_id"] == int(os.environ.get("DIE_AT", NEVER)):
            die()
        return super().on_order_update(data)


def listen(item: Event | Notice) -> None:
    if isinstance(item, GapRepaired) and not item.provisional:
        say(confirmed=True)
    if isinstance(item, OrderLost):
        say(lost=item.client_order_id)


async def obey(orders: OrderManager, book: PositionBook) -> None:
    """Do what the input says, until it ends."""
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := (await reader.readline()).decode().split():
        if line[0] == "place":
            name, price, quantity = line[1:]
            await orders.place_limit_order("BTCUSDT", "BUY", quantity, price, client_order_id=name)
            say(sent=name)
        else:
            known = {o.client_order_id: (o.state, format(o.filled_qty, "f"), o.external) for o in orders.orders}
            say(report={"orders": known, "position": format(book.position_amount("BTCUSDT"), "f")})


async def main(rest_url: str, ws_url: str, journal: Path) -> None:
    """Trade until killed."""
    environment = Environment.simulator(rest_url, ws_url)
    keys = (os.environ["API_KEY"], os.environ["API_SECRET"])
    settings = Settings(
        journal=journal, journal_group=GROUP, rest_lag_s=0.5, account_lag_s=0.2, question_interval_s=0.1,
        recv_window_ms=1000, comparison_interval_s=1.0,
        recovery_weight_per_minute=100_000,  # so many recoveries a minute are the test's doing
    )  # fmt: skip
    async with TalkingOrderManager(*keys, environment=environment, settings=settings) as orders:
        book = PositionBook()
        service = UserStreamService(*keys, orders, book, environment=environment, settings=settings)
        service.add_listener(listen)
        async with service:
            say(live=True)
            await obey(orders, book)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], Path(sys.argv[3])))
