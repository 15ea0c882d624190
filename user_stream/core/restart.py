"""What was told before a restart, as records: nothing of it will be told as new.

Deliveries carry what was told, not all that was known. Where the cumulative quantity of an order is above the fills
that were told, the rest is a baseline or a shortfall: that is settled when REST next tells of the order, and until
then it is incomplete. No connection is known to have told its fills.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Literal

from user_stream.contracts import MappedOrderUpdate
from user_stream.core.mapping import ENDED
from user_stream.core.order_record import OrderKey, OrderRecord, has_fill
from user_stream.core.orders import CONDITIONAL_TYPES
from user_stream.core.telling import learn, terms_of

__all__ = ["recall"]


def recall(told: Iterable[tuple[Literal["delivery", "details"], MappedOrderUpdate]]) -> dict[OrderKey, OrderRecord]:
    """Return the records of what was told, oldest first; a delivery that is kept twice counts once."""
    records: dict[OrderKey, OrderRecord] = {}
    seen: set[int] = set()
    for kind, update in told:
        if not update["order_id"] or ("algo_id" in update and update["order_type"] in CONDITIONAL_TYPES):
            continue  # a conditional order: it has a book of its own, though it may name its child
        key = (update["symbol"], update["order_id"])
        record = records.get(key)
        if record is None:
            record = records[key] = OrderRecord(key, facts=update)
        if kind == "details":
            record.undetailed.pop(update["trade_id"], None)
            record.average = update["avg_price"]
        elif update["delivery_id"] not in seen:
            seen.add(update["delivery_id"])
            _remember(record, update)
        learn(record, update)
    return records


def _remember(record: OrderRecord, update: MappedOrderUpdate) -> None:
    if has_fill(update):
        record.book(update)
        if update["source"] == "trade_lite":
            record.undetailed[update["trade_id"]] = update["order_trade_time"]
    if not record.ended:
        record.status = update["order_status"]
        record.ended_at = update["order_trade_time"] if update["order_status"] in ENDED else 0
    record.average = update["avg_price"]
    if update["source"] != "trade_lite":
        record.told_terms = terms_of(update)
    record.cumulative = max(record.cumulative, Decimal(update["accumulated_filled_qty"]))
    record.claimed = max(record.claimed, record.cumulative)
    record.begun = record.begun or record.booked == record.cumulative
