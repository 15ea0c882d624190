"""What the exchange's REST interface still shows: history has windows, and pages.

Orders that ended without a fill disappear after 3 days, all others after 90; trades after 90 days. A query without
times covers the last 7 days and returns its newest rows; one with a start, or an id to start from, returns its oldest
rows. A window may span 7 days, of orders a little less. Times are in ms.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Final, TypeVar

import msgspec

from simulator.core.amounts import ZERO
from simulator.core.rest import venue_error
from simulator.core.rest.params import Params, optional_integer
from simulator.core.rest.venue_error import refusal
from simulator.core.trading.orders import Fill, Order

__all__ = ["Page", "is_kept", "is_order_kept", "is_trade_kept", "is_within_history", "read_page"]

DAY_MS: Final = 86_400_000
WINDOW_MS: Final = 7 * DAY_MS
_UNFILLED_MS: Final = 3 * DAY_MS
HISTORY_MS: Final = 90 * DAY_MS
_DEFAULT_ROWS: Final = 500
_MOST_ROWS: Final = 1000

Row = TypeVar("Row")


class Page(msgspec.Struct, frozen=True):
    """Which rows a query asks for: from an id, or of a window of time; the oldest or the newest of them."""

    start_ms: int
    end_ms: int
    first_id: int
    limit: int
    from_oldest: bool

    def window(self, rows: Sequence[Row], time_ms: Callable[[Row], int]) -> Sequence[Row]:
        """Return the rows of its window of time. `rows` are in order of time."""
        first = bisect_left(rows, self.start_ms, key=time_ms)
        return rows[first : bisect_right(rows, self.end_ms, first, key=time_ms)]

    def select(self, rows: Iterable[Row], row_id: Callable[[Row], int], time_ms: Callable[[Row], int]) -> list[Row]:
        """Return the rows asked for, oldest first. `rows` are in order of time."""
        found = [row for row in rows if row_id(row) >= self.first_id and self.start_ms <= time_ms(row) <= self.end_ms]
        return found[: self.limit] if self.from_oldest else found[-self.limit :]


def read_page(
    params: Params, id_name: str, now_ms: int, *, rows: int = _DEFAULT_ROWS, most_rows: int = _MOST_ROWS
) -> Page:
    """Return the page that the parameters ask for. Raises `VenueError` -1128, -1023 or -1127.

    `id_name` is the parameter to start from: `fromId` (which excludes times), or `orderId` (which goes with them). A
    limit above `most_rows` counts as that.
    """
    start, end = optional_integer(params, "startTime"), optional_integer(params, "endTime")
    first_id = optional_integer(params, id_name)
    limit = optional_integer(params, "limit") or rows
    limit = max(1, min(limit, most_rows))
    if id_name == "fromId" and first_id is not None and (start is not None or end is not None):
        raise refusal(venue_error.BAD_COMBINATION)
    if start is not None and end is not None:
        _check_span(start, end, WINDOW_MS if id_name == "fromId" else WINDOW_MS - 1)
    if first_id is not None:
        return Page(start or 0, end or now_ms, first_id, limit, from_oldest=True)
    window_start, window_end = _window(start, end, now_ms)
    return Page(window_start, window_end, 0, limit, from_oldest=start is not None)


def is_order_kept(order: Order, now_ms: int) -> bool:
    """Return whether queries still find the order."""
    return order.is_open or is_kept(order.executed, order.update_ms, now_ms)


def is_kept(executed: Decimal, ended_ms: int, now_ms: int) -> bool:
    """Return whether queries still find an order that ended then with this much executed."""
    return now_ms - ended_ms <= (_UNFILLED_MS if executed == ZERO else HISTORY_MS)


def is_trade_kept(fill: Fill, now_ms: int) -> bool:
    """Return whether userTrades still shows the trade."""
    return is_within_history(fill.time_ms, now_ms)


def is_within_history(time_ms: int, now_ms: int) -> bool:
    """Return whether queries still reach back to this moment."""
    return now_ms - time_ms <= HISTORY_MS


def _check_span(start: int, end: int, most_ms: int) -> None:
    if start > end:
        raise refusal(venue_error.START_AFTER_END)
    if end - start > most_ms:
        raise refusal(venue_error.BAD_INTERVAL)


def _window(start: int | None, end: int | None, now_ms: int) -> tuple[int, int]:
    if start is not None:
        return start, start + WINDOW_MS if end is None else end
    last = now_ms if end is None else end
    return last - WINDOW_MS, last
