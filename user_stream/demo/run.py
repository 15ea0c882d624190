"""`user-stream demo`: one process, one virtual clock, real sockets on a free loopback port.

On the virtual clock an hour of keepalives costs nothing and every run is the same. The exit code is 0 only if at the
end the engine knows exactly what the exchange says over REST.
"""

from __future__ import annotations

import asyncio
import random
import time

from rich.console import Console

from simulator import DEFAULT_SYMBOLS, AccountSpec, Simulator, synthetic_symbols
from simulator.runtime.virtual_time import VirtualTimeLoop
from user_stream.demo.comparison import compare
from user_stream.demo.engine import DemoOrderManager, DemoRiskEngine
from user_stream.demo.screen import Screen
from user_stream.demo.story import CHAPTERS, Scene
from user_stream.runtime.binance_rest import BinanceRest
from user_stream.runtime.clock import LoopClock
from user_stream.service import UserStreamService
from user_stream.settings import Environment

__all__ = ["main"]

START_MS = 1_795_348_800_000
"""2026-11-22 12:00:00 UTC, on both sides."""

_LINE_S = 0.06
"""Real seconds per line in a terminal."""


def main(console: Console | None = None) -> int:
    """Show it. Return 0 when engine and exchange are equal at the end, else 1."""
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(_show(console or Console()))


def _for_a_reader() -> None:
    time.sleep(_LINE_S)  # real time: it stops the virtual clock as well


def _at_once() -> None:
    """Nobody watches."""


async def _show(console: Console) -> int:
    symbols = (*DEFAULT_SYMBOLS, *synthetic_symbols(500))
    account = AccountSpec(balance="100000")
    async with Simulator(symbols=symbols, accounts=(account,), start_ms=START_MS) as exchange:
        screen = Screen(console, lambda: exchange.time_ms, _for_a_reader if console.is_terminal else _at_once)
        screen.title(f"A Binance on this machine: {exchange.rest_url} and {exchange.ws_url}")
        clock = LoopClock(start_ms=START_MS)
        environment = Environment.simulator(exchange.rest_url, exchange.ws_url)
        risk = DemoRiskEngine(screen)
        keys = (account.api_key, account.api_secret)
        async with DemoOrderManager(*keys, environment=environment, clock=clock, screen=screen) as orders:
            service = UserStreamService(
                *keys,
                orders,
                risk,
                environment=environment,
                clock=clock,
                draw=random.Random(2026).random,  # noqa: S311  the same backoff in every run
            )
            service.add_listener(screen.lifecycle)
            async with service:
                scene = Scene(exchange=exchange, service=service, orders=orders, risk=risk, screen=screen)
                for number, chapter in enumerate(CHAPTERS, start=1):
                    screen.chapter(f"{number}. {chapter.__doc__}")
                    await chapter(scene)
                rest = BinanceRest(*keys, environment=environment, clock=clock)
                rows = await compare(rest, orders, risk, since=START_MS)
                await rest.close()
        screen.table(rows)
    return 0 if all(verdict == "equal" for *_, verdict in rows) else 1
