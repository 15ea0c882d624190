"""What REST's list of an order's trades says: which of them are news, and where an order begins that was met halfway.

An order that was part-filled before we knew it starts from a *baseline*: what it had executed by then is known, and
never delivered. REST tells it by two answers that need not agree. Trades made before then are the baseline's whenever
they turn up, so it may grow. But trades may be beyond what the exchange keeps, or were not asked for; so of a row that
has not moved since, all is baseline. Of one that moved, nobody can say whether what its list lacks is old, or merely
not listed yet; what it lacks is then missing, not baseline.

A list that is asked for goes from the order's first trade on, so a trade's place in it says which cumulative quantity
it reached. That is how fills without a trade id get their names.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from user_stream.core.order_record import ZERO, OrderRecord
from user_stream.core.rest_rows import OrderRow, TradeRow

__all__ = ["News", "begin", "take_left_over", "take_list", "take_lone_trade"]


class News(NamedTuple):
    """A trade that is to be told, and how much of it is news (base asset)."""

    trade: TradeRow
    quantity: str


def begin(record: OrderRecord, row: OrderRow, *, since: int) -> None:
    """Settle where an order begins: with what it executed before `since` (exchange ms), or at its first fill."""
    record.begun = True
    if row.time < since:
        record.baseline_until = since


def take_list(record: OrderRecord, trades: Iterable[TradeRow]) -> list[News]:
    """Recognise the trades that are known or the baseline's, and return the others. `trades` are sorted by id."""
    news: list[News] = []
    older = reached = ZERO
    for trade in trades:
        quantity, is_older = Decimal(trade.qty), trade.time < record.baseline_until
        reached = (reached if is_older else max(reached, record.baseline)) + quantity
        if trade.id in record.fills:
            older += quantity if is_older and not record.fills[trade.id] else ZERO
            continue
        left = _name(record, trade, end=reached)
        if not is_older:
            news += [News(trade, format(left, "f"))] if left else []
            continue
        record.recognise(trade.id)
        older += left
        if older > record.baseline:
            beyond = min(left, older - record.baseline)
            record.grow_baseline(beyond, beyond * Decimal(trade.price))
    record.listed = max(record.listed, reached)
    return news


def take_lone_trade(record: OrderRecord, trade: TradeRow) -> bool:
    """Say whether a trade that came without a list of others is news; an unnamed fill that equals it gets its name."""
    if trade.id in record.fills or not _name(record, trade, end=ZERO):
        return False
    record.unnamed.add_trade(Decimal(trade.qty), price=Decimal(trade.price), time=trade.time)
    return True


def _name(record: OrderRecord, trade: TradeRow, *, end: Decimal) -> Decimal:
    """Name the unnamed fills that a trade covers, and return how much of it nobody told yet."""
    quantity = Decimal(trade.qty)
    taken = ZERO
    if record.unnamed:
        taken = record.unnamed.name(quantity, price=Decimal(trade.price), time=trade.time, end=end)
    if taken:
        record.fills[trade.id] = taken
        record.awaited.discard(trade.id)
    return quantity - taken


def take_left_over(record: OrderRecord, row: OrderRow) -> None:
    """Take what a row executed beyond its trades for baseline, unless it moved since the baseline's end."""
    left = Decimal(row.executed_qty) - record.booked
    if left > 0 and row.update_time < record.baseline_until:
        record.covered = Decimal(row.executed_qty)
        record.grow_baseline(left, Decimal(row.executed_qty) * Decimal(row.avg_price) - record.notional)
