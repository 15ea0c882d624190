"""What is measured is what was so: each gauge falls again, and nothing counts twice."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from simulator import Delay, Drop
from tests.scenarios.desk import SYMBOL, Desk, open_desk
from tests.scenarios.watching import KEY, requests
from user_stream import MappedOrderUpdate, PositionBook, Settings, UserStreamService
from user_stream.core.lifecycle import GapRepaired, ListenKeyKept
from user_stream.core.metrics import Metric


class Watch:
    """An observer that keeps sums, last values and all values, by metric and labels."""

    def __init__(self) -> None:
        self.counts: Counter[tuple[Any, ...]] = Counter()
        self.gauges: dict[tuple[Any, ...], float] = {}
        self.values: list[tuple[Any, ...]] = []

    def count(self, metric: Metric, amount: int = 1, /, **labels: str) -> None:
        self.counts[metric, *labels.values()] += amount

    def gauge(self, metric: Metric, value: float, /, **labels: str) -> None:
        self.gauges[metric, *labels.values()] = value

    def observe(self, metric: Metric, value: float, /, **labels: str) -> None:
        self.values.append((metric, *labels.values(), value))

    def repairs(self) -> dict[str, int]:
        """Return how many things each REST answer told."""
        return {series[1]: count for series, count in self.counts.items() if series[0] is Metric.REPAIRS}


class SlowEngine:
    """Takes two seconds for each order update."""

    async def on_order_update(self, _: MappedOrderUpdate) -> None:
        await asyncio.sleep(2)


class QuickEngine:
    """Takes no time."""

    def on_order_update(self, _: MappedOrderUpdate) -> None:
        return


@dataclass
class Observed:
    """A live service, who watches it, and what it said."""

    desk: Desk
    watch: Watch
    said: list[object] = field(default_factory=list)

    def rest_somewhere(self, name: str) -> None:
        """Let another client place an order that is not filled."""
        self.desk.sim.place_external(
            symbol=SYMBOL, side="BUY", type="LIMIT", quantity="0.010", price="60000", client_order_id=name
        )


@asynccontextmanager
async def observed(engine: SlowEngine | QuickEngine, **settings: Any) -> AsyncIterator[Observed]:
    """Open a live service with an observer."""
    async with open_desk() as desk:
        account, watch = desk.sim.account, Watch()
        service = UserStreamService(
            account.api_key, account.api_secret, engine, PositionBook(), environment=desk.environment,
            settings=Settings(**settings), draw=lambda: 0.5, observer=watch,
        )  # fmt: skip
        made = Observed(desk, watch)
        service.add_listener(made.said.append)
        async with service:
            yield made


async def test_queue_is_as_deep_as_frames_wait_and_empty_when_they_were_looked_at() -> None:
    async with observed(SlowEngine(), comparison_grace_s=600) as day:
        for number in range(20):
            day.rest_somewhere(f"web_{number}")
        await asyncio.sleep(3)
        assert 15 <= day.watch.gauges[Metric.QUEUE_DEPTH, "frames"] <= 20
        await asyncio.sleep(60)

        assert day.watch.gauges[Metric.QUEUE_DEPTH, "frames"] == 0


async def test_lag_of_an_event_ends_when_its_frame_is_read_however_long_that_waits_for_the_engine() -> None:
    async with observed(SlowEngine(), comparison_grace_s=600) as day:
        for number in range(10):
            day.rest_somewhere(f"web_{number}")
        await asyncio.sleep(60)

        lags = [value[-1] for value in day.watch.values if value[0] is Metric.EVENT_LAG]
        assert len(lags) >= 10
        assert max(lags) < 1


async def test_keepalive_counts_once_however_many_connections_it_keeps() -> None:
    async with observed(QuickEngine(), connections=2) as day:
        await asyncio.sleep(1900)

        assert len(requests(day.desk, "PUT", KEY)) == 1
        assert day.watch.counts[Metric.KEEPALIVES,] == 1
        assert len([item for item in day.said if isinstance(item, ListenKeyKept)]) == 1


@pytest.mark.parametrize("connections", [1, 2])
async def test_stopped_service_has_no_connection_that_carries_the_stream(connections: int) -> None:
    async with observed(QuickEngine(), connections=connections) as day:
        await asyncio.sleep(5)
        assert day.watch.gauges[Metric.CONNECTIONS,] == connections

    assert day.watch.gauges[Metric.CONNECTIONS,] == 0


async def test_connection_that_lost_a_frame_carries_nothing_until_rest_told_what_it_said() -> None:
    async with observed(QuickEngine()) as day:
        await asyncio.sleep(5)
        day.desk.sim.on_request("GET", "/fapi/v1/openOrders", Delay(5))
        day.desk.sim.push(b"{bad")
        await asyncio.sleep(2)
        assert day.watch.gauges[Metric.CONNECTIONS,] == 0
        await asyncio.sleep(10)

        assert day.watch.gauges[Metric.CONNECTIONS,] == 1


async def test_lease_of_a_new_key_is_young() -> None:
    async with observed(QuickEngine()) as day:
        await asyncio.sleep(1750)
        assert day.watch.gauges[Metric.LEASE_AGE,] > 1740
        day.desk.sim.expire_listen_key()
        await asyncio.sleep(20)

        assert day.watch.gauges[Metric.LEASE_AGE,] < 20


async def test_fill_that_only_rest_told_while_live_is_a_repair() -> None:
    async with observed(QuickEngine()) as day:
        day.rest_somewhere("web")
        await asyncio.sleep(1)
        for event in ("ORDER_TRADE_UPDATE", "TRADE_LITE"):
            day.desk.sim.on_frame(Drop(), event=event)
        day.desk.sim.fill("web", "0.001")
        day.desk.sim.fill("web", "0.002")
        await asyncio.sleep(200)

        assert day.watch.counts[Metric.FILLS, "rest"] == 1
        assert day.watch.repairs() == {"order": 1, "userTrades": 1}


@pytest.mark.parametrize("lag_s", [0.0, 2.0])
async def test_fill_that_a_recovery_found_counts_once(lag_s: float) -> None:
    """Its report counts it, and who looked for it by its order does not: the list of trades may lag behind orders."""
    async with observed(QuickEngine()) as day:
        day.rest_somewhere("web")
        await asyncio.sleep(60)
        day.desk.sim.rest_lag(paths={"/fapi/v1/userTrades": lag_s})
        day.desk.sim.cut_connections()
        day.desk.sim.fill("web", "0.001")
        await asyncio.sleep(200)

        assert [item.provisional for item in day.said if isinstance(item, GapRepaired)] == [True, False]
        assert day.watch.repairs()["userTrades"] == day.watch.counts[Metric.FILLS, "rest"] == 1
