"""What a journal is given in tests, and a clock that stands until it is moved."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from tests.user_stream.core.order_facts import told_by_stream
from user_stream.contracts import MappedOrderUpdate, OrderIntent
from user_stream.core.ledger import Told
from user_stream.runtime.journal import Journal

API_KEY = "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A"  # the one of Binance's own examples
NOW_MS = 1_795_348_800_000
HOUR_MS = 3_600_000
_STATUS_ONLY = told_by_stream("NEW")


@dataclass
class StandingClock:
    """A clock for a test to set."""

    now_ms: int = NOW_MS

    def time_ms(self) -> int:
        return self.now_ms

    def monotonic(self) -> float:
        return self.now_ms / 1000

    def perf(self) -> float:
        return self.now_ms / 1000

    async def sleep(self, seconds: float) -> None:
        self.now_ms += int(seconds * 1000)


def opened(
    path: Path, *, clock: StandingClock | None = None, api_key: str = API_KEY, retention_s: float = 3_600.0
) -> Journal:
    """Open a journal that keeps things for an hour."""
    return Journal.open(path, api_key=api_key, retention_s=retention_s, clock=clock or StandingClock())


def delivery(delivery_id: int, *, order: int = 7, status: str = "NEW", client_order_id: str = "mine") -> Told:
    """Return a delivery without a fill."""
    names = {"order_id": str(order), "client_order_id": client_order_id, "delivery_id": delivery_id}
    return Told("delivery", cast("MappedOrderUpdate", {**_STATUS_ONLY, "order_status": status, **names}))


def details(trade: int, *, order: int = 7) -> Told:
    """Return the details of a fill that was told before."""
    update = told_by_stream("PARTIALLY_FILLED", order_id=order, trade=trade, commission="0.01")
    return Told("details", update)


def intent(client_order_id: str) -> OrderIntent:
    """Return an order that is about to be sent."""
    return OrderIntent(
        client_order_id=client_order_id, symbol="BTCUSDT", side="BUY", order_type="LIMIT", quantity="1", price="100"
    )


def ids(told: Iterable[Told]) -> list[int]:
    """Return the delivery ids of what was told; details have none and count as 0."""
    return [item.update["delivery_id"] for item in told]
