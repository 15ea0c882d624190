"""Where an order begins that was met halfway.

An order that was part-filled before we knew it starts from a *baseline*: what it had executed by then is known, and
never delivered. REST tells it by two answers that need not agree. The order's row is often older than its trades,
because it was read first; and the oldest trades may be beyond what the exchange keeps. So the baseline is the larger of
what the trades show and what the recent ones leave over of the row, which is right in both cases. Where the row moved
after the youngest trade, though, what is left over may be a fill that is not listed yet, and only the trades count.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from user_stream.core.rest_rows import OrderRow, TradeRow

__all__ = ["baseline_of"]

_ZERO = Decimal(0)


def baseline_of(row: OrderRow, trades: Sequence[TradeRow], *, since: int) -> tuple[Decimal, Decimal]:
    """Return what an order executed before `since` (exchange ms): quantity in the base, notional in the quote asset."""
    older = [trade for trade in trades if trade.time < since]
    recent = [trade for trade in trades if trade.time >= since]
    shown = _quantity(older)
    left_over = Decimal(row.executed_qty) - _quantity(recent)
    may_lag = bool(recent) and max(trade.time for trade in recent) < row.update_time
    if shown >= left_over or may_lag:
        return shown, _notional(older)
    return left_over, Decimal(row.executed_qty) * Decimal(row.avg_price) - _notional(recent)


def _quantity(trades: Sequence[TradeRow]) -> Decimal:
    return sum((Decimal(trade.qty) for trade in trades), _ZERO)


def _notional(trades: Sequence[TradeRow]) -> Decimal:
    return sum((Decimal(trade.qty) * Decimal(trade.price) for trade in trades), _ZERO)
