"""What a durable journal costs per delivery, in microseconds, and why it does not wait for the disk.

    python -m benchmarks.journal [DIRECTORY]      where the file is made, default here: name one on a real disk

Each row is 20,000 deliveries, written ahead in groups, then told (a callback that keeps them), then acknowledged; with
and without a frame of 700 bytes for each. "no journal" is the callback alone.
"""

from __future__ import annotations

import itertools
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import cast

from rich.console import Console
from rich.table import Table

from user_stream.contracts import MappedOrderUpdate
from user_stream.core.ledger import Told
from user_stream.runtime.clock import LoopClock
from user_stream.runtime.journal import Journal

COUNT = 20_000
HEARD: list[MappedOrderUpdate] = []
FRAME = b'{"e":"ORDER_TRADE_UPDATE","E":1795348800000,"T":1795348800000,"o":{' + b'"s":"BTCUSDT",' * 45 + b'"i":1}}'
_UPDATE = {
    **dict.fromkeys(["symbol", "client_order_id", "side", "position_side", "order_type", "time_in_force"], "LIMIT"),
    **dict.fromkeys(["execution_type", "commission_asset"], "TRADE"),
    **dict.fromkeys(["price", "stop_price", "orig_qty", "last_filled_qty", "last_filled_price"], "65000.10"),
    **dict.fromkeys(["accumulated_filled_qty", "avg_price", "commission", "realized_profit"], "0.01000000"),
    **dict.fromkeys(["is_maker", "reduce_only", "redelivered"], False),
    **dict.fromkeys(["trade_id", "order_trade_time", "event_time"], 1_795_348_800_000),
    "source": "stream",
}


def deliveries() -> list[Told]:
    """Return the deliveries of 5,000 orders, four each."""
    return [
        Told(
            "delivery",
            cast(
                "MappedOrderUpdate",
                {
                    **_UPDATE,
                    "delivery_id": number,
                    "order_id": str(8_389_766_079_988 + number // 4),
                    "order_status": "FILLED" if number % 4 == 3 else "PARTIALLY_FILLED",
                },
            ),
        )
        for number in range(1, COUNT + 1)
    ]


def measure(tell: Callable[[Sequence[Told]], None], told: Sequence[Told], group: int) -> list[float]:
    """Return how long each group took, in microseconds per delivery, sorted."""
    took = []
    for at in range(0, len(told) - group + 1, group):
        items = told[at : at + group]
        began = time.perf_counter_ns()
        tell(items)
        took.append((time.perf_counter_ns() - began) / 1000 / group)
    return sorted(took)


def through(journal: Journal, *, frame: bytes | None) -> Callable[[Sequence[Told]], None]:
    """Return what tells through a journal."""

    def tell(items: Sequence[Told]) -> None:
        if frame is not None:
            for _ in items:
                journal.frame(0x7FFFFFFFFFFF, 1, frame)
        journal.write_ahead(items)
        for item in items:
            HEARD.append(item.update)
            journal.acknowledge(item.update["delivery_id"])

    return tell


def at_once(items: Sequence[Told]) -> None:
    """Tell without a journal."""
    HEARD.extend(item.update for item in items)


def main(directory: Path) -> None:
    """Print the table."""
    told = deliveries()
    table = Table("sync", "frames", "group", "mean", "p50", "p99", "p99.9", "worst", title="µs per delivery")
    for group in (1, 64):
        _add(table, ("no journal", "", str(group)), measure(at_once, told, group))
    for group, frame, mode in itertools.product((1, 64), (None, FRAME), ("OFF", "NORMAL", "FULL")):
        with tempfile.TemporaryDirectory(dir=directory) as place:
            journal = Journal.open(Path(place) / "j", api_key="k", retention_s=604_800, clock=LoopClock())
            journal._connection.execute(f"PRAGMA synchronous={mode}")  # noqa: SLF001  what is compared here is no setting
            took = measure(through(journal, frame=frame), told if mode != "FULL" else told[:6_400], group)
            journal.close()
        _add(table, (mode, "with" if frame else "without", str(group)), took)
    Console().print(table)


def _add(table: Table, names: tuple[str, str, str], took: list[float]) -> None:
    def at(share: float) -> str:
        return f"{took[min(int(len(took) * share), len(took) - 1)]:.1f}"

    table.add_row(*names, f"{sum(took) / len(took):.1f}", at(0.5), at(0.99), at(0.999), f"{took[-1]:.1f}")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "."))
