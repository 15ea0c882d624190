"""An exchange that is used as a day uses it, on a virtual clock, and how much is in every container that it has.

Two symbols walk; three accounts trade over REST: orders that fill, orders that rest until they are cancelled,
conditional orders. Their user streams are kept alive and opened anew each day, and somebody reads market streams. So
that histories are full in hours, not in months, the exchange is told every hour to forget all but the newest records of
each account. What a container holds is counted by the attribute that it is in: of a process that runs for weeks, blocks
of memory say how much was piled up (`benchmarks.week`), and this says where.
"""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter, deque
from collections.abc import Iterator
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

import aiohttp

from simulator import AccountSpec, MarketTerms, RiskTerms, Simulator
from simulator.core.housekeeping import forget
from simulator.core.security.signatures import sign
from simulator.core.venue import Venue

PACE_S: Final = 600.0
"""From one round of an account's trading to its next."""
MARKET_STREAMS: Final = "btcusdt@depth@500ms/btcusdt@aggTrade/btcusdt@kline_1m/btcusdt@bookTicker/!miniTicker@arr"
_HOUR_S: Final = 3_600.0
_EXTEND_S: Final = 1_800.0


class Row(NamedTuple):
    """What had happened after some time, and what the exchange had then."""

    orders: int
    frames: int
    containers: Counter[str]


class Trader:
    """One account's client: its signed requests, and its user stream."""

    def __init__(self, sim: Simulator, session: aiohttp.ClientSession, spec: AccountSpec) -> None:
        self.frames = 0
        self.orders = 0
        self._sim, self._session, self._spec = sim, session, spec

    async def trade(self, symbol: str) -> None:
        """Round by round, buy and sell at the market, and place and cancel a limit order and a conditional one."""
        size = {"symbol": symbol, "quantity": "0.010"}
        for number in itertools.count():
            await self._ask("POST", "order", **size, side="SELL" if number % 2 else "BUY", type="MARKET")
            low = f"{self._sim.price(symbol) * 97 // 100:f}"
            limit = await self._ask("POST", "order", **size, side="BUY", type="LIMIT", timeInForce="GTC", price=low)
            stop = {"side": "SELL", "algoType": "CONDITIONAL", "type": "STOP_MARKET", "triggerPrice": low}
            algo = await self._ask("POST", "algoOrder", **size, **stop)
            await asyncio.sleep(PACE_S / 2)
            await self._ask("DELETE", "order", symbol=symbol, orderId=limit.get("orderId", 0))
            await self._ask("DELETE", "algoOrder", algoId=algo.get("algoId", 0))
            self.orders += 3
            await asyncio.sleep(PACE_S / 2)

    async def listen(self) -> None:
        """Follow the user stream, with a new listen key every day."""
        while True:
            listen_key = (await self._ask("POST", "listenKey"))["listenKey"]
            following = asyncio.create_task(self.follow(f"{self._sim.ws_url}/private/ws?listenKey={listen_key}"))
            try:
                for _ in range(int(24 * _HOUR_S / _EXTEND_S)):
                    await asyncio.sleep(_EXTEND_S)
                    await self._ask("PUT", "listenKey")
                await self._ask("DELETE", "listenKey")
            finally:
                following.cancel()

    async def follow(self, url: str) -> None:
        """Read a stream, and open it anew when it is closed."""
        while True:
            async with self._session.ws_connect(url) as socket:
                async for _ in socket:
                    self.frames += 1

    async def _ask(self, method: str, endpoint: str, **params: Any) -> dict[str, Any]:
        """Return the answer; a refusal, such as for an order that has ended, is one, too."""
        text = urlencode(params | {"timestamp": self._sim.time_ms})
        url = f"{self._sim.rest_url}/fapi/v1/{endpoint}?{text}&signature={sign(text, self._spec.api_secret)}"
        async with self._session.request(method, url, headers={"X-MBX-APIKEY": self._spec.api_key}) as response:
            answer: dict[str, Any] = await response.json()
            return answer


def containers(root: object) -> Counter[str]:
    """Return how much is in the containers of an object of the simulator and of all that it has, by attribute."""
    found: Counter[str] = Counter()
    seen: set[int] = set()
    waiting: deque[tuple[str, object]] = deque([("", root)])
    while waiting:
        name, value = waiting.popleft()
        if id(value) in seen:
            continue
        seen.add(id(value))
        if isinstance(value, dict | list | set | deque):
            found[name] += len(value)
            inside = value.values() if isinstance(value, dict) else value
            waiting += ((name, element) for element in inside)
        elif type(value).__module__.startswith("simulator."):
            waiting += ((f"{type(value).__name__}.{name}", part) for name, part in _attributes(value))
    return found


def _attributes(value: object) -> Iterator[tuple[str, object]]:
    """Yield the attributes of an object; of a record, which has nothing but values, none."""
    yield from getattr(value, "__dict__", {}).items()
    if not hasattr(type(value), "__struct_fields__"):
        for kind in type(value).__mro__:
            yield from ((name, getattr(value, name, None)) for name in getattr(kind, "__slots__", ()))


async def live(hours: int, kept: int) -> list[Row]:
    """Let so many hours pass, all but the newest `kept` records of each account forgotten; measure after each."""
    accounts = [
        AccountSpec(name=name, api_key=name * 64, api_secret=name, balance="100000") for name in ("a", "b", "c")
    ]
    sim = Simulator(
        accounts=accounts,
        market=MarketTerms(liquidity="book"),
        risk=RiskTerms(liquidation="automatic", funding="automatic"),
        paths=dict.fromkeys(("BTCUSDT", "ETHUSDT"), "walk:every=1m,by=0.05"),
    )
    async with sim, aiohttp.ClientSession() as session, asyncio.TaskGroup() as group:
        traders = [Trader(sim, session, spec) for spec in accounts]
        market = f"{sim.ws_url}/stream?streams={MARKET_STREAMS}"
        work = [group.create_task(trader.follow(market)) for trader in traders[:1]]
        for trader, symbol in zip(traders, ("BTCUSDT", "ETHUSDT", "BTCUSDT"), strict=True):
            work += [group.create_task(trader.trade(symbol)), group.create_task(trader.listen())]
        rows = []
        for _ in range(hours):
            await asyncio.sleep(_HOUR_S)
            _forget(sim, kept)
            orders, frames = sum(trader.orders for trader in traders), sum(trader.frames for trader in traders)
            rows.append(Row(orders, frames, containers(sim)))
        for task in work:
            task.cancel()
        return rows


def _forget(sim: Simulator, kept: int) -> None:
    venue: Venue = sim._floor.venue  # noqa: SLF001  no user has to say it: the exchange does it by itself, later
    forget(venue.exchange, venue.algos, sim.time_ms, most=kept)
