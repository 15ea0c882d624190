"""Whether anything piles up in a process that trades for a long time.

    python -m benchmarks.leaks [ORDERS]      100,000 by default; takes minutes

The exchange is another process, the clock the real one; only 1,000 ended orders stay known, and what ended is looked
for in REST for 20 s instead of 100. Half of the orders fill at once, half rest until they are cancelled; no more than
200 in a second. Each quarter of the way it stops until what is over is forgotten, and measures. "Blocks" are the pieces
of memory that Python has handed out; the resident set also holds what the busiest minute needed and nobody needs now.
Exits 1 if tasks, descriptors or blocks grew in the second half by more than the noise.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import itertools
import logging
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.table import Table

from simulator import AccountSpec
from user_stream import Environment, OrderManager, PositionBook, Settings, UserStreamService

ORDERS = 100_000
WORKERS = 8
PACE_S = WORKERS / 200
"""Of each worker: at least so long from one order to the next."""
NOISE = 0.01
SETTINGS = Settings(overlap_s=10, rest_lag_s=10)
PAUSE_S = 130.0
"""Overlap and lag, half a minute until a comparison proves that they are past, up to a minute until somebody looks."""
_PAGE = 4096


class Row(NamedTuple):
    """What the process was like after so many orders."""

    orders: int
    seconds: float
    tasks: int
    descriptors: int
    blocks: int
    resident_mib: float


def measured(orders: int, began: float) -> Row:
    """Measure this process."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    descriptors = len(list(Path("/proc/self/fd").iterdir()))
    seconds, tasks, blocks = time.monotonic() - began, len(asyncio.all_tasks()), sys.getallocatedblocks()
    return Row(orders, seconds, tasks, descriptors, blocks, pages * _PAGE / 2**20)


@contextlib.contextmanager
def exchange() -> Iterator[Environment]:
    """Run a simulator in another process."""
    command = [sys.executable, "-m", "simulator", "serve", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603  our own module
        try:
            assert process.stdout is not None  # noqa: S101  it is a pipe
            address = process.stdout.readline().split()[1]
            yield Environment.simulator(address, address.replace("http", "ws"))
        finally:
            process.terminate()


async def trade(orders: OrderManager, count: int) -> None:
    """Place and end so many orders."""
    numbers = iter(range(count))

    async def work() -> None:
        for number in numbers:
            pace = asyncio.create_task(asyncio.sleep(PACE_S))
            if number % 2:
                await orders.place_market_order("BTCUSDT", "BUY" if number % 4 == 1 else "SELL", "0.001")
            else:
                order = await orders.place_limit_order("BTCUSDT", "BUY", "0.001", "62000")
                await orders.cancel_order(order.client_order_id)
            await pace

    async with asyncio.TaskGroup() as workers:
        for _ in range(WORKERS):
            workers.create_task(work())


async def measure(environment: Environment, count: int) -> list[Row]:
    """Trade, and measure every tenth of the way."""
    account = AccountSpec()
    keys = account.api_key, account.api_secret
    began = time.monotonic()
    rows: list[Row] = []
    async with (
        OrderManager(*keys, environment=environment, settings=SETTINGS, keep_ended=1000) as orders,
        UserStreamService(*keys, orders, PositionBook(), environment=environment, settings=SETTINGS),
    ):
        for done in itertools.accumulate([count // 4] * 4):
            await trade(orders, count // 4)
            await asyncio.sleep(PAUSE_S)
            rows.append(measured(done, began))
        assert all(order.ended for order in orders.orders)  # noqa: S101  else it was no measurement
    return rows


def is_flat(rows: list[Row]) -> bool:
    """Say whether nothing grew in the second half."""
    warm, last = rows[1], rows[-1]
    grown = last.tasks - warm.tasks, last.descriptors - warm.descriptors
    return max(grown) <= WORKERS and last.blocks <= warm.blocks * (1 + NOISE)


def main() -> int:
    """Print the table; 0 if nothing grew."""
    logging.disable(logging.CRITICAL)
    count = int(sys.argv[1]) if len(sys.argv) > 1 else ORDERS
    with exchange() as environment:
        rows = asyncio.run(measure(environment, count))
    columns = ("orders", "seconds", "tasks", "descriptors", "blocks", "resident MiB")
    table = Table(*columns, title="what a long day leaves behind")
    for row in rows:
        counts = (str(row.tasks), str(row.descriptors), f"{row.blocks:,}")
        table.add_row(f"{row.orders:,}", f"{row.seconds:.0f}", *counts, f"{row.resident_mib:.1f}")
    Console().print(table)
    return 0 if is_flat(rows) else 1


if __name__ == "__main__":
    sys.exit(main())
