"""A journal starts over because the exchange did, as testnets do: what was told of the old one must not come back.

Order ids and trade ids begin anew then, so an old order that was known again after a restart would be taken for a new
one. Which exchange an order belongs to is told by when it was first heard of. The whole file is set aside; a fresh one
goes on with its delivery ids and its watermark, what is in flight (a question will say where it is), and the orders
that were first heard of since. It takes the old one's place as a salvaged file does, whole at every kill.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from user_stream.contracts import MappedOrderUpdate
from user_stream.core.journal_rows import journal_key
from user_stream.core.order_record import OrderKey
from user_stream.runtime.journal_file import beside, connect, make
from user_stream.runtime.journal_salvage import finish_salvage, set_aside
from user_stream.runtime.journal_tables import read_progress, read_told, write_progress

__all__ = ["Reset", "begin_anew"]


class Reset(NamedTuple):
    """Where the old journal is kept, and which orders it held open."""

    aside: Path
    gone: frozenset[OrderKey]


def begin_anew(path: Path, account: str, *, since: int, now_ms: int) -> Reset:
    """Put a fresh journal into the place of one that nobody has open, with the orders first heard of since then.

    `since` is in exchange ms, `now_ms` is this machine's time.
    """
    fresh = beside(path, "-making")
    with closing(connect(path)) as old, closing(make(fresh, account)) as new:
        gone = _copy(old, new, account, since=since)
    aside = set_aside(path, "before-reset", now_ms)
    fresh.replace(beside(path, "-salvaged"))
    finish_salvage(path)
    return Reset(aside, gone)


@dataclass(slots=True)
class _Life:
    """What was told under one order's number: by which name, since when (exchange ms), and in which rows."""

    name: str
    since: int
    ended: bool = False
    places: list[int] = field(default_factory=list)

    def is_others(self, update: MappedOrderUpdate) -> bool:
        """Say whether this is about another order: after its end, one under another name, or an open one."""
        return self.ended and (update["client_order_id"] != self.name or not journal_key(update)[1])


def _lives(journal: sqlite3.Connection) -> dict[int, _Life]:
    """Return the last order under each number: the new exchange may have used the old one's ids."""
    lives: dict[int, _Life] = {}
    for owed, row in read_told(journal, after=0):
        update = row.told.update
        life = lives.get(owed.order_number)
        if life is None or life.is_others(update):
            life = lives[owed.order_number] = _Life(update["client_order_id"], update["order_trade_time"])
        life.ended = journal_key(update)[1]
        life.places.append(owed.place)
    return lives


def _copy(old: sqlite3.Connection, new: sqlite3.Connection, account: str, *, since: int) -> frozenset[OrderKey]:
    """Copy what goes on; return the open orders that do not."""
    lives = _lives(old)
    kept = {number for number, life in lives.items() if life.since >= since}
    places = {place for number in kept for place in lives[number].places}
    orders = old.execute("SELECT number, symbol, order_id, ended_ms FROM orders").fetchall()
    new.execute("BEGIN")
    write_progress(new, read_progress(old), account)
    new.executemany("INSERT INTO orders VALUES (?, ?, ?, ?)", [row for row in orders if row[0] in kept])
    told = old.execute("SELECT place, order_number, body, seal FROM told ORDER BY place")
    new.executemany("INSERT INTO told VALUES (?, ?, ?, ?)", (row for row in told if row[0] in places))
    intents = old.execute("SELECT place, client_order_id, body, seal, order_number FROM intents ORDER BY place")
    new.executemany("INSERT INTO intents VALUES (?, ?, ?, ?, ?)", (row for row in intents if row[4] in {None, *kept}))
    new.execute("COMMIT")
    return frozenset(
        (symbol, order_id) for number, symbol, order_id, ended_ms in orders if number not in kept and ended_ms is None
    )
