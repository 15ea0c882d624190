"""A journal starts over because the exchange did, as testnets do: what was told of the old one must not come back.

Order ids and trade ids begin anew then, so an old order that was known again after a restart would be taken for a new
one. Which exchange an order belongs to is told by when it was first heard of. The whole file is set aside; a fresh one
goes on with its delivery ids and its watermark, what is in flight (a question will say where it is), and the orders
that were first heard of since. It takes the old one's place as a salvaged file does, whole at every kill.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

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


def _copy(old: sqlite3.Connection, new: sqlite3.Connection, account: str, *, since: int) -> frozenset[OrderKey]:
    """Copy what goes on; return the open orders that do not."""
    first_heard: dict[int, int] = {}
    for owed, row in read_told(old, after=0):
        first_heard.setdefault(owed.order_number, row.told.update["order_trade_time"])
    kept = {number for number, heard in first_heard.items() if heard >= since}
    orders = old.execute("SELECT number, symbol, order_id, ended_ms FROM orders").fetchall()
    new.execute("BEGIN")
    write_progress(new, read_progress(old), account)
    new.executemany("INSERT INTO orders VALUES (?, ?, ?, ?)", [row for row in orders if row[0] in kept])
    told = old.execute("SELECT place, order_number, body, seal FROM told ORDER BY place")
    new.executemany("INSERT INTO told VALUES (?, ?, ?, ?)", (row for row in told if row[1] in kept))
    intents = old.execute("SELECT place, client_order_id, body, seal, order_number FROM intents ORDER BY place")
    new.executemany("INSERT INTO intents VALUES (?, ?, ?, ?, ?)", (row for row in intents if row[4] in {None, *kept}))
    new.execute("COMMIT")
    return frozenset(
        (symbol, order_id) for number, symbol, order_id, ended_ms in orders if number not in kept and ended_ms is None
    )
