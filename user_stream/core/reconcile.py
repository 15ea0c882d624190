"""Snapshot and ledger: what a synchronization must ask for, and what its answers mean.

A stream never replays, so after every (re)connection REST says what happened meanwhile. The order of things is:
connect, keep frames back, ask, fold the answers, fold the kept frames. Whatever is told by both sides meets in the
ledger, which knows it for one.

Orders. Three questions find every order that moved: which are open (openOrders), what became of those that we held open
and that are not listed (order), and which were made since the last known moment (allOrders, without symbol, so that
symbols we never touched are swept too). Orders that ended inside the gap are told with their fills, in order, then
their end. An order that is missing from an answer has not ended by that: REST lags.

Trades. They are asked for by order, for orders whose executed quantity is above what is booked, because only an order's
whole list says which fills are missing.

Account. A snapshot fills only the keys that no stream event of this connection has touched: REST may be older than the
stream, never the reverse by more than its lag. A position that we hold and that positionRisk does not list is zero only
if a question for its symbol agrees.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from user_stream.contracts import BalanceChange, MappedAccountUpdate, PositionChange
from user_stream.core.ledger import Ledger, Told
from user_stream.core.mapping import map_account_snapshot
from user_stream.core.order_record import ZERO, OrderKey
from user_stream.core.positions import PositionBook, PositionKey
from user_stream.core.repair_report import repair_report
from user_stream.core.rest_rows import BalanceRow, OrderRow, PositionRow, TradeRow

__all__ = [
    "OrderSnapshot",
    "Touched",
    "account_patch",
    "fold_snapshot",
    "key_of",
    "orders_to_query",
    "repair_report",
    "trades_to_fetch",
    "unlisted_positions",
]


@dataclass(slots=True)
class OrderSnapshot:
    """Orders and their trades, as REST told them after `since` (exchange ms)."""

    since: int
    rows: dict[OrderKey, OrderRow] = field(default_factory=dict)
    trades: dict[OrderKey, Sequence[TradeRow]] = field(default_factory=dict)

    def add(self, rows: Iterable[OrderRow]) -> None:
        """Add rows; of two for the same order the later one stands."""
        for row in rows:
            held = self.rows.get(key_of(row))
            if held is None or row.update_time >= held.update_time:
                self.rows[key_of(row)] = row


@dataclass(slots=True)
class Touched:
    """What events have said since the present synchronization began: its snapshot must not speak over it."""

    assets: set[str] = field(default_factory=set)
    positions: set[PositionKey] = field(default_factory=set)

    def add(self, update: MappedAccountUpdate) -> None:
        """Note what one account update lists."""
        self.assets.update(balance["asset"] for balance in update["balances"])
        self.positions.update((p["symbol"], p["position_side"]) for p in update["positions"])


def key_of(row: OrderRow) -> OrderKey:
    """Return the identity of an order row."""
    return (row.symbol, str(row.order_id))


def orders_to_query(ledger: Ledger, listed: Mapping[OrderKey, OrderRow]) -> list[OrderKey]:
    """Return the orders that are open or lack fills as we know them, and that are not listed: each is asked for
    by id.
    """
    unsettled = dict.fromkeys([*ledger.open_orders, *ledger.incomplete_orders])
    return [key for key in unsettled if key not in listed]


def trades_to_fetch(ledger: Ledger, snapshot: OrderSnapshot) -> list[OrderRow]:
    """Return the orders that executed more than is booked, or whose fills TRADE_LITE alone has told, oldest first.

    An order met for the first time and made before the snapshot's `since` is left out: what it executed is its
    baseline.
    """
    rows = []
    for key, row in snapshot.rows.items():
        record = ledger.order(key)
        booked, undetailed = (record.booked, record.undetailed) if record else (ZERO, None)
        if Decimal(row.executed_qty) <= booked and not undetailed:
            continue
        if record is None and row.client_order_id not in ledger.intents and row.update_time < snapshot.since:
            continue
        rows.append(row)
    return sorted(rows, key=lambda row: (row.update_time, row.order_id))


def fold_snapshot(ledger: Ledger, snapshot: OrderSnapshot) -> list[Told]:
    """Fold every order of a snapshot, in the order in which they last moved."""
    told: list[Told] = []
    for row in sorted(snapshot.rows.values(), key=lambda row: (row.update_time, row.order_id)):
        told += ledger.fold_order(row, snapshot.trades.get(key_of(row), ()), since=snapshot.since)
    return told


def unlisted_positions(book: PositionBook, listed: Iterable[PositionRow], touched: Touched) -> list[PositionKey]:
    """Return the positions that we hold, untouched by this connection, and that the answer does not list."""
    keys = {(row.symbol, row.position_side) for row in listed}
    return sorted(key for key in book.positions if key not in keys and key not in touched.positions)


def account_patch(
    book: PositionBook,
    balances: list[BalanceRow],
    positions: list[PositionRow],
    touched: Touched,
    *,
    gone: Iterable[PositionKey] = (),
) -> MappedAccountUpdate | None:
    """Return what the snapshot adds to the book, or None when it adds nothing.

    `gone`: positions that a question for their symbol did not find either; they are listed as "0".
    """
    patch = map_account_snapshot(balances, positions)
    for key in gone:
        held = book.positions[key]
        patch["positions"].append({**held, "position_amount": "0", "entry_price": "0", "unrealized_pnl": "0"})
    patch["balances"] = [balance for balance in patch["balances"] if _balance_adds(book, balance, touched)]
    patch["positions"] = [p for p in patch["positions"] if _position_adds(book, p, touched)]
    return patch if patch["balances"] or patch["positions"] else None


def _balance_adds(book: PositionBook, balance: BalanceChange, touched: Touched) -> bool:
    held = book.balances.get(balance["asset"])
    if balance["asset"] in touched.assets:
        return False
    if held is None:
        return True
    return _differs(balance["wallet_balance"], held["wallet_balance"]) or _differs(
        balance["cross_wallet_balance"], held["cross_wallet_balance"]
    )


def _position_adds(book: PositionBook, position: PositionChange, touched: Touched) -> bool:
    key = (position["symbol"], position["position_side"])
    if key in touched.positions:
        return False
    held = book.positions.get(key)
    if held is None:
        return bool(Decimal(position["position_amount"]))
    return _differs(position["position_amount"], held["position_amount"]) or _differs(
        position["entry_price"], held["entry_price"]
    )


def _differs(said: str, held: str) -> bool:
    return said != "" and Decimal(said) != Decimal(held or 0)
