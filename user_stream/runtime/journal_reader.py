"""Looks into a journal, whether or not somebody is writing it.

Rows are read a few hundred at a time, each time anew: a reader that kept its place would keep the writer's log from
starting over, and make it grow.
"""

from __future__ import annotations

import heapq
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from user_stream.contracts import OrderIntent
from user_stream.core.journal_export import KeptFrame
from user_stream.core.journal_rows import Progress, Table, ToldRow, bears_seal, decode_told
from user_stream.errors import JournalError
from user_stream.runtime.journal_file import account_of, connect_read_only
from user_stream.runtime.journal_tables import read_intents, read_progress

__all__ = ["JournalReader", "Overview", "reading"]

_SLICE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """A journal at a glance. `account` is the fingerprint; times are ms of this machine, None where nothing is kept."""

    account: str
    progress: Progress
    open_orders: int
    ended_orders: int
    told: int
    frames: int
    intents: tuple[OrderIntent, ...]
    first_frame_ms: int | None
    last_frame_ms: int | None


class JournalReader:
    """A journal that is being read; `reading` makes one."""

    def __init__(self, connection: sqlite3.Connection, account: str) -> None:
        self._connection = connection
        self._account = account
        self.unreadable = 0
        """Rows that were left out because they are not as they were written."""

    def overview(self) -> Overview:
        """Say how much there is."""
        one = self._connection.execute(
            "SELECT (SELECT count(*) FROM orders WHERE ended_ms IS NULL), (SELECT count(*) FROM orders),"
            " (SELECT count(*) FROM told), (SELECT count(*) FROM frames),"
            " (SELECT min(received_ms) FROM frames), (SELECT max(received_ms) FROM frames)"
        ).fetchone()
        return Overview(
            account=self._account,
            progress=read_progress(self._connection),
            open_orders=one[0],
            ended_orders=one[1] - one[0],
            told=one[2],
            frames=one[3],
            intents=tuple(self.intents()),
            first_frame_ms=one[4],
            last_frame_ms=one[5],
        )

    def intents(self) -> list[OrderIntent]:
        """Return the orders that were sent, or were about to be, and never heard of."""
        return read_intents(self._connection)

    def told(self, *, since_ms: int = 0) -> Iterator[tuple[ToldRow, bool]]:
        """Yield what was told since then, oldest first, and whether it was acknowledged."""
        acknowledged = read_progress(self._connection).acknowledged
        for place, body in self._rows("told", "body"):
            row = decode_told(body)
            if row.written_ms >= since_ms:
                yield row, place <= acknowledged

    def frames(self, *, since_ms: int = 0) -> Iterator[KeptFrame]:
        """Yield the frames that came since then, oldest first."""
        for _, received_ms, epoch, frame in self._rows("frames", "received_ms, epoch, body"):
            if received_ms >= since_ms:
                yield KeptFrame(received_ms, epoch, frame)

    def history(self, *, since_ms: int = 0) -> Iterator[KeptFrame | tuple[ToldRow, bool]]:
        """Yield frames and what was told of them, as it happened."""
        frames = ((frame.received_ms, 0, frame) for frame in self.frames(since_ms=since_ms))
        told = ((row[0].written_ms, 1, row) for row in self.told(since_ms=since_ms))
        merged: Iterator[tuple[int, int, Any]] = heapq.merge(frames, told, key=lambda item: item[:2])
        return (item for _, _, item in merged)

    def _rows(self, table: Table, columns: str) -> Iterator[tuple[Any, ...]]:
        """Yield place and columns, the last of which is the body, of every row that bears its seal."""
        place = 0
        names = f"place, {columns}, seal"
        query = f"SELECT {names} FROM {table} WHERE place > ? ORDER BY place LIMIT ?"  # noqa: S608  our own names
        while rows := self._connection.execute(query, (place, _SLICE)).fetchall():
            for *row, number in rows:
                if bears_seal(table, row[0], self._account, row[-1], number):
                    yield tuple(row)
                else:
                    self.unreadable += 1
            place = rows[-1][0]


@contextmanager
def reading(path: Path) -> Iterator[JournalReader]:
    """Open a journal to look into it. Raises `JournalError` when it is none, or damaged."""
    try:
        with closing(connect_read_only(path)) as connection:
            account = account_of(connection)
            if account is None:
                message = f"{path} is no journal, or its first row cannot be read"
                raise JournalError(message)
            yield JournalReader(connection, account.fingerprint)
    except sqlite3.Error as error:
        message = f"the journal {path} cannot be read: {error}. What can be saved is saved when a service opens it"
        raise JournalError(message) from error
