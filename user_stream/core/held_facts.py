"""Facts of an order that came before their time: each waits until every fill before it is booked.

They are taken in the order in which the exchange made them: by the cumulative quantity that they speak of, the fill
that reached it before what else is said of it. A fact that is told twice waits once.
"""

from __future__ import annotations

from decimal import Decimal

from user_stream.contracts import MappedOrderUpdate
from user_stream.core.order_record import OrderRecord, has_fill, status_rank

__all__ = ["hold", "take_all", "take_next"]


def hold(record: OrderRecord, update: MappedOrderUpdate) -> None:
    """Keep a fact back."""
    if not any(_is_same(update, held) for held in record.held):
        record.held.append(update)


def take_next(record: OrderRecord) -> MappedOrderUpdate | None:
    """Return the first fact that need wait no longer, and hold it no longer; None when all others wait."""
    due = [update for update in record.held if record.is_due(update)]
    if not due:
        return None
    first = min(due, key=_in_order)
    record.held = [update for update in record.held if update is not first]
    return first


def take_all(record: OrderRecord) -> list[MappedOrderUpdate]:
    """Return all facts, due or not, in order, and hold none any longer."""
    held, record.held = sorted(record.held, key=_in_order), []
    return held


def _in_order(update: MappedOrderUpdate) -> tuple[Decimal, bool, int, int]:
    reached = Decimal(update["accumulated_filled_qty"])
    return reached, not has_fill(update), status_rank(update["order_status"]), update["order_trade_time"]


def _is_same(update: MappedOrderUpdate, other: MappedOrderUpdate) -> bool:
    keys = ("trade_id", "order_status", "execution_type", "accumulated_filled_qty", "order_trade_time", "source")
    return all(update[key] == other[key] for key in keys)  # type: ignore[literal-required]  # all are keys of it
