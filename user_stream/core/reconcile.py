"""Snapshot and ledger: what a synchronization must ask for, and what its answers mean.

A stream never replays, so after every (re)connection REST says what happened meanwhile. The order of things is:
connect, keep frames back, ask, fold the answers, fold the kept frames. Whatever is told by both sides meets in the
ledger, which knows it for one.

Orders. Three questions find most orders that moved: which are open (openOrders), what became of those that we held open
and that are not listed (order), and which were made since the last known moment (allOrders, without symbol, so that
symbols we never touched are swept too). Orders that ended inside the gap are told with their fills, in order, then
their end. Those that ended complete, but with a fill that TRADE_LITE alone has told, are asked for like open ones: its
ORDER_TRADE_UPDATE may be lost with the connection. An order that is missing from an answer has not ended by that: REST
lags (`core/absence` says when it has).

Trades find the rest: an old order of somebody else, on a symbol that we never named, that filled and ended inside the
gap, is in none of those lists. So trades since the last known moment are read for every symbol that may have traded:
those of orders that we hold or sent, of positions that we hold or that changed, and those that the account's income
names, for each trade is booked there with its commission. An order that only a trade names is asked for by its id, for
trades carry no client order id. While it is not found, REST may lag; past that, its trades are told as external ones.

The fills of an order are told from its whole list, because only that says which ones are missing. An order made since
the last known moment has its whole list among its symbol's trades; an older one is asked for its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from user_stream.core.ledger import Ledger, Told
from user_stream.core.order_record import ZERO, OrderKey
from user_stream.core.repair_report import Origin, repair_report
from user_stream.core.rest_rows import IncomeRow, OrderRow, PositionRow, TradeRow
from user_stream.core.retention import unprovable

__all__ = [
    "OrderSnapshot",
    "fold_snapshot",
    "key_of",
    "orders_to_query",
    "repair_report",
    "symbols_to_sweep",
    "trades_to_fetch",
    "unnamed_orders",
    "unprovable",
]

_FUNDING = frozenset({"FUNDING_FEE", "SPECIAL_FUNDING_FEE"})
"""Income that names a symbol without a trade."""


@dataclass(slots=True)
class OrderSnapshot:
    """Orders and their trades, as REST told them.

    `since`: orders made before it (exchange ms), and never met, start from a baseline. `swept_since`: from when on the
    trades of swept symbols are known.
    """

    since: int
    swept_since: int = 0
    rows: dict[OrderKey, OrderRow] = field(default_factory=dict)
    origins: dict[OrderKey, Origin] = field(default_factory=dict)
    """The answer that each row is from."""
    trades: dict[OrderKey, Sequence[TradeRow]] = field(default_factory=dict)
    """Whole lists: every trade of these orders."""
    swept: dict[OrderKey, list[TradeRow]] = field(default_factory=dict)
    """Trades since `swept_since`, of every order that has any on a symbol that was swept."""
    nameless: list[TradeRow] = field(default_factory=list)
    """Trades whose order the exchange does not find, though it had the time."""

    def add(self, rows: Iterable[OrderRow], origin: Origin = "order") -> None:
        """Add rows of an answer; of two for the same order the later one stands."""
        for row in rows:
            key = key_of(row)
            held = self.rows.get(key)
            if held is None or row.update_time >= held.update_time:
                self.rows[key] = row
                self.origins[key] = origin

    def sweep(self, trades: Iterable[TradeRow]) -> None:
        """Add the trades of a symbol since `swept_since`."""
        for trade in trades:
            self.swept.setdefault((trade.symbol, str(trade.order_id)), []).append(trade)

    def whole_list(self, row: OrderRow) -> list[TradeRow] | None:
        """Return all trades of an order, if the sweep of its symbol must have found them all; else None."""
        swept = self.swept.get(key_of(row))
        if not swept or row.time < self.swept_since:
            return None
        shown = sum((Decimal(trade.qty) for trade in swept), ZERO)
        return swept if shown >= Decimal(row.executed_qty) else None


def key_of(row: OrderRow) -> OrderKey:
    """Return the identity of an order row."""
    return (row.symbol, str(row.order_id))


def orders_to_query(ledger: Ledger, listed: Mapping[OrderKey, OrderRow]) -> list[OrderKey]:
    """Return the orders that are open or lack fills as we know them, or details of fills, and that are not listed: each
    is asked for by id.
    """
    unsettled = dict.fromkeys([*ledger.open_orders, *ledger.incomplete_orders, *ledger.undetailed_orders()])
    return [key for key in unsettled if key not in listed]


def symbols_to_sweep(
    ledger: Ledger,
    snapshot: OrderSnapshot,
    income: Iterable[IncomeRow],
    positions: Iterable[PositionRow],
    *,
    held: Iterable[str] = (),
) -> list[str]:
    """Return every symbol on which a trade may have been made since `snapshot.swept_since`.

    `held`: symbols of positions that we hold; one that was closed is in no list of positions any more.
    """
    symbols = ledger.symbols | {intent.symbol for intent in ledger.intents} | set(held)
    symbols |= {symbol for symbol, _ in snapshot.rows}
    symbols |= {row.symbol for row in income if row.symbol and row.income_type not in _FUNDING}
    symbols |= {row.symbol for row in positions if row.update_time >= snapshot.swept_since}
    return sorted(symbols)


def unnamed_orders(ledger: Ledger, snapshot: OrderSnapshot) -> list[OrderKey]:
    """Return the orders of swept trades that are news and whose order is in no answer: each is asked for by id."""
    return [key for key in snapshot.swept if key not in snapshot.rows and _has_news(ledger, snapshot, key)]


def _has_news(ledger: Ledger, snapshot: OrderSnapshot, key: OrderKey) -> bool:
    record = ledger.order(key)
    return any(record is None or trade.id not in record.fills for trade in snapshot.swept.get(key, ()))


def trades_to_fetch(ledger: Ledger, snapshot: OrderSnapshot) -> list[OrderRow]:
    """Return the orders that executed more than is booked, by their row or by swept trades, or whose fills TRADE_LITE
    alone has told, oldest first.

    An order met for the first time that last moved before the snapshot's `since` is left out: what it executed is its
    baseline.
    """
    rows = []
    for key, row in snapshot.rows.items():
        record = ledger.order(key)
        booked, undetailed = (record.booked, record.undetailed) if record else (ZERO, None)
        news = _has_news(ledger, snapshot, key)
        if Decimal(row.executed_qty) <= booked and not undetailed and not news:
            continue
        is_ours = record is not None or row.client_order_id in ledger.intents
        if is_ours or news or row.update_time >= snapshot.since:
            rows.append(row)
    return sorted(rows, key=lambda row: (row.update_time, row.order_id))


def fold_snapshot(ledger: Ledger, snapshot: OrderSnapshot) -> list[Told]:
    """Fold every order of a snapshot, in the order in which they last moved, then the trades that have none."""
    told: list[Told] = []
    for row in sorted(snapshot.rows.values(), key=lambda row: (row.update_time, row.order_id)):
        told += ledger.fold_order(row, snapshot.trades.get(key_of(row), ()), since=snapshot.since)
    for trade in sorted(snapshot.nameless, key=lambda trade: (trade.time, trade.id)):
        told += ledger.fold_external_trade(trade, since=snapshot.since)
    return told
