"""What is done to the tables of a journal, within a transaction of whoever calls."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from typing import Final, NamedTuple

from user_stream.contracts import MappedOrderUpdate, OrderIntent
from user_stream.core.intents import is_meant
from user_stream.core.journal_rows import (
    Progress,
    Table,
    ToldRow,
    decode_intent,
    decode_progress,
    decode_told,
    encode,
    journal_key,
    seal,
)
from user_stream.core.order_record import OrderKey
from user_stream.runtime.journal_file import PROGRESS_PLACE

__all__ = [
    "InFlight",
    "OrderNumbers",
    "Owed",
    "Pruned",
    "first_free",
    "prune",
    "read_intents",
    "read_ours",
    "read_progress",
    "read_told",
    "write_progress",
]

_SLICE: Final = 16


class Owed(NamedTuple):
    """Something written that was not acknowledged. Details have the delivery id 0."""

    place: int
    delivery_id: int
    order_number: int


class Pruned(NamedTuple):
    """What a slice of pruning took away, and whether there may be more."""

    orders: int
    more: bool


class OrderNumbers:
    """The numbers under which the journal knows orders. Those of open orders are at hand, others are looked up."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        rows = connection.execute("SELECT symbol, order_id, number FROM orders WHERE ended_ms IS NULL")
        self._open: dict[OrderKey, int] = {(symbol, order_id): number for symbol, order_id, number in rows}

    def number_of(self, update: MappedOrderUpdate, *, now_ms: int) -> int:
        """Return the number of an update's order, and note whether the order is open after it."""
        key, ends = journal_key(update)
        if key[1] != update["order_id"] and (child := self._open.pop((key[0], update["order_id"]), None)) is not None:
            self._join(child, key)
        number = self._open.get(key)
        if number is None:
            number = self._looked_up(key, ended_ms=now_ms if ends else None)
            if not ends:
                self._open[key] = number
        elif ends:
            del self._open[key]
            self._connection.execute("UPDATE orders SET ended_ms = ? WHERE number = ?", (now_ms, number))
        return number

    def _join(self, child: int, key: OrderKey) -> None:
        """What was told of an order before anybody said which conditional one it is belongs to that."""
        parent = self._open.get(key) or self._looked_up(key, ended_ms=None)
        self._open[key] = parent
        self._connection.execute("UPDATE told SET order_number = ? WHERE order_number = ?", (parent, child))
        self._connection.execute("UPDATE intents SET order_number = ? WHERE order_number = ?", (parent, child))
        self._connection.execute("DELETE FROM orders WHERE number = ?", (child,))

    def _looked_up(self, key: OrderKey, *, ended_ms: int | None) -> int:
        rows = self._connection.execute(
            "INSERT INTO orders (symbol, order_id, ended_ms) VALUES (?, ?, ?)"
            " ON CONFLICT (symbol, order_id) DO UPDATE SET ended_ms = excluded.ended_ms RETURNING number",
            (*key, ended_ms),
        )
        return int(rows.fetchall()[0][0])


