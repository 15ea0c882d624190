"""Orders that the exchange does not show any more.

Within what the exchange keeps, absence ends nothing: REST lags, its databases disagree, and an order that has ended is
found with its end. Beyond it, an order that ended without a fill leaves no trace, and one that we still hold open would
stay open for ever. So an order that the exchange once acknowledged is taken to have ended only when everything agrees:
two answers of open orders, further apart than REST lags, did not list it, and none between them did; asked for by its
id, it does not exist; its last sign of life is older than the exchange would remember its end; and no fill of it is
missing. It then counts as EXPIRED, told by "rest": which end it was, nobody knows.

An order that was never acknowledged is another matter: it is asked for by its client order id, and may become lost.
"""

from __future__ import annotations

from collections.abc import Collection

from user_stream.core.order_record import OrderKey, OrderRecord
from user_stream.core.rest_rows import OrderRow
from user_stream.core.retention import kept_for_ms

__all__ = ["Absences", "inferred_end"]


class Absences:
    """Since when each order that we hold open is missing from the answers of open orders. Times are exchange ms."""

    def __init__(self) -> None:
        self._missing: dict[OrderKey, tuple[int, int]] = {}
        self._reset_at = 0

    def venue_reset(self, at: int) -> None:
        """The exchange began anew: orders that were last heard of before then, and do not exist, are gone with it."""
        self._reset_at = at

    def observe(self, held: Collection[OrderKey], listed: Collection[OrderKey], *, at: int) -> None:
        """Take an answer of all open orders. `held` are those that we held open before it was asked for."""
        missing = [key for key in held if key not in listed]
        self._missing = {key: (self._missing.get(key, (at, at))[0], at) for key in missing}

    def is_over(self, record: OrderRecord, *, now: int, lag_ms: int) -> bool:
        """Say whether an order that does not exist when asked for by id has ended.

        `lag_ms`: by how much REST may lag behind the matching engine.
        """
        first, last = self._missing.get(record.key, (now, now))
        last_sign = max(record.last_time, record.facts["order_trade_time"])
        agreed = last - first >= lag_ms and now - last_sign > kept_for_ms(record.booked)
        complete = record.booked >= record.claimed and not record.held
        return bool(record.status) and complete and (agreed or last_sign < self._reset_at - lag_ms)


def inferred_end(record: OrderRecord) -> OrderRow:
    """Return the row that the exchange would show of an order that is over, as far as it is known."""
    facts = record.facts
    symbol, order_id = record.key
    return OrderRow(
        symbol=symbol,
        order_id=int(order_id),
        status="EXPIRED",
        client_order_id=facts["client_order_id"],
        side=facts["side"],
        position_side=facts["position_side"],
        type=facts["order_type"],
        time_in_force=facts["time_in_force"],
        price=facts["price"],
        stop_price=facts["stop_price"],
        orig_qty=facts["orig_qty"],
        executed_qty=format(record.booked, "f"),
        avg_price=record.average_price(),
        reduce_only=facts["reduce_only"],
        update_time=record.last_time,
    )
