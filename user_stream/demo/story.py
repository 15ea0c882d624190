"""The demo's chapters, in the order in which they are told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from simulator import Simulator
from user_stream.core.lifecycle import Live
from user_stream.demo.engine import DemoOrderManager, DemoRiskEngine
from user_stream.demo.screen import Screen, plain
from user_stream.service import UserStreamService

__all__ = ["CHAPTERS", "Scene"]

SYMBOL = "BTCUSDT"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Who plays: the exchange, the service, and the engine's two halves."""

    exchange: Simulator
    service: UserStreamService
    orders: DemoOrderManager
    risk: DemoRiskEngine
    screen: Screen

    async def until(self, condition: Callable[[], bool], *, within_s: float = 120.0) -> None:
        """Wait on the virtual clock until something holds. Raises `TimeoutError` when it never does."""
        async with asyncio.timeout(within_s):
            while not condition():  # noqa: ASYNC110  polling costs nothing on a virtual clock
                await asyncio.sleep(0.01)

    async def until_state(self, client_order_id: str, state: str) -> None:
        """Wait until the engine's order is in this state."""

        def reached() -> bool:
            order = self.orders.get_order(client_order_id)
            return order is not None and order.state == state

        await self.until(reached)

    async def until_live_again(self, epoch: int) -> None:
        """Wait until the service is live on a later connection than `epoch`."""

        def live() -> bool:
            state = self.service.state
            return isinstance(state, Live) and state.epoch > epoch

        await self.until(live)

    @property
    def epoch(self) -> int:
        """The number of the present connection."""
        state = self.service.state
        return state.epoch if isinstance(state, Live) else 0


async def a_limit_order_fills(scene: Scene) -> None:
    """A limit order: idle → placing → active → filled."""
    await scene.orders.place_limit_order(SYMBOL, "BUY", "0.010", "64000", client_order_id="demo-limit")
    await scene.until_state("demo-limit", "active")
    scene.screen.line("exchange", "the price falls to 63990")
    scene.exchange.set_price(SYMBOL, "63990")
    await scene.until_state("demo-limit", "filled")


async def an_order_fills_in_three_parts(scene: Scene) -> None:
    """One filled in three parts."""
    await scene.orders.place_limit_order(SYMBOL, "BUY", "0.010", "63500", client_order_id="demo-parts")
    await scene.until_state("demo-parts", "active")
    for part in ("0.004", "0.005", "0.001"):
        scene.exchange.fill("demo-parts", part)
        await asyncio.sleep(0.5)
    await scene.until_state("demo-parts", "filled")


async def an_order_is_cancelled(scene: Scene) -> None:
    """One cancelled: placing → active → cancelling → cancelled."""
    await scene.orders.place_limit_order(SYMBOL, "BUY", "0.010", "62500", client_order_id="demo-cancel")
    await scene.until_state("demo-cancel", "active")
    await scene.orders.cancel_order("demo-cancel")
    await scene.until_state("demo-cancel", "cancelled")


async def the_account_changes(scene: Scene) -> None:
    """Account updates reach the risk engine."""
    await scene.orders.place_market_order(SYMBOL, "SELL", "0.005", client_order_id="demo-market")
    await scene.until_state("demo-market", "filled")
    scene.exchange.transfer("USDT", "250")
    await asyncio.sleep(0.1)
    amount = plain(scene.risk.position_amount(SYMBOL))
    scene.screen.line("risk", f"holds {amount} BTC and {plain(scene.risk.wallet_balance('USDT'))} USDT")


async def the_connection_drops(scene: Scene) -> None:
    """The connection drops, and an order fills inside the gap."""
    await scene.orders.place_limit_order(SYMBOL, "BUY", "0.010", "63000", client_order_id="demo-gap")
    await scene.until_state("demo-gap", "active")
    epoch = scene.epoch
    scene.screen.line("exchange", "cuts the connection without a close frame")
    scene.exchange.cut_connections()
    scene.screen.line("exchange", "fills demo-gap while nobody listens")
    scene.exchange.fill("demo-gap", "0.010")
    await scene.until_live_again(epoch)
    await scene.until_state("demo-gap", "filled")


async def the_listen_key_expires(scene: Scene) -> None:
    """The listen key: an hour passes, kept alive; then the exchange ends it."""
    epoch = scene.epoch
    await asyncio.sleep(61 * 60)
    still = "the same connection" if scene.epoch == epoch else "another connection"
    scene.screen.line("service", f"61 minutes later: {still}")
    scene.screen.line("exchange", "the listen key expires")
    scene.exchange.expire_listen_key()
    await scene.until_live_again(epoch)
    await scene.orders.place_market_order(SYMBOL, "BUY", "0.001", client_order_id="demo-new-key")
    await scene.until_state("demo-new-key", "filled")


async def the_fill_cache_is_bounded(scene: Scene) -> None:
    """The fill cache: 501 symbols, one too many; and a minute, one too long."""
    symbols = [symbol for symbol in scene.exchange.symbols if symbol.startswith("SIM")][:500]
    first, oldest = symbols[0], SYMBOL
    scene.orders.mute()
    scene.risk.mute()
    for number, symbol in enumerate(symbols, start=2):
        name = f"demo-cache-{number}"
        await scene.orders.place_market_order(symbol, "BUY", "10", client_order_id=name)
        await scene.until_state(name, "filled")
        await asyncio.sleep(0.05)
        if number == 500:
            _show_cached(scene, f"{number} symbols filled: {oldest} is", oldest)
    _show_cached(scene, f"501 symbols filled: {oldest}, the oldest, is", oldest)
    newest = symbols[-1]
    _show_cached(scene, f"{newest}, filled last, is", newest)
    await asyncio.sleep(60)
    _show_cached(scene, f"60 seconds later {newest} is", newest)
    _show_cached(scene, f"and {first} is", first)


def _show_cached(scene: Scene, text: str, symbol: str) -> None:
    fill, held = scene.service.last_fill(symbol), scene.service.last_fill_of_any_age(symbol)
    if fill is not None:
        said = f"cached: {fill.side} at {plain(fill.price)}"
    elif held is not None:
        said = "stale: no answer any more"
    else:
        said = "evicted"
    scene.screen.line("cache", f"{text} {said}")


CHAPTERS = (
    a_limit_order_fills,
    an_order_fills_in_three_parts,
    an_order_is_cancelled,
    the_account_changes,
    the_connection_drops,
    the_listen_key_expires,
    the_fill_cache_is_bounded,
)
