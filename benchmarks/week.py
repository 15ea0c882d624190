"""Whether anything piles up in an exchange that is left running for a week, and longer.

    python -m benchmarks.week [DAYS]      10 by default, on the virtual clock; takes minutes

Three symbols walk, the house trades as they do, funding is paid on an open position. Every 20 s an order comes to rest
and is cancelled, and every 20 min one is filled; a user stream and market streams listen. The process grows until what
it remembers is full: orders that ended without a fill for three days, candles of a minute for seven, the last 50,000
entries of the journal. From then on it should stay as it is, but for the trades, which REST shows for 90 days. "Blocks"
are the pieces of memory that Python has handed out. Exits 1 if they grew by more than 2 % over the last two days.
"""

from __future__ import annotations

import asyncio
import gc
import sys
import time
from typing import Final, NamedTuple

import aiohttp
from rich.console import Console
from rich.table import Table

from simulator import MarketTerms, RiskTerms, Simulator
from simulator.runtime.virtual_time import VirtualTimeLoop

PERIOD_S: Final = 20
PERIODS_OF_DAY: Final = 86_400 // PERIOD_S
SYMBOLS: Final = ("BTCUSDT", "ETHUSDT", "XRPUSDT")
STREAMS: Final = "btcusdt@aggTrade/ethusdt@kline_1m/xrpusdt@miniTicker/btcusdt@markPrice"
START_MS: Final = 1_790_000_000_000
NOISE: Final = 0.02


class Row(NamedTuple):
    """What the exchange was like after a day."""

    day: int
    blocks: int
    orders: int
    trades: int
    journal: int
    frames: int


async def listen(session: aiohttp.ClientSession, url: str) -> None:
    """Read a stream, again and again: a connection ends after a day."""
    while True:
        async with session.ws_connect(url) as socket:
            async for _ in socket:
                pass


async def trade(simulator: Simulator, period: int) -> None:
    """Let an order rest and be cancelled; one in sixty times, buy or sell at the market instead."""
    if period % 60 == 0:
        side = "SELL" if period % 120 else "BUY"
        simulator.place_external(symbol="BTCUSDT", side=side, type="MARKET", quantity="0.010")
        return
    price = simulator.price("BTCUSDT") * 98 // 100
    resting = simulator.place_external(
        symbol="BTCUSDT", side="BUY", type="LIMIT", time_in_force="GTC", quantity="0.010", price=price
    )
    await asyncio.sleep(1)
    simulator.cancel(resting)


def measured(simulator: Simulator, day: int) -> Row:
    """Measure this process; the exchange is nearly all that there is in it."""
    gc.collect()
    account = simulator.state()["accounts"]["default"]
    orders, trades = len(account["orders"]), len(account["trades"])
    del account
    return Row(day, sys.getallocatedblocks(), orders, trades, len(simulator.journal), simulator.market_frames)


async def live(days: int) -> list[Row]:
    """Live so many days."""
    rows = []
    paths = {symbol: f"walk:every=10s,by=0.02,seed={seed}" for seed, symbol in enumerate(SYMBOLS)}
    simulator = Simulator(
        market=MarketTerms(liquidity="book"),
        risk=RiskTerms(liquidation="automatic", funding="automatic"),
        paths=paths,
        start_ms=START_MS,
        listen_key_lifetime_s=(days + 1) * 86_400.0,
    )
    async with simulator, aiohttp.ClientSession() as session:
        headers = {"X-MBX-APIKEY": simulator.account.api_key}
        async with session.post(f"{simulator.rest_url}/fapi/v1/listenKey", headers=headers) as answer:
            listen_key = (await answer.json())["listenKey"]
        private = f"{simulator.ws_url}/private/ws?listenKey={listen_key}&events=ORDER_TRADE_UPDATE/ACCOUNT_UPDATE"
        market = f"{simulator.ws_url}/market/stream?streams={STREAMS}"
        listeners = [asyncio.create_task(listen(session, url)) for url in (private, market)]
        for day in range(1, days + 1):
            for period in range(PERIODS_OF_DAY):
                began = asyncio.get_running_loop().time()
                await trade(simulator, period)
                await asyncio.sleep(began + PERIOD_S - asyncio.get_running_loop().time())
            rows.append(measured(simulator, day))
        for task in listeners:
            task.cancel()
        await asyncio.gather(*listeners, return_exceptions=True)
    return rows


def main() -> None:
    """Live so long, print what it was like, and say whether anything grew."""
    days = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    began = time.perf_counter()
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        rows = runner.run(live(days))
    table = Table("after days", "blocks", "orders kept", "trades kept", "journal", "market frames")
    for row in rows:
        table.add_row(*(f"{figure:,}" for figure in row))
    console = Console()
    console.print(table)
    grown = rows[-1].blocks / rows[-3].blocks - 1 if len(rows) > 2 else 0.0
    console.print(
        f"{days} days in {time.perf_counter() - began:,.0f} s; over the last two the blocks grew by {grown:.2%}"
    )
    sys.exit(1 if grown > NOISE else 0)


if __name__ == "__main__":
    main()
