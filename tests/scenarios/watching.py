"""What a scenario reads from the exchange's journal and from what the service said, and how it acts at a moment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from decimal import Decimal

from simulator import JournalEntry
from tests.scenarios.desk import Desk
from user_stream.core.lifecycle import Connecting, Degraded, GapOpened, GapRepaired, Live, Stopped, Synchronizing
from user_stream.core.request_weight import weight_of

__all__ = [
    "filled_quantities",
    "opened",
    "requests",
    "silences",
    "states",
    "was_never_down",
    "weight_by_minute",
    "when",
]

KEY = "/fapi/v1/listenKey"


def when(desk: Desk, act: Callable[[], object], *, nth: int = 1, **wanted: object) -> None:
    """Act once, when the `nth` entry with these fields (`kind`, `path`, `connection`, `event`, ...) is written."""
    left = nth

    def look(entry: JournalEntry) -> None:
        nonlocal left
        if left and all(getattr(entry, name) == value for name, value in wanted.items()):
            left -= 1
            if not left:
                act()

    desk.sim.subscribe(look)


def opened(desk: Desk) -> list[int]:
    """Return the numbers of the stream connections that were opened so far."""
    return [entry.connection for entry in desk.sim.journal.entries(kind="connection", event="opened")]


def requests(desk: Desk, method: str, path: str) -> list[JournalEntry]:
    """Return the requests for a path that the exchange got."""
    return desk.sim.journal.entries(kind="request", method=method, path=path)


def weight_by_minute(desk: Desk) -> Counter[int]:
    """Return the request weight of each minute of the exchange's clock."""
    used: Counter[int] = Counter()
    for entry in desk.sim.journal.entries(kind="request"):
        used[entry.time_ms // 60_000] += weight_of(entry.method, entry.path, entry.body or {})
    return used


def states(desk: Desk) -> list[Connecting | Synchronizing | Live | Degraded | Stopped]:
    """Return every state that the service was in, in order."""
    return [item for item in desk.said if isinstance(item, Connecting | Synchronizing | Live | Degraded | Stopped)]


def was_never_down(desk: Desk) -> None:
    """Since it was live for the first time, the service never left that state, and declared no gap."""
    after = states(desk)
    while after and not isinstance(after[0], Live):
        after.pop(0)
    assert after
    assert [state for state in after if not isinstance(state, Live)] == []
    assert desk.notices(GapOpened) == []
    assert desk.notices(GapRepaired) == []


def silences(desk: Desk) -> list[GapOpened]:
    """Return the gaps that were opened because REST showed what the stream did not tell."""
    return [gap for gap in desk.notices(GapOpened) if "silent" in gap.cause]


def filled_quantities(desk: Desk, client_order_id: str) -> list[Decimal]:
    """Return the quantities of the fills of an order, as they were delivered."""
    return [Decimal(quantity) for _, quantity, _ in desk.orders.told(client_order_id) if quantity != "0"]