class InFlight:
    """The orders that were sent, or are about to be, and of which nothing was told yet, by client order id.

    The first that is told of one says which order it is; from then on the intent says that this order is ours, and goes
    when the order does.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._intents = {intent.client_order_id: intent for intent in read_intents(connection)}

    def add(self, intent: OrderIntent, *, place: int, body: bytes, seal: int) -> None:
        """Write an intent. One of the same name that is in flight still is replaced."""
        self.remove(intent.client_order_id)
        self._connection.execute(
            "INSERT INTO intents VALUES (?, ?, ?, ?, NULL)", (place, intent.client_order_id, body, seal)
        )
        self._intents[intent.client_order_id] = intent

    def remove(self, client_order_id: str) -> None:
        """Forget one that is in flight, if it is."""
        if self._intents.pop(client_order_id, None) is not None:
            self._connection.execute(
                "DELETE FROM intents WHERE client_order_id = ? AND order_number IS NULL", (client_order_id,)
            )

    def bind(self, update: MappedOrderUpdate, number: int) -> None:
        """An order is told of: if it is one of these, it is in flight no more."""
        name = update["client_order_id"]
        if name in self._intents and is_meant(self._intents[name], update, made=update["order_trade_time"]):
            del self._intents[name]
            self._connection.execute(
                "UPDATE intents SET order_number = ? WHERE client_order_id = ? AND order_number IS NULL", (number, name)
            )


def prune(connection: sqlite3.Connection, *, before_ms: int, keep: Collection[int], came: int) -> Pruned:
    """Take away a slice of what is older: frames, and orders that ended, but for those whose numbers are in `keep`.

    `came`: how many rows came with this commit; a slice is larger, so that what goes catches up with what comes.
    """
    size = max(_SLICE, 2 * came)
    oldest = connection.execute("SELECT place, received_ms FROM frames ORDER BY place LIMIT ?", (size,))
    frames = [place for place, received_ms in oldest.fetchall() if received_ms < before_ms]
    if frames:
        connection.execute("DELETE FROM frames WHERE place <= ?", (frames[-1],))
    ended = connection.execute(
        "SELECT number FROM orders WHERE ended_ms < ? ORDER BY ended_ms LIMIT ?", (before_ms, size)
    )
    orders = [(number,) for (number,) in ended.fetchall() if number not in keep]
    connection.executemany("DELETE FROM told WHERE order_number = ?", orders)
    connection.executemany("DELETE FROM intents WHERE order_number = ?", orders)
    connection.executemany("DELETE FROM orders WHERE number = ?", orders)
    return Pruned(len(orders), more=len(frames) == size or len(orders) == size)


def write_progress(connection: sqlite3.Connection, progress: Progress, account: str) -> None:
    """Write how far everything is."""
    body = encode(progress)
    row = (PROGRESS_PLACE, body, seal("head", PROGRESS_PLACE, account, body))
    connection.execute("INSERT OR REPLACE INTO head VALUES (?, ?, ?)", row)


# --- reading ------------------------------------------------------------------------------------------------------


def read_progress(connection: sqlite3.Connection) -> Progress:
    """Return how far everything is: as was written last, or as the newest told rows know better."""
    row = connection.execute("SELECT body FROM head WHERE place = ?", (PROGRESS_PLACE,)).fetchone()
    progress = decode_progress(row[0]) if row else Progress()
    progress.next_place = max(progress.next_place, first_free(connection, "told"))
    newest = connection.execute("SELECT body FROM told ORDER BY place DESC")
    for (body,) in newest:
        told = decode_told(body)
        progress.acknowledged = max(progress.acknowledged, told.acknowledged)
        delivery_id = told.told.update["delivery_id"]
        if delivery_id:  # details have none
            progress.next_delivery_id = max(progress.next_delivery_id, delivery_id + 1)
            break
    newest.close()
    return progress


def read_told(connection: sqlite3.Connection, *, after: int) -> list[tuple[Owed, ToldRow]]:
    """Return what was told after a place, oldest first."""
    rows = connection.execute("SELECT place, order_number, body FROM told WHERE place > ? ORDER BY place", (after,))
    found = []
    for place, number, body in rows:
        row = decode_told(body)
        found.append((Owed(place, row.told.update["delivery_id"], number), row))
    return found


def read_intents(connection: sqlite3.Connection) -> list[OrderIntent]:
    """Return the orders that were sent, or were about to be, and never heard of; oldest first."""
    rows = connection.execute("SELECT body FROM intents WHERE order_number IS NULL ORDER BY place").fetchall()
    return [decode_intent(body) for (body,) in rows]


def read_ours(connection: sqlite3.Connection) -> dict[OrderKey, OrderIntent]:
    """Return the orders that were told of, and sent from here."""
    rows = connection.execute(
        "SELECT symbol, order_id, body FROM intents JOIN orders ON number = order_number ORDER BY place"
    ).fetchall()
    return {(symbol, order_id): decode_intent(body) for symbol, order_id, body in rows}


def first_free(connection: sqlite3.Connection, table: Table) -> int:
    """Return the place after a table's last row."""
    last = connection.execute(f"SELECT max(place) FROM {table}").fetchone()[0]  # noqa: S608  our own name
    return (last or 0) + 1
